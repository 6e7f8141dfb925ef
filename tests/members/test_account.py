"""The rules for names and passwords."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.members.account import BadName, WeakPassword, check_password, clean_name, name_key


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\nb", "a\x00b"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        clean_name(name)


def test_a_name_is_kept_without_the_blanks_around_it() -> None:
    assert clean_name("  Ada Lovelace ") == "Ada Lovelace"


def test_spellings_of_one_name_share_a_key() -> None:
    assert name_key(" ADA ") == name_key("ada") == name_key("\uff41da")  # the last begins with a full-width letter
    assert name_key("ada") != name_key("adam")


@given(st.text(min_size=1, max_size=80))
def test_a_cleaned_name_stays_as_it_is(name: str) -> None:
    try:
        clean = clean_name(name)
    except BadName:
        return
    assert clean_name(clean) == clean


def test_a_short_password_is_refused_with_its_length() -> None:
    with pytest.raises(WeakPassword, match=r"at least 8 characters; this one has 7"):
        check_password("1234567")


def test_eight_characters_are_enough() -> None:
    assert check_password("12345678") == "12345678"


def test_a_password_too_long_to_hash_cheaply_is_refused() -> None:
    with pytest.raises(WeakPassword):
        check_password("x" * 1025)


def test_a_password_is_the_same_from_every_keyboard() -> None:
    assert check_password("passwo\u0301rd") == check_password("passw\u00f3rd")
