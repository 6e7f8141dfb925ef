"""Discovery's use cases: the home page, shelves, a title's page and search, for one account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from matinee.base.clock import Clock
from matinee.catalog.service import Catalog
from matinee.catalog.snapshot import Snapshot, Sort
from matinee.catalog.title import Kind, Person, Title
from matinee.discovery.card import Card, Position, Viewer, card_of, cards_of
from matinee.discovery.preparing import Pace, Preparing, preparing_of
from matinee.discovery.rows import Row, hero_of, hero_reason, home_rows, similar_to
from matinee.discovery.search import Index, index_of
from matinee.work.job import Job

Positions: TypeAlias = Callable[[str], Awaitable[Mapping[str, Position]]]
"""The positions of an account, by title."""
Encodes: TypeAlias = Callable[[], Awaitable[Sequence[Job]]]
"""The jobs that make titles playable: those that wait or run, and the failed ones."""

EMPTY_SUGGESTIONS = 6
PREPARING_MAX = 50  # cards: more are counted, not shown


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """The home page; `coming` counts all the titles on their way, of which `preparing` has the first."""

    hero: Card | None
    rows: tuple[Row, ...]
    preparing: tuple[Preparing, ...]
    coming: int


class CardPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some cards of a listing; `next` is the cursor of the rest."""

    items: tuple[Card, ...]
    next: str | None


class Season(msgspec.Struct, frozen=True, kw_only=True):
    """The episodes of one season; number 0 are the specials."""

    number: int
    episodes: tuple[Card, ...]


class Languages(msgspec.Struct, frozen=True, kw_only=True):
    """The languages a title can be heard and read in, BCP 47."""

    audio: tuple[str, ...]
    subtitles: tuple[str, ...]


class TitlePage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one title; `next` is the episode after this one."""

    title: Card
    tagline: str
    people: tuple[Person, ...]
    languages: Languages
    seasons: tuple[Season, ...]
    similar: tuple[Card, ...]
    next: Card | None


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found, each card with why it is here; `suggestions` are other queries worth a try."""

    items: tuple[Card, ...]
    suggestions: tuple[str, ...]


@dataclass
class _Indexed:
    snapshot: Snapshot | None = None
    index: Index | None = None


@dataclass(frozen=True)
class Discovery:
    """How viewers find what to watch."""

    catalog: Catalog
    positions: Positions
    encodes: Encodes
    clock: Clock
    pace: Pace = field(default_factory=Pace)
    _indexed: _Indexed = field(default_factory=_Indexed, repr=False, compare=False)

    async def home(self, account_id: str) -> Home:
        """The home page of an account."""
        jobs = await self.encodes()  # before the titles: a title is there before its job
        snapshot, viewer = await self._seen_by(account_id)
        hero = hero_of(snapshot, viewer, account_id)
        coming = preparing_of(jobs, snapshot, viewer.now, self.pace.eta_s)
        return Home(
            hero=card_of(hero, snapshot, viewer, hero_reason(hero, snapshot, viewer)) if hero is not None else None,
            rows=home_rows(snapshot, viewer, hero),
            preparing=coming[:PREPARING_MAX],
            coming=len(coming),
        )

    async def shelf(
        self, account_id: str, kind: Kind | None, genre: str | None, sort: Sort, cursor: str | None
    ) -> CardPage:
        """A page of the films and shows. Raises BadCursor."""
        snapshot, viewer = await self._seen_by(account_id)
        page = await self.catalog.list(kind=kind, genre=genre, sort=sort, cursor=cursor)
        return CardPage(items=cards_of(page.items, snapshot, viewer), next=page.next)

    async def title(self, account_id: str, title_id: str) -> TitlePage:
        """The page of a title. Raises UnknownTitle."""
        title = await self.catalog.get(title_id)
        snapshot, viewer = await self._seen_by(account_id)
        after = snapshot.next_episode(title)
        show = snapshot.titles.get(title.show_id or "")
        return TitlePage(
            title=card_of(title, snapshot, viewer),
            tagline=title.tagline,
            people=title.people or (show.people if show else ()),
            languages=_languages(title, snapshot),
            seasons=_seasons(title, snapshot, viewer),
            similar=cards_of(similar_to(title, snapshot), snapshot, viewer),
            next=card_of(after, snapshot, viewer) if after is not None else None,
        )

    async def search(self, account_id: str, query: str) -> Results:
        """The titles that `query` finds; an empty query suggests genres."""
        snapshot, viewer = await self._seen_by(account_id)
        found = self._index(snapshot).search(query)
        cards = [card_of(snapshot.titles[hit.title_id], snapshot, viewer, hit.reason) for hit in found.hits]
        genres = () if cards else tuple(snapshot.genres[:EMPTY_SUGGESTIONS])
        return Results(items=tuple(cards), suggestions=found.suggestions or genres)

    async def card(self, account_id: str, title_id: str) -> Card:
        """The card of one title. Raises UnknownTitle."""
        title = await self.catalog.get(title_id)
        return card_of(title, *await self._seen_by(account_id))

    async def _seen_by(self, account_id: str) -> tuple[Snapshot, Viewer]:
        snapshot = await self.catalog.snapshot()
        return snapshot, Viewer(positions=await self.positions(account_id), now=self.clock())

    def _index(self, snapshot: Snapshot) -> Index:
        held = self._indexed
        if held.index is None or held.snapshot is not snapshot:
            held.snapshot, held.index = snapshot, index_of(snapshot)
        return held.index


def _languages(title: Title, snapshot: Snapshot) -> Languages:
    parts = snapshot.playable(title.id) or (title,)
    return Languages(
        audio=tuple(dict.fromkeys(tag for part in parts for tag in part.audio)),
        subtitles=tuple(dict.fromkeys(tag for part in parts for tag in part.subtitles)),
    )


def _seasons(title: Title, snapshot: Snapshot, viewer: Viewer) -> tuple[Season, ...]:
    episodes = snapshot.episodes(title.id if title.kind == "show" else title.show_id or "")
    numbers: dict[int, list[Title]] = {}
    for episode in episodes:
        numbers.setdefault(episode.season or 0, []).append(episode)
    return tuple(Season(number=n, episodes=cards_of(group, snapshot, viewer)) for n, group in numbers.items())
