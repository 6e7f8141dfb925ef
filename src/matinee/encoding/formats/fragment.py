"""The boxes of a CMAF track: its header, its segment index and its fragments, as bytes. Pure.

CMAF is ISO/IEC 23000-19; clauses without a name are those of ISO/IEC 14496-12. Every box is a function of its inputs
alone: no time of writing, no name or version of a program, so the same input gives the same bytes anywhere.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from matinee.base.errors import Invalid
from matinee.encoding.formats.mp4 import Bools, Int64s, box, full_box
from matinee.encoding.source import Hdr

TRACK_ID = 1  # a CMAF track is alone in its file
REFERENCES_MAX = 0xFFFF  # sidx counts its references in 16 bits, 8.16.3
REFERENCED_BYTES_MAX = 0x7FFF_FFFF  # ... and says their sizes in 31 bits
_UINT32_MAX = 0xFFFF_FFFF
_FLAGS_SYNC = 0x0200_0000  # sample_depends_on = 2: on no other sample, 8.8.3.1
_FLAGS_NOT_SYNC = 0x0101_0000  # sample_depends_on = 1, sample_is_non_sync_sample
_MATRIX = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_UNDETERMINED = 0x55C4  # "und" in three times five bits, 8.4.2.3
_SAP_TYPE_1 = 0x9000_0000  # starts_with_SAP, of type 1: a closed GOP whose first sample is presented first


class TooLong(Invalid):
    """A track that a field of its index cannot describe."""

    code = "track_too_long"

    def __init__(self, what: str, value: int, limit: int) -> None:
        super().__init__(f"the track's {what} is {value}, and its index holds {limit} at most; use shorter segments")
        self.what, self.value, self.limit = what, value, limit


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the header says of a track. `priming_ticks`: what its one edit skips; None: it has no edit list.

    `sample_entry` is a whole sample entry box; `width` and `height` are 0 for audio.
    """

    timescale: int
    duration_ticks: int
    sample_entry: bytes
    width: int = 0
    height: int = 0
    priming_ticks: int | None = None

    @property
    def is_video(self) -> bool:
        return self.width > 0


@dataclass(frozen=True)
class Run:
    """The samples of one fragment, in decode order; `composition_ticks` and `is_sync` are None for audio."""

    decode_ticks: int
    sample_ticks: int
    size: Int64s
    composition_ticks: Int64s | None = None
    is_sync: Bools | None = None


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """One segment as the index refers to it."""

    size: int
    duration_ticks: int


def header(track: Header) -> bytes:
    """The CMAF header: ftyp and moov, without samples."""
    brands = box(b"ftyp", b"iso6", struct.pack(">I", 0), b"iso6", b"cmfc")
    extends = box(
        b"mvex",
        full_box(b"mehd", 1, 0, struct.pack(">Q", track.duration_ticks)),
        full_box(b"trex", 0, 0, struct.pack(">5I", TRACK_ID, 1, 0, 0, 0)),  # each fragment says its own
    )
    return brands + box(b"moov", _movie_header(track.timescale), _track(track), extends)


def light(hdr: Hdr) -> list[bytes]:
    """The mdcv (12.1.7) and clli (12.1.6) boxes of a sample entry, where the master says that much."""
    boxes = []
    if (display := hdr.mastering) is not None:
        red, green, blue = display.primaries
        boxes.append(box(b"mdcv", struct.pack(">8H2I", *green, *blue, *red, *display.white, *display.luminance)))
    if (content := hdr.content_light) is not None:
        boxes.append(box(b"clli", struct.pack(">2H", content.most, content.average)))
    return boxes


def segment_index(timescale: int, references: Sequence[Reference]) -> bytes:
    """The sidx box (8.16.3), version 1, of a track that is presented from 0; the first segment follows it at once."""
    _check("number of segments", len(references), REFERENCES_MAX)
    _check("timescale", timescale, _UINT32_MAX)
    _check("largest segment in bytes", max((ref.size for ref in references), default=0), REFERENCED_BYTES_MAX)
    _check("longest segment in ticks", max((ref.duration_ticks for ref in references), default=0), _UINT32_MAX)
    rows = b"".join(struct.pack(">III", ref.size, ref.duration_ticks, _SAP_TYPE_1) for ref in references)
    return full_box(b"sidx", 1, 0, struct.pack(">IIQQHH", TRACK_ID, timescale, 0, 0, 0, len(references)), rows)


