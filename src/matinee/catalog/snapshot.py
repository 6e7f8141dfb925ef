"""The whole catalogue as one immutable value: every read is answered from it, without the database."""

from __future__ import annotations

import base64
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import msgspec

from matinee.base.errors import Invalid
from matinee.catalog.title import Kind, Title, is_playable, plain, sort_name

Sort: TypeAlias = Literal["new", "title"]
PAGE = 60  # cards: two screens of a television


class BadCursor(Invalid):
    """A cursor that no listing of ours gave out."""

    code = "bad_cursor"


class Page(msgspec.Struct, frozen=True):
    """Some titles of a listing, and the cursor that the rest begins with, if there is one."""

    items: tuple[Title, ...]
    next: str | None


@dataclass(frozen=True)
class Snapshot:
    """Every title by id, and the episodes of every show in order, as of `revision`."""

    revision: int
    titles: Mapping[str, Title]
    shows: Mapping[str, tuple[Title, ...]]

    def episodes(self, show_id: str) -> tuple[Title, ...]:
        """The episodes of a show by season and number; the specials (season 0) come last."""
        return self.shows.get(show_id, ())

    def playable(self, title_id: str) -> tuple[Title, ...]:
        """What can be played of a title: itself, or the episodes of a show that are ready."""
        title = self.titles.get(title_id)
        if title is None:
            return ()
        return tuple(t for t in (self.episodes(title_id) if title.kind == "show" else (title,)) if is_playable(t))

    def seasons(self, show_id: str) -> tuple[tuple[Title, ...], ...]:
        """The episodes of a show that can be played, season by season."""
        by_season: dict[int | None, list[Title]] = {}
        for title in self.playable(show_id):
            by_season.setdefault(title.season, []).append(title)
        return tuple(tuple(season) for season in by_season.values())

    def is_visible(self, title: Title) -> bool:
        """Whether viewers are shown the title: something of it can be played."""
        return bool(self.playable(title.id))

    @cached_property
    def shelf(self) -> tuple[Title, ...]:
        """The films and shows that viewers are shown, newest first."""
        visible = [title for title in self.titles.values() if title.kind != "episode" and self.is_visible(title)]
        return tuple(sorted(visible, key=lambda title: (-self.arrived(title), title.id)))

    def arrived(self, title: Title) -> float:
        """When a title came: a show comes anew with its newest episode. Unix seconds."""
        return max([title.created, *(episode.created for episode in self.playable(title.id))])

    def next_episode(self, title: Title) -> Title | None:
        """The episode that can be played after `title`, None after the last one and after a film."""
        if title.show_id is None:
            return None
        queue = self.playable(title.show_id)
        after = [index for index, episode in enumerate(queue, 1) if episode.id == title.id]
        return queue[after[0]] if after and after[0] < len(queue) else None

    @cached_property
    def genres(self) -> tuple[str, ...]:
        """Every genre with a visible title, the largest first."""
        counts = Counter(genre for title in self.shelf for genre in title.genres)
        return tuple(sorted(counts, key=lambda genre: (-counts[genre], genre)))


def snapshot_of(titles: Iterable[Title], revision: int = 0) -> Snapshot:
    """The snapshot that holds `titles`."""
    by_id = {title.id: title for title in titles}
    shows: dict[str, list[Title]] = defaultdict(list)
    for title in by_id.values():
        if title.show_id is not None:
            shows[title.show_id].append(title)
    ordered = {show: tuple(sorted(episodes, key=_episode_order)) for show, episodes in shows.items()}
    return Snapshot(revision=revision, titles=by_id, shows=ordered)


def _episode_order(title: Title) -> tuple[bool, int, int, str]:
    return (title.season == 0, title.season or 0, title.episode or 0, title.id)


def page_of(
    snapshot: Snapshot,
    *,
    kind: Kind | None = None,
    genre: str | None = None,
    sort: Sort = "new",
    cursor: str | None = None,
    limit: int = PAGE,
) -> Page:
    """A page of the films and shows that viewers are shown. Raises BadCursor."""
    chosen = (t for t in snapshot.shelf if kind in (None, t.kind) and (genre is None or _has_genre(t, genre)))
    keyed = sorted(((_sort_key(snapshot, title, sort), title) for title in chosen), key=lambda pair: pair[0])
    after = _read_cursor(cursor) if cursor else ""
    rest = [(key, title) for key, title in keyed if key > after]
    more = _cursor(rest[limit - 1][0]) if len(rest) > limit else None
    return Page(tuple(title for _, title in rest[:limit]), more)


def _has_genre(title: Title, genre: str) -> bool:
    return plain(genre) in map(plain, title.genres)


_END_OF_TIME_MS = 10**14  # of the year 5138: subtracting from it makes the newest sort first, as text


def _sort_key(snapshot: Snapshot, title: Title, sort: Sort) -> str:
    first = (
        sort_name(title.title) if sort == "title" else f"{_END_OF_TIME_MS - int(snapshot.arrived(title) * 1000):015}"
    )
    return f"{first}\0{title.id}"


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise BadCursor(f"{cursor!r} is no cursor of this listing; begin again without one") from error
