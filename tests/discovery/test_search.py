"""Search as you type: what is found, in which order, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalog.samples import episode, film, library, show

from matinee.catalog.title import Person
from matinee.discovery.search import Found, index_of, is_near

LIBRARY = library(
    film("title", title="The Lighthouse", created=5.0),
    film("person", title="Fog", people=(Person(name="Ida Lighthouse", role="director"),), created=6.0),
    film("genre", title="Rain", genres=("Lighthouse drama",), created=7.0),
    film("synopsis", title="Snow", synopsis="A keeper leaves the lighthouse.", created=8.0),
    film("hidden", title="Lighthouse two", state="processing", height=0),
    film("accents", title="Élan vital", people=(Person(name="Bo Lund", character="The Keeper"),)),
    show("show", title="Harbour"),
    episode("episode", "show", 1, 1, title="A lantern"),
)
INDEX = index_of(LIBRARY)


def found(query: str) -> list[str]:
    return [hit.title_id for hit in INDEX.search(query).hits]


def reasons(query: str) -> list[str]:
    return [hit.reason for hit in INDEX.search(query).hits]


def test_a_title_comes_before_a_person_a_genre_and_a_synopsis() -> None:
    assert found("lighthouse") == ["title", "person", "genre", "synopsis"]


def test_each_result_says_why_it_is_here() -> None:
    assert reasons("lighthouse") == [
        "Title",
        "Directed by Ida Lighthouse",
        "Genre: Lighthouse drama",
        "In the synopsis: “lighthouse”",
    ]
    assert reasons("bo lund") == ["With Bo Lund as The Keeper"]
    assert reasons("lantern") == ["Episode: A lantern"]


@pytest.mark.parametrize("query", ["lig", "LIGHT", "the light", "light the", "  líghthoùse!"])
def test_the_beginnings_of_words_are_enough_in_any_order_case_and_accent(query: str) -> None:
    assert found(query)[0] == "title"


@pytest.mark.parametrize("query", ["lighthuose", "lightouse", "lightthouse", "kighthouse", "lighthose", "lgiht"])
def test_one_letter_may_be_wrong(query: str) -> None:
    result = INDEX.search(query)
    assert result.hits[0].title_id == "title"
    assert "Close to “lighthouse”" in result.hits[0].reason
    assert result.suggestions == ("lighthouse",)


def test_in_short_words_every_letter_counts() -> None:
    assert found("fgo") == []
    assert found("elan") == ["accents"]


def test_every_word_must_be_found() -> None:
    assert found("lighthouse fog") == ["person"]
    assert found("lighthouse zzz") == []


def test_a_show_is_found_by_its_episodes_and_hidden_titles_are_not_found() -> None:
    assert found("lantern") == ["show"]
    assert "hidden" not in found("lighthouse two")


def test_nothing_asked_is_nothing_found() -> None:
    assert INDEX.search("  !? ") == Found(hits=(), suggestions=())


@given(st.text(max_size=200))
def test_no_query_is_too_strange(query: str) -> None:
    INDEX.search(query)


@given(st.data())
def test_any_single_edit_is_near(data: st.DataObject) -> None:
    letters = st.sampled_from("abcdef")
    word = data.draw(st.text(letters, min_size=2, max_size=9))
    at = data.draw(st.integers(0, len(word) - 2))
    other = data.draw(letters)
    edits = [word[:at] + word[at + 1 :], word[:at] + other + word[at:], word[:at] + other + word[at + 1 :]]
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    assert all(is_near(edited, word) for edited in [*edits, swapped, word])


@pytest.mark.parametrize(
    ("query", "word"), [("abcd", "dcba"), ("lighthouse", "harbour"), ("house", "mouths"), ("abcd", "abdce")]
)
def test_two_edits_are_not_near(query: str, word: str) -> None:
    assert is_near(query, word) == (query == "abcd" and word == "abdce")
