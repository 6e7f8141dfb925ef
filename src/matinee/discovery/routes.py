"""HTTP of finding something to watch: decode, call the service, encode."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.types import ControllerRouterHandler

from matinee.base.given import Given
from matinee.catalog.snapshot import Sort
from matinee.catalog.title import Kind
from matinee.discovery.service import CardPage, Discovery, Home, Results, TitlePage
from matinee.members.account import Account

_SIGNED_IN = {"access": "signed_in"}


@get("/v1/home", opt=_SIGNED_IN)
async def read_home(discovery: Given[Discovery], account: Given[Account]) -> Home:
    """The home page: the film it opens with, the rows, and the films on their way."""
    return await discovery.home(account.id)


@get("/v1/titles", opt=_SIGNED_IN)
async def list_titles(
    discovery: Given[Discovery],
    account: Given[Account],
    kind: FromQuery[Kind | None] = None,
    genre: FromQuery[str] = "",
    sort: FromQuery[Sort] = "new",
    cursor: FromQuery[str] = "",
) -> CardPage:
    """The films and shows of a kind and genre, by arrival or by name, a page at a time."""
    return await discovery.shelf(account.id, kind, genre or None, sort, cursor or None)


@get("/v1/titles/{title_id:str}", opt=_SIGNED_IN)
async def read_title(title_id: FromPath[str], discovery: Given[Discovery], account: Given[Account]) -> TitlePage:
    """A title with its people, languages, seasons, what is like it and the episode that follows."""
    return await discovery.title(account.id, title_id)


@get("/v1/search", opt=_SIGNED_IN)
async def search_titles(discovery: Given[Discovery], account: Given[Account], q: FromQuery[str] = "") -> Results:
    """The titles that match every word of `q`, best first, each with the reason why."""
    return await discovery.search(account.id, q)


HANDLERS: Sequence[ControllerRouterHandler] = (read_home, list_titles, read_title, search_titles)
