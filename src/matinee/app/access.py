"""Who may call what: every handler states its rule, and a request that breaks it never reaches the handler.

A rule is `opt={"access": "public" | "signed_in" | "owner"}`. Here too are the defence against cross-site requests
(a cookie alone changes nothing: OWASP's custom request header, with the origin compared where a browser tells it)
and the time that a handler may take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

from matinee.base.errors import Forbidden, Unavailable
from matinee.members.account import Account, NotSignedIn
from matinee.members.service import Members
from matinee.members.session import presented_token

RULES = ("public", "signed_in", "owner")
TIMEOUT_S = 30.0  # longer than any answer of ours should take; `opt={"timeout_s": ...}` where one may, 0 for no limit
CSRF_HEADER = b"x-matinee"
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}  # RFC 9110 9.2.1


class ForeignRequest(Forbidden):
    """A request that another site may have sent through somebody's browser."""

    code = "foreign_request"


class TookTooLong(Unavailable):
    """The answer was not ready in the time that it is given."""

    code = "took_too_long"

    def __init__(self, timeout_s: float) -> None:
        super().__init__(f"the answer took longer than {timeout_s:g} s; try again")
        self.timeout_s = timeout_s


class NotAllowed(Forbidden):
    """The account may not do this."""

    code = "not_allowed"


@dataclass(frozen=True)
class Access:
    """ASGI middleware, inside the router: `scope["user"]` is the account for every handler that is not public."""

    app: ASGIApp
    members: Members
    public_host: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the rule, then let the handler answer in its time."""
        opt = scope["route_handler"].opt
        token, is_bearer = presented_token(scope["headers"])
        if scope["type"] == ScopeType.HTTP and scope["method"] not in _SAFE and not is_bearer:
            check_origin(dict(scope["headers"]), self.public_host)
        rule = opt.get("access", "owner")
        scope["user"] = None if rule == "public" else await self._account(rule, token)
        timeout_s = opt.get("timeout_s", TIMEOUT_S)
        try:
            async with asyncio.timeout(timeout_s or None) as deadline:
                await self.app(scope, receive, send)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise TookTooLong(timeout_s) from error

    async def _account(self, rule: str, token: str) -> Account:
        account = await self.members.find(token)
        if account is None:
            raise NotSignedIn
        if rule == "owner" and account.role != "owner":
            raise NotAllowed("only the owner may do this")
        return account


def check_origin(headers: Mapping[bytes, bytes], public_host: str) -> None:
    """Refuse an unsafe request that is not known to come from our own pages. Raises ForeignRequest."""
    if headers.get(CSRF_HEADER) != b"1":
        raise ForeignRequest("a request that changes something needs the header `X-Matinee: 1`")
    origin = headers.get(b"origin")
    if origin is None:  # programs send none
        return
    host = urlsplit(origin.decode("latin-1")).netloc.lower()
    if not host or host not in (headers.get(b"host", b"").decode("latin-1").lower(), public_host):
        raise ForeignRequest(f"the request came from another site ({origin.decode('latin-1')})")


def check_rules(app: Litestar) -> None:
    """Refuse to start with a handler that does not say who may call it."""
    for path, handler in handlers_of(app):
        if handler.opt.get("access") not in RULES:
            raise ValueError(f"{path}: {handler.handler_name} needs opt={{'access': ...}}, one of {', '.join(RULES)}")


def handlers_of(app: Litestar) -> Iterable[tuple[str, HTTPRouteHandler]]:
    """Every handler with its path, except the answers to OPTIONS that Litestar makes of the others."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            raise TypeError(f"{route.path}: only HTTP handlers can be given a rule")
        for handler in route.route_handlers:
            if handler.handler_name != "options_handler":
                yield route.path, handler
