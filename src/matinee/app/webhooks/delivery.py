"""Sends one signed document to one address: no redirects, no proxies, a deadline for all of it, and only the
head of the answer is read.

Addresses are the operator's own, so that they may lie inside their network; nothing that a viewer, a film or an answer
says ever becomes one.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import h11

from matinee.base.errors import Invalid, Unavailable

TIMEOUT_S = 10.0
"""From the first packet to the last, however slowly they come. Who has more to do than note it down does that later."""
PIECE_BYTES = 4_096
"""Of the answer at a time; h11 lets its head be four times that long."""
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
    try:
        has_port = parts.port != 0
    except ValueError:
        has_port = False
    if not has_port:
        raise BadWebhookUrl(f"{parts.scheme}://{parts.hostname}", "has a port that is not one from 1 to 65535")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadWebhookUrl(shown(url), "is no http or https address")
    if parts.username or parts.password or parts.fragment:
        raise BadWebhookUrl(shown(url), "has a user, a password or a fragment in it")
    return url


def shown(url: str) -> str:
    """An address without its path, which may be a secret of the receiver's."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"


async def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Send `body`; answers the status, which is 2xx. Raises NotDelivered and ReceiverGone."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            status = await _status(check_url(url), headers, body)
    except TimeoutError:
        raise NotDelivered(url, f"timed out: it has not answered within {TIMEOUT_S:g} s") from None
    except (OSError, h11.ProtocolError) as error:
        raise NotDelivered(url, f"could not be reached: {error or type(error).__name__}") from error
    if status == GONE:
        raise ReceiverGone(url)
    if status not in SUCCESSES:
        why = ": redirects are not followed" if 300 <= status < 400 else ""
        raise NotDelivered(url, f"answered {status}{why}")
    return status


async def _status(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """What it answers. The connection is closed with the status: nothing after it is of use."""
    parts = urlsplit(url)
    tls = await asyncio.to_thread(ssl.create_default_context) if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or (443 if tls else 80), ssl=tls)
    try:
        talk = h11.Connection(h11.CLIENT)
        for event in (_request(parts, headers, body), h11.Data(data=body), h11.EndOfMessage()):
            writer.write(talk.send(event) or b"")
        await writer.drain()
        while not isinstance(answer := talk.next_event(), h11.Response):
            if answer is h11.NEED_DATA:
                talk.receive_data(await reader.read(PIECE_BYTES))
        return answer.status_code
    finally:
        writer.close()


def _request(parts: SplitResult, headers: Mapping[str, str], body: bytes) -> h11.Request:
    assert parts.hostname is not None
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.encode("idna").decode()
    ours = {
        "host": f"{name}:{parts.port}" if parts.port else name,
        "user-agent": "Matinee",
        "connection": "close",
        "content-length": str(len(body)),
    }
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    return h11.Request(method="POST", target=target, headers=[*ours.items(), *headers.items()])
