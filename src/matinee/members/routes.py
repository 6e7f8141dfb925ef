"""HTTP of members: set up the owner, sign in, sign out. The session travels in an HttpOnly cookie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from matinee.base.given import Given
from matinee.base.units import Seconds
from matinee.members import session
from matinee.members.account import Account
from matinee.members.service import Members, SignedIn

HttpRequest: TypeAlias = Request[Account | None, Any, Any]


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, and whether there is an owner yet."""

    signed_in: bool
    needs_setup: bool
    name: str | None


class SetupRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The owner's account; `token` is in the set-up link."""

    token: str
    name: str
    password: str


class SignInRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who has an account knows."""

    name: str
    password: str


class ProgramToken(msgspec.Struct, frozen=True, kw_only=True):
    """A session for a program, which sends `Authorization: Bearer <token>`; `expires` moves on as it is used."""

    token: str
    expires: Seconds


@get("/v1/session", opt={"access": "public"})
async def read_session(request: HttpRequest, members: Given[Members]) -> SessionState:
    """Who is signed in."""
    token, _ = session.presented_token(request.scope["headers"])
    account = await members.find(token)
    needs_setup = account is None and not await members.is_set_up()
    return SessionState(signed_in=account is not None, needs_setup=needs_setup, name=account.name if account else None)


@post("/v1/setup", opt={"access": "public"})
async def set_up_owner(
    data: JSONBody[SetupRequest], members: Given[Members], is_https: Given[bool]
) -> Response[SessionState]:
    """Make the owner's account with the token of the set-up link, and sign it in."""
    return _signed_in(await members.set_up(data.token, data.name, data.password), is_https)


@post("/v1/session", opt={"access": "public"})
async def sign_in(
    request: HttpRequest,
    data: JSONBody[SignInRequest],
    members: Given[Members],
    is_https: Given[bool],
) -> Response[SessionState]:
    """Begin a session in this browser."""
    return _signed_in(await members.sign_in(data.name, data.password, _address(request)), is_https)


@delete("/v1/session", opt={"access": "public"})
async def sign_out(request: HttpRequest, members: Given[Members], is_https: Given[bool]) -> Response[None]:
    """End this session, if there is one."""
    token, _ = session.presented_token(request.scope["headers"])
    await members.sign_out(token)
    return _forgotten(is_https)


@delete("/v1/sessions", opt={"access": "signed_in"})
async def sign_out_everywhere(
    account: Given[Account], members: Given[Members], is_https: Given[bool]
) -> Response[None]:
    """End every session of this account, this one too."""
    await members.sign_out_everywhere(account.id)
    return _forgotten(is_https)


@post("/v1/tokens", opt={"access": "public"})
async def create_token(request: HttpRequest, data: JSONBody[SignInRequest], members: Given[Members]) -> ProgramToken:
    """Begin a session for a program."""
    signed_in = await members.sign_in(data.name, data.password, _address(request))
    return ProgramToken(token=signed_in.token, expires=signed_in.expires)


HANDLERS: Sequence[ControllerRouterHandler] = (
    read_session,
    set_up_owner,
    sign_in,
    sign_out,
    sign_out_everywhere,
    create_token,
)


def _signed_in(signed_in: SignedIn, is_https: bool) -> Response[SessionState]:
    state = SessionState(signed_in=True, needs_setup=False, name=signed_in.account.name)
    cookie = session.cookie_header(signed_in.token, is_secure=is_https)
    return Response(state, status_code=201, headers={"Set-Cookie": cookie})


def _forgotten(is_https: bool) -> Response[None]:
    return Response(None, status_code=204, headers={"Set-Cookie": session.cookie_header("", is_secure=is_https)})


def _address(request: HttpRequest) -> str:
    """The peer's own address: what a header claims about it is not believed."""
    return request.client.host if request.client else ""
