"""Whether a rendition's file is what its index, its playlists and its codec string say, read box by box. Pure but for
reading the file.

This reader shares no code with what wrote the file but the walk over boxes: not how codec strings, bit rates and
playlists are made. Clauses are those of ISO/IEC 14496-12.
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from matinee.encoding.asset import AudioRendition, Segment, SegmentIndex, VideoRendition
from matinee.encoding.formats.bitstream import codec_in, is_random_access
from matinee.encoding.formats.codec import BadConfiguration
from matinee.encoding.formats.mp4 import BrokenBoxes, children
from matinee.encoding.timeline import Timeline

_FIELDS = {b"avc1": 78, b"hvc1": 78, b"av01": 78, b"mp4a": 28, b"ec-3": 28}
_CONFIGURATIONS = {b"avc1": b"avcC", b"hvc1": b"hvcC", b"av01": b"av1C", b"mp4a": b"esds", b"ec-3": b"dec3"}
_SEGMENTS_TOLD = 3
"""Of faults of one kind, so many are told: the first says what is wrong, hundreds would say it no better."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a rendition: which check found it, where, and what it is."""

    check: str
    message: str
    at_s: float | None = None


class Playlists(msgspec.Struct, frozen=True, kw_only=True):
    """The text of the playlists that lie beside a file; `iframes` is of video alone, None where it was made without."""

    media: str
    iframes: str | None = None


class _Range(msgspec.Struct, frozen=True):
    """One segment as a playlist names it: its bytes and its time."""

    offset: int
    size: int
    micros: int
    uri: str


class _Fragment(msgspec.Struct, frozen=True):
    """What a segment's moof says: its first decode time, its samples' ticks and sizes, where their bytes begin."""

    decode_ticks: int
    duration_ticks: int
    sample_ticks: int
    sizes: tuple[int, ...]
    data_at: int
    is_sync: bool


def faults_of(
    media: Path, index: SegmentIndex, facts: VideoRendition | AudioRendition, timeline: Timeline, playlists: Playlists
) -> list[Fault]:
    """What is wrong with the file of a rendition; nothing where it may be sent to players."""
    try:
        with media.open("rb") as file:
            fragments = [_fragment(file, segment) for segment in index.segments]
            return [
                *_header_faults(file, index, facts),
                *_segment_faults(file, index, facts, timeline, fragments),
                *_playlist_faults(index, facts, fragments, playlists),
            ]
    except (BrokenBoxes, struct.error, IndexError, ValueError) as error:
        return [Fault(check="segments", message=f"its boxes or its playlists cannot be read: {error}")]


def _header_faults(file: BinaryIO, index: SegmentIndex, facts: VideoRendition | AudioRendition) -> Iterator[Fault]:
    """The header is where the facts say, and declares the codec that its parameter sets have."""
    if facts.init_range != (0, index.init_size - 1):
        yield Fault(check="segments", message=f"its header is declared at {facts.init_range}, of {index.init_size}")
    entry, configuration = _sample_entry(file, index)
    try:
        found = codec_in(entry, configuration)
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
    file: BinaryIO,
    index: SegmentIndex,
    facts: VideoRendition | AudioRendition,
    timeline: Timeline,
    fragments: Sequence[_Fragment],
) -> list[Fault]:
    """Segments follow one another from 0 without a gap, in bytes and in time, along the grid, each from a key frame on.

    Sound has one edit, which skips the encoder's priming: of its first segment so much is not presented.
    """
    entry, configuration = _sample_entry(file, index)
    found, due, skipped = list[Fault](), 0, _skipped(file, index)
    expected = _grid(index, timeline)
    if isinstance(facts, VideoRendition) and len(expected) - 1 != len(index.segments):
        said = f"it has {len(index.segments)} segments where the film has {len(expected) - 1}"
        found.append(Fault(check="segments", message=said))
    if isinstance(facts, VideoRendition) and skipped:
        found.append(Fault(check="segments", message=f"its edit list skips {skipped} ticks of the picture"))
    for number, (segment, fragment) in enumerate(zip(index.segments, fragments, strict=True)):
        at_s = round(segment.start_ticks / index.timescale, 3)
        wrong = list(_wrong(segment, fragment, due, skipped))
        if isinstance(facts, VideoRendition):
            wrong += _off_grid(segment, expected[number : number + 2])
            if not _begins(file, segment, fragment, entry, configuration):
                wrong.append("does not begin with a key frame")
        elif not 0 <= segment.start_ticks - expected[min(number, len(expected) - 1)] <= fragment.sample_ticks:
            wrong.append(f"begins at {segment.start_ticks}, more than a frame of sound from the picture's")
        found += [Fault(check="segments", message=f"segment {number} {what}", at_s=at_s) for what in wrong]
        due = fragment.decode_ticks + fragment.duration_ticks
    return [*found[:_SEGMENTS_TOLD], *_gaps(file, index)]


