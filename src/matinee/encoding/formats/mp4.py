"""MP4 boxes: the primitives to write them, and a strict reader of the one-track files that our FFmpeg runs made.

The clauses named here are those of ISO/IEC 14496-12 (ISO base media file format). The reader trusts no number in the
file: every offset, count and size is checked against the bytes that are there before it is used.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from matinee.base.errors import Invalid

Int64s: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

MOOV_MAX_BYTES = 256 << 20  # 12 hours at 120 frames/s have 5 M samples, which take 16 bytes each at most
SAMPLES_MAX = 8_000_000
_HEADER_BYTES = 8
_LARGE_HEADER_BYTES = 16
_VISUAL_FIELDS_BYTES = 78  # VisualSampleEntry before its boxes, 12.1.3
_AUDIO_FIELDS_BYTES = 28  # AudioSampleEntry before its boxes, 12.2.3
_CONFIGURATION = {b"avc1": b"avcC", b"hvc1": b"hvcC", b"av01": b"av1C", b"mp4a": b"esds", b"ec-3": b"dec3"}
_SAMPLE_ENTRY_FIELDS = {
    kind: _AUDIO_FIELDS_BYTES if kind in (b"mp4a", b"ec-3") else _VISUAL_FIELDS_BYTES for kind in _CONFIGURATION
}


class BadMp4(Invalid):
    """A file that should be an MP4 of ours is not one: it was cut short, changed, or made by something else."""

    code = "bad_mp4"

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path.name} cannot be packaged: {what}; delete it and encode it again")
        self.path, self.what = path, what


class _BrokenError(Exception):
    """What is wrong, said where the path is not known."""


BrokenBoxes = _BrokenError
"""What `children` raises."""


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an edit list (8.6.6): `duration` in the movie's timescale, `media_time` in the track's."""

    duration: int
    media_time: int


@dataclass(frozen=True)
class Samples:
    """The sample table, one element a sample in decode order; bytes and the track's ticks."""

    offset: Int64s
    size: Int64s
    decode_ticks: Int64s
    duration_ticks: Int64s
    composition_ticks: Int64s
    is_sync: Bools

    def __len__(self) -> int:
        return len(self.size)


@dataclass(frozen=True)
class Track:
    """The only track of a file. `fields` and `boxes` are its sample entry (a key of _CONFIGURATION), taken apart."""

    path: Path
    timescale: int
    movie_timescale: int
    entry: bytes
    fields: bytes
    boxes: tuple[tuple[bytes, bytes], ...]
    edits: tuple[Edit, ...]
    samples: Samples

    @property
    def configuration(self) -> bytes:
        """The payload of avcC, hvcC or av1C (parameter sets), of esds (in it, the AudioSpecificConfig), or of dec3."""
        return dict(self.boxes)[_CONFIGURATION[self.entry]]


def box(kind: bytes, *payload: bytes) -> bytes:
    """A box (4.2): size, type, payload."""
    body = b"".join(payload)
    return struct.pack(">I4s", _HEADER_BYTES + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *payload: bytes) -> bytes:
    """A box with a version and flags (4.2)."""
    return box(kind, struct.pack(">I", version << 24 | flags), *payload)


