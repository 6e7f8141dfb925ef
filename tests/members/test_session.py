"""Tokens, cookies, and when a session is renewed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from matinee.base.units import Seconds
from matinee.members.session import (
    SESSION_LIFETIME_S,
    cookie_header,
    ends_at,
    is_renewal_due,
    presented_token,
    token_hash,
)


@given(st.integers(0, int(SESSION_LIFETIME_S)))
def test_a_session_is_renewed_when_an_hour_has_passed_and_not_before(used_after_s: int) -> None:
    expires = ends_at(Seconds(1_000))
    assert is_renewal_due(expires, Seconds(1_000 + used_after_s)) == (used_after_s >= 3_600)


def test_the_cookie_is_found_among_others() -> None:
    headers = [(b"accept", b"*/*"), (b"cookie", b"theme=dark; matinee_session=abc; x=y")]
    assert presented_token(headers) == ("abc", False)


def test_a_cookie_whose_name_merely_ends_alike_is_not_ours() -> None:
    assert presented_token([(b"cookie", b"xmatinee_session=abc")]) == ("", False)


def test_a_bearer_token_wins_over_the_cookie() -> None:
    headers = [(b"cookie", b"matinee_session=abc"), (b"authorization", b"Bearer def")]
    assert presented_token(headers) == ("def", True)


def test_another_scheme_of_authorization_is_no_token() -> None:
    assert presented_token([(b"authorization", b"Basic YWRhOng=")]) == ("", False)


def test_a_script_cannot_read_the_cookie() -> None:
    assert cookie_header("abc", is_secure=True) == (
        "matinee_session=abc; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax; Secure"
    )


def test_signing_out_makes_the_browser_forget_the_cookie() -> None:
    assert "Max-Age=0" in cookie_header("", is_secure=False)
    assert "Secure" not in cookie_header("", is_secure=False)


@given(st.text())
def test_a_kept_token_is_not_the_token(token: str) -> None:
    assert len(token_hash(token)) == 64
    assert token_hash(token) != token
