"""Packages of really encoded chunks, held against the standards, the source, and other programs' reading of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.boxes import read_init, read_segment
from tests.media.compare import av_offset_ms, av_offset_of_source_ms, check_joins, compare, psnr_db
from tests.media.generate import (
    AUDIO_RATE,
    Clip,
    Luma,
    encode_audio,
    encode_chunk,
    ffmpeg,
    make_flash_and_beep,
    make_numbered,
    number_of,
    numbered_luma,
)
from tests.media.track import MediaFile, Range, check_file, decode, luma_of, pictures

from matinee.encoding.formats.cmaf import (
    AudioPackage,
    ChunksDoNotJoin,
    Grid,
    Package,
    ParameterSetsDiffer,
    Part,
    VideoPackage,
    audio_cuts,
    package_audio,
    package_video,
)
from matinee.encoding.formats.mp4 import BadMp4

CHUNK_FRAMES = 288
CLIP = Clip(frames=2 * CHUNK_FRAMES + 100)
GRID = Grid(rate=(24000, 1001), frames=CLIP.frames, segment_frames=144)


def numbers(start: int, end: int, clip: Clip = CLIP) -> Iterator[Luma]:
    return (numbered_luma(clip, n) for n in range(start, end))


def read_range(url: str, part: Range | None) -> bytes:
    data = Path(url).read_bytes()
    return data if part is None else data[part[0] : part[1] + 1]


def check(path: Path, package: Package) -> MediaFile:
    ranges = [(one.offset, one.offset + one.size - 1) for one in package.index.segments]
    assert ranges[-1][1] + 1 == path.stat().st_size
    return check_file(
        read_range,
        str(path),
        init_range=package.init_range,
        index_range=package.index_range,
        segments=ranges,
        known=package.index,
    )


@dataclass(frozen=True)
class Made:
    """A source, its chunks and its sound, and the packages of them."""

    folder: Path
    source: Path
    parts: tuple[Part, ...]
    sound: Path
    video: VideoPackage
    audio: AudioPackage

    @property
    def video_path(self) -> Path:
        return self.folder / "video.mp4"

    @property
    def audio_path(self) -> Path:
        return self.folder / "audio.mp4"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("cmaf")
    source = make_numbered(folder / "source.mov", CLIP)
    parts = []
    for start in range(0, CLIP.frames, CHUNK_FRAMES):
        end = min(start + CHUNK_FRAMES, CLIP.frames)
        path = encode_chunk(folder / f"chunk{start}.mp4", CLIP, numbers(start, end), bitrate_bps=200_000 + 500 * start)
        parts.append(Part(path=path, frames=end - start))
    sound = encode_audio(folder / "sound.mp4", source)
    return Made(
        folder,
        source,
        tuple(parts),
        sound,
        package_video(parts, GRID, folder / "video.mp4"),
        package_audio(sound, GRID, folder / "audio.mp4"),
    )


def test_video_is_a_valid_cmaf_track_without_an_edit_list(made: Made) -> None:
    file = check(made.video_path, made.video)
    assert file.init.is_video and file.init.edits == ()
    assert file.starts == tuple(Fraction(n * 144 * 1001, 24000) for n in range(5))
    assert (file.end, file.frames) == (CLIP.seconds, CLIP.frames)
    assert (made.video.width, made.video.height, made.video.codecs) == (CLIP.width, CLIP.height, file.init.codecs)


def test_audio_is_a_valid_cmaf_track_with_exactly_one_edit(made: Made) -> None:
    file = check(made.audio_path, made.audio)
    assert file.init.edits == ((0, 1024),)
    assert (made.audio.channels, made.audio.sample_rate, made.audio.codecs) == (2, AUDIO_RATE, "mp4a.40.2")
    frame = Fraction(1024, AUDIO_RATE)
    assert 0 <= file.end - CLIP.seconds < frame
    for number, start in enumerate(file.starts):
        assert 0 <= start - number * Fraction(144 * 1001, 24000) < frame


def test_every_frame_of_the_source_is_there_at_its_time(made: Made) -> None:
    file = check(made.video_path, made.video)
    for number, (at, luma) in enumerate(pictures(read_range, file)):
        assert (number_of(luma), at) == (number, Fraction(number * 1001, 24000))
    comparison = compare(made.source, read_range, file)
    check_joins(comparison, [CHUNK_FRAMES, 2 * CHUNK_FRAMES])


def test_the_headers_parameter_sets_decode_every_chunk_as_its_own_do(made: Made) -> None:
    file = check(made.video_path, made.video)
    ours = pictures(read_range, file)
    for part in made.parts:
        with av.open(str(part.path)) as container:
            for frame in container.decode(container.streams.video[0]):
                assert np.array_equal(next(ours)[1], luma_of(frame))
    assert next(ours, None) is None


def test_ffmpeg_decodes_both_without_a_word(made: Made) -> None:
    for path in (made.video_path, made.audio_path):
        argv = [ffmpeg(), "-v", "warning", "-i", str(path), "-f", "null", "-"]
        run = subprocess.run(argv, capture_output=True, text=True, check=True)
        assert run.stderr == ""


def test_ffmpegs_demuxer_sees_the_same_samples(made: Made) -> None:
    with av.open(str(made.video_path)) as container:
        video = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
    times = sorted(packet.pts for packet in video if packet.pts is not None)
    # FFmpeg moves the whole track later by the largest negative offset, where the standard moves nothing.
    assert [at - times[0] for at in times] == [n * 1001 for n in range(CLIP.frames)]
    with av.open(str(made.audio_path)) as container:
        audio = [packet for packet in container.demux(container.streams.audio[0]) if packet.size]
    assert [packet.pts for packet in audio] == [n * 1024 - 1024 for n in range(len(audio))]


def test_the_same_chunks_give_the_same_bytes(made: Made, tmp_path: Path) -> None:
    assert package_video(made.parts, GRID, tmp_path / "again.mp4") == made.video
    assert (tmp_path / "again.mp4").read_bytes() == made.video_path.read_bytes()
    assert package_audio(made.sound, GRID, tmp_path / "sound.mp4") == made.audio
    assert (tmp_path / "sound.mp4").read_bytes() == made.audio_path.read_bytes()


def test_a_segment_may_span_chunks(tmp_path: Path) -> None:
    clip = Clip(frames=144)
    parts = [
        Part(path=encode_chunk(tmp_path / f"{at}.mp4", clip, numbers(at, at + 48, clip)), frames=48)
        for at in range(0, 144, 48)
    ]
    out = tmp_path / "out.mp4"
    file = check(out, package_video(parts, Grid(rate=(24000, 1001), frames=144, segment_frames=96), out))
    assert [number_of(luma) for _, luma in pictures(read_range, file)] == list(range(144))
    assert len(file.segments) == 2


def test_a_last_chunk_of_one_frame_joins(tmp_path: Path) -> None:
    clip = Clip(frames=49, rate=Fraction(25))
    parts = [
        Part(path=encode_chunk(tmp_path / "a.mp4", clip, numbers(0, 48, clip)), frames=48),
        Part(path=encode_chunk(tmp_path / "b.mp4", clip, numbers(48, 49, clip)), frames=1),
    ]
    out = tmp_path / "out.mp4"
    file = check(out, package_video(parts, Grid(rate=(25, 1), frames=49, segment_frames=48), out))
    assert (file.frames, file.end) == (49, Fraction(49, 25))


def test_beeps_stay_with_their_flashes(tmp_path: Path) -> None:
    clip = Clip(frames=300)
    source = make_flash_and_beep(tmp_path / "source.mov", clip)
    with av.open(str(source)) as container:
        shades = [luma_of(frame) for frame in container.decode(container.streams.video[0])]
    part = Part(path=encode_chunk(tmp_path / "chunk.mp4", clip, iter(shades)), frames=300)
    grid = Grid(rate=(24000, 1001), frames=300, segment_frames=144)
    video = check(tmp_path / "v.mp4", package_video([part], grid, tmp_path / "v.mp4"))
    sound = encode_audio(tmp_path / "sound.mp4", source)
    audio = check(tmp_path / "a.mp4", package_audio(sound, grid, tmp_path / "a.mp4"))
    assert abs(av_offset_of_source_ms(source)) < 0.5
    assert abs(av_offset_ms(read_range, video, audio)) < 1.0


def test_chunks_whose_parameter_sets_differ_are_refused_with_both(made: Made, tmp_path: Path) -> None:
    other = encode_chunk(tmp_path / "other.mp4", CLIP, numbers(288, 388), x264=":ref=5")
    with pytest.raises(ParameterSetsDiffer) as refused:
        package_video([made.parts[0], Part(path=other, frames=100)], _grid(388), tmp_path / "out.mp4")
    assert refused.value.path == other
    assert refused.value.expected != refused.value.found
    assert not (tmp_path / "out.mp4").exists()


def test_without_stitchable_the_refusal_prevents_what_would_be_seen(made: Made) -> None:
    """Why parameter sets must be identical: decoded with another chunk's, a picture is far worse than with its own."""
    other = encode_chunk(made.folder / "crf.mp4", CLIP, numbers(0, 24), x264=":stitchable=0:crf=18:ref=2:weightp=0")
    first = read_init(read_range(str(made.video_path), made.video.init_range))
    whole = package_video([Part(path=other, frames=24)], _grid(24), made.folder / "whole.mp4")
    own = read_init(read_range(str(made.folder / "whole.mp4"), whole.init_range))
    segment = whole.index.segments[0]
    samples = read_segment(
        read_range(str(made.folder / "whole.mp4"), (segment.offset, segment.offset + segment.size - 1))
    ).samples
    right = [psnr_db(numbered_luma(CLIP, n), luma_of(frame)) for n, frame in enumerate(decode(own, samples))]
    try:
        wrong = [psnr_db(numbered_luma(CLIP, n), luma_of(frame)) for n, frame in enumerate(decode(first, samples))]
    except av.FFmpegError:
        return
    assert min(right) > 30 > min(wrong)


