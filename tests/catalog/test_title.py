"""Values of a title: merging what is known of it, and keeping it within limits."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalog.samples import episode, film

from matinee.catalog.title import (
    GENRES_MAX,
    SYNOPSIS_MAX,
    TITLE_MAX,
    Edit,
    Metadata,
    Person,
    episode_code,
    merged,
    plain,
    show_source,
    sort_name,
    tidied,
)


def test_the_first_source_that_knows_a_field_wins() -> None:
    said = Metadata(title="Said", genres=("Drama",))
    noted = Metadata(title="Noted", year=1999, synopsis="Long.")
    assert merged(said, noted) == Metadata(title="Said", genres=("Drama",), year=1999, synopsis="Long.")


def test_season_zero_is_known() -> None:
    assert merged(Metadata(season=0), Metadata(season=3)).season == 0


def test_case_accents_and_punctuation_do_not_tell_shows_apart() -> None:
    assert show_source("Señor Ørsted's House!", 1999) == show_source("senor orsteds  HOUSE", 1999)
    assert show_source("Harbour", 1999) != show_source("Harbour", 2001)
    assert plain("Straße & ﬁlm") == "strasse film"


def test_titles_sort_without_their_article() -> None:
    assert sort_name("The Third Man") == "third man"
    assert sort_name("A") == "a"


def test_an_episode_has_a_code() -> None:
    assert episode_code(episode("e", "s", 1, 2)) == "S1 E2"
    assert episode_code(episode("e", "s", 1, 2, last_episode=3)) == "S1 E2–3"
    assert episode_code(film("f")) == ""


@given(
    st.builds(Metadata, title=st.text(), synopsis=st.text(), tagline=st.text(), genres=st.lists(st.text()).map(tuple))
)
def test_tidied_text_is_within_its_limits_and_stays_as_it_is_then(metadata: Metadata) -> None:
    once = tidied(metadata)
    assert len(once.title) <= TITLE_MAX
    assert len(once.synopsis) <= SYNOPSIS_MAX
    assert len(once.genres) <= GENRES_MAX
    assert all(genre.strip() == genre and genre for genre in once.genres)
    assert once.title.isprintable()
    assert tidied(once) == once


def test_people_and_genres_are_kept_once() -> None:
    ana = Person(name="Ana\tVik ", role="director")
    known = tidied(Metadata(people=(ana, ana, Person(name="  ")), genres=("Noir", "Noir", "")))
    assert known.people == (Person(name="Ana Vik", role="director"),)
    assert known.genres == ("Noir",)


@pytest.mark.parametrize(
    "body",
    [
        '{"title": ""}',
        '{"year": 12}',
        '{"genres": [""]}',
        '{"language": "English!"}',
        '{"id": "x"}',
        '{"people": [{}]}',
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(body: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Edit)
