"""A card: what a viewer sees of a title in a row, a grid or a search, with how far they are in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from matinee.base.units import Seconds
from matinee.catalog.snapshot import Snapshot
from matinee.catalog.title import Kind, Picture, State, Title

WATCHED_FROM, WATCHED_TO = 0.05, 0.95  # before: only looked at; after: the credits
NEW_FOR_S = 7 * 86_400.0
ULTRA_HD_HEIGHT = 2160


class Position(Protocol):
    """Where a viewer is in a title; times in seconds, `updated` Unix."""

    @property
    def position_s(self) -> float: ...
    @property
    def duration_s(self) -> float: ...
    @property
    def updated(self) -> float: ...


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A title on a shelf. `play_id` is what its play button plays: of a show, the episode to go on with."""

    id: str
    kind: Kind
    title: str
    year: int | None
    synopsis: str
    genres: tuple[str, ...]
    duration_s: float
    height: int
    poster: Picture | None
    still: Picture | None
    state: State
    position_s: float
    progress: float
    play_id: str
    season: int | None
    episode: int | None
    show_title: str
    badge: str
    reason: str


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks and when: their positions by title, and the time."""

    positions: Mapping[str, Position] = {}
    now: Seconds = Seconds(0.0)


def share_watched(position: Position) -> float:
    """How much of the title has been watched, 0 to 1."""
    if position.duration_s <= 0:
        return 0.0
    return min(1.0, max(0.0, position.position_s / position.duration_s))


def is_begun(position: Position) -> bool:
    """Whether there is something to go on with: from 5 % to 95 %."""
    return WATCHED_FROM <= share_watched(position) <= WATCHED_TO


def is_finished(position: Position) -> bool:
    """Whether the viewer has seen it to the credits."""
    return share_watched(position) > WATCHED_TO


def card_of(title: Title, snapshot: Snapshot, viewer: Viewer, reason: str = "") -> Card:
    """The card of `title` for `viewer`."""
    plays = to_play(title, snapshot, viewer.positions)
    position = viewer.positions.get(plays.id) if plays is not None else None
    is_going_on = position is not None and is_begun(position)
    show = snapshot.titles.get(title.show_id) if title.show_id else None
    return Card(
        id=title.id,
        kind=title.kind,
        title=title.title,
        year=title.year,
        synopsis=title.synopsis,
        genres=title.genres or (show.genres if show else ()),
        duration_s=title.duration_s,
        height=max((each.height for each in snapshot.playable(title.id)), default=title.height),
        poster=title.poster or (show.poster if show else None),
        still=title.still or _still_of_show(title, snapshot),
        state=title.state,
        position_s=position.position_s if position is not None and is_going_on else 0.0,
        progress=share_watched(position) if position is not None and plays is not None else 0.0,
        play_id=plays.id if plays is not None else "",
        season=title.season,
        episode=title.episode,
        show_title=show.title if show else "",
        badge=_badge(title, snapshot, viewer.now),
        reason=reason,
    )


def cards_of(titles: Iterable[Title], snapshot: Snapshot, viewer: Viewer) -> tuple[Card, ...]:
    """The cards of `titles`, in their order."""
    return tuple(card_of(title, snapshot, viewer) for title in titles)


def to_play(title: Title, snapshot: Snapshot, positions: Mapping[str, Position]) -> Title | None:
    """What playing `title` plays: itself; of a show the episode last begun, the one after the last finished, or the
    first. None when nothing of it can be played."""
    episodes = snapshot.playable(title.id)
    seen = [episode for episode in episodes if episode.id in positions]
    if not seen or title.kind != "show":
        return episodes[0] if episodes else None
    last = max(seen, key=lambda episode: positions[episode.id].updated)
    if is_finished(positions[last.id]):
        return snapshot.next_episode(last) or episodes[0]
    return last


def _still_of_show(title: Title, snapshot: Snapshot) -> Picture | None:
    if title.kind != "show":
        return None
    return next((episode.still for episode in snapshot.playable(title.id) if episode.still), None)


def _badge(title: Title, snapshot: Snapshot, now: Seconds) -> str:
    if title.kind == "show" and now - title.created > NEW_FOR_S > now - snapshot.arrived(title):
        return "New episode"
    if any(each.height >= ULTRA_HD_HEIGHT for each in snapshot.playable(title.id)):
        return "4K"
    return ""
