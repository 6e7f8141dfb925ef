"""The rows of the home page, each with its reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.catalog.samples import episode, film, library, show

from matinee.base.units import Seconds
from matinee.catalog.title import Person, Picture
from matinee.discovery.card import Viewer
from matinee.discovery.rows import (
    CONTINUE_MAX,
    GENRE_ITEMS_MIN,
    NEW_MAX,
    OTHERS_MAX,
    hero_of,
    home_rows,
    similar_to,
)
from matinee.playback.position import Position

STILL = Picture(name="a.webp", width=16, height=9)


def at(share: float, updated: float = 1.0) -> Position:
    return Position(position_s=share * 100, duration_s=100.0, updated=updated)


def test_an_empty_library_has_no_rows_and_no_hero() -> None:
    assert home_rows(library(), Viewer(), None) == ()
    assert hero_of(library(), Viewer(), "account") is None


def test_rows_come_in_their_order_with_reasons_and_none_is_empty() -> None:
    snapshot = library(
        film("a", genres=("Drama", "Noir"), created=1.0),
        film("b", genres=("Drama", "Noir"), created=2.0),
        film("c", genres=("Drama", "Noir"), created=3.0),
        film("d", genres=("Drama", "War"), created=4.0),
        film("e", genres=("War", "War"), state="failed", height=0),
    )
    rows = home_rows(snapshot, Viewer(positions={"a": at(0.5)}), None)
    assert [row.id for row in rows] == ["continue", "new", "genre-drama", "genre-noir"]
    assert [row.shape for row in rows] == ["still", "poster", "poster", "poster"]
    assert all(row.reason and row.items for row in rows)
    assert [card.id for card in rows[1].items] == ["d", "c", "b", "a"]
    assert rows[2].reason == "4 films in the library"


@given(st.lists(st.sets(st.sampled_from(["Drama", "Noir", "War", "Sport"])), max_size=OTHERS_MAX), st.data())
def test_a_genre_row_has_some_titles_and_every_title_is_on_the_page(
    genres: list[set[str]], data: st.DataObject
) -> None:
    snapshot = library(*(film(f"f{n}", genres=tuple(sorted(each))) for n, each in enumerate(genres)))
    hero = data.draw(st.sampled_from([None, *snapshot.shelf]))
    rows = home_rows(snapshot, Viewer(), hero)
    shown = {card.id for row in rows for card in row.items} | ({hero.id} if hero else set())
    assert shown == set(snapshot.titles)
    assert all(len(row.items) >= GENRE_ITEMS_MIN for row in rows if row.id.startswith("genre-"))


def test_what_is_too_old_for_new_and_of_a_rare_genre_comes_last() -> None:
    new = [film(f"n{n}", genres=("Drama",), created=9.0) for n in range(NEW_MAX)]
    rows = home_rows(library(film("rare", genres=("Opera",), created=1.0), *new), Viewer(), None)
    assert [row.id for row in rows] == ["new", "genre-drama", "others"]
    assert [card.id for card in rows[-1].items] == ["rare"]


@given(st.dictionaries(st.integers(0, 79), st.tuples(st.floats(0, 1), st.floats(0, 1e6))))
def test_continue_watching_is_what_was_begun_newest_first(watched: dict[int, tuple[float, float]]) -> None:
    snapshot = library(*(film(f"f{n}") for n in range(80)))
    positions = {f"f{n}": at(share, updated) for n, (share, updated) in watched.items()}
    rows = [row for row in home_rows(snapshot, Viewer(positions=positions), None) if row.id == "continue"]
    items = [card.id for row in rows for card in row.items]
    begun = {f"f{n}" for n, (share, _) in watched.items() if 0.05 <= share * 100 / 100 <= 0.95}
    assert len(items) == min(CONTINUE_MAX, len(begun))
    assert set(items) <= begun
    times = [positions[each].updated for each in items]
    assert times == sorted(times, reverse=True)


def test_of_a_show_the_last_episode_watched_is_continued() -> None:
    snapshot = library(show("s"), episode("a", "s", 1, 1), episode("b", "s", 1, 2), film("f"))
    viewer = Viewer(positions={"a": at(0.5, 1.0), "b": at(0.5, 3.0), "f": at(0.5, 2.0), "gone": at(0.5, 9.0)})
    assert [card.id for card in home_rows(snapshot, viewer, None)[0].items] == ["b", "f"]


def test_the_hero_is_not_repeated_where_there_is_something_else() -> None:
    noir = [film(title_id, genres=("Noir",)) for title_id in "abc"]
    drama = [film(title_id, genres=("Drama",)) for title_id in "def"]
    more = film("g", genres=("Drama",))
    snapshot = library(*noir, *drama, more)
    rows = {row.id: {card.id for card in row.items} for row in home_rows(snapshot, Viewer(), more)}
    assert rows == {"new": set("abcdef"), "genre-drama": set("def"), "genre-noir": set("abc")}
    rows = {row.id: {card.id for card in row.items} for row in home_rows(snapshot, Viewer(), noir[0])}
    assert rows["genre-noir"] == set("abc"), "two would be no row"
    assert rows["new"] == set("bcdefg")


def test_the_hero_has_a_still_and_was_not_seen() -> None:
    snapshot = library(film("a", still=STILL), film("b", still=STILL), film("c"))
    hero = hero_of(snapshot, Viewer(positions={"a": at(0.99)}), "account")
    assert hero is not None
    assert hero.id == "b"


@given(st.text(min_size=1), st.floats(0, 4e9))
def test_the_hero_stays_the_same_all_day_when_another_film_arrives_that_does_not_win(account: str, now: float) -> None:
    viewer = Viewer(now=Seconds(now))
    few, more = [film(f"f{n}", still=STILL) for n in range(4)], film("x", still=STILL)
    before, after = hero_of(library(*few), viewer, account), hero_of(library(*few, more), viewer, account)
    assert before is not None
    assert after is not None
    assert after.id in (before.id, "x")


def test_what_is_similar_shares_genres_and_people() -> None:
    ana = Person(name="Ana Vik", role="director")
    snapshot = library(
        film("a", genres=("Noir", "War"), people=(ana,)),
        film("both", genres=("Noir", "War")),
        film("one", genres=("Noir", "Comedy")),
        film("hers", people=(ana,)),
        film("none", genres=("Sport",)),
    )
    assert [title.id for title in similar_to(snapshot.titles["a"], snapshot)] == ["both", "hers", "one"]
