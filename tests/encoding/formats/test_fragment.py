"""The boxes of a CMAF track, read back by a reader that was written from the standards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.boxes import parse, read_index, read_segment

from matinee.encoding.formats import fragment
from matinee.encoding.formats.mp4 import box

ENTRY = box(b"mp4a", bytes(28), box(b"esds", bytes(20)))


def test_a_header_has_no_time_and_no_name_of_a_program_in_it() -> None:
    head = fragment.header(fragment.Header(timescale=48000, duration_ticks=10, sample_entry=ENTRY, priming_ticks=1024))
    assert [one.kind for one in parse(head)] == ["ftyp", "moov"]
    assert b"Lav" not in head
    assert head == fragment.header(
        fragment.Header(timescale=48000, duration_ticks=10, sample_entry=ENTRY, priming_ticks=1024)
    )


@given(
    decode=st.integers(0, 2**63 - 1),
    rows=st.lists(st.tuples(st.integers(1, 50), st.integers(-(2**31), 2**31 - 1), st.booleans()), min_size=1),
)
def test_a_video_fragment_says_what_it_was_given(decode: int, rows: list[tuple[int, int, bool]]) -> None:
    size, composition, sync = (np.array(column) for column in zip(*rows, strict=True))
    run = fragment.Run(decode, 1001, size, composition, sync.astype(np.bool_))
    found = read_segment(fragment.fragment_head(7, run) + bytes(int(size.sum())))
    assert (found.sequence, found.decode) == (7, decode)
    assert [(len(s.data), s.composition - s.decode, s.is_sync) for s in found.samples] == rows
    assert found.end == decode + 1001 * len(rows)


def test_an_audio_fragment_needs_no_flags_a_sample() -> None:
    run = fragment.Run(2048, 1024, np.array([200, 300, 250]))
    head = fragment.fragment_head(1, run)
    found = read_segment(head + bytes(750))
    assert [(s.decode, s.duration, len(s.data), s.is_sync) for s in found.samples] == [
        (2048, 1024, 200, True),
        (3072, 1024, 300, True),
        (4096, 1024, 250, True),
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, fragment.REFERENCED_BYTES_MAX), st.integers(0, 2**32 - 1)), min_size=1, max_size=50
    )
)
def test_an_index_says_what_it_was_given(rows: list[tuple[int, int]]) -> None:
    references = [fragment.Reference(size=size, duration_ticks=ticks) for size, ticks in rows]
    data = fragment.segment_index(24000, references)
    found = read_index(data)
    assert (found.timescale, found.earliest, found.first_offset) == (24000, 0, 0)
    assert found.references == tuple((size, ticks, True) for size, ticks in rows)


@pytest.mark.parametrize(
    ("references", "limit"),
    [
        ([fragment.Reference(size=2**31, duration_ticks=1)], fragment.REFERENCED_BYTES_MAX),
        ([fragment.Reference(size=1, duration_ticks=1)] * 0x1_0000, fragment.REFERENCES_MAX),
        ([fragment.Reference(size=1, duration_ticks=2**32)], 2**32 - 1),
    ],
)
def test_what_an_index_cannot_hold_is_refused(references: list[fragment.Reference], limit: int) -> None:
    with pytest.raises(fragment.TooLong) as refused:
        fragment.segment_index(24000, references)
    assert refused.value.limit == limit


def test_a_fragment_too_large_for_the_index_is_refused() -> None:
    with pytest.raises(fragment.TooLong):
        fragment.fragment_head(1, fragment.Run(0, 1, np.array([2**30, 2**30])))


def test_a_six_hour_film_fits() -> None:
    segments = [fragment.Reference(size=20_000_000, duration_ticks=6 * 60_000)] * 3600
    assert len(read_index(fragment.segment_index(60_000, segments)).references) == 3600
