"""The gain of a track: to the target, within limits, none for silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.encoding.tracks.loudness import (
    GAIN_MAX_DB,
    PEAK_MAX_DBTP,
    SILENCE_LUFS,
    TARGET_LUFS,
    Loudness,
    gain_db,
    is_limited,
    loudness_in,
)

SUMMARY = """[Parsed_ebur128_3 @ 0x7facc0001cc0] [info] Summary:

  Integrated loudness:
    I:         {lufs} LUFS
    Threshold: -28.1 LUFS

  Loudness range:
    LRA:        20.0 LU

  True peak:
    Peak:      {peak} dBFS
[out#0/null @ 0x55ff2d83eb00] [verbose] All streams finished
"""


def test_the_summary_is_read() -> None:
    found = loudness_in(SUMMARY.format(lufs="-18.1", peak="-3.2"), 1)
    assert found == Loudness(stream=1, lufs=-18.1, peak_dbtp=-3.2)


@pytest.mark.parametrize("log", ["", SUMMARY.format(lufs="-70.0", peak="-inf"), SUMMARY.format(lufs="nan", peak="nan")])
def test_silence_gets_no_gain(log: str) -> None:
    found = loudness_in(log, 1)
    assert (found.lufs, gain_db(found), is_limited(found)) == (SILENCE_LUFS, 0.0, False)


@given(lufs=st.floats(-69.9, 10), peak=st.floats(-70, 10))
def test_a_track_is_brought_to_the_target_as_far_as_gain_goes_and_limited_only_where_it_must_be(
    lufs: float, peak: float
) -> None:
    found = Loudness(stream=1, lufs=lufs, peak_dbtp=peak)
    gain = gain_db(found)
    assert abs(gain) <= GAIN_MAX_DB
    if abs(TARGET_LUFS - lufs) <= GAIN_MAX_DB:
        assert lufs + gain == pytest.approx(TARGET_LUFS, abs=0.051)
    assert is_limited(found) is (peak + gain > PEAK_MAX_DBTP)
