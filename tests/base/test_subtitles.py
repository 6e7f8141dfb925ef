"""Subtitle files as people have them become clean WebVTT."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.base import subtitles
from matinee.base.subtitles import BadSubtitles, Cue, clean_webvtt, cues_of
from matinee.base.units import Seconds

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


ASS = r"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,2,10,10,10,1
Style: Sign,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,8,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\pos(1,2)}{\i1}Où{\i0} & {a note}là\Nbas
Dialogue: 1,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\pos(3,4)}{\i1}Où{\i0} & {a note}là\Nbas
Comment: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,Not said
Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\p1}m 0 0 l 9 9{\p0}
Dialogue: 0,0:00:03.00,0:00:04.00,Sign,,0,0,0,,EXIT
"""  # noqa: E501 - a real file's lines are that long


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_substation_alpha_keeps_words_slant_and_place_and_no_drawings(encoding: str) -> None:
    assert cues_of(ASS.encode(encoding)) == [
        Cue(start_s=1.0, end_s=2.5, text="<i>Où</i> &amp; là\nbas"),
        Cue(start_s=3.0, end_s=4.0, text="EXIT", is_at_top=True),
    ]


TTML = """<?xml version="1.0" encoding="utf-8"?>
<tt xmlns="NAMESPACE" xml:lang="en"><head/><body><div>
<p begin="00:00:01.000" end="2.5s">Hello<br/><span>a &lt; b</span></p><p begin="00:00:03.000" dur="1s">Bye</p>
</div></body></tt>
"""


@pytest.mark.parametrize("namespace", ["http://www.w3.org/ns/ttml", "http://www.w3.org/2006/10/ttaf1"])
def test_ttml_is_read_under_its_old_name_too(namespace: str) -> None:
    assert cues_of(TTML.replace("NAMESPACE", namespace).encode()) == [
        Cue(start_s=1.0, end_s=2.5, text="Hello\na &lt; b"),
        Cue(start_s=3.0, end_s=4.0, text="Bye"),
    ]


@pytest.mark.parametrize(
    "change", [("</div>", ""), ("2.5s", "60f"), ("<tt ", '<!DOCTYPE tt [<!ENTITY a "b">]><tt '), (' end="2.5s"', "")]
)
def test_ttml_that_cannot_be_read_is_refused_with_a_remedy(change: tuple[str, str]) -> None:
    with pytest.raises(BadSubtitles, match="SubRip"):
        cues_of(TTML.replace("NAMESPACE", "http://www.w3.org/ns/ttml").replace(*change).encode())


def test_times_are_counted_from_the_origin_and_cut_where_the_film_begins_and_ends() -> None:
    spans = [("08", "09"), ("09", "11"), ("12", "13"), ("14", "19"), ("16", "17")]
    text = "\n\n".join(f"1\n00:00:{start},000 --> 00:00:{end},000\nLine" for start, end in spans)
    cues = cues_of(text.encode(), Seconds(5.0), 10.0)
    assert [(cue.start_s, cue.end_s) for cue in cues] == [(0.0, 1.0), (2.0, 3.0), (4.0, 5.0)]


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
