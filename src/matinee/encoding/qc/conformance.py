"""Whether a rendition's file is what its index, its playlists and its codec string say, read box by box. Pure but for
reading the file.

This reader shares no code with what wrote the file but the walk over boxes. Clauses are those of ISO/IEC 14496-12.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from matinee.encoding.asset import AudioRendition, Segment, SegmentIndex, VideoRendition
from matinee.encoding.formats.bitstream import codec_in, is_random_access
from matinee.encoding.formats.codec import BadConfiguration, aac_codec, eac3_codec
from matinee.encoding.formats.mp4 import BrokenBoxes, children
from matinee.encoding.formats.playlist import average_bps, peak_bps
from matinee.encoding.timeline import Timeline

_FIELDS = {b"avc1": 78, b"hvc1": 78, b"av01": 78, b"mp4a": 28, b"ec-3": 28}
_CONFIGURATIONS = {b"avc1": b"avcC", b"hvc1": b"hvcC", b"av01": b"av1C", b"mp4a": b"esds", b"ec-3": b"dec3"}
_SOUND = {b"mp4a": aac_codec, b"ec-3": eac3_codec}
_SEGMENTS_TOLD = 3
"""Of faults of one kind, so many are told: the first says what is wrong, hundreds would say it no better."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a rendition: which check found it, where, and what it is."""

    check: str
    message: str
    at_s: float | None = None


class _Fragment(msgspec.Struct, frozen=True):
    """What a segment's moof says: its first decode time, its samples' ticks and sizes, where their bytes begin."""

    decode_ticks: int
    duration_ticks: int
    sizes: tuple[int, ...]
    data_at: int
    is_sync: bool


def faults_of(
    media: Path, index: SegmentIndex, facts: VideoRendition | AudioRendition, timeline: Timeline
) -> list[Fault]:
    """What is wrong with the file of a rendition; nothing where it may be sent to players."""
    try:
        with media.open("rb") as file:
            return [
                *_header_faults(file, index, facts),
                *_segment_faults(file, index, facts, timeline),
                *_rate_faults(index, facts),
            ]
    except (BrokenBoxes, struct.error, IndexError, ValueError) as error:
        return [Fault(check="segments", message=f"its boxes cannot be read: {error}")]


def _header_faults(file: BinaryIO, index: SegmentIndex, facts: VideoRendition | AudioRendition) -> Iterator[Fault]:
    """The header is where the facts say, and declares the codec that its parameter sets have."""
    if facts.init_range != (0, index.init_size - 1):
        yield Fault(check="segments", message=f"its header is declared at {facts.init_range}, of {index.init_size}")
    entry, configuration = _sample_entry(file, index)
    try:
        found = _SOUND[entry](configuration) if entry in _SOUND else codec_in(entry, configuration)
    except BadConfiguration as error:
        yield Fault(check="codec", message=error.message)
        return
    if facts.codecs.lower() != found.lower():
        yield Fault(check="codec", message=f"it is declared as {facts.codecs}, and its parameter sets say {found}")


