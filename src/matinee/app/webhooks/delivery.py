"""Sends one signed document to one address: no redirects, no proxies, a deadline, and little of the answer is read.

Addresses are the operator's own, so that they may lie inside their network; nothing that a viewer, a film or an answer
says ever becomes one.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from matinee.base.errors import Invalid, Unavailable

TIMEOUT_S = 10.0
"""For connecting, and for each piece of the answer. Who has more to do than note it down does that later."""
ANSWER_MAX_BYTES = 4_096
SUCCESSES = range(200, 300)
GONE = 410


class BadWebhookUrl(Invalid):
    """An address that is not called."""

    code = "bad_webhook_url"

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"MATINEE_WEBHOOK_URLS: {url!r} {why}; write https://host/path")


class NotDelivered(Unavailable):
    """The receiver did not say that it has it: it is sent again later."""

    code = "webhook_not_delivered"

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{shown(url)} {why}")
        self.remedy = "see that it runs and answers with 2xx within ten seconds; it is tried again for a day"


class ReceiverGone(Invalid):
    """The receiver wants no more of these (410)."""

    code = "webhook_gone"

    def __init__(self, url: str) -> None:
        super().__init__(f"{shown(url)} answered {GONE}: it wants no more; take it out of MATINEE_WEBHOOK_URLS")


def check_url(url: str) -> str:
    """`url` itself. Raises BadWebhookUrl for one that is not plain http or https."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadWebhookUrl(url, "is no http or https address")
    if parts.username or parts.password or parts.fragment:
        raise BadWebhookUrl(shown(url), "has a user, a password or a fragment in it")
    return url


def shown(url: str) -> str:
    """An address without its path, which may be a secret of the receiver's."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"


def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Send `body`; answers the status, which is 2xx. Raises NotDelivered and ReceiverGone."""
    try:
        status = _status(url, headers, body)
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered(url, f"could not be reached: {error or type(error).__name__}") from error
    if status == GONE:
        raise ReceiverGone(url)
    if status not in SUCCESSES:
        why = ": redirects are not followed" if 300 <= status < 400 else ""
        raise NotDelivered(url, f"answered {status}{why}")
    return status


def _status(url: str, headers: Mapping[str, str], body: bytes) -> int:
    parts = urlsplit(check_url(url))
    assert parts.hostname is not None
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    try:
        connection.request("POST", target, body, {**headers, "user-agent": "Matinee", "connection": "close"})
        answer = connection.getresponse()
        answer.read(ANSWER_MAX_BYTES)
        return answer.status
    finally:
        connection.close()
