"""The rows of the home page, the film it opens with, and what is like a title: policy over the catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from matinee.base.units import Seconds
from matinee.catalog.snapshot import Snapshot
from matinee.catalog.title import Title, credits, plain
from matinee.discovery.card import NEW_FOR_S, Card, Viewer, card_of, cards_of, is_begun, is_finished

Shape: TypeAlias = Literal["poster", "still"]

CONTINUE_MAX = 50  # rule V7
NEW_MAX = 20
GENRE_ROWS_MAX = 20  # nobody scrolls past twenty rows
GENRE_ITEMS_MIN, GENRE_ITEMS_MAX = 3, 40  # fewer are no row: they stand in New, or among the others
OTHERS_MAX = 40
HERO_CANDIDATES = 8  # the opening film is one of the newest
SIMILAR_MAX = 12
_DAY_S = 86_400


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of cards, and why it is there."""

    id: str
    title: str
    reason: str
    shape: Shape
    items: tuple[Card, ...]


def home_rows(snapshot: Snapshot, viewer: Viewer, hero: Title | None) -> tuple[Row, ...]:
    """Continue Watching, New, a row for each genre of some size, the largest first, then the others; none is empty.

    The opening film is left out of a row that has enough else to show.
    """
    rows = [_continue_row(snapshot, viewer), _new_row(snapshot, viewer, hero), *_genre_rows(snapshot, viewer, hero)]
    rows.append(_others_row(snapshot, viewer, hero, rows))
    return tuple(row for row in rows if row.items)


def hero_of(snapshot: Snapshot, viewer: Viewer, account_id: str) -> Title | None:
    """The film that the home page opens with: a new one with a still that this viewer has not seen, another each day.

    The choice is hashed, so a film that arrives rarely changes it (rendezvous hashing), and a reload never does.
    """
    shelf = snapshot.shelf
    begun = {_shelf_id(snapshot, id) for id, position in viewer.positions.items() if is_begun(position)}
    seen = begun | {id for id, position in viewer.positions.items() if is_finished(position)}
    with_still = [title for title in shelf if card_of(title, snapshot, viewer).still is not None]
    fresh = [title for title in with_still if title.id not in seen][:HERO_CANDIDATES]
    candidates = fresh or with_still[:HERO_CANDIDATES] or list(shelf[:HERO_CANDIDATES])
    return max(candidates, key=lambda title: _draw(account_id, viewer.now, title.id), default=None)


def hero_reason(hero: Title, snapshot: Snapshot, viewer: Viewer) -> str:
    """Why the home page opens with `hero`."""
    if any(is_begun(viewer.positions[one.id]) for one in snapshot.playable(hero.id) if one.id in viewer.positions):
        return "Where you left off"
    is_new = viewer.now - snapshot.arrived(hero) < NEW_FOR_S
    return "Just arrived" if is_new else "Picked for tonight"


def similar_to(title: Title, snapshot: Snapshot) -> tuple[Title, ...]:
    """The visible films and shows that share most with `title`: genres, then people, then the decade."""
    scored = [(_likeness(title, other), other) for other in snapshot.shelf if other.id not in (title.id, title.show_id)]
    alike = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].id))
    return tuple(other for _, other in alike[:SIMILAR_MAX])


def _continue_row(snapshot: Snapshot, viewer: Viewer) -> Row:
    begun = [
        snapshot.titles[title_id]
        for title_id, position in sorted(viewer.positions.items(), key=lambda item: (-item[1].updated, item[0]))
        if is_begun(position) and snapshot.playable(title_id)
    ]
    latest = {_shelf_id(snapshot, title.id): title for title in reversed(begun)}  # of a show the last one watched
    items = [title for title in begun if latest[_shelf_id(snapshot, title.id)] is title][:CONTINUE_MAX]
    return Row(
        id="continue",
        title="Continue watching",
        reason="where you left off",
        shape="still",
        items=cards_of(items, snapshot, viewer),
    )


def _new_row(snapshot: Snapshot, viewer: Viewer, hero: Title | None) -> Row:
    items = _without(hero, snapshot.shelf)[:NEW_MAX]
    return Row(
        id="new",
        title="New",
        reason="the latest arrivals, newest first",
        shape="poster",
        items=cards_of(items, snapshot, viewer),
    )


def _genre_rows(snapshot: Snapshot, viewer: Viewer, hero: Title | None) -> list[Row]:
    rows = (_genre_row(genre, snapshot, viewer, hero) for genre in snapshot.genres[:GENRE_ROWS_MAX])
    return [row for row in rows if len(row.items) >= GENRE_ITEMS_MIN]


def _genre_row(genre: str, snapshot: Snapshot, viewer: Viewer, hero: Title | None) -> Row:
    titles = [title for title in snapshot.shelf if genre in title.genres]
    return Row(
        id=f"genre-{plain(genre).replace(' ', '-')}",
        title=genre,
        reason=_counted(titles),
        shape="poster",
        items=cards_of(_without(hero, titles, GENRE_ITEMS_MIN)[:GENRE_ITEMS_MAX], snapshot, viewer),
    )


def _others_row(snapshot: Snapshot, viewer: Viewer, hero: Title | None, rows: Sequence[Row]) -> Row:
    shown = {card.id for row in rows for card in row.items} | ({hero.id} if hero is not None else set())
    others = [title for title in snapshot.shelf if title.id not in shown]
    return Row(
        id="others",
        title="Everything else",
        reason="what is in no other row",
        shape="poster",
        items=cards_of(others[:OTHERS_MAX], snapshot, viewer),
    )


def _counted(titles: Sequence[Title]) -> str:
    """`3 films and 1 show in the library`."""
    films = sum(title.kind == "film" for title in titles)
    counts = [(films, "film"), (len(titles) - films, "show")]
    return " and ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counts if n) + " in the library"


def _without(hero: Title | None, titles: Sequence[Title], at_least: int = 1) -> list[Title]:
    rest = [title for title in titles if hero is None or title.id != hero.id]
    return rest if len(rest) >= at_least else list(titles)


def _shelf_id(snapshot: Snapshot, title_id: str) -> str:
    """The film or show that a title stands on the shelf as."""
    title = snapshot.titles.get(title_id)
    return title.show_id if title is not None and title.show_id else title_id


def _draw(account_id: str, now: Seconds, title_id: str) -> bytes:
    return hashlib.blake2b(f"{account_id}/{int(now // _DAY_S)}/{title_id}".encode(), digest_size=8).digest()


def _likeness(one: Title, other: Title) -> float:
    genres = _overlap(set(one.genres), set(other.genres))
    people = _overlap(set(credits(one, "director", "cast")), set(credits(other, "director", "cast")))
    is_of_decade = one.year is not None and other.year is not None and abs(one.year - other.year) <= 5
    return genres + 0.5 * people + (0.1 * is_of_decade if genres or people else 0.0)


def _overlap(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0
