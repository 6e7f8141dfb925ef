"""Validates one CMAF file through byte ranges, as a player reads it; decodes it by its header's parameter sets only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import av
import numpy as np
import numpy.typing as npt
from tests.media.boxes import Fragment, Index, Init, Sample, nal_kinds, read_index, read_init, read_segment

from matinee.encoding.asset import SegmentIndex

Range: TypeAlias = tuple[int, int]
"""First and last byte."""
Fetch: TypeAlias = Callable[[str, Range | None], bytes]
"""The bytes of a URL, or of a range of it."""
IDR, SPS, PPS = 5, 7, 8


@dataclass(frozen=True)
class MediaFile:
    """A file that passed. Segment times are presentation times, in seconds; `segments` are byte ranges."""

    url: str
    init: Init
    index: Index
    init_range: Range
    index_range: Range
    segments: tuple[Range, ...]
    starts: tuple[Fraction, ...]
    end: Fraction
    frames: int
    frame_duration: Fraction

    @property
    def average_bps(self) -> Fraction:
        return sum((Fraction(8 * (last - first + 1)) for first, last in self.segments), Fraction()) / self.end

    @property
    def peak_bps(self) -> Fraction:
        """The highest bit rate of any segment that is at least half as long as the longest."""
        ends = (*self.starts[1:], self.end)
        durations = [end - start for start, end in zip(self.starts, ends, strict=True)]
        return max(
            8 * (last - first + 1) / duration
            for (first, last), duration in zip(self.segments, durations, strict=True)
            if 2 * duration >= max(durations)
        )


def check_file(
    fetch: Fetch,
    url: str,
    *,
    init_range: Range,
    index_range: Range,
    segments: Sequence[Range] | None = None,
    known: SegmentIndex | None = None,
    is_decoded: bool = True,
) -> MediaFile:
    """Everything that must hold of one file; `segments` None: they are where its sidx says.

    `known` is its `index.json`. Raises AssertionError with what does not hold.
    """
    init, index = read_init(fetch(url, init_range)), read_index(fetch(url, index_range))
    ranges = tuple(segments) if segments is not None else ranges_of(index, index_range)
    assert index_range[0] == init_range[1] + 1, f"{url}: bytes between the header and the sidx"
    assert ranges == ranges_of(index, index_range), f"{url}: the sidx has other byte ranges than the playlist"
    check_init(url, init, index)
    end_ticks, starts, frames, frame_ticks = 0, [], 0, 0
    for number, (byte_range, reference) in enumerate(zip(ranges, index.references, strict=True)):
        data = fetch(url, byte_range)
        assert len(data) == byte_range[1] - byte_range[0] + 1, f"{url}: segment {number} is not there, whole"
        fragment = read_segment(data)
        assert fragment.sequence == number + 1, f"{url}: fragment {number} has sequence number {fragment.sequence}"
        assert fragment.decode == end_ticks, f"{url}: segment {number} begins at {fragment.decode}, not {end_ticks}"
        check_segment(f"{url}: segment {number}", init, fragment)
        start = max(0, fragment.first_composition - init.priming_ticks)
        duration = fragment.end - init.priming_ticks - start
        assert reference[1:] == (duration, True), f"{url}: segment {number} lasts {duration}, the sidx says {reference}"
        if known is not None:
            found = known.segments[number]
            assert (found.offset, found.size) == (byte_range[0], len(data)), f"{url}: index.json has other bytes"
            assert (found.start_ticks, found.duration_ticks) == (start, duration), f"{url}: index.json has other times"
            assert found.sha256 == hashlib.sha256(data).hexdigest(), f"{url}: segment {number} has another SHA-256"
        if is_decoded:
            decoded = sum(1 for _ in decode(init, fragment.samples))
            assert decoded == len(fragment.samples), f"{url}: segment {number} gives {decoded} frames"
        starts.append(Fraction(start, init.timescale))
        end_ticks, frames, frame_ticks = fragment.end, frames + len(fragment.samples), fragment.samples[0].duration
    if known is not None:
        assert known.timescale == init.timescale and known.init_size == init_range[1] + 1
        assert len(known.segments) == len(ranges)
    assert init.movie_duration in (0, end_ticks - init.priming_ticks), f"{url}: its mehd says {init.movie_duration}"
    return MediaFile(
        url=url,
        init=init,
        index=index,
        init_range=init_range,
        index_range=index_range,
        segments=ranges,
        starts=tuple(starts),
        end=Fraction(end_ticks - init.priming_ticks, init.timescale),
        frames=frames,
        frame_duration=Fraction(frame_ticks, init.timescale),
    )


def ranges_of(index: Index, index_range: Range) -> tuple[Range, ...]:
    """The byte ranges that a sidx describes."""
    at, ranges = index_range[1] + 1 + index.first_offset, []
    for size, _, _ in index.references:
        ranges.append((at, at + size - 1))
        at += size
    return tuple(ranges)


def check_init(url: str, init: Init, index: Index) -> None:
    """A CMAF header: its brand, and the edit list that its kind must have."""
    assert "cmfc" in init.brands, f"{url}: brands {init.brands}"
    assert (index.timescale, index.earliest) == (init.timescale, 0), f"{url}: the sidx does not start at 0"
    if init.is_video:
        assert init.entry == "avc1" and init.edits == (), f"{url}: video with edits {init.edits}"
    else:
        assert init.entry in ("mp4a", "ec-3") and len(init.edits) == 1, f"{url}: audio with edits {init.edits}"
        assert init.edits[0][0] == 0 and init.edits[0][1] > 0, f"{url}: the edit {init.edits[0]} skips no priming"


def check_segment(what: str, init: Init, fragment: Fragment) -> None:
    """It starts with a frame that needs no other and is shown first, and its frames follow one another evenly."""
    first = fragment.samples[0]
    assert first.is_sync and first.composition == fragment.first_composition == fragment.decode, f"{what}: no SAP 1"
    shown = sorted(sample.composition for sample in fragment.samples)
    assert shown == [fragment.decode + n * first.duration for n in range(len(shown))], f"{what}: gaps or overlaps"
    assert {sample.duration for sample in fragment.samples} == {first.duration}, f"{what}: uneven durations"
    if not init.is_video:
        return
    for number, sample in enumerate(fragment.samples):
        kinds = nal_kinds(init, sample.data)
        assert (IDR in kinds) == sample.is_sync, f"{what}: frame {number} is flagged {sample.is_sync} with NALs {kinds}"
        assert SPS not in kinds and PPS not in kinds, f"{what}: frame {number} brings parameter sets"


def decode(init: Init, samples: Sequence[Sample]) -> Iterator[Any]:
    """PyAV's frames of `samples`, `pts` in presentation ticks, by what the header says alone; errors are not hidden."""
    decoder: Any = av.CodecContext.create({"avc1": "h264", "mp4a": "aac", "ec-3": "eac3"}[init.entry], "r")
    if init.entry != "ec-3":  # whose frames say all that there is to say
        decoder.extradata = init.configuration if init.is_video else init.audio_specific_config
    decoder.options = {"err_detect": "explode", "flags": "+copy_opaque"} if init.is_video else {}
    decoder.thread_count = 1
    for sample in samples:
        packet = av.Packet(sample.data)
        packet.pts, packet.dts = sample.composition - init.priming_ticks, sample.decode - init.priming_ticks
        yield from decoder.decode(packet)
    yield from decoder.decode(None)


def pictures(fetch: Fetch, file: MediaFile) -> Iterator[tuple[Fraction, npt.NDArray[np.uint8]]]:
    """Every frame of a video file, with the second at which it is shown, and its luma."""
    for byte_range in file.segments:
        for frame in decode(file.init, read_segment(fetch(file.url, byte_range)).samples):
            yield Fraction(frame.pts, file.init.timescale), luma_of(frame)


def luma_of(frame: Any) -> npt.NDArray[np.uint8]:
    """The luma plane of a yuv420p frame, uint8[height, width]."""
    return np.asarray(frame.to_ndarray(format="yuv420p")[: frame.height], dtype=np.uint8)


def sound(fetch: Fetch, file: MediaFile) -> npt.NDArray[np.float32]:
    """The first channel of an audio file from second 0 on: the priming is decoded and cut off."""
    samples = [sample for part in file.segments for sample in read_segment(fetch(file.url, part)).samples]
    decoded = np.concatenate([frame.to_ndarray()[0] for frame in decode(file.init, samples)])
    return decoded[file.init.priming_ticks :].astype(np.float32)