@pytest.mark.parametrize(("frames", "said"), [(287, "288 frames where 287 are planned"), (289, "289 are planned")])
def test_a_chunk_with_frames_too_many_or_too_few_is_refused(made: Made, tmp_path: Path, frames: int, said: str) -> None:
    with pytest.raises(ChunksDoNotJoin, match=said):
        package_video([Part(path=made.parts[0].path, frames=frames)], _grid(frames), tmp_path / "out.mp4")


def test_a_chunk_of_another_frame_rate_is_refused(made: Made, tmp_path: Path) -> None:
    grid = Grid(rate=(25, 1), frames=288, segment_frames=150)
    with pytest.raises(ChunksDoNotJoin, match="1/25 s"):
        package_video([made.parts[0]], grid, tmp_path / "out.mp4")


def test_a_segment_that_would_not_begin_with_an_idr_picture_is_refused(made: Made, tmp_path: Path) -> None:
    grid = Grid(rate=(24000, 1001), frames=288, segment_frames=100)
    with pytest.raises(ChunksDoNotJoin, match="frame 100 begins a segment and is no IDR picture"):
        package_video([made.parts[0]], grid, tmp_path / "out.mp4")


def test_audio_where_video_is_expected_is_refused_and_the_other_way_round(made: Made, tmp_path: Path) -> None:
    with pytest.raises(BadMp4, match="avc1"):
        package_video([Part(path=made.sound, frames=10)], _grid(10), tmp_path / "out.mp4")
    with pytest.raises(BadMp4, match="mp4a"):
        package_audio(made.parts[0].path, GRID, tmp_path / "out.mp4")


