"""What a file is, told from its first bytes alone, and what Matinee accepts.

FFmpeg never guesses: it is given the demuxer that these bytes name, so that a playlist or a concat script called
`film.mp4` is refused here and never followed (the holes are CVE-2017-9993 and its kin).
"""

from __future__ import annotations

from matinee.base.errors import Invalid

HEAD_BYTES = 2_048
"""How much of a file `demuxer_of` wants to see; MPEG-TS needs ten packets of 188 or 192 bytes."""

DEMUXERS = {
    "mov": "MP4 or QuickTime",
    "matroska": "Matroska or WebM",
    "mpegts": "MPEG transport stream",
    "mpeg": "MPEG program stream",
    "avi": "AVI",
    "mxf": "MXF",
    "ogg": "Ogg",
    "h264": "raw H.264",
    "hevc": "raw HEVC",
}
RAW_STREAMS = frozenset({"h264", "hevc"})
"""Demuxers without timestamps or an index: frames are counted, and a seek decodes from the start."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


VIDEO_DECODERS = _names(
    "h264 hevc mpeg4 mpeg2video mpeg1video vp8 vp9 av1 libdav1d prores dnxhd ffv1 mjpeg theora rawvideo v210 "
    "huffyuv utvideo cfhd jpeg2000 vc1 wmv3 dvvideo"
)
AUDIO_DECODERS = _names(
    "aac ac3 eac3 mp3 mp3float mp2 mp2float mp1 mp1float flac opus libopus vorbis libvorbis alac dca truehd "
    "mlp wavpack pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be pcm_f32le pcm_f32be pcm_f64le "
    "pcm_u8 pcm_bluray pcm_dvd pcm_alaw pcm_mulaw"
)
TEXT_DECODERS = _names("ass ssa subrip srt mov_text webvtt text")
"""Only these decoders are ever opened. MagicYUV (CVE-2026-8461) and some 400 others stay shut."""

TEXT_SUBTITLES = _names("ass ssa subrip mov_text webvtt text")
SUBSTATION = _names("ass ssa")
PICTURE_SUBTITLES = _names("hdmv_pgs_subtitle dvd_subtitle dvb_subtitle xsub")
"""Kinds of subtitle streams, as FFmpeg names the codecs (its decoders have other names: pgssub, dvdsub ...)."""


class NotAFilm(Invalid):
    """The bytes are not those of a film container that is accepted."""

    code = "not_a_film"

    def __init__(self, what: str) -> None:
        super().__init__(f"this is {what}, not a film")
        self.what, self.remedy = what, f"add a film in one of these: {', '.join(DEMUXERS.values())}"


class FileEmpty(Invalid):
    """There are no bytes at all."""

    code = "file_empty"


def demuxer_of(head: bytes) -> str:
    """The FFmpeg demuxer for a file that begins with `head` (HEAD_BYTES of it). Raises FileEmpty and NotAFilm."""
    if not head:
        raise FileEmpty("the file is empty (0 bytes); copy it again from where it came from")
    for demuxer, matches in _SIGNATURES:
        if matches(head):
            return demuxer
    raise NotAFilm(_guess(head))


def _is_iso_media(head: bytes) -> bool:
    # ISO/IEC 14496-12: a box is a 32-bit size and a four-letter type; a film begins with one of these.
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot") and int.from_bytes(head[:4]) != 2
    )


def _is_transport_stream(head: bytes) -> bool:
    # ISO/IEC 13818-1 2.4.3.2: every packet begins with the sync byte 0x47; M2TS puts four bytes before each.
    plain = head[0 : 188 * 5 : 188]
    blu_ray = head[4 : 4 + 192 * 5 : 192]
    return plain == b"\x47" * 5 or blu_ray == b"\x47" * 5


def _nal_types(head: bytes) -> list[int]:
    """First bytes of the NAL units after Annex B start codes (Rec. ITU-T H.264 annex B)."""
    return [part[0] for part in head.split(b"\x00\x00\x01")[1:] if part]


def _starts_annex_b(head: bytes) -> bool:
    return head.startswith((b"\x00\x00\x01", b"\x00\x00\x00\x01"))


def _is_h264(head: bytes) -> bool:
    types = _nal_types(head)
    return _starts_annex_b(head) and bool(types) and types[0] & 0x9F in (6, 7, 9) and any(t & 0x1F == 7 for t in types)


def _is_hevc(head: bytes) -> bool:
    types = _nal_types(head)
    return _starts_annex_b(head) and bool(types) and (types[0] >> 1) & 0x3F in (32, 35)


_SIGNATURES = (
    ("mov", _is_iso_media),
    ("matroska", lambda head: head.startswith(b"\x1a\x45\xdf\xa3")),  # RFC 8794: the EBML header's id
    ("avi", lambda head: head[:4] == b"RIFF" and head[8:12] == b"AVI "),
    ("mxf", lambda head: b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01" in head),  # SMPTE ST 377-1 partition
    ("ogg", lambda head: head.startswith(b"OggS")),
    ("mpegts", _is_transport_stream),
    ("mpeg", lambda head: head.startswith(b"\x00\x00\x01\xba")),
    ("h264", _is_h264),
    ("hevc", _is_hevc),
)


def _guess(head: bytes) -> str:
    """What it is instead, as far as one can tell: it helps the person who picked the wrong file."""
    for start, name in (
        (b"#EXTM3U", "an HLS playlist (a list of other files; add the film itself)"),
        (b"ffconcat", "a concat script (a list of other files; add the film itself)"),
        (b"FLV", "a Flash video (FLV; remux or re-export it as MP4 or Matroska)"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"%PDF", "a PDF document"),
        (b"<?xml", "an XML document"),
        (b"ID3", "an MP3 sound file"),
        (b"RIFF", "a RIFF file without video"),
    ):
        if head.startswith(start):
            return name
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head[:256]):
        return "a text file"
    return "data of an unknown kind"
