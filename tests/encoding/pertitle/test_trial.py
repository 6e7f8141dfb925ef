"""Which pieces of a title are tried, at which sizes, and what they come to together."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.encoding.film import ENCODER, film, hdr_film, samples_of

from matinee.encoding.pertitle.ladder import CODEC_NAMES, Codec
from matinee.encoding.pertitle.sample import Sample, Window
from matinee.encoding.pertitle.trial import (
    HD_MODEL,
    PIECES_FEW,
    PIECES_MAX,
    SHARE,
    ULTRA_HD_MODEL,
    Measured,
    Piece,
    analysis_key,
    attempt_of,
    combined,
    crfs_of,
    judged_at,
    pieces_of,
    sizes_of,
    xpsnr_in,
)
from matinee.encoding.plan import windows_of
from matinee.encoding.timeline import Chunk, chunks_of, timeline_of
from matinee.encoding.worker.encoders import CRFS


def pieces(seconds: float) -> tuple[Chunk, ...]:
    inspection = film(seconds)
    timeline = timeline_of(inspection)
    return pieces_of(samples_of(inspection), timeline, chunks_of(inspection, timeline))


@given(st.floats(min_value=0.5, max_value=8_000))
def test_pieces_are_gops_of_the_title_and_few(seconds: float) -> None:
    timeline = timeline_of(film(seconds))
    found = pieces(seconds)
    assert 1 <= len(found) <= PIECES_MAX
    for piece in found:
        assert 0 <= piece.start < piece.end <= timeline.frames
        assert piece.start % timeline.segment_frames % round(timeline.segment_frames / 3) == 0
    assert len({piece.start for piece in found}) == len(found)
    gops = timeline.frames / timeline.segment_frames * 3
    assert len(found) <= max(SHARE * gops, min(PIECES_FEW, gops / 2)) + 1


def test_pieces_stand_for_plain_and_complex_parts_alike() -> None:
    """One eighth of this title is busy, at its end; the rest is still and flat: so are the pieces."""
    inspection = film(640.0)
    timeline = timeline_of(inspection)
    plain = Sample(frame=0, spatial=2.0, temporal=0.5, noise=0.1, merit=1.0, thumb=b"")
    busy = msgspec.structs.replace(plain, spatial=45.0, temporal=22.0, noise=5.0)
    ends = timeline.frames * 7 // 8
    every = [
        msgspec.structs.replace(plain if frame < ends else busy, frame=frame)
        for frame in range(0, timeline.frames, round(timeline.fps))
    ]
    windows = [Window(start=0, end=timeline.frames, samples=tuple(every))]
    found = pieces_of(windows, timeline, chunks_of(inspection, timeline))
    assert len(found) == PIECES_MAX
    assert sum(piece.start >= ends for piece in found) == PIECES_MAX // 8


def test_a_decoder_can_begin_at_or_before_every_piece() -> None:
    inspection = film(120.0)
    begins = {chunk.seek_ticks: chunk.start for chunk in chunks_of(inspection, timeline_of(inspection))}
    assert all(begins[piece.seek_ticks] <= piece.start for piece in pieces(120.0))


def test_sizes_are_the_ladders_and_never_above_the_source() -> None:
    assert sizes_of(1920, 1080) == ((426, 240), (640, 360), (854, 480), (1280, 720), (1920, 1080))
    assert sizes_of(640, 360) == ((426, 240), (640, 360))
    assert sizes_of(160, 90) == ((160, 90),)


@pytest.mark.parametrize("codec", CODEC_NAMES)
def test_a_small_source_is_tried_finer_at_its_own_size_alone(codec: Codec) -> None:
    for width, height in ((640, 360), (960, 540), (480, 854)):
        *smaller, own = sizes_of(width, height)
        finest, *others = crfs_of(own, width, height, codec)
        assert tuple(others) == CRFS[codec]
        assert finest < min(others)
        assert all(crfs_of(size, width, height, codec) == CRFS[codec] for size in smaller)
    assert all(crfs_of(size, 1920, 1080, codec) == CRFS[codec] for size in sizes_of(1920, 1080))


def test_what_is_small_is_judged_enlarged_and_4k_by_its_own_model() -> None:
    assert judged_at((640, 360), 1280, 720) == ((1920, 1080), HD_MODEL)
    assert judged_at((1280, 536), 3840, 1608) == ((1920, 804), HD_MODEL)
    assert judged_at((3840, 2160), 3840, 2160) == ((3840, 2160), ULTRA_HD_MODEL)


def test_every_piece_weighs_the_same() -> None:
    timeline = timeline_of(film(60.0))
    found = combined([_piece(0, 1_000, 80.0), _piece(48, 3_000, 90.0)], timeline)
    assert [(trial.size, trial.crf, trial.vmaf) for trial in found] == [((640, 360), 27.0, 85.0)]
    assert found[0].bitrate_bps == round(2_000 * 8 * float(timeline.fps) / 48)


def test_an_analysis_is_another_one_when_its_numbers_would_be() -> None:
    sdr, hdr = film(30.0).video, hdr_film(30.0).video
    assert sdr is not None
    assert hdr is not None
    another, slower = (msgspec.structs.replace(ENCODER, **it) for it in ({"build": "another"}, {"preset": "slow"}))
    keys = {
        analysis_key(attempt_of(sdr, "compat", "h264", ENCODER), sdr),
        analysis_key(attempt_of(sdr, "compat", "h264", another), sdr),
        analysis_key(attempt_of(sdr, "compat", "h264", slower), sdr),
        analysis_key(attempt_of(sdr, "all", "h264", ENCODER), sdr),
        analysis_key(attempt_of(sdr, "all", "hevc", ENCODER), sdr),
        analysis_key(attempt_of(hdr, "all", "hevc", ENCODER), hdr),
        analysis_key(attempt_of(hdr, "compat", "h264", ENCODER), hdr),
    }
    assert len(keys) == 7


def test_the_worst_frames_of_all_pieces_count_and_not_the_worst_piece() -> None:
    timeline = timeline_of(film(60.0))
    even, uneven = (90.0,) * 19 + (40.0,), (90.0,) * 20
    found = combined([_piece(0, 1_000, *even), _piece(48, 1_000, *uneven)], timeline)[0]
    assert found.vmaf == 88.75
    assert found.low == 90.0


def test_h264_is_not_tried_at_2160p_where_another_codec_is_for_that() -> None:
    video = film(30.0).video
    assert video is not None
    assert sizes_of(3840, 2160)[-1] == (3840, 2160)
    assert sizes_of(3840, 2160, attempt_of(video, "efficient", "h264", ENCODER).largest)[-1] == (1920, 1080)
    assert sizes_of(3840, 2160, attempt_of(video, "efficient", "hevc", ENCODER).largest)[-1] == (3840, 2160)


LOG = """n:    1  XPSNR y: 41.0000  XPSNR u: 44.0000  XPSNR v: 45.0000

XPSNR average, 2 frames  y: 40.0000  u: 44.0000  v: inf  (minimum: 40.0000)
"""


def test_xpsnr_is_that_of_all_frames_and_luma_weighs_most() -> None:
    assert xpsnr_in(LOG) == round((6 * 40 + 44 + 99) / 8, 3)
    with pytest.raises(ValueError, match="no XPSNR"):
        xpsnr_in("nothing")


def test_a_title_without_samples_is_tried_all_the_same() -> None:
    inspection = film(30.0)
    timeline = timeline_of(inspection)
    bare = [Window(start=window.start, end=window.end, samples=()) for window in windows_of(inspection, timeline)]
    assert pieces_of(bare, timeline, chunks_of(inspection, timeline))


def _piece(start: int, size_bytes: int, *scores: float) -> Piece:
    measured = Measured(size=(640, 360), model=HD_MODEL, crf=27.0, size_bytes=size_bytes, scores=scores)
    return Piece(start=start, end=start + 48, measured=(measured,), libvmaf="3.0.0")
