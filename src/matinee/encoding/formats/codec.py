"""What a sample entry says of the coded media: RFC 6381 codec strings, picture size, channels. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from matinee.base.errors import Invalid

_ES, _DECODER, _SPECIFIC = 0x03, 0x04, 0x05  # descriptor tags, ISO/IEC 14496-1 7.2.2.1
_MPEG4_AUDIO = 0x40
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8}  # ISO/IEC 14496-3 table 1.19
_LENGTH_BYTES_MAX = 4
_EAC3_RATES = (48000, 44100, 32000)  # fscod, ETSI TS 102 366 4.4.1.3
_EAC3_CHANNELS = (2, 1, 2, 3, 3, 4, 4, 5)  # acmod, ETSI TS 102 366 4.4.2.3, without the channel of effects


class BadConfiguration(Invalid):
    """A codec configuration that does not say what a player must know."""

    code = "bad_codec_configuration"

    def __init__(self, what: str, configuration: bytes) -> None:
        super().__init__(f"{what} in the codec configuration {configuration.hex()}; encode it again")
        self.what, self.configuration = what, configuration


class AacConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What an AudioSpecificConfig says (ISO/IEC 14496-3 1.6.2.1)."""

    object_type: int
    sample_rate: int
    channels: int


class Eac3Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What an EC3SpecificBox says (ETSI TS 102 366 F.6) of one stream that stands alone."""

    sample_rate: int
    channels: int


def avc_codec(configuration: bytes) -> str:
    """`avc1.PPCCLL` of an avcC payload: profile, constraints, level (RFC 6381 3.3)."""
    if len(configuration) < 7 or configuration[0] != 1:
        raise BadConfiguration("no AVCDecoderConfigurationRecord", configuration)
    return f"avc1.{configuration[1:4].hex()}"


def hevc_codec(configuration: bytes) -> str:
    """`hvc1.` and profile, compatibility, tier, level, constraints of an hvcC payload (ISO/IEC 14496-15 E.3)."""
    if len(configuration) < 23 or configuration[0] != 1:
        raise BadConfiguration("no HEVCDecoderConfigurationRecord", configuration)
    space = ("", "A", "B", "C")[configuration[1] >> 6]
    tier = "H" if configuration[1] & 0x20 else "L"
    compatible = int(f"{int.from_bytes(configuration[2:6], 'big'):032b}"[::-1], 2)
    constraints = configuration[6:12].rstrip(b"\0")
    parts = [f"{space}{configuration[1] & 0x1F}", f"{compatible:X}", f"{tier}{configuration[12]}"]
    return ".".join(["hvc1", *parts, *(f"{byte:X}" for byte in constraints)])


def av1_codec(configuration: bytes) -> str:
    """`av01.P.LLT.DD` of an av1C payload: profile, level and tier, bit depth (AV1 in ISOBMFF 1.3.0, 5)."""
    if len(configuration) < 4 or configuration[0] != 0x81:
        raise BadConfiguration("no AV1CodecConfigurationRecord", configuration)
    profile, level, flags = configuration[1] >> 5, configuration[1] & 0x1F, configuration[2]
    depth = 8 if not flags & 0x40 else 12 if flags & 0x20 else 10
    return f"av01.{profile}.{level:02}{'H' if flags & 0x80 else 'M'}.{depth:02}"


def length_bytes(entry: bytes, configuration: bytes) -> int:
    """How many bytes say the length of each NAL unit in a sample of H.264 or HEVC: 1, 2 or 4."""
    video_codec(entry, configuration)
    return (configuration[4 if entry == b"avc1" else 21] & 3) + 1


AV1_HEAD_BYTES = 256
"""Enough of a key frame to hold its sequence header, its metadata and the start of its frame header."""


def av1_units(head: bytes) -> Iterator[tuple[int, bytes]]:
    """The open bitstream units that begin in `head`: their type, and of their content what is there (AV1 5.3)."""
    at = 0
    while at < len(head):
        kind, has_extension, has_size = head[at] >> 3 & 0x0F, head[at] & 4, head[at] & 2
        at += 2 if has_extension else 1
        size = len(head) - at
        if has_size:
            size, at = _leb128(head, at)
        yield kind, head[at : at + size]
        at += size


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number in 7 bits a byte, the lowest first, and where it ends (AV1 4.10.5)."""
    value = 0
    for count, byte in enumerate(data[at : at + 8]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, at + count + 1
    raise BadConfiguration("a unit whose size is cut off", data)


_VIDEO = {b"avc1": avc_codec, b"hvc1": hevc_codec, b"av01": av1_codec}
VIDEO_ENTRIES = frozenset(_VIDEO)
"""The sample entries of video that are packaged."""


def video_codec(entry: bytes, configuration: bytes) -> str:
    """The codec string of a video sample entry from its configuration box."""
    return _VIDEO[entry](configuration)


def picture_size(fields: bytes) -> tuple[int, int]:
    """Width and height of a VisualSampleEntry (12.1.3), in pixels."""
    width, height = struct.unpack_from(">HH", fields, 24)
    return width, height


def aac_codec(configuration: bytes) -> str:
    """`mp4a.40.N` of an esds payload (RFC 6381 3.3)."""
    return f"mp4a.40.{aac_configuration(configuration).object_type}"


def aac_configuration(configuration: bytes) -> AacConfiguration:
    """What the AudioSpecificConfig inside an esds payload says."""
    body = _descriptor(configuration, configuration[4:], _ES)
    if len(body) < 3 or body[2] & 0xE0:
        raise BadConfiguration("an elementary stream that depends on another", configuration)
    decoder = _descriptor(configuration, body[3:], _DECODER)
    if len(decoder) < 13 or decoder[0] != _MPEG4_AUDIO:
        raise BadConfiguration("no MPEG-4 audio", configuration)
    specific = _descriptor(configuration, decoder[13:], _SPECIFIC)
    return _audio_specific(configuration, int.from_bytes(specific[:8].ljust(8, b"\0"), "big"))


def eac3_codec(configuration: bytes) -> str:
    """`ec-3` of a dec3 payload (ETSI TS 102 366 F.6.2)."""
    eac3_configuration(configuration)
    return "ec-3"


def eac3_configuration(configuration: bytes) -> Eac3Configuration:
    """What a dec3 payload says: data_rate:13 num_ind_sub:3 | fscod:2 bsid:5 :1 | asvc:1 bsmod:3 acmod:3 lfeon:1 | :3
    num_dep_sub:4 :1. Substreams that depend on it (more channels) are not made here."""
    if len(configuration) < 5:
        raise BadConfiguration("no EC3SpecificBox", configuration)
    rate, layout, more = configuration[2] >> 6, configuration[3], configuration[4]
    if configuration[1] & 7 or more >> 1 & 15 or rate >= len(_EAC3_RATES):
        raise BadConfiguration("more than one substream, or a reduced sample rate,", configuration)
    return Eac3Configuration(sample_rate=_EAC3_RATES[rate], channels=_EAC3_CHANNELS[layout >> 1 & 7] + (layout & 1))


def _descriptor(configuration: bytes, data: bytes, tag: int) -> bytes:
    """The content of the descriptor that begins `data`; its length is 7 bits a byte (ISO/IEC 14496-1 8.3.3)."""
    if not data or data[0] != tag:
        raise BadConfiguration(f"no descriptor {tag}", configuration)
    length = 0
    for at, byte in enumerate(data[1 : 1 + _LENGTH_BYTES_MAX], start=2):
        length = length << 7 | byte & 0x7F
        if byte < 0x80 and at + length <= len(data):
            return data[at : at + length]
    raise BadConfiguration(f"a descriptor {tag} that is cut off", configuration)


def _audio_specific(configuration: bytes, bits: int) -> AacConfiguration:
    """Reads the first fields of an AudioSpecificConfig from its first 64 bits."""
    at = 0

    def take(count: int) -> int:
        nonlocal at
        at += count
        return bits >> (64 - at) & ((1 << count) - 1)

    object_type = take(5)
    if object_type == 31:
        object_type = 32 + take(6)
    index = take(4)
    rate = take(24) if index == 15 else _RATES[index] if index < len(_RATES) else 0
    channels = _CHANNELS.get(take(4), 0)
    if not rate or not channels:
        raise BadConfiguration("no usable sample rate or channel layout", configuration)
    return AacConfiguration(object_type=object_type, sample_rate=rate, channels=channels)
