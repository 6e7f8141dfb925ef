"""What players say of themselves, from the examples of CTA-5004 to noise."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from matinee.delivery.edge.cmcd import PAIRS_MAX, TEXT_MAX, cmcd_of_query, parse_cmcd


def test_numbers_flags_words_and_strings_are_told_apart() -> None:
    fields = ("br=3200,d=4004,ot=v,tb=6000", 'bs,bl=-1,pr=1.25,sid="6e2fb550",st=v,su=false', "mtp=25400")
    assert parse_cmcd(fields) == {
        "br": 3200,
        "d": 4004,
        "ot": "v",
        "tb": 6000,
        "bs": True,
        "bl": -1,
        "pr": 1.25,
        "sid": "6e2fb550",
        "st": "v",
        "su": False,
        "mtp": 25400,
    }


def test_a_string_may_hold_commas_and_quotes() -> None:
    assert parse_cmcd([r'cid="a,b=\"c\"",bs']) == {"cid": 'a,b="c"', "bs": True}


def test_a_custom_key_has_a_prefix() -> None:
    assert parse_cmcd(["com.example-x=1"]) == {"com.example-x": 1}


def test_the_query_argument_is_decoded() -> None:
    assert cmcd_of_query("a=1&CMCD=bl%3D21300%2Csid%3D%22x%22&b=2") == ('bl=21300,sid="x"',)
    assert cmcd_of_query("a=1") == ()


def test_what_is_malformed_ends_the_reading() -> None:
    assert parse_cmcd(["bl=1,=2,br=3", 'sid="open']) == {"bl": 1}


def test_there_are_limits() -> None:
    pairs = parse_cmcd([",".join(f"k{number}={'x' * 500}" for number in range(500))])
    assert len(pairs) == PAIRS_MAX
    assert {len(str(value)) for value in pairs.values()} == {TEXT_MAX}


@given(st.lists(st.text(max_size=100), max_size=4))
def test_noise_is_survived(fields: list[str]) -> None:
    assert len(parse_cmcd(fields)) <= PAIRS_MAX