@pytest.mark.parametrize("frames", [100, 144, 145, 288, 300, 676])
def test_audio_longer_than_video_ends_within_a_frame_of_it(made: Made, tmp_path: Path, frames: int) -> None:
    out, grid = tmp_path / "out.mp4", _grid(frames)
    file = check(out, package_audio(made.sound, grid, out))
    assert 0 <= file.end - Fraction(frames * 1001, 24000) < Fraction(1024, AUDIO_RATE)
    assert all(
        end - start >= Fraction(1, 2) for start, end in zip(file.starts, (*file.starts[1:], file.end), strict=True)
    )


@pytest.mark.parametrize("channels", [1, 6])
def test_channels_are_those_of_the_encoded_sound(made: Made, tmp_path: Path, channels: int) -> None:
    sound = encode_audio(tmp_path / "sound.mp4", made.source, channels=channels)
    package = package_audio(sound, GRID, tmp_path / "out.mp4")
    assert package.channels == channels
    check(tmp_path / "out.mp4", package)


def test_audio_shorter_than_video_ends_where_it_ends(made: Made, tmp_path: Path) -> None:
    out, grid = tmp_path / "out.mp4", _grid(2000)
    file = check(out, package_audio(made.sound, grid, out))
    assert 0 <= file.end - CLIP.seconds < Fraction(1024, AUDIO_RATE)


