"""The catalogue as a value: what is shown, in which order, page by page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalog.samples import episode, film, library, show

from matinee.catalog.snapshot import BadCursor, Sort, page_of


def test_what_cannot_be_played_is_not_shown() -> None:
    snapshot = library(
        film("a"), film("b", state="processing", height=0), film("c", state="failed", height=0), show("d")
    )
    assert [title.id for title in snapshot.shelf] == ["a"]


def test_a_show_appears_with_its_first_episode_and_comes_anew_with_each() -> None:
    snapshot = library(
        show("s", created=1.0),
        episode("e1", "s", 1, 1, created=2.0),
        film("f", created=5.0),
        episode("e2", "s", 1, 2, created=9.0),
    )
    assert [title.id for title in snapshot.shelf] == ["s", "f"]
    assert snapshot.arrived(snapshot.titles["s"]) == 9.0


def test_episodes_are_in_order_and_the_specials_last() -> None:
    numbers = [(2, 1), (0, 1), (1, 10), (1, 2)]
    snapshot = library(show("s"), *(episode(f"e{s}x{n}", "s", s, n) for s, n in numbers))
    assert [each.id for each in snapshot.episodes("s")] == ["e1x2", "e1x10", "e2x1", "e0x1"]


def test_the_next_episode_is_the_next_that_can_be_played() -> None:
    snapshot = library(
        show("s"),
        episode("a", "s", 1, 1),
        episode("b", "s", 1, 2, state="processing", height=0),
        episode("c", "s", 2, 1),
        film("f"),
    )
    titles = snapshot.titles
    after = snapshot.next_episode(titles["a"])
    assert after is not None
    assert after.id == "c"
    assert snapshot.next_episode(titles["c"]) is None
    assert snapshot.next_episode(titles["f"]) is None


def test_genres_are_those_of_visible_titles_the_largest_first() -> None:
    snapshot = library(
        film("a", genres=("Noir", "Drama")),
        film("b", genres=("Drama",)),
        film("c", genres=("War",), state="failed", height=0),
    )
    assert snapshot.genres == ("Drama", "Noir")


@given(
    st.lists(st.tuples(st.text(max_size=6), st.floats(0, 4e9)), max_size=40),
    st.integers(1, 9),
    st.sampled_from(["new", "title"]),
)
def test_pages_hold_every_title_exactly_once(titles: list[tuple[str, float]], limit: int, sort: Sort) -> None:
    snapshot = library(*(film(f"t{n}", title=name or "x", created=at) for n, (name, at) in enumerate(titles)))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = page_of(snapshot, sort=sort, cursor=cursor, limit=limit)
        seen += [title.id for title in page.items]
        assert len(page.items) <= limit
        cursor = page.next
        if cursor is None:
            break
    assert sorted(seen) == sorted(snapshot.titles)


def test_a_page_goes_on_where_it_was_although_its_last_title_is_gone() -> None:
    titles = [film(f"t{n}", title=f"Film {n}") for n in range(6)]
    page = page_of(library(*titles), sort="title", limit=3)
    rest = page_of(library(*(t for t in titles if t.id != "t2")), sort="title", cursor=page.next, limit=9)
    assert [title.id for title in rest.items] == ["t3", "t4", "t5"]


def test_titles_are_sorted_without_article_case_and_accents() -> None:
    snapshot = library(film("1", title="The Zebra"), film("2", title="élan"), film("3", title="Apple"))
    assert [title.id for title in page_of(snapshot, sort="title").items] == ["3", "2", "1"]


def test_a_genre_is_found_however_it_is_written() -> None:
    snapshot = library(film("a", genres=("Film Noir",)), film("b"))
    assert [title.id for title in page_of(snapshot, genre="film-noir").items] == ["a"]


@pytest.mark.parametrize("cursor", ["%%", "a", "_w"])
def test_a_cursor_that_is_none_is_an_error(cursor: str) -> None:
    with pytest.raises(BadCursor):
        page_of(library(film("a")), cursor=cursor)
