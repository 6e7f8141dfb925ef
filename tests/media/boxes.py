"""A second reader of CMAF files, written from the standards and not from the packager: a mistake must be made twice.

It holds a file's boxes against ISO/IEC 14496-12 and says what they mean in plain values.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    kind: str
    start: int
    payload: bytes


@dataclass(frozen=True)
class Init:
    """What a header (ftyp, moov) says: `edits` are (duration, media_time), `configuration` the payload of
    avcC, esds or dec3.
    """

    brands: tuple[str, ...]
    handler: str
    timescale: int
    width: int
    height: int
    entry: str
    configuration: bytes
    edits: tuple[tuple[int, int], ...]
    movie_duration: int

    @property
    def is_video(self) -> bool:
        return self.handler == "vide"

    @property
    def codecs(self) -> str:
        if self.is_video:
            return "avc1." + self.configuration[1:4].hex()
        return "ec-3" if self.entry == "ec-3" else f"mp4a.40.{self.audio_specific_config[0] >> 3}"

    @property
    def priming_ticks(self) -> int:
        return self.edits[0][1] if self.edits else 0

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        data = io.BytesIO(self.configuration[5:])
        sets = []
        for mask in (0x1F, 0xFF):
            for _ in range(data.read(1)[0] & mask):
                sets.append(data.read(int.from_bytes(data.read(2), "big")))
        return tuple(sets)

    @property
    def audio_specific_config(self) -> bytes:
        """The content of the DecoderSpecificInfo descriptor (tag 5), found by walking the descriptors."""
        data = io.BytesIO(self.configuration[4:])
        while True:
            tag, length = data.read(1)[0], 0
            while (byte := data.read(1)[0]) & 0x80:
                length = length << 7 | byte & 0x7F
            length = length << 7 | byte
            if tag == 5:
                return data.read(length)
            data.read({3: 3, 4: 13}[tag])


@dataclass(frozen=True)
class Sample:
    """Times in the track's ticks, before the edit list; `data` is what the decoder gets."""

    decode: int
    composition: int
    duration: int
    is_sync: bool
    data: bytes


@dataclass(frozen=True)
class Fragment:
    sequence: int
    decode: int
    samples: tuple[Sample, ...]

    @property
    def end(self) -> int:
        return self.decode + sum(sample.duration for sample in self.samples)

    @property
    def first_composition(self) -> int:
        return min(sample.composition for sample in self.samples)


@dataclass(frozen=True)
class Index:
    """A sidx box; `references` are (bytes, ticks, starts with a SAP of type 1)."""

    timescale: int
    earliest: int
    first_offset: int
    references: tuple[tuple[int, int, bool], ...]


def parse(data: bytes) -> list[Box]:
    """The boxes that fill `data` exactly."""
    boxes, at = [], 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        assert head <= size <= len(data) - at, f"box {kind!r} at {at} claims {size} of {len(data) - at} bytes"
        boxes.append(Box(kind.decode("latin-1"), at, data[at + head : at + size]))
        at += size
    return boxes


def all_at(data: bytes, path: str) -> list[bytes]:
    """Payloads of every box at `path` (such as `moov/trak/mdia`)."""
    kind, _, rest = path.partition("/")
    found = [box.payload for box in parse(data) if box.kind == kind]
    return found if not rest else [one for payload in found for one in all_at(payload, rest)]


def one_at(data: bytes, path: str) -> bytes:
    """Payload of the one box at `path`."""
    found = all_at(data, path)
    assert len(found) == 1, f"{len(found)} boxes at {path}"
    return found[0]


def read_init(data: bytes) -> Init:
    """What the header says; it holds one track and no samples."""
    assert [box.kind for box in parse(data)] == ["ftyp", "moov"], [box.kind for box in parse(data)]
    brands = one_at(data, "ftyp")
    track, media = one_at(data, "moov/trak"), one_at(data, "moov/trak/mdia")
    assert one_at(data, "moov/mvex/trex")[4:8] == track_id(track), "trex speaks of another track"
    table = one_at(media, "minf/stbl")
    for kind, count_at in (("stts", 4), ("stsc", 4), ("stsz", 8), ("stco", 4)):
        assert not any(one_at(table, kind)[count_at : count_at + 4]), f"the header has samples in {kind}"
    entry, configuration, size = _sample_entry(one_at(table, "stsd"))
    movie = all_at(data, "moov/mvex/mehd")
    return Init(
        brands=tuple(brands[at : at + 4].decode() for at in (0, *range(8, len(brands), 4))),
        handler=one_at(media, "hdlr")[8:12].decode(),
        timescale=struct.unpack_from(">I", one_at(media, "mdhd"), 12)[0],
        width=size[0],
        height=size[1],
        entry=entry,
        configuration=configuration,
        edits=tuple(edit for payload in all_at(track, "edts/elst") for edit in _edits(payload)),
        movie_duration=struct.unpack(">Q", movie[0][4:])[0] if movie else 0,
    )


