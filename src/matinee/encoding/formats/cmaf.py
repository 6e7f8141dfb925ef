"""Packaging: encoded chunk files become one CMAF file a rendition, addressed by byte ranges (ISO/IEC 23000-19).

A file is the header (ftyp, moov), a sidx with one reference a segment, then a moof and an mdat for each segment, and
nothing between them (no styp: it is optional). Video has no edit list: composition offsets are negative
where frames are reordered, so its first frame is presented at 0. Audio has exactly one edit, which skips the encoder's
priming. The output is a function of the samples alone, byte for byte.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

from matinee.base.errors import Invalid
from matinee.base.units import BitsPerSecond
from matinee.encoding.asset import Segment, SegmentIndex
from matinee.encoding.formats import codec, fragment
from matinee.encoding.formats.mp4 import BadMp4, Int64s, Samples, Track, box, read_track
from matinee.encoding.formats.playlist import average_bps, peak_bps
from matinee.encoding.source import Hdr

COPY_BYTES = 1 << 20
AUDIO_TAIL_MIN_S = 0.5  # a shorter last audio segment is merged into the one before: it is not worth a request
_AVC_IDR, _AVC_SETS = {5}, {7, 8}  # ISO/IEC 14496-10 table 7-1: SPS, PPS
_HEVC_IDR, _HEVC_SETS = {19, 20}, {32, 33, 34}  # Rec. ITU-T H.265 table 7-1: VPS, SPS, PPS
_OBU_SEQUENCE_HEADER, _OBU_FRAMES = 1, {3, 6}  # AV1 6.2.2: a frame header alone, or with its tiles
_NAMELESS = slice(42, 74)  # compressorname in a VisualSampleEntry, 12.1.3
_NOT_OURS_TO_SAY = {b"btrt", b"mdcv", b"clli"}  # a chunk's own bit rate says nothing of the whole, nor does its light


class ChunksDoNotJoin(Invalid):
    """A chunk that cannot follow the ones before it: its time or its length is not what was planned."""

    code = "chunks_do_not_join"

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"chunk {path.name} does not join the others: {what}; delete it and encode it again")
        self.path, self.what = path, what


class ParameterSetsDiffer(ChunksDoNotJoin):
    """A chunk that the first one's SPS and PPS (or picture description) would decode wrongly."""

    code = "parameter_sets_differ"

    def __init__(self, path: Path, expected: bytes, found: bytes) -> None:
        super().__init__(path, f"its sample description is {found.hex()} where the first chunk's is {expected.hex()}")
        self.expected, self.found = expected, found


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """An encoded chunk of a rendition: an MP4 that begins with an IDR frame, and how many frames it must have."""

    path: Path
    frames: int


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """The grid that all renditions of a title share: `rate` frames/s (numerator, denominator)."""

    rate: tuple[int, int]
    frames: int
    segment_frames: int

    def __post_init__(self) -> None:
        if min(*self.rate, self.frames, self.segment_frames) < 1:
            raise ValueError(f"a grid has nothing below 1: {self}")


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: the index for `index.json`, and the facts that manifests need. Byte ranges are inclusive."""

    index: SegmentIndex
    codecs: str
    init_range: tuple[int, int]
    index_range: tuple[int, int]
    average_bps: BitsPerSecond
    peak_bps: BitsPerSecond


class VideoPackage(Package, frozen=True, kw_only=True):
    """A packaged rung; `iframe_bytes`: how much of each segment there is up to the end of its first picture."""

    width: int
    height: int
    iframe_bytes: tuple[int, ...]


class AudioPackage(Package, frozen=True, kw_only=True):
    """A packaged audio track."""

    channels: int
    sample_rate: int


@dataclass(frozen=True)
class _Extent:
    """Bytes of a source file that go into a segment as they are."""

    path: Path
    offset: int
    size: int


@dataclass(frozen=True)
class _Piece:
    """A segment to be written; presentation ticks."""

    start_ticks: int
    duration_ticks: int
    run: fragment.Run
    extents: tuple[_Extent, ...]


def package_video(parts: Sequence[Part], grid: Grid, out: Path, hdr: Hdr | None = None) -> VideoPackage:
    """Join `parts`, in order, into the CMAF file `out`, which is made or overwritten; the caller syncs it.

    `hdr` is what the header says of the light, where it is not SDR's.

    Raises BadMp4, ChunksDoNotJoin, ParameterSetsDiffer and fragment.TooLong before anything is written.
    """
    tracks = [checked(part, grid) for part in parts]
    if not tracks or sum(part.frames for part in parts) != grid.frames:
        raise ValueError(f"parts of {[part.frames for part in parts]} frames do not make {grid.frames}")
    first, entry = tracks[0], _visual_entry(tracks[0])
    for track in tracks[1:]:
        if _visual_entry(track) != entry:
            raise ParameterSetsDiffer(track.path, entry, _visual_entry(track))
    width, height = codec.picture_size(first.fields)
    head = fragment.Header(
        timescale=grid.rate[0],
        duration_ticks=grid.frames * grid.rate[1],
        sample_entry=_with_light(entry, hdr),
        width=width,
        height=height,
    )
    pieces = _video_pieces(tracks, grid)
    package = _write(out, head, pieces, codec.video_codec(first.entry, first.configuration))
    iframe_bytes = tuple(
        segment.size - int(piece.run.size[1:].sum())
        for segment, piece in zip(package.index.segments, pieces, strict=True)
    )
    return VideoPackage(**_fields(package), width=width, height=height, iframe_bytes=iframe_bytes)


def package_audio(source: Path, grid: Grid, out: Path) -> AudioPackage:
    """Cut the AAC or E-AC-3 in the MP4 `source` along `grid` into the CMAF file `out`, which is made or overwritten.

    A segment ends with the last frame that begins before the video's does, so within one frame of it; what lies
    past the end of the video is left out, and audio that ends earlier ends earlier. Raises BadMp4 and fragment.TooLong.
    """
    track = read_track(source)
    configuration = _need_entry(track, {b"mp4a", b"ec-3"}).configuration
    is_eac3 = track.entry == b"ec-3"
    facts = codec.eac3_configuration(configuration) if is_eac3 else codec.aac_configuration(configuration)
    codecs = codec.eac3_codec(configuration) if is_eac3 else codec.aac_codec(configuration)
    if facts.sample_rate != track.timescale:
        raise BadMp4(source, f"its timescale is {track.timescale} for {facts.sample_rate} samples/s")
    pieces = _audio_pieces(track, grid)
    head = fragment.Header(
        timescale=track.timescale,
        duration_ticks=pieces[-1].start_ticks + pieces[-1].duration_ticks,
        sample_entry=_entry(track, track.fields),
        priming_ticks=_priming(track),
    )
    package = _write(out, head, pieces, codecs)
    return AudioPackage(**_fields(package), channels=facts.channels, sample_rate=facts.sample_rate)


def audio_cuts(grid: Grid, *, sample_rate: int, frame_ticks: int, priming_ticks: int, frames: int) -> list[int]:
    """The frames of sound at which segments begin, and last the one past the end, of `frames` that there are. Pure.

    A cut is the first frame that is presented at or after the video's cut; the last one is where the video ends.
    """
    ends = [*range(grid.segment_frames, grid.frames, grid.segment_frames), grid.frames]
    seconds_num, seconds_den = grid.rate[1] * sample_rate, grid.rate[0]
    after = [-(-(end * seconds_num + priming_ticks * seconds_den) // (frame_ticks * seconds_den)) for end in ends]
    cuts = sorted({0, *(min(cut, frames) for cut in after)})
    if len(cuts) > 2 and (cuts[-1] - cuts[-2]) * frame_ticks < AUDIO_TAIL_MIN_S * sample_rate:
        del cuts[-2]
    return cuts


def _need_entry(track: Track, entries: Collection[bytes]) -> Track:
    if track.entry not in entries or not len(track.samples):
        raise BadMp4(
            track.path, f"it holds {len(track.samples)} samples of {track.entry!r}; {sorted(entries)} are expected"
        )
    return track


def checked(part: Part, grid: Grid) -> Track:
    """The part's track, if it is what `grid` asks for: its frames, evenly spaced, an IDR picture first.

    Raises ChunksDoNotJoin, BadMp4 and FileNotFoundError.
    """
    track = _need_entry(read_track(part.path), codec.VIDEO_ENTRIES)
    samples, presented = track.samples, _presented(track.samples)
    even = np.arange(len(samples), dtype=np.int64) * grid.rate[1]
    if len(samples) != part.frames:
        raise ChunksDoNotJoin(part.path, f"it has {len(samples)} frames where {part.frames} are planned")
    if track.timescale != grid.rate[0] or (samples.duration_ticks != grid.rate[1]).any():
        raise ChunksDoNotJoin(
            part.path,
            f"its frames do not all last {grid.rate[1]}/{grid.rate[0]} s (timescale {track.timescale})",
        )
    if presented[0] != 0 or not np.array_equal(np.sort(presented), even):
        raise ChunksDoNotJoin(part.path, "its frames are not presented one every frame, beginning with the first")
    if track.edits and [edit.media_time for edit in track.edits] != [int(samples.composition_ticks[0])]:
        raise ChunksDoNotJoin(part.path, f"its edit list cuts or delays it: {track.edits}")
    _check_idr(track, 0)
    return track


def _presented(samples: Samples) -> Int64s:
    """When each sample is presented, counted from the earliest."""
    ticks: Int64s = samples.decode_ticks + samples.composition_ticks
    presented: Int64s = ticks - ticks.min()
    return presented


def _check_idr(track: Track, sample: int) -> None:
    """A decoder can begin with sample number `sample`, which brings no parameter sets where its entry allows none."""
    if track.entry == b"av01":
        _check_key_frame(track, sample)
        return
    idr, sets = (_AVC_IDR, _AVC_SETS) if track.entry == b"avc1" else (_HEVC_IDR, _HEVC_SETS)
    kinds = _nal_kinds(track, sample)
    if not track.samples.is_sync[sample] or idr.isdisjoint(kinds):
        raise ChunksDoNotJoin(track.path, f"frame {sample} begins a segment and is no IDR picture (NAL units {kinds})")
    if not sets.isdisjoint(kinds):
        raise ChunksDoNotJoin(track.path, f"frame {sample} brings its own parameter sets (NAL units {kinds})")


def _check_key_frame(track: Track, sample: int) -> None:
    """The sample begins with a sequence header and a key frame that is shown (AV1 in ISOBMFF 2.4)."""
    units = list(codec.av1_units(_bytes_of(track, sample, codec.AV1_HEAD_BYTES)))
    frame = next((content for kind, content in units if kind in _OBU_FRAMES), b"")
    is_key = bool(frame) and frame[0] >> 4 == 1  # show_existing_frame 0, frame_type 0, show_frame 1 (5.9.2)
    has_header = any(kind == _OBU_SEQUENCE_HEADER for kind, _ in units)
    if not track.samples.is_sync[sample] or not has_header or not is_key:
        raise ChunksDoNotJoin(track.path, f"frame {sample} begins a segment and is no key frame with its header")


def _bytes_of(track: Track, sample: int, most: int) -> bytes:
    with track.path.open("rb", buffering=0) as file:
        return os.pread(file.fileno(), min(most, int(track.samples.size[sample])), int(track.samples.offset[sample]))


def _nal_kinds(track: Track, sample: int) -> list[int]:
    length_bytes = codec.length_bytes(track.entry, track.configuration)
    at, size = int(track.samples.offset[sample]), int(track.samples.size[sample])
    end, kinds = at + size, []
    with track.path.open("rb", buffering=0) as file:
        while at < end:
            head = os.pread(file.fileno(), length_bytes + 1, at)
            if len(head) <= length_bytes:
                raise BadMp4(track.path, f"frame {sample} is cut off")
            kinds.append(head[length_bytes] & 0x1F if track.entry == b"avc1" else head[length_bytes] >> 1 & 0x3F)
            at += length_bytes + int.from_bytes(head[:length_bytes], "big")
    if at != end:
        raise BadMp4(track.path, f"the NAL units of frame {sample} do not fill it")
    return kinds


def _visual_entry(track: Track) -> bytes:
    """The track's sample entry without its writer's name."""
    fields = bytearray(track.fields)
    fields[_NAMELESS] = bytes(_NAMELESS.stop - _NAMELESS.start)
    return _entry(track, bytes(fields))


def _with_light(entry: bytes, hdr: Hdr | None) -> bytes:
    """A sample entry that also says what its master says of the light (ISO/IEC 14496-12 12.1.6 and 12.1.7)."""
    return entry if hdr is None else box(entry[4:8], entry[8:], *fragment.light(hdr))


def _entry(track: Track, fields: bytes) -> bytes:
    return box(track.entry, fields, *(box(kind, body) for kind, body in track.boxes if kind not in _NOT_OURS_TO_SAY))


def _video_pieces(tracks: Sequence[Track], grid: Grid) -> list[_Piece]:
    size = np.concatenate([track.samples.size for track in tracks])
    is_sync = np.concatenate([track.samples.is_sync for track in tracks])
    # Decode times are the grid itself: a frame's offset from it is how far it is presented before or after.
    composition = np.concatenate([_presented(track.samples) - track.samples.decode_ticks for track in tracks])
    first_frames = np.cumsum([0, *(len(track.samples) for track in tracks)])
    pieces = []
    for first in range(0, grid.frames, grid.segment_frames):
        last = min(first + grid.segment_frames, grid.frames)
        of = int(np.searchsorted(first_frames, first, side="right")) - 1
        _check_idr(tracks[of], first - int(first_frames[of]))
        ticks, cut = first * grid.rate[1], slice(first, last)
        run = fragment.Run(ticks, grid.rate[1], size[cut], composition[cut], is_sync[cut])
        extents = tuple(_extents(tracks, first_frames, first, last))
        pieces.append(_Piece(ticks, (last - first) * grid.rate[1], run, extents))
    return pieces


def _audio_pieces(track: Track, grid: Grid) -> list[_Piece]:
    samples, priming = track.samples, _priming(track)
    frame_ticks, frames = _frame_ticks(track), _frames_heard(track)
    cuts = audio_cuts(grid, sample_rate=track.timescale, frame_ticks=frame_ticks, priming_ticks=priming, frames=frames)
    pieces = []
    for first, last in itertools.pairwise(cuts):
        start, end = max(0, first * frame_ticks - priming), last * frame_ticks - priming
        run = fragment.Run(first * frame_ticks, frame_ticks, samples.size[first:last])
        whole = np.array([0, len(samples)])
        pieces.append(_Piece(start, end - start, run, tuple(_extents([track], whole, first, last))))
    return pieces


def _priming(track: Track) -> int:
    """How many ticks the file's one edit skips at the start."""
    if len(track.edits) != 1 or track.edits[0].media_time < 0:
        raise BadMp4(track.path, f"its edit list {track.edits} does not say how much of it is encoder priming")
    return track.edits[0].media_time


