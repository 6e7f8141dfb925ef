"""The reader gives what FFmpeg's own demuxer sees, and refuses files that lie about themselves."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media.generate import Clip, encode_audio, encode_chunk, make_numbered, numbered_luma

from matinee.encoding.formats.mp4 import BadMp4, box, children, full_box, read_track

CLIP = Clip(frames=60)


@pytest.fixture(scope="module")
def chunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mp4") / "chunk.mp4"
    return encode_chunk(path, CLIP, (numbered_luma(CLIP, n) for n in range(CLIP.frames)))


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mp4")
    return encode_audio(folder / "audio.mp4", make_numbered(folder / "source.mov", CLIP))


def test_samples_of_video_are_those_that_ffmpeg_reads(chunk: Path) -> None:
    track = read_track(chunk)
    with av.open(str(chunk)) as container:
        packets = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
    data = chunk.read_bytes()
    shift = track.edits[0].media_time  # FFmpeg has applied the edit list
    samples = track.samples
    assert [data[at : at + size] for at, size in zip(samples.offset, samples.size, strict=True)] == [
        bytes(packet) for packet in packets
    ]
    assert (samples.decode_ticks + samples.composition_ticks - shift).tolist() == [packet.pts for packet in packets]
    assert samples.is_sync.tolist() == [packet.is_keyframe for packet in packets]
    assert (track.timescale, track.entry, len(samples)) == (24000, b"avc1", 60)
    assert set(samples.duration_ticks.tolist()) == {1001}


def test_samples_of_audio_are_those_that_ffmpeg_reads(audio: Path) -> None:
    track = read_track(audio)
    with av.open(str(audio)) as container:
        packets = [packet for packet in container.demux(container.streams.audio[0]) if packet.size]
    assert track.samples.size.tolist() == [packet.size for packet in packets]
    assert (track.samples.decode_ticks - 1024).tolist() == [packet.pts for packet in packets]
    assert track.samples.is_sync.all()
    assert [edit.media_time for edit in track.edits] == [1024]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.9999])
def test_a_file_that_was_cut_short_is_refused(chunk: Path, tmp_path: Path, share: float) -> None:
    data = chunk.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BadMp4) as refused:
        read_track(cut)
    assert refused.value.path == cut
    assert "encode it again" in str(refused.value)


def test_a_sample_that_lies_beyond_the_file_is_refused(chunk: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(_with_box(chunk.read_bytes(), b"stco", lambda body: body[:8] + struct.pack(">I", 0xFFFF_FFF0)))
    with pytest.raises(BadMp4, match="beyond"):
        read_track(broken)


def test_tables_that_disagree_are_refused(chunk: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(_with_box(chunk.read_bytes(), b"stts", lambda body: body[:8] + struct.pack(">II", 59, 1001)))
    with pytest.raises(BadMp4, match="59 entries for 60 samples"):
        read_track(broken)


def test_a_table_longer_than_its_box_is_refused(chunk: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    huge = struct.pack(">I", 0xFFFF_FFFF)
    broken.write_bytes(_with_box(chunk.read_bytes(), b"stsz", lambda body: body[:8] + huge + body[12:]))
    with pytest.raises(BadMp4, match="does not fit"):
        read_track(broken)


@given(at=st.integers(min_value=0), value=st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_no_damaged_byte_of_the_index_makes_anything_but_a_track_or_a_refusal(chunk: Path, at: int, value: int) -> None:
    data = bytearray(chunk.read_bytes())
    start = data.index(b"moov")
    data[start + at % (len(data) - start)] = value
    damaged = chunk.with_name("damaged.mp4")
    damaged.write_bytes(data)
    try:
        track = read_track(damaged)
    except BadMp4:
        return
    samples = track.samples
    assert len(samples) == 0 or int(np.max(samples.offset + samples.size)) <= len(data)


@given(st.lists(st.tuples(st.binary(min_size=4, max_size=4), st.binary(max_size=40)), max_size=8))
def test_what_is_written_as_boxes_is_read_as_boxes(boxes: list[tuple[bytes, bytes]]) -> None:
    data = b"".join(box(kind, payload) for kind, payload in boxes)
    assert [(kind, bytes(payload)) for kind, payload in children(memoryview(data))] == boxes


def test_a_full_box_holds_its_version_and_flags() -> None:
    assert full_box(b"tfdt", 1, 0x20, b"x") == b"\0\0\0\x0dtfdt\x01\0\0\x20x"


def _with_box(data: bytes, kind: bytes, change: object) -> bytes:
    """`data` with the payload of its one box `kind` changed to as many bytes."""
    assert callable(change)
    start = data.index(kind) + 4
    length = struct.unpack_from(">I", data, start - 8)[0] - 8
    payload = change(data[start : start + length])
    assert len(payload) == length
    return data[:start] + bytes(payload) + data[start + length :]