def _skipped(file: BinaryIO, index: SegmentIndex) -> int:
    """The ticks that the only edit (8.6.6) of the only track skips; 0 where it has none."""
    file.seek(0)
    trak = _only(memoryview(file.read(index.init_size)), b"moov", b"trak")
    if not any(kind == b"edts" for kind, _ in children(trak)):
        return 0
    edits = _only(trak, b"edts", b"elst")
    count, _, media_time, rate = struct.unpack_from(">IIiI", edits, 4)
    if edits[0] or count != 1 or media_time < 0 or rate != 1 << 16:
        raise BrokenBoxes("its edit list is more than what an encoder's priming needs")
    return int(media_time)


def _grid(index: SegmentIndex, timeline: Timeline) -> list[int]:
    """The ticks at which the segments of a video begin, and last those at which it ends."""
    ticks = Fraction(timeline.rate[1] * index.timescale, timeline.rate[0])
    starts = range(0, timeline.frames, timeline.segment_frames)
    return [int(frame * ticks) for frame in (*starts, timeline.frames)]


def _wrong(segment: Segment, fragment: _Fragment, due: int, skipped: int) -> Iterator[str]:
    if fragment.decode_ticks != due:
        yield f"is decoded from {fragment.decode_ticks} on, and {due} is due"
    starts = max(0, fragment.decode_ticks - skipped)
    lasts = fragment.decode_ticks + fragment.duration_ticks - skipped - starts
    if (segment.start_ticks, segment.duration_ticks) != (starts, lasts):
        said = f"from {segment.start_ticks}, for {segment.duration_ticks} ticks"
        yield f"is presented from {starts}, for {lasts} ticks, and its index says {said}"
    if fragment.data_at + sum(fragment.sizes) != segment.size:
        yield f"has {segment.size} bytes, and its samples end at {fragment.data_at + sum(fragment.sizes)}"


def _off_grid(segment: Segment, expected: Sequence[int]) -> Iterator[str]:
    if len(expected) == 2 and (segment.start_ticks, segment.duration_ticks) != (
        expected[0],
        expected[1] - expected[0],
    ):
        yield f"is off the grid: from {segment.start_ticks}, for {segment.duration_ticks} ticks"


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
    return _Fragment(ticks, sample_ticks * len(sizes), sample_ticks, sizes, data_at, is_sync)


def _run(trun: memoryview) -> tuple[tuple[int, ...], int, bool]:
    """Sizes of a run's samples (8.8.8), where their bytes begin, and whether the first says that it is a sync one."""
    flags, count, data_at = (int.from_bytes(trun[0:4], "big"), *struct.unpack_from(">Ii", trun, 4))
    if flags & 0x100:
        raise BrokenBoxes("its samples bring durations of their own")
    columns = [flag for flag in (0x200, 0x400, 0x800) if flags & flag]
    rows = np.frombuffer(trun, ">u4", count * len(columns), 12).reshape(count, len(columns))
    sizes = tuple(int(size) for size in rows[:, columns.index(0x200)])
    is_sync = 0x400 not in columns or not int(rows[0, columns.index(0x400)]) & 0x1_0000
    return sizes, data_at, is_sync


