"""Subtitle files as people have them become clean WebVTT."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.base.units import Seconds
from matinee.catalog import subtitles
from matinee.catalog.subtitles import BadSubtitles, Cue, clean_webvtt, cues_of

SRT = """1
00:00:01,000 --> 00:00:02,500
{\\an8}<i>Hello</i> & <b>you
I have
5

2
00:00:03,000 --> 00:00:04,000
<script>alert(1)</script><font color="red">Red</font> a < b
"""


def test_subrip_becomes_webvtt_with_nothing_dangerous_in_it() -> None:
    assert clean_webvtt(SRT.encode()) == (
        "WEBVTT\n\n"
        "00:00:01.000 --> 00:00:02.500 line:10%\n<i>Hello</i> &amp; <b>you\nI have\n5</b>\n\n"
        "00:00:03.000 --> 00:00:04.000\nalert(1)Red a &lt; b\n"
    )


def test_of_webvtt_only_the_cues_are_kept() -> None:
    text = """WEBVTT - a title

STYLE
::cue { background: url(https://example.org/spy) }

NOTE 00:00.000 --> 00:09.000
not shown

name of a cue
00:01.000 --> 00:02.000 align:start position:10%
<v Bob>Hi &amp; <c.loud>you</c> <00:01.500>there

REGION
id:x

00:00:03.000 --> 00:00:04.000
Yes
"""
    assert [(cue.start_s, cue.text) for cue in cues_of(text.encode())] == [(1.0, "Hi &amp; you there"), (3.0, "Yes")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_do_not_matter(encoding: str, newline: str) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nÇa va, señor?\n".replace("\n", newline)
    assert [cue.text for cue in cues_of(text.encode(encoding))] == ["Ça va, señor?"]


def test_cues_are_in_the_order_of_their_times_and_end_with_the_film() -> None:
    text = "\n\n".join(f"{n}\n00:00:0{9 - n},000 --> 00:00:0{9 - n},500\nLine {n}" for n in range(1, 8))
    cues = cues_of(text.encode(), Seconds(5.0))
    assert [cue.start_s for cue in cues] == [2.0, 3.0, 4.0]


def test_a_cue_without_words_or_time_is_dropped() -> None:
    timed = [("01", "02", "<i> </i>"), ("04", "03", "Back"), ("05", "06", "7")]
    text = "\n\n".join(f"1\n00:00:{start},000 --> 00:00:{end},000\n{words}" for start, end, words in timed)
    assert [cue.text for cue in cues_of(text.encode())] == ["7"]


@pytest.mark.parametrize(
    "content", [b"", b"just text", b"\0\0\0\x1cftypmp42", b"WEBVTT\n\n", b"x" * (subtitles.SUBTITLES_MAX_BYTES + 1)]
)
def test_what_is_no_subtitle_file_is_refused_with_a_remedy(content: bytes) -> None:
    with pytest.raises(BadSubtitles, match=r"SubRip|bytes"):
        clean_webvtt(content)


def test_too_many_cues_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subtitles, "CUES_MAX", 1)
    with pytest.raises(BadSubtitles):
        clean_webvtt(SRT.encode())


_ALLOWED = re.compile(r"</?[ibu]>|&(?:amp|lt|gt);")


@given(st.text(st.characters(exclude_characters="\0"), max_size=80))
def test_no_text_brings_its_own_markup(text: str) -> None:
    body = " ".join(text.split()) or "x"
    for cue in cues_of(f"1\n00:00:01,000 --> 00:00:02,000\n{body}\n".encode("utf-8", "replace")):
        rest = _ALLOWED.sub("", cue.text)
        assert not set("<>&") & set(rest)
        for tag in "ibu":
            assert cue.text.count(f"<{tag}>") == cue.text.count(f"</{tag}>")


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 60_000)), min_size=1, max_size=20))
def test_what_was_written_is_read_back(times: list[tuple[int, int]]) -> None:
    made = [Cue(start_s=at / 1000, end_s=(at + lasts) / 1000, text=f"Line {n}") for n, (at, lasts) in enumerate(times)]
    again = cues_of(subtitles.written(made).encode())
    key = lambda cue: (cue.start_s, cue.end_s, cue.text)  # noqa: E731
    assert sorted(again, key=key) == sorted(made, key=key)