def read_track(path: Path) -> Track:
    """The one track of the progressive MP4 at `path`. Raises BadMp4, and OSError where it cannot be read at all."""
    try:
        with path.open("rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            return _track(path, _read_moov(file, size_bytes), size_bytes)
    except _BrokenError as error:
        raise BadMp4(path, str(error)) from error


def _read_moov(file: BinaryIO, size_bytes: int) -> memoryview:
    at = 0
    while at < size_bytes:
        file.seek(at)
        kind, header, length = _box_header(file.read(_LARGE_HEADER_BYTES), size_bytes - at)
        if kind == b"moov":
            if length > MOOV_MAX_BYTES:
                raise _BrokenError(f"its index has {length} bytes, and {MOOV_MAX_BYTES} is the most")
            file.seek(at + header)
            return memoryview(file.read(length - header))
        at += length
    raise _BrokenError("it has no moov box, so the program that wrote it did not finish")


def _box_header(data: bytes | memoryview, room: int) -> tuple[bytes, int, int]:
    """Type, header length and whole length of the box that begins `data`, of which `room` bytes are there."""
    if len(data) < _HEADER_BYTES:
        raise _BrokenError("it ends within a box header")
    length, kind = struct.unpack_from(">I4s", data)
    header = _HEADER_BYTES
    if length == 1:
        if len(data) < _LARGE_HEADER_BYTES:
            raise _BrokenError("it ends within a box header")
        header, length = _LARGE_HEADER_BYTES, struct.unpack_from(">Q", data, _HEADER_BYTES)[0]
    if not header <= length <= room:
        raise _BrokenError(f"its {kind!r} box claims {length} bytes of {room}")
    return kind, header, length


def children(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The boxes that fill `data`, each with its payload."""
    at = 0
    while at < len(data):
        kind, header, length = _box_header(data[at : at + _LARGE_HEADER_BYTES], len(data) - at)
        yield kind, data[at + header : at + length]
        at += length


def _find(data: memoryview, *path: bytes) -> memoryview | None:
    for kind in path:
        found = [payload for name, payload in children(data) if name == kind]
        if len(found) > 1:
            raise _BrokenError(f"it has {len(found)} {kind!r} boxes where one is expected")
        if not found:
            return None
        data = found[0]
    return data


def _need(data: memoryview, *path: bytes) -> memoryview:
    found = _find(data, *path)
    if found is None:
        raise _BrokenError(f"it has no {b'/'.join(path).decode('latin-1')} box")
    return found


def _unpack(layout: str, data: memoryview, at: int = 0) -> tuple[int, ...]:
    if at + struct.calcsize(layout) > len(data):
        raise _BrokenError("one of its boxes is too short")
    return struct.unpack_from(layout, data, at)


def _table(data: memoryview, at: int, count: int, kind: str) -> npt.NDArray[np.signedinteger]:
    """`count` numbers of dtype `kind` at byte `at` of `data`."""
    if count > SAMPLES_MAX or at + count * np.dtype(kind).itemsize > len(data):
        raise _BrokenError(f"a table of {count} numbers does not fit into its box of {len(data)} bytes")
    return np.frombuffer(data, kind, count, at)


def _track(path: Path, moov: memoryview, file_bytes: int) -> Track:
    trak, (movie_timescale, _) = _need(moov, b"trak"), _times(_need(moov, b"mvhd"))
    timescale, _ = _times(_need(trak, b"mdia", b"mdhd"))
    table = _need(trak, b"mdia", b"minf", b"stbl")
    entry, fields, boxes = _sample_entry(_need(table, b"stsd"))
    samples = _samples(table)
    if len(samples) and not (samples.offset.max() < file_bytes and (samples.offset + samples.size).max() <= file_bytes):
        raise _BrokenError(f"its samples reach beyond its {file_bytes} bytes, so it was cut short")
    return Track(path, timescale, movie_timescale, entry, fields, boxes, _edits(_find(trak, b"edts", b"elst")), samples)


def _times(data: memoryview) -> tuple[int, int]:
    """Timescale and duration of an mvhd or mdhd (8.2.2, 8.4.2)."""
    version = _unpack(">B", data)[0]
    timescale, duration = _unpack(">IQ", data, 20) if version == 1 else _unpack(">II", data, 12)
    if timescale == 0:
        raise _BrokenError("its timescale is 0")
    return timescale, duration


def _edits(data: memoryview | None) -> tuple[Edit, ...]:
    if data is None:
        return ()
    version, count = _unpack(">B", data)[0], _unpack(">I", data, 4)[0]
    layout = ">Qqi" if version == 1 else ">Iii"
    if 8 + count * struct.calcsize(layout) != len(data):
        raise _BrokenError(f"its edit list of {count} entries has {len(data)} bytes")
    entries = list(struct.iter_unpack(layout, data[8:]))
    if any(rate != 1 << 16 for _, _, rate in entries):
        raise _BrokenError("its edit list changes the speed")
    return tuple(Edit(duration=duration, media_time=media_time) for duration, media_time, _ in entries)


def _sample_entry(data: memoryview) -> tuple[bytes, bytes, tuple[tuple[bytes, bytes], ...]]:
    found = list(children(data[8:]))
    if len(found) != 1 or found[0][0] not in _SAMPLE_ENTRY_FIELDS:
        raise _BrokenError(f"it holds {[kind.decode('latin-1') for kind, _ in found]}, where one of ours is expected")
    kind, payload = found[0]
    length = _SAMPLE_ENTRY_FIELDS[kind]
    if len(payload) < length:
        raise _BrokenError("its sample entry is too short")
    boxes = tuple((name, bytes(body)) for name, body in children(payload[length:]))
    if [name for name, _ in boxes].count(_CONFIGURATION[kind]) != 1:
        raise _BrokenError(f"its {kind!r} sample entry has no {_CONFIGURATION[kind]!r}")
    return kind, bytes(payload[:length]), boxes


def _samples(table: memoryview) -> Samples:
    size = _sizes(_need(table, b"stsz"))
    duration = _runs(_need(table, b"stts"), len(size), ">u4")
    offsets = _find(table, b"ctts")
    # Version 0 says unsigned (8.6.1.3), and its writers mean signed where a number is that large.
    composition = np.zeros(len(size), np.int64) if offsets is None else _runs(offsets, len(size), ">i4")
    decode = np.concatenate(([0], np.cumsum(duration)[:-1])).astype(np.int64) if len(size) else duration
    return Samples(_offsets(table, size), size, decode, duration, composition, _sync(_find(table, b"stss"), len(size)))


def _sizes(data: memoryview) -> Int64s:
    same, count = _unpack(">II", data, 4)
    if same == 0:
        return _table(data, 12, count, ">u4").astype(np.int64)
    if count > SAMPLES_MAX:
        raise _BrokenError(f"it claims {count} samples")
    return np.full(count, same, np.int64)


def _runs(data: memoryview, samples: int, kind: str) -> Int64s:
    """A run-length table (stts 8.6.1.2, ctts 8.6.1.3) as one value a sample."""
    count = _unpack(">I", data, 4)[0]
    pairs = _table(data, 8, 2 * count, ">u4").reshape(-1, 2)
    lengths, values = pairs[:, 0].astype(np.int64), pairs[:, 1].view(kind).astype(np.int64)
    if int(lengths.sum()) != samples:
        raise _BrokenError(f"its time table has {int(lengths.sum())} entries for {samples} samples")
    return np.repeat(values, lengths)


def _sync(data: memoryview | None, samples: int) -> Bools:
    if data is None:  # without the box every sample is a sync sample, 8.6.2.1
        return np.ones(samples, np.bool_)
    numbers = _table(data, 8, _unpack(">I", data, 4)[0], ">u4").astype(np.int64)
    if len(numbers) and not (numbers.min() >= 1 and numbers.max() <= samples):
        raise _BrokenError("it names a sync sample that it does not have")
    is_sync = np.zeros(samples, np.bool_)
    is_sync[numbers - 1] = True
    return is_sync


def _offsets(table: memoryview, size: Int64s) -> Int64s:
    """Where each sample begins, from the chunks that hold them (stsc 8.7.4, stco and co64 8.7.5)."""
    chunk, kind = _find(table, b"stco"), ">u4"
    if chunk is None:
        chunk, kind = _need(table, b"co64"), ">u8"
    starts = _table(chunk, 8, _unpack(">I", chunk, 4)[0], kind).astype(np.int64)
    per_chunk = _samples_per_chunk(_need(table, b"stsc"), len(starts))
    if int(per_chunk.sum()) != len(size):
        raise _BrokenError(f"its chunks hold {int(per_chunk.sum())} samples, and its size table {len(size)}")
    before = np.cumsum(size) - size  # bytes of all earlier samples
    first = np.repeat(np.cumsum(per_chunk) - per_chunk, per_chunk)  # each sample's chunk's first sample
    offset: Int64s = np.repeat(starts, per_chunk) + before - before[first]
    if len(offset) and int(offset.min()) < 0:
        raise _BrokenError("a sample begins before the file")
    return offset


def _samples_per_chunk(data: memoryview, chunks: int) -> Int64s:
    count = _unpack(">I", data, 4)[0]
    entries = _table(data, 8, 3 * count, ">u4").reshape(-1, 3).astype(np.int64)
    first = np.append(entries[:, 0], chunks + 1)
    if (count == 0 and chunks) or (count and (first[0] != 1 or (np.diff(first) < 1).any())):
        raise _BrokenError("its chunk table is out of order")
    per_chunk: Int64s = np.repeat(entries[:, 1], np.diff(first)) if count else np.zeros(0, np.int64)
    if int(per_chunk.sum()) > SAMPLES_MAX or (len(per_chunk) and int(per_chunk.max()) > SAMPLES_MAX):
        raise _BrokenError("its chunk table claims too many samples")
    return per_chunk