def _begins(file: BinaryIO, segment: Segment, fragment: _Fragment, entry: bytes, configuration: bytes) -> bool:
    """Whether a segment's first sample is a key frame, by its own word and by its bytes."""
    file.seek(segment.offset + fragment.data_at)
    first = file.read(fragment.sizes[0]) if fragment.sizes else b""
    return fragment.is_sync and bool(first) and is_random_access(entry, configuration, first)


# Playlists: RFC 8216, whose clauses these are

_EXTINF = re.compile(r"#EXTINF:(\d+)\.(\d{6}),")
_BYTERANGE = re.compile(r"#EXT-X-BYTERANGE:(\d+)@(\d+)")
_MICRO_S = 2e-6
"""What playlists tell time to, and what a film's last frame may be rounded by."""
_TARGET = re.compile(r"^#EXT-X-TARGETDURATION:(\d+)$", re.MULTILINE)


def _playlist_faults(
    index: SegmentIndex,
    facts: VideoRendition | AudioRendition,
    fragments: Sequence[_Fragment],
    playlists: Playlists,
) -> Iterator[Fault]:
    """The playlists name the bytes and times of the file's own segments, and the declared rates are those of them."""
    wanted = [(one.offset, one.size) for one in index.segments]
    yield from _named_faults("media.m3u8", playlists.media, index, wanted)
    ticks = [one.duration_ticks for one in index.segments]
    sizes = [size for _, size in wanted]
    target_s = _target_s(playlists.media)
    yield from _rate_faults("average", facts.average_bps, _bps(sum(sizes), sum(ticks), index.timescale))
    yield from _rate_faults("peak", facts.peak_bps, _peak_bps(sizes, ticks, index.timescale, target_s))
    if isinstance(facts, VideoRendition) and playlists.iframes is not None:
        sizes = [one.data_at + one.sizes[0] for one in fragments]
        wanted = [(one.offset, size) for one, size in zip(index.segments, sizes, strict=True)]
        yield from _named_faults("iframes.m3u8", playlists.iframes, index, wanted)
        target_s = _target_s(playlists.iframes)
        found = _peak_bps(sizes, ticks, index.timescale, target_s)
        yield from _rate_faults("peak of pictures alone", facts.iframes_bps, found)
        if "#EXT-X-I-FRAMES-ONLY" not in playlists.iframes.splitlines():  # 4.3.3.6
            yield Fault(check="playlist", message="iframes.m3u8 does not say that it is of I-frames only")


def _named_faults(name: str, text: str, index: SegmentIndex, wanted: Sequence[tuple[int, int]]) -> Iterator[Fault]:
    """What a playlist says otherwise than the file whose ranges are `wanted` (offset and size)."""
    ranges, target_s = _ranges_in(text), _target_s(text)
    if f'#EXT-X-MAP:URI="media.mp4",BYTERANGE="{index.init_size}@0"' not in text.splitlines():
        yield Fault(check="playlist", message=f"{name} does not name the header of {index.init_size} bytes")
    if not text.startswith("#EXTM3U\n") or not text.endswith("\n#EXT-X-ENDLIST\n"):
        yield Fault(check="playlist", message=f"{name} is no whole playlist of a film")
    if [one.uri for one in ranges] != ["media.mp4"] * len(wanted):
        yield Fault(check="playlist", message=f"{name} names {len(ranges)} ranges of a file that has {len(wanted)}")
        return
    end_micros = 0
    for number, (one, segment, bytes_of) in enumerate(zip(ranges, index.segments, wanted, strict=True)):
        end_micros += one.micros
        ends = Fraction((segment.start_ticks + segment.duration_ticks) * 1_000_000, index.timescale)
        at_s = round(segment.start_ticks / index.timescale, 3)
        if (one.offset, one.size) != bytes_of:
            message = f"{name} has segment {number} at {one.offset}, of {one.size} bytes, and it is at {bytes_of}"
            yield Fault(check="playlist", message=message, at_s=at_s)
            return
        if abs(end_micros - ends) > 1 or (one.micros + 500_000) // 1_000_000 > target_s:  # 4.3.3.1
            message = f"{name} says that segment {number} lasts {one.micros / 1e6:.6f} s, of {target_s} s at most"
            yield Fault(check="playlist", message=message, at_s=at_s)
            return


