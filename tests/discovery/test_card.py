"""What a card shows, and what its play button plays."""

from __future__ import annotations

from tests.catalog.samples import episode, film, library, show

from matinee.base.units import Seconds
from matinee.discovery.card import NEW_FOR_S, Viewer, card_of, is_begun, is_finished, to_play
from matinee.playback.position import Position


def at(share: float, updated: float = 1.0) -> Position:
    return Position(position_s=share * 100, duration_s=100.0, updated=updated)


def test_begun_is_from_five_to_ninety_five_per_cent() -> None:
    assert [is_begun(at(share)) for share in (0.0, 0.049, 0.05, 0.5, 0.95, 0.951)] == [
        False,
        False,
        True,
        True,
        True,
        False,
    ]
    assert is_finished(at(0.96))
    assert not is_begun(Position(position_s=5.0, duration_s=0.0, updated=1.0))


def test_a_show_plays_the_episode_last_begun_then_the_next_then_the_first() -> None:
    snapshot = library(show("s"), episode("a", "s", 1, 1), episode("b", "s", 1, 2), episode("c", "s", 1, 3))
    series = snapshot.titles["s"]
    plays = [
        to_play(series, snapshot, positions) for positions in ({}, {"b": at(0.5)}, {"a": at(0.99)}, {"c": at(0.99)})
    ]
    assert [each.id for each in plays if each] == ["a", "b", "b", "a"]


def test_nothing_is_played_of_a_show_without_episodes() -> None:
    snapshot = library(show("s"))
    assert to_play(snapshot.titles["s"], snapshot, {}) is None
    assert card_of(snapshot.titles["s"], snapshot, Viewer()).play_id == ""


def test_a_card_says_how_far_the_viewer_is() -> None:
    snapshot = library(film("f"))
    card = card_of(snapshot.titles["f"], snapshot, Viewer(positions={"f": at(0.5)}))
    assert (card.position_s, card.progress, card.play_id) == (50.0, 0.5, "f")
    finished = card_of(snapshot.titles["f"], snapshot, Viewer(positions={"f": at(0.99)}))
    assert (finished.position_s, finished.progress) == (0.0, 0.99)


def test_an_episode_is_shown_with_its_show() -> None:
    snapshot = library(show("s", title="Harbour", genres=("Crime",)), episode("e", "s", 2, 3))
    card = card_of(snapshot.titles["e"], snapshot, Viewer())
    assert (card.show_title, card.season, card.episode, card.genres) == ("Harbour", 2, 3, ("Crime",))


def test_badges_tell_of_new_episodes_and_of_4k() -> None:
    now = NEW_FOR_S * 3
    snapshot = library(
        show("s", created=0.0),
        episode("e", "s", 1, 1, created=now - 10),
        film("f", height=2160),
        film("g", height=1080),
    )
    badges = [card_of(snapshot.titles[each], snapshot, Viewer(now=Seconds(now))).badge for each in ("s", "f", "g")]
    assert badges == ["New episode", "4K", ""]
