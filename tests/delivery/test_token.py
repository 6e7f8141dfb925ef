"""Tokens open exactly what was signed, for exactly as long, and nothing else."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from matinee.base.units import Seconds
from matinee.delivery.token import (
    FILES,
    PATH_LENGTH_MAX,
    SKEW,
    BadToken,
    Grant,
    NoSuchFile,
    SigningKey,
    TokenExpired,
    check,
    sign,
)

NOW = Seconds(1_800_000_000)
EXPIRES = Seconds(NOW + 3600)
KEY = SigningKey("k1", b"s" * 32)
KEYS = {"k1": KEY.secret, "k2": b"t" * 32}
NAME = string.ascii_letters + string.digits + "_-"

sessions = st.text(NAME, min_size=1, max_size=64)
renditions = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True)
files = st.sampled_from(FILES)


def path_of(session: str = "session_1", rendition: str = "r1", file: str = "media.mp4") -> str:
    return sign(KEY, session=session, rendition=rendition, expires=EXPIRES) + file


@given(sessions, renditions, files, st.floats(1e9, 4e9))
def test_what_is_signed_is_granted(session: str, rendition: str, file: str, expires: float) -> None:
    path = sign(KEY, session=session, rendition=rendition, expires=Seconds(expires)) + file
    grant = check(path, KEYS, Seconds(expires))
    assert (grant.session, grant.rendition, grant.file) == (session, rendition, file)
    assert expires <= grant.expires < expires + 1


@given(st.data())
def test_a_path_with_any_one_character_changed_opens_nothing(data: st.DataObject) -> None:
    path = path_of()
    position = data.draw(st.integers(0, len(path) - 1))
    other = data.draw(st.characters(max_codepoint=0x2FF))
    assume(other != path[position])
    with pytest.raises((BadToken, NoSuchFile)):
        check(path[:position] + other + path[position + 1 :], KEYS, NOW)


@given(st.text(max_size=PATH_LENGTH_MAX))
def test_no_text_that_was_not_signed_opens_anything(path: str) -> None:
    with pytest.raises((BadToken, NoSuchFile)):
        check(path, KEYS, NOW)


@given(sessions, sessions, renditions, renditions)
def test_a_signature_holds_for_no_other_session_or_rendition(a: str, b: str, one: str, two: str) -> None:
    assume((a, one) != (b, two))
    signature = path_of(a, one).split("/")[1].rpartition(".")[2]
    head = path_of(b, two).split("/")[1].rpartition(".")[0]
    with pytest.raises(BadToken):
        check(f"/{head}.{signature}/{two}/media.mp4", KEYS, NOW)


@pytest.mark.parametrize("file", FILES)
def test_one_token_opens_every_file_of_its_rendition(file: str) -> None:
    assert check(path_of(file=file), KEYS, NOW) == Grant("session_1", "r1", file, EXPIRES)


def test_an_expired_token_is_refused_once_the_clocks_cannot_be_to_blame() -> None:
    path = path_of()
    assert check(path, KEYS, Seconds(EXPIRES + SKEW - 1)).session == "session_1"
    with pytest.raises(TokenExpired) as refused:
        check(path, KEYS, Seconds(EXPIRES + SKEW))
    assert refused.value.expired == EXPIRES


def test_a_later_expiry_cannot_be_written_into_a_token() -> None:
    later = f"{int(EXPIRES) + 1:x}"
    with pytest.raises(BadToken):
        check(path_of().replace(f"{int(EXPIRES):x}", later), KEYS, NOW)


def test_a_key_that_was_withdrawn_opens_nothing() -> None:
    with pytest.raises(BadToken):
        check(path_of(), {"k2": KEYS["k2"]}, NOW)


def test_another_key_of_ours_does_not_vouch_for_the_token() -> None:
    with pytest.raises(BadToken):
        check(path_of().replace("/k1.", "/k2."), KEYS, NOW)


@pytest.mark.parametrize("last", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
def test_a_signature_has_one_spelling_though_base64_has_four(last: str) -> None:
    token, rendition, file = path_of().split("/")[1:]
    assume_same = token[-1] == last
    path = f"/{token[:-1]}{last}/{rendition}/{file}"
    if assume_same:
        check(path, KEYS, NOW)
    else:
        with pytest.raises(BadToken):
            check(path, KEYS, NOW)


@pytest.mark.parametrize(
    "trick",
    [
        "/../{r}/media.mp4",
        "/{r}/../{r}/media.mp4",
        "/{r}/%2e%2e/media.mp4",
        "/{r}/media%2emp4",
        "//{r}/media.mp4",
        "/{r}//media.mp4",
        "/{r}/media.mp4/",
        "/{r}/media.mp4\0",
        "/{r}/media.mp4\n",
        "/{r}/\0",
        "/{r}/",
        "/{r}",
        "/{r}/media.mp4.bak",
        "/{r}/MEDIA.MP4",
        "/{r}/.media.mp4",
        "/{r}\\media.mp4",
        "/{r}/media.mp4?x",
    ],
)
def test_path_tricks_name_no_file(trick: str) -> None:
    token = path_of().split("/")[1]
    with pytest.raises(NoSuchFile):
        check(f"/{token}{trick.format(r='r1')}", KEYS, NOW)


def test_a_path_that_is_too_long_is_not_even_looked_at() -> None:
    with pytest.raises(NoSuchFile):
        check("/" + "a" * PATH_LENGTH_MAX, KEYS, NOW)


def test_the_longest_path_that_can_be_signed_is_short_enough() -> None:
    key = SigningKey("k" * 32, b"s" * 32)
    path = sign(key, session="s" * 64, rendition="r" * 128, expires=Seconds(0xFFFFFFFFFF)) + "media.m3u8"
    assert len(path) <= PATH_LENGTH_MAX
    assert check(path, {key.id: key.secret}, NOW).rendition == "r" * 128


@pytest.mark.parametrize("session", ["", "a.b", "a/b", "a\nb", "ä", "s" * 65])
def test_a_session_that_a_token_cannot_carry_is_not_signed(session: str) -> None:
    with pytest.raises(ValueError, match="session"):
        sign(KEY, session=session, rendition="r1", expires=EXPIRES)


@pytest.mark.parametrize("rendition", ["", "..", ".a", "-a", "a/b", "A", "a.b", "r" * 129])
def test_a_rendition_key_that_is_no_plain_name_is_not_signed(rendition: str) -> None:
    with pytest.raises(ValueError, match="rendition"):
        sign(KEY, session="s", rendition=rendition, expires=EXPIRES)


def test_an_expiry_before_1970_is_not_signed() -> None:
    with pytest.raises(ValueError, match="expiry"):
        sign(KEY, session="s", rendition="r1", expires=Seconds(-1))


def test_a_key_id_that_would_break_the_token_is_refused() -> None:
    with pytest.raises(ValueError, match="key id"):
        SigningKey("k.1", b"s" * 32)