def subtitle_faults(playlist: str, pieces: bytes, duration_s: float) -> list[Fault]:
    """What is wrong with the playlist of a WebVTT track in `pieces`, one after another in one file."""
    try:
        ranges = _ranges_in(playlist)
    except (IndexError, ValueError) as error:
        return [Fault(check="playlist", message=f"its playlist cannot be read: {error}")]
    ends = list(itertools.accumulate((one.size for one in ranges), initial=0))
    begins = all(pieces.startswith(b"WEBVTT", one.offset) for one in ranges)
    if [one.offset for one in ranges] != ends[:-1] or ends[-1] != len(pieces) or not begins:
        return [Fault(check="playlist", message=f"its {len(ranges)} segments do not fill its {len(pieces)} bytes")]
    lasts_s = sum(one.micros for one in ranges) / 1e6
    if abs(lasts_s - duration_s) > _MICRO_S or any(one.uri != "segments.vtt" for one in ranges):
        return [Fault(check="playlist", message=f"its playlist lasts {lasts_s:.6f} s, the film {duration_s:.6f} s")]
    return []


def _ranges_in(text: str) -> list[_Range]:
    """The byte ranges of a media playlist, in their order. Raises ValueError for one that says something else."""
    lines, found = text.splitlines(), list[_Range]()
    for at, line in enumerate(lines):
        if not line.startswith("#EXTINF:"):
            continue
        lasts, bytes_of = _EXTINF.fullmatch(line), _BYTERANGE.fullmatch(lines[at + 1])
        if lasts is None or bytes_of is None:
            raise ValueError(f"a segment of a playlist is named {lines[at : at + 2]}")
        size, offset = map(int, bytes_of.groups())
        found.append(_Range(offset, size, int(lasts[1]) * 1_000_000 + int(lasts[2]), lines[at + 2]))
    return found


def _target_s(text: str) -> int:
    found = _TARGET.search(text)
    if found is None:
        raise ValueError("a playlist says no target duration")
    return int(found[1])


def _rate_faults(what: str, declared: int, found: int) -> Iterator[Fault]:
    if declared != found:
        yield Fault(check="bandwidth", message=f"its {what} is declared as {declared} bit/s, and is {found}")


def _peak_bps(sizes: Sequence[int], ticks: Sequence[int], timescale: int, target_s: int) -> int:
    """The highest rate of segments in a row that last 0.5 to 1.5 target durations (4.3.4.2), rounded up."""
    bytes_to, ends = ([0, *itertools.accumulate(row)] for row in (sizes, ticks))
    highest = 0
    for first in range(len(sizes)):
        last = first + 1
        while last < len(ends) and 2 * (ends[last] - ends[first]) <= 3 * target_s * timescale:
            if 2 * (ends[last] - ends[first]) >= target_s * timescale:
                rate = _bps(bytes_to[last] - bytes_to[first], ends[last] - ends[first], timescale)
                highest = max(highest, rate)
            last += 1
    return highest or _bps(bytes_to[-1], ends[-1], timescale)


def _bps(size_bytes: int, ticks: int, timescale: int) -> int:
    return -(-size_bytes * 8 * timescale // ticks) if ticks else 0
