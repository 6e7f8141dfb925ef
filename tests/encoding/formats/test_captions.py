"""Subtitles in segments: every cue wherever it is shown, with its whole time, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from matinee.base.subtitles import Cue, clean_webvtt, cues_of, written
from matinee.base.units import Seconds
from matinee.encoding.formats.captions import cut, segment_count

FILM, SEGMENT = Seconds(20.0), Seconds(6.0)
HEAD = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
cues = st.lists(
    st.builds(
        lambda start, lasts, text, is_at_top: Cue(
            start_s=start / 1000, end_s=min(20_000, start + lasts) / 1000, text=text, is_at_top=is_at_top
        ),
        st.integers(0, 19_999),
        st.integers(1, 15_000),
        st.sampled_from(["Hello", "<i>Fog</i>\nand salt", "00:01:00.000 --&gt; not a cue"]),
        st.booleans(),
    ),
    max_size=12,
)


def test_a_cue_over_a_cut_is_on_both_sides_with_its_whole_time() -> None:
    document = written(
        [
            Cue(start_s=1.0, end_s=6.0, text="ends at the cut"),
            Cue(start_s=5.5, end_s=12.5, text="goes on", is_at_top=True),
            Cue(start_s=19.0, end_s=20.0, text="the last"),
        ]
    )
    goes_on = "00:00:05.500 --> 00:00:12.500 line:10%\ngoes on\n\n"
    assert cut(document, FILM, SEGMENT) == [
        f"{HEAD}00:00:01.000 --> 00:00:06.000\nends at the cut\n\n{goes_on}",
        HEAD + goes_on,
        HEAD + goes_on,
        f"{HEAD}00:00:19.000 --> 00:00:20.000\nthe last\n\n",
    ]


def test_a_film_without_cues_has_empty_segments() -> None:
    assert cut("WEBVTT\n", FILM, SEGMENT) == [HEAD] * 4


@given(cues=cues)
def test_a_segment_has_exactly_the_cues_that_are_shown_in_it(cues: list[Cue]) -> None:
    pieces = cut(written(cues), FILM, SEGMENT)
    assert len(pieces) == segment_count(FILM, SEGMENT) == 4
    for number, piece in enumerate(pieces):
        start, end = number * SEGMENT, min(FILM, (number + 1) * SEGMENT)
        shown = [cue for cue in cues if cue.start_s < end and cue.end_s > start]
        assert piece.startswith(HEAD)
        assert piece.removeprefix(HEAD).split("\n\n")[:-1] == written(shown).strip().split("\n\n")[1:]


def test_what_is_made_of_a_sidecar_can_be_cut() -> None:
    sidecar = "1\n00:00:05,000 --> 00:00:07,000\nA\n\nB\n\n2\n00:30:00,000 --> 00:30:01,000\nafter the end\n"
    document = clean_webvtt(sidecar.encode(), FILM)
    pieces = cut(document, FILM, SEGMENT)
    assert [piece.count("-->") for piece in pieces] == [1, 1, 0, 0]
    assert [cue.start_s for cue in cues_of(pieces[0].encode())] == [5.0]
