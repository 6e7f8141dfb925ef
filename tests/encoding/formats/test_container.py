"""What a file is, by its first bytes: films are recognised, lists of other files are refused with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.encoding.formats.container import DEMUXERS, HEAD_BYTES, FileEmpty, NotAFilm, demuxer_of

PLAIN_TS = (b"\x47" + b"\x00" * 187) * 10
BLU_RAY_TS = (b"\x00" * 4 + b"\x47" + b"\x00" * 187) * 10
MXF_KEY = bytes.fromhex("060e2b34020501010d01020101020400")

FILMS = [
    ("mov", b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00"),
    ("mov", b"\x00\x00\x00\x08wide\x00\x00\x00\x08mdat"),
    ("mov", b"\x00\x00\x40\x00moov\x00\x00\x00\x6cmvhd"),
    ("mov", b"\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x10\x00"),  # a box of 64-bit size
    ("mov", b"\x00\x00\x00\x08free\x00\x00\x00\x08skip"),
    ("matroska", b"\x1a\x45\xdf\xa3\x01\x00\x00\x00"),
    ("mpegts", PLAIN_TS),
    ("mpegts", BLU_RAY_TS),
    ("mpeg", b"\x00\x00\x01\xba\x44\x00\x04\x00"),
    ("avi", b"RIFF\x00\x10\x00\x00AVI LIST"),
    ("mxf", MXF_KEY),
    ("mxf", b"\x00" * 64 + MXF_KEY),  # a run-in (SMPTE ST 377-1 6.5)
    ("ogg", b"OggS\x00\x02"),
    ("h264", b"\x00\x00\x00\x01\x67\x64\x00\x1f\x00\x00\x00\x01\x68\xeb"),
    ("h264", b"\x00\x00\x00\x01\x09\x10\x00\x00\x00\x01\x67\x64"),  # an access unit delimiter first
    ("h264", b"\x00\x00\x00\x01\x06\x05\x01\x00\x80\x00\x00\x01\x67\x64"),  # x264 tells its settings first
    ("hevc", b"\x00\x00\x00\x01\x40\x01\x0c\x01\x00\x00\x00\x01\x42\x01"),
    ("hevc", b"\x00\x00\x01\x46\x01\x50\x00\x00\x01\x40\x01"),
]


@pytest.mark.parametrize(("demuxer", "head"), FILMS)
def test_a_film_is_recognised_by_its_first_bytes(demuxer: str, head: bytes) -> None:
    assert demuxer_of(head + b"\x80" * (HEAD_BYTES - len(head))) == demuxer


def test_every_demuxer_that_is_accepted_has_a_signature() -> None:
    assert {demuxer for demuxer, _ in FILMS} == set(DEMUXERS)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "HLS playlist"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "concat script"),
        (b"file '/etc/passwd'\n", "a text file"),
        (b"This is not a film.\n", "a text file"),
        (b"PK\x03\x04\x14\x00\x00\x00", "ZIP archive"),
        (b"FLV\x01\x05\x00\x00\x00\x09", "Flash video"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "RIFF file without video"),
        (b"\x89PNG\r\n\x1a\n", "PNG picture"),
        (b"\xff\xd8\xff\xe0", "JPEG picture"),
        (b"%PDF-1.7", "PDF document"),
        (b'<?xml version="1.0"?><MPD/>', "XML document"),
        (b"ID3\x04\x00", "MP3"),
        (b"\x00" * 64, "data of an unknown kind"),
        (b"\x47" + b"\x00" * 187, "data of an unknown kind"),  # one packet is no transport stream
    ],
)
def test_what_is_no_film_is_refused_with_what_it_is_instead(head: bytes, said: str) -> None:
    with pytest.raises(NotAFilm) as refused:
        demuxer_of(head)
    assert said in refused.value.message
    assert "Matroska" in refused.value.remedy, "the remedy says what is accepted"


def test_an_empty_file_is_refused_as_one() -> None:
    with pytest.raises(FileEmpty, match="0 bytes"):
        demuxer_of(b"")


@pytest.mark.parametrize("text", [b"#EXTM3U\n", b"ffconcat version 1.0\n", b"file '/etc/shadow'\n"])
@given(rest=st.binary(max_size=HEAD_BYTES))
def test_a_list_of_files_is_never_opened_as_one(text: bytes, rest: bytes) -> None:
    # MXF alone may begin after a run-in; opened as MXF, it is no list.
    try:
        assert demuxer_of(text + rest) == "mxf"
    except NotAFilm as refused:
        assert refused.message


@given(head=st.binary(max_size=HEAD_BYTES))
def test_any_bytes_get_a_verdict(head: bytes) -> None:
    try:
        assert demuxer_of(head) in DEMUXERS
    except (FileEmpty, NotAFilm) as refused:
        assert refused.message


@given(data=st.data(), film=st.sampled_from(FILMS))
def test_a_damaged_head_gets_a_verdict(data: st.DataObject, film: tuple[str, bytes]) -> None:
    head = bytearray(film[1])
    for position in data.draw(st.lists(st.integers(0, len(head) - 1), max_size=4)):
        head[position] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(0, len(head)))
    try:
        assert demuxer_of(bytes(head[:length])) in DEMUXERS
    except (FileEmpty, NotAFilm) as refused:
        assert refused.message
