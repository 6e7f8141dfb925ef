"""Which films are taken: every reason to refuse one, all of them at once, each with its remedy."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.encoding.film import NTSC_FILM, STEREO, even_times, film, inspected, packed, video

from matinee.encoding.source import (
    AUDIO_TRACKS_MAX,
    LARGEST_SIDE,
    LONGEST_S,
    SHORTEST_S,
    SMALLEST_SIDE,
    AudioStream,
    Chapter,
    FilmRefused,
    Inspection,
    VideoStream,
    accept,
    chapters_of,
    colours,
    display_size,
    has_index,
    presentation_times,
    running_time_s,
    size_within,
)

replace = msgspec.structs.replace


def refusal(inspection: Inspection, *, damaged: bool = False) -> tuple[str, ...]:
    with pytest.raises(FilmRefused) as refused:
        accept(inspection, damaged=damaged)
    assert refused.value.message == "; ".join(refused.value.reasons)
    return refused.value.reasons


def with_video(inspection: Inspection, **changes: object) -> Inspection:
    assert inspection.video is not None
    return replace(inspection, video=replace(inspection.video, **changes))


def test_an_ordinary_film_is_taken_as_it_is() -> None:
    ordinary = film(10)
    assert accept(ordinary) is ordinary


def test_a_film_without_sound_is_taken() -> None:
    accept(film(10, audio=()))


def test_sound_alone_is_refused() -> None:
    (reason,) = refusal(replace(film(10), video=None, frames=b"", keyframes=b""))
    assert "there is no video" in reason


@pytest.mark.parametrize(("codec", "named"), [("magicyuv", "magicyuv"), ("", "of an unknown kind")])
def test_a_video_codec_that_is_not_opened_is_refused_by_name(codec: str, named: str) -> None:
    (reason,) = refusal(with_video(film(10), codec=codec))
    assert named in reason
    assert "H.264" in reason


def test_an_audio_codec_that_is_not_opened_is_refused_with_its_track() -> None:
    (reason,) = refusal(film(10, audio=(STEREO, replace(STEREO, index=2, codec="wmapro"))))
    assert "audio track 2 is wmapro" in reason


def test_a_film_of_which_no_frame_can_be_read_is_refused() -> None:
    (reason,) = refusal(replace(film(10), frames=b"", keyframes=b""))
    assert "no frame" in reason


@pytest.mark.parametrize(
    ("size", "is_taken"),
    [
        ((SMALLEST_SIDE, SMALLEST_SIDE), True),
        ((SMALLEST_SIDE - 1, 480), False),
        ((480, SMALLEST_SIDE - 1), False),
        ((LARGEST_SIDE, LARGEST_SIDE), True),
        ((LARGEST_SIDE + 1, 480), False),
        ((853, 481), True),
    ],
)
def test_pictures_too_large_or_too_small_are_refused(size: tuple[int, int], *, is_taken: bool) -> None:
    inspection = film(10, size=size)
    if is_taken:
        accept(inspection)
    else:
        assert f"{size[0]}x{size[1]}" in refusal(inspection)[0]


def test_a_film_of_one_frame_is_refused_with_its_count() -> None:
    (reason,) = refusal(film(0.01))
    assert "1 frame(s)" in reason
    assert f"at least {SHORTEST_S}" in reason


def test_half_a_second_is_enough() -> None:
    accept(film(0.6))


def test_a_film_longer_than_half_a_day_is_refused() -> None:
    second = Fraction(1)
    accept(inspected([0, int(LONGEST_S) - 1], second, last_duration=1))
    (reason,) = refusal(inspected([0, int(LONGEST_S)], second, last_duration=1))
    assert "12.0 h" in reason


def test_too_many_audio_tracks_are_refused() -> None:
    tracks = tuple(replace(STEREO, index=n) for n in range(1, AUDIO_TRACKS_MAX + 1))
    accept(film(10, audio=tracks))
    (reason,) = refusal(film(10, audio=(*tracks, replace(STEREO, index=99))))
    assert f"{AUDIO_TRACKS_MAX + 1} audio tracks" in reason


def test_all_reasons_are_given_at_once() -> None:
    bad = AudioStream(index=1, codec="wmapro", channels=2, sample_rate=48_000)
    reasons = refusal(film(0.01, size=(16, 16), audio=(bad,)))
    assert len(reasons) == 3


@pytest.mark.parametrize(
    ("has_s", "announced_s", "is_taken"),
    [
        (10.0, 0.0, True),  # it announces nothing
        (10.0, 10.9, True),  # a second may be missing
        (10.0, 11.5, False),
        (100.0, 101.9, True),  # or two per cent
        (100.0, 103.0, False),
        (10.0, 5.0, True),  # more than announced is no loss
    ],
)
def test_a_film_that_was_cut_off_is_refused_with_both_lengths(
    has_s: float, announced_s: float, *, is_taken: bool
) -> None:
    inspection = replace(film(has_s, Fraction(25)), announced_s=announced_s)
    if is_taken:
        accept(inspection)
    else:
        (reason,) = refusal(inspection)
        assert f"{has_s:.1f} s" in reason
        assert f"{announced_s:.1f} s" in reason
        assert "--accept-damaged" in reason


def test_a_damaged_film_is_taken_where_the_owner_says_so() -> None:
    cut_off = replace(film(10), announced_s=60.0)
    assert accept(cut_off, damaged=True) is cut_off


def test_accepting_damage_takes_nothing_else() -> None:
    assert "1 frame(s)" in refusal(film(0.01), damaged=True)[0]


def test_running_time_counts_from_the_first_frame_to_the_end_of_the_last() -> None:
    assert running_time_s(inspected([500, 540, 580], Fraction(1, 1000), last_duration=60)) == pytest.approx(0.14)
    assert running_time_s(film(10)) == pytest.approx(10.0, abs=0.05)


@pytest.mark.parametrize(
    ("stream", "size"),
    [
        (video(width=1920, height=1080), (1920, 1080)),
        (video(width=720, height=576, sample_aspect=(64, 45)), (1024, 576)),
        (video(width=1920, height=1080, rotation=90), (1080, 1920)),
        (video(width=1920, height=1080, rotation=180), (1920, 1080)),
        (video(width=1920, height=1080, rotation=270), (1080, 1920)),
        (video(width=720, height=480, sample_aspect=(0, 1)), (720, 480)),
    ],
)
def test_display_size_is_upright_with_square_samples(stream: VideoStream, size: tuple[int, int]) -> None:
    assert display_size(stream) == size


def test_times_are_packed_and_unpacked() -> None:
    times = [-(2**40), 0, 1, 2**62]
    assert list(presentation_times(packed(times))) == times


def test_a_raw_stream_has_no_index() -> None:
    base = 1 / NTSC_FILM
    assert has_index(film(1))
    assert not has_index(inspected(even_times(NTSC_FILM, 24, base), base, demuxer="h264"))


@pytest.mark.parametrize(
    ("matrix", "size", "name"),
    [(2, (1920, 1080), "bt709"), (2, (720, 576), "smpte170m"), (1, (640, 360), ""), (6, (1920, 1080), "")],
)
def test_only_colours_that_nobody_named_are_told_by_the_size(matrix: int, size: tuple[int, int], name: str) -> None:
    video = VideoStream(index=0, codec="h264", width=size[0], height=size[1], time_base=(1, 25), matrix=matrix)
    assert colours(video) == name


@given(starts=st.lists(st.floats(-10, 200), max_size=12), origin_s=st.floats(0, 20))
def test_chapters_are_on_the_timeline_in_order_and_never_a_single_one(starts: list[float], origin_s: float) -> None:
    chapters = tuple(Chapter(start_s=start_s, title=str(n)) for n, start_s in enumerate(starts))
    found = chapters_of(msgspec.structs.replace(film(100), chapters=chapters), origin_s, 100.0)
    times = [one.start_s for one in found]
    assert len(found) != 1
    assert times == sorted(set(times))
    assert all(0 <= start_s < 100 for start_s in times)


def test_a_chapter_keeps_its_name_and_counts_from_the_films_first_frame() -> None:
    said = tuple(Chapter(start_s=start_s, title=title) for start_s, title in ((5.0, "Ebb"), (65.5, ""), (5.0, "Again")))
    found = chapters_of(msgspec.structs.replace(film(100), chapters=said), 5.0, 100.0)
    assert [(one.start_s, one.title) for one in found] == [(0.0, "Ebb"), (60.5, "")]


@pytest.mark.parametrize(
    ("size", "box", "more", "fits"),
    [
        ((1920, 800), (1280, 720), {}, (1280, 534)),
        ((1080, 1920), (1280, 720), {}, (404, 720)),
        ((320, 180), (1280, 720), {}, (320, 180)),
        ((320, 180), (1280, 720), {"most": inf}, (1280, 720)),
        ((4000, 10), (240, 240), {"least": 16}, (240, 16)),
    ],
)
def test_a_picture_fits_into_a_box_in_its_proportions_and_in_even_sizes(
    size: tuple[int, int], box: tuple[int, int], more: dict[str, Any], fits: tuple[int, int]
) -> None:
    assert size_within(video(width=size[0], height=size[1]), box, **more) == fits