def fragment_head(sequence: int, run: Run) -> bytes:
    """A moof box and the header of the mdat that follows it; the samples' bytes complete the segment."""
    data_bytes = int(run.size.sum())
    _check("largest fragment in bytes", data_bytes + 8, REFERENCED_BYTES_MAX)
    length = len(_movie_fragment(sequence, run, data_offset=0))
    return _movie_fragment(sequence, run, data_offset=length + 8) + struct.pack(">I4s", data_bytes + 8, b"mdat")


def _check(what: str, value: int, limit: int) -> None:
    if value > limit:
        raise TooLong(what, value, limit)


def _movie_header(timescale: int) -> bytes:
    # Durations in the header are 0: all samples are in fragments.
    head = struct.pack(">IIIIIHH8x", 0, 0, timescale, 0, 1 << 16, 1 << 8, 0)
    return full_box(b"mvhd", 0, 0, head, _MATRIX, bytes(24), struct.pack(">I", TRACK_ID + 1))


def _track(track: Header) -> bytes:
    volume = 0 if track.is_video else 1 << 8
    head = struct.pack(">IIIII8xHHHH", 0, 0, TRACK_ID, 0, 0, 0, 0, volume, 0)
    size = struct.pack(">II", track.width << 16, track.height << 16)
    enabled_in_movie = 3
    return box(
        b"trak",
        full_box(b"tkhd", 0, enabled_in_movie, head, _MATRIX, size),
        b"" if track.priming_ticks is None else _edit(track.priming_ticks),
        box(
            b"mdia",
            full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, track.timescale, 0, _UNDETERMINED, 0)),
            full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, b"vide" if track.is_video else b"soun"), b"\0"),
            _media_information(track),
        ),
    )


def _edit(priming_ticks: int) -> bytes:
    # Duration 0: the edit also covers what the fragments bring, 8.6.6.1.
    return box(b"edts", full_box(b"elst", 0, 0, struct.pack(">IIiHH", 1, 0, priming_ticks, 1, 0)))


def _media_information(track: Header) -> bytes:
    kind = full_box(b"vmhd", 0, 1, bytes(8)) if track.is_video else full_box(b"smhd", 0, 0, bytes(4))
    here = full_box(b"url ", 0, 1)  # the data is in this file
    return box(
        b"minf",
        kind,
        box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), here)),
        box(
            b"stbl",
            full_box(b"stsd", 0, 0, struct.pack(">I", 1), track.sample_entry),
            full_box(b"stts", 0, 0, bytes(4)),
            full_box(b"stsc", 0, 0, bytes(4)),
            full_box(b"stsz", 0, 0, bytes(8)),
            full_box(b"stco", 0, 0, bytes(4)),
            b"" if track.is_video else _roll_description(),
        ),
    )


def _roll_description() -> bytes:
    """Says that an AAC frame needs the one before it (roll distance -1, 10.1): what the edit list skips is priming."""
    return full_box(b"sgpd", 1, 0, struct.pack(">4sIIh", b"roll", 2, 1, -1))


def _movie_fragment(sequence: int, run: Run, *, data_offset: int) -> bytes:
    return box(
        b"moof",
        full_box(b"mfhd", 0, 0, struct.pack(">I", sequence)),
        box(
            b"traf",
            _fragment_header(run),
            full_box(b"tfdt", 1, 0, struct.pack(">Q", run.decode_ticks)),
            _track_run(run, data_offset),
            b"" if run.is_sync is not None else _roll_group(len(run.size)),
        ),
    )


def _fragment_header(run: Run) -> bytes:
    default_base_is_moof, has_duration, has_flags = 0x02_0000, 0x08, 0x20
    values = struct.pack(">III", TRACK_ID, run.sample_ticks, _FLAGS_SYNC)
    return full_box(b"tfhd", 0, default_base_is_moof | has_duration | has_flags, values)


def _track_run(run: Run, data_offset: int) -> bytes:
    has_data_offset, has_size, has_flags, has_composition = 0x1, 0x200, 0x400, 0x800
    flags, columns = has_data_offset | has_size, [run.size.astype(">u4")]
    if run.is_sync is not None:
        flags |= has_flags
        columns.append(np.where(run.is_sync, _FLAGS_SYNC, _FLAGS_NOT_SYNC).astype(">u4"))
    if run.composition_ticks is not None:
        flags |= has_composition
        columns.append(run.composition_ticks.astype(">i4").view(">u4"))
    rows = np.column_stack(columns).astype(">u4").tobytes()
    return full_box(b"trun", 1, flags, struct.pack(">Ii", len(run.size), data_offset), rows)


def _roll_group(samples: int) -> bytes:
    return full_box(b"sbgp", 0, 0, struct.pack(">4sIII", b"roll", 1, samples, 1))