def test_sound_is_that_of_the_encoded_file_sample_for_sample(made: Made) -> None:
    def heard(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        with av.open(str(path)) as container:
            return np.concatenate([f.to_ndarray()[0] for f in container.decode(container.streams.audio[0])])

    ours, theirs = heard(made.audio_path), heard(made.sound)
    shared = min(len(ours), len(theirs))
    assert abs(len(ours) - len(theirs)) <= 1024
    assert np.array_equal(ours[:shared], theirs[:shared])


@given(
    rate=st.sampled_from([(24000, 1001), (24, 1), (25, 1), (30000, 1001), (60, 1), (12, 1)]),
    frames=st.integers(1, 200_000),
    sample_rate=st.sampled_from([44100, 48000]),
    priming=st.integers(0, 2112),
    spare=st.integers(-500, 500),
)
def test_audio_cuts_are_within_one_frame_of_the_videos(
    rate: tuple[int, int], frames: int, sample_rate: int, priming: int, spare: int
) -> None:
    grid = Grid(rate=rate, frames=frames, segment_frames=round(6 * Fraction(*rate)))
    video_ticks = Fraction(frames * rate[1] * sample_rate, rate[0])
    there = max(1, -(-int(video_ticks + priming) // 1024) + spare)
    cuts = audio_cuts(grid, sample_rate=sample_rate, frame_ticks=1024, priming_ticks=priming, frames=there)
    assert cuts[0] == 0 and cuts == sorted(set(cuts)) and cuts[-1] <= there
    segment = Fraction(grid.segment_frames * rate[1] * sample_rate, rate[0])
    for number, cut in enumerate(cuts[1:-1], start=1):
        assert 0 <= cut * 1024 - priming - number * segment < 1024
    assert cuts[-1] == there or 0 <= cuts[-1] * 1024 - priming - video_ticks < 1024
    assert len(cuts) == 2 or 2 * (cuts[-1] - cuts[-2]) * 1024 >= sample_rate


def test_parts_that_do_not_make_the_grid_are_a_mistake_of_the_caller(made: Made, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="do not make 1000"):
        package_video(made.parts, _grid(1000), tmp_path / "out.mp4")
    with pytest.raises(ValueError, match="below 1"):
        _grid(0)


def _grid(frames: int) -> Grid:
    return Grid(rate=(24000, 1001), frames=frames, segment_frames=144)