def track_id(track: bytes) -> bytes:
    return one_at(track, "tkhd")[12:16]


def _edits(payload: bytes) -> Iterator[tuple[int, int]]:
    assert payload[0] == 0, "an edit list of version 1"
    assert len(payload) == 8 + 12 * struct.unpack_from(">I", payload, 4)[0]
    for duration, media_time, rate in struct.iter_unpack(">Iii", payload[8:]):
        assert rate == 1 << 16, "an edit that changes the speed"
        yield duration, media_time


def _sample_entry(payload: bytes) -> tuple[str, bytes, tuple[int, int]]:
    (entry,) = parse(payload[8:])
    if entry.kind == "avc1":
        size = struct.unpack_from(">HH", entry.payload, 24)
        return entry.kind, one_at(entry.payload[78:], "avcC"), (size[0], size[1])
    return entry.kind, one_at(entry.payload[28:], "dec3" if entry.kind == "ec-3" else "esds"), (0, 0)


def read_index(data: bytes) -> Index:
    """The one sidx box that `data` is."""
    payload = one_at(data, "sidx")
    assert len(parse(data)) == 1, "the index range holds more than a sidx"
    assert payload[0] == 1, "a sidx of version 0"
    _, timescale, earliest, first_offset, _, count = struct.unpack_from(">IIQQHH", payload, 4)
    assert len(payload) == 32 + 12 * count, "the sidx is not as long as it counts"
    rows = list(struct.iter_unpack(">III", payload[32:]))
    assert all(size >> 31 == 0 for size, _, _ in rows), "a sidx that refers to another sidx"
    return Index(timescale, earliest, first_offset, tuple((size, ticks, sap >> 28 == 9) for size, ticks, sap in rows))


def read_segment(data: bytes) -> Fragment:
    """A segment of one moof and one mdat (a styp may come first), its sample data in the mdat exactly."""
    boxes = [box for box in parse(data) if box.kind != "styp"]
    assert [box.kind for box in boxes] == ["moof", "mdat"], [box.kind for box in boxes]
    moof = boxes[0].payload
    header, run = one_at(moof, "traf/tfhd"), one_at(moof, "traf/trun")
    decode = one_at(moof, "traf/tfdt")
    assert decode[0] == 1, "a 32-bit tfdt"
    samples = tuple(_samples(data, boxes, header, run, struct.unpack(">Q", decode[4:])[0]))
    return Fragment(struct.unpack(">I", one_at(moof, "mfhd")[4:])[0], samples[0].decode, samples)


def _samples(data: bytes, boxes: list[Box], header: bytes, run: bytes, decode: int) -> Iterator[Sample]:
    header_flags, run_flags = (int.from_bytes(payload[1:4], "big") for payload in (header, run))
    assert header_flags & 0x020001 == 0x020000, "data offsets that do not count from the moof"
    assert run[0] == 1, "composition offsets without a sign"
    defaults, at = {}, 8
    for bit in (0x02, 0x08, 0x10, 0x20):
        if header_flags & bit:
            defaults[bit], at = struct.unpack_from(">I", header, at)[0], at + 4
    count, offset = struct.unpack_from(">Ii", run, 4)
    assert run_flags & 0x5 == 0x1
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if run_flags & bit]
    assert len(run) == 12 + 4 * len(columns) * count, "the trun is not as long as it counts"
    at = boxes[0].start + offset
    assert at == boxes[1].start + 8, "the samples do not begin where the mdat does"
    for row in range(count):
        values = dict(
            zip(columns, struct.unpack_from(f">{len(columns)}I", run, 12 + 4 * len(columns) * row), strict=True)
        )
        duration = values.get(0x100, defaults.get(0x08, 0))
        size = values.get(0x200, defaults.get(0x10, 0))
        shift = struct.unpack(">i", struct.pack(">I", values.get(0x800, 0)))[0]
        is_sync = not values.get(0x400, defaults.get(0x20, 0)) & 0x0001_0000
        yield Sample(decode, decode + shift, duration, is_sync, data[at : at + size])
        at, decode = at + size, decode + duration
    assert at == len(data), f"the samples end at {at} of {len(data)} bytes"


def nal_kinds(init: Init, sample: bytes) -> list[int]:
    """The NAL unit types in a video sample, which they fill exactly."""
    length_bytes, kinds, at = (init.configuration[4] & 3) + 1, [], 0
    while at < len(sample):
        length = int.from_bytes(sample[at : at + length_bytes], "big")
        kinds.append(sample[at + length_bytes] & 0x1F)
        at += length_bytes + length
    assert at == len(sample), "NAL units reach beyond their sample"
    return kinds