def _sample_entry(file: BinaryIO, index: SegmentIndex) -> tuple[bytes, bytes]:
    """The kind of the only sample entry, and its codec configuration."""
    file.seek(0)
    moov = _only(memoryview(file.read(index.init_size)), b"moov")
    described = _only(moov, b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    (entry, body), *others = children(described[8:])
    if others or bytes(entry) not in _FIELDS:
        raise BrokenBoxes(f"it holds {bytes(entry)!r}, and {len(others)} more")
    return bytes(entry), bytes(_only(body[_FIELDS[bytes(entry)] :], _CONFIGURATIONS[bytes(entry)]))


def _only(data: memoryview, *path: bytes) -> memoryview:
    for kind in path:
        found = [body for name, body in children(data) if name == kind]
        if len(found) != 1:
            raise BrokenBoxes(f"it has {len(found)} {kind.decode()} boxes where one is expected")
        data = found[0]
    return data


def _segment_faults(
    file: BinaryIO, index: SegmentIndex, facts: VideoRendition | AudioRendition, timeline: Timeline
) -> list[Fault]:
    """Segments follow one another without a gap, in bytes and in time, along the grid, each from a key frame on."""
    entry, configuration = _sample_entry(file, index)
    found: list[Fault] = []
    due = _first_ticks(file, index)
    expected = _grid(index, timeline) if isinstance(facts, VideoRendition) else None
    if expected is not None and len(expected) - 1 != len(index.segments):
        said = f"it has {len(index.segments)} segments where the film has {len(expected) - 1}"
        found.append(Fault(check="segments", message=said))
    for number, segment in enumerate(index.segments):
        at_s = round(segment.start_ticks / index.timescale, 3)
        fragment = _fragment(file, segment)
        wrong = list(_wrong(segment, fragment, due, expected[number : number + 2] if expected else []))
        if isinstance(facts, VideoRendition) and not _begins(file, segment, fragment, entry, configuration):
            wrong.append("does not begin with a key frame")
        found += [Fault(check="segments", message=f"segment {number} {what}", at_s=at_s) for what in wrong]
        due = fragment.decode_ticks + fragment.duration_ticks
    return [*found[:_SEGMENTS_TOLD], *_gaps(file, index)]


def _first_ticks(file: BinaryIO, index: SegmentIndex) -> int:
    return _fragment(file, index.segments[0]).decode_ticks if index.segments else 0


def _grid(index: SegmentIndex, timeline: Timeline) -> list[int]:
    """The ticks at which the segments of a video begin, and last those at which it ends."""
    ticks = timeline.rate[1] * index.timescale // timeline.rate[0]
    starts = range(0, timeline.frames, timeline.segment_frames)
    return [frame * ticks for frame in (*starts, timeline.frames)]


def _wrong(segment: Segment, fragment: _Fragment, due: int, expected: list[int]) -> Iterator[str]:
    if fragment.decode_ticks != due:
        yield f"is decoded from {fragment.decode_ticks} on, and the one before ends at {due}"
    if len(expected) == 2 and (segment.start_ticks, segment.duration_ticks) != (
        expected[0],
        expected[1] - expected[0],
    ):
        yield f"is off the grid: from {segment.start_ticks}, for {segment.duration_ticks} ticks"
    if expected and (segment.start_ticks, segment.duration_ticks) != (fragment.decode_ticks, fragment.duration_ticks):
        yield f"lasts {fragment.duration_ticks} ticks where its index says {segment.duration_ticks}"
    if fragment.data_at + sum(fragment.sizes) != segment.size:
        yield f"has {segment.size} bytes, and its samples end at {fragment.data_at + sum(fragment.sizes)}"


def _gaps(file: BinaryIO, index: SegmentIndex) -> Iterator[Fault]:
    """Whether the segments fill the file, and the sidx box (8.16.3) says the same of them."""
    file.seek(index.init_size)
    head = file.read(index.segments[0].offset - index.init_size) if index.segments else b""
    ends = list(itertools.accumulate((one.size for one in index.segments), initial=index.init_size + len(head)))
    if [one.offset for one in index.segments] != ends[:-1] or file.seek(0, 2) != ends[-1]:
        yield Fault(check="segments", message=f"its segments do not fill its {file.seek(0, 2)} bytes without a gap")
    rows = np.frombuffer(bytes(_only(memoryview(head), b"sidx"))[32:], ">u4").reshape(-1, 3)
    said = [(int(size & 0x7FFF_FFFF), int(ticks)) for size, ticks, _ in rows]
    if said != [(one.size, one.duration_ticks) for one in index.segments]:
        yield Fault(check="segments", message="its sidx box and its index do not say the same of its segments")


def _fragment(file: BinaryIO, segment: Segment) -> _Fragment:
    file.seek(segment.offset)
    head = file.read(8)
    size, kind = struct.unpack(">I4s", head)
    if kind != b"moof" or not 8 < size < segment.size:
        raise BrokenBoxes(f"the segment at byte {segment.offset} begins with {kind!r} and not with moof")
    moof = memoryview(file.read(size - 8))
    traf = _only(moof, b"traf")
    (ticks,) = struct.unpack_from(">Q", _only(traf, b"tfdt"), 4)
    (sample_ticks,) = struct.unpack_from(">I", _only(traf, b"tfhd"), 8)  # after the track's id: default duration
    sizes, data_at, is_sync = _run(_only(traf, b"trun"))
    return _Fragment(ticks, sample_ticks * len(sizes), sizes, data_at, is_sync)


def _run(trun: memoryview) -> tuple[tuple[int, ...], int, bool]:
    """Sizes of a run's samples (8.8.8), where their bytes begin, and whether the first says that it is a sync one."""
    flags, count, data_at = (int.from_bytes(trun[0:4], "big"), *struct.unpack_from(">Ii", trun, 4))
    columns = [flag for flag in (0x100, 0x200, 0x400, 0x800) if flags & flag]
    rows = np.frombuffer(trun, ">u4", count * len(columns), 12).reshape(count, len(columns))
    sizes = tuple(int(size) for size in rows[:, columns.index(0x200)])
    is_sync = 0x400 not in columns or not int(rows[0, columns.index(0x400)]) & 0x1_0000
    return sizes, data_at, is_sync


def _begins(file: BinaryIO, segment: Segment, fragment: _Fragment, entry: bytes, configuration: bytes) -> bool:
    """Whether a segment's first sample is a key frame, by its own word and by its bytes."""
    file.seek(segment.offset + fragment.data_at)
    first = file.read(fragment.sizes[0]) if fragment.sizes else b""
    return fragment.is_sync and bool(first) and is_random_access(entry, configuration, first)


def _rate_faults(index: SegmentIndex, facts: VideoRendition | AudioRendition) -> Iterator[Fault]:
    """The declared rates are those of the bytes."""
    for what, declared, found in (
        ("average", facts.average_bps, average_bps(index)),
        ("peak", facts.peak_bps, peak_bps(index)),
    ):
        if declared != found:
            yield Fault(check="bandwidth", message=f"its {what} is declared as {declared} bit/s, and is {found}")