def _frame_ticks(track: Track) -> int:
    durations = track.samples.duration_ticks
    frame_ticks = int(durations[0])
    if frame_ticks < 1 or (durations[:-1] != frame_ticks).any() or durations[-1] > frame_ticks:
        raise BadMp4(track.path, "its audio frames are not all equally long")
    return frame_ticks


def _frames_heard(track: Track) -> int:
    """How many frames hold sound that the edit presents; the rest is the encoder's padding."""
    edit, frame_ticks = track.edits[0], _frame_ticks(track)
    heard_ticks = -(-edit.duration * track.timescale // track.movie_timescale)
    frames = min(len(track.samples), -(-(edit.media_time + heard_ticks) // frame_ticks))
    if frames * frame_ticks <= edit.media_time:
        raise BadMp4(track.path, "it has no sound after the encoder's priming")
    return frames


def _extents(tracks: Sequence[Track], first_frames: Int64s, first: int, last: int) -> Iterator[_Extent]:
    """Where the bytes of frames `first` to `last` (exclusive) of all tracks in a row lie, neighbours merged."""
    begins_in = int(np.searchsorted(first_frames, first, side="right")) - 1
    ends_before = int(np.searchsorted(first_frames, last, side="left"))
    for track, base in zip(tracks[begins_in:ends_before], first_frames[begins_in:ends_before], strict=True):
        begin, stop = max(first - int(base), 0), last - int(base)  # a slice ends where its array does
        offset, size = track.samples.offset[begin:stop], track.samples.size[begin:stop]
        breaks = np.flatnonzero(offset[1:] != offset[:-1] + size[:-1]) + 1
        for offsets, sizes in zip(np.split(offset, breaks), np.split(size, breaks), strict=True):
            yield _Extent(track.path, int(offsets[0]), int(sizes.sum()))


def _write(out: Path, head: fragment.Header, pieces: Sequence[_Piece], codecs: str) -> Package:
    init = fragment.header(head)
    heads = [fragment.fragment_head(number, piece.run) for number, piece in enumerate(pieces, start=1)]
    references = [
        fragment.Reference(size=len(lead) + int(piece.run.size.sum()), duration_ticks=piece.duration_ticks)
        for lead, piece in zip(heads, pieces, strict=True)
    ]
    sidx = fragment.segment_index(head.timescale, references)
    with out.open("wb") as file:
        file.write(init + sidx)
        segments = tuple(_write_segment(file, lead, piece) for lead, piece in zip(heads, pieces, strict=True))
    index = SegmentIndex(timescale=head.timescale, init_size=len(init), segments=segments)
    return Package(
        index=index,
        codecs=codecs,
        init_range=(0, len(init) - 1),
        index_range=(len(init), len(init) + len(sidx) - 1),
        average_bps=average_bps(index),
        peak_bps=peak_bps(index),
    )


def _write_segment(file: BinaryIO, lead: bytes, piece: _Piece) -> Segment:
    offset, digest = file.tell(), hashlib.sha256(lead)
    file.write(lead)
    for extent in piece.extents:
        for block in _blocks(extent):
            digest.update(block)
            file.write(block)
    return Segment(
        offset=offset,
        size=file.tell() - offset,
        start_ticks=piece.start_ticks,
        duration_ticks=piece.duration_ticks,
        sha256=digest.hexdigest(),
    )


def _blocks(extent: _Extent) -> Iterator[memoryview]:
    """The extent's bytes, a block at a time in one buffer that is used again."""
    buffer = memoryview(bytearray(min(COPY_BYTES, extent.size)))
    left = extent.size
    with extent.path.open("rb", buffering=0) as file:
        file.seek(extent.offset)
        while left:
            count = file.readinto(buffer[:left])
            if not count:
                raise BadMp4(extent.path, "it became shorter while it was read")
            left -= count
            yield buffer[:count]


def _fields(package: Package) -> dict[str, Any]:
    return {name: getattr(package, name) for name in package.__struct_fields__}
