"""What coded media says of itself, read from its configuration and not from what was declared of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from matinee.encoding.formats.codec import BadConfiguration

_AVC_SPS, _AVC_IDR = 7, 5  # ISO/IEC 14496-10 table 7-1
_HEVC_SPS, _HEVC_IDR = 33, (19, 20)  # ISO/IEC 23008-2 table 7-1
_AV1_SEQUENCE, _AV1_FRAMES = 1, (3, 6)  # AV1 6.2.2: OBU_SEQUENCE_HEADER, OBU_FRAME_HEADER, OBU_FRAME


class Bits:
    """Reads numbers of a few bits, the highest bit first."""

    def __init__(self, data: bytes) -> None:
        self.value, self.left = int.from_bytes(data, "big"), len(data) * 8

    def take(self, count: int) -> int:
        """The next `count` bits. Raises ValueError where there are none left."""
        if count > self.left:
            raise ValueError("it ends within a field")
        self.left -= count
        return self.value >> self.left & ((1 << count) - 1)


def codec_in(entry: bytes, configuration: bytes) -> str:
    """The RFC 6381 string of what a sample entry's configuration holds. Raises BadConfiguration."""
    try:
        match entry:
            case b"avc1":
                return _avc(next(_avc_sets(configuration)))
            case b"hvc1":
                return _hevc(next(unit for unit in _hevc_sets(configuration) if unit[0] >> 1 & 0x3F == _HEVC_SPS))
            case b"av01":
                return _av1(next(body for kind, body in _obus(configuration[4:]) if kind == _AV1_SEQUENCE))
            case b"mp4a":
                return _aac(configuration[4:])
            case b"ec-3":
                return _eac3(configuration)
            case _:
                raise BadConfiguration(f"no codec that is known ({entry!r})", configuration)
    except (StopIteration, IndexError, KeyError, ValueError) as error:
        raise BadConfiguration("no parameter sets that can be read", configuration) from error


def is_random_access(entry: bytes, configuration: bytes, sample: bytes) -> bool:
    """Whether a decoder can begin with this sample, and nothing after it needs what was before: an IDR picture, an AV1
    key frame. A clean random access picture of HEVC may be followed by pictures that are lost."""
    if entry == b"avc1":
        return any(unit[0] & 0x1F == _AVC_IDR for unit in _units(sample, (configuration[4] & 3) + 1))
    if entry == b"hvc1":
        return any(unit[0] >> 1 & 0x3F in _HEVC_IDR for unit in _units(sample, (configuration[21] & 3) + 1))
    frames = [body for kind, body in _obus(sample) if kind in _AV1_FRAMES]
    return bool(frames) and frames[0][0] >> 5 == 0  # show_existing_frame 0, frame_type KEY_FRAME


def _units(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """The NAL units of a sample, each behind its length."""
    at = 0
    while at + length_bytes < len(data):
        size = int.from_bytes(data[at : at + length_bytes], "big")
        yield data[at + length_bytes : at + length_bytes + size]
        at += length_bytes + size


def _avc_sets(configuration: bytes) -> Iterator[bytes]:
    """The sequence parameter sets of an avcC (ISO/IEC 14496-15 5.3.3.1)."""
    at = 6
    for _ in range(configuration[5] & 0x1F):
        size = int.from_bytes(configuration[at : at + 2], "big")
        yield configuration[at + 2 : at + 2 + size]
        at += 2 + size


def _avc(unit: bytes) -> str:
    if unit[0] & 0x1F != _AVC_SPS:
        raise ValueError("it is no sequence parameter set")
    return f"avc1.{unit[1:4].hex()}"


def _hevc_sets(configuration: bytes) -> Iterator[bytes]:
    """The parameter sets of an hvcC (ISO/IEC 14496-15 8.3.3.1)."""
    at = 23
    for _ in range(configuration[22]):
        count, at = int.from_bytes(configuration[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            size = int.from_bytes(configuration[at : at + 2], "big")
            yield configuration[at + 2 : at + 2 + size]
            at += 2 + size


def _hevc(unit: bytes) -> str:
    """ISO/IEC 14496-15 annex E.3 of the profile_tier_level that begins after a byte of the SPS."""
    bits = Bits(unit[2:].replace(b"\0\0\3", b"\0\0")[1:13])
    space, tier, profile = bits.take(2), bits.take(1), bits.take(5)
    compatible = int(f"{bits.take(32):032b}"[::-1], 2)
    constraints = bits.take(48).to_bytes(6, "big").rstrip(b"\0")
    level = bits.take(8)
    parts = [f"{' ABC'[space].strip()}{profile}", f"{compatible:X}", f"{'LH'[tier]}{level}"]
    return ".".join(["hvc1", *parts, *(f"{byte:X}" for byte in constraints)])


def _obus(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and payload of each OBU (AV1 5.3); those of files have sizes."""
    at = 0
    while at < len(data):
        head, at = data[at], at + 1 + (data[at] >> 2 & 1)
        size = shift = 0
        while True:
            byte, at = data[at], at + 1
            size, shift = size | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                break
        yield head >> 3 & 0xF, data[at : at + size]
        at += size


def _av1(header: bytes) -> str:
    """`av01.P.LLT.DD` of a sequence header (AV1 5.5.1; AV1 in ISO base media 5), as encoders of films write it."""
    bits = Bits(header)
    profile, _, is_reduced = bits.take(3), bits.take(1), bits.take(1)
    if is_reduced or bits.take(1):  # timing_info_present_flag
        raise ValueError("a sequence header that films have not")
    has_delay = bits.take(1)  # initial_display_delay_present_flag
    points = bits.take(5) + 1
    level = tier = 0
    for point in range(points):
        bits.take(12)
        found = bits.take(5)
        high = bits.take(1) if found > 7 else 0
        level, tier = (found, high) if point == 0 else (level, tier)
        if has_delay and bits.take(1):
            bits.take(4)
    return f"av01.{profile}.{level:02}{'MH'[tier]}.{_av1_depth(bits, profile):02}"


def _av1_depth(bits: Bits, profile: int) -> int:
    """Bits a sample: the fields between the operating points and color_config are skipped."""
    across, down = bits.take(4) + 1, bits.take(4) + 1
    bits.take(across + down)
    if bits.take(1):  # frame_id_numbers_present_flag
        bits.take(7)
    bits.take(3)  # 128x128 superblocks, filter_intra, intra_edge
    bits.take(4)  # interintra, masked compound, warped motion, dual filter
    if bits.take(1):  # enable_order_hint
        bits.take(2)
        has_order = True
    else:
        has_order = False
    force_screen = 2 if bits.take(1) else bits.take(1)
    if force_screen and not bits.take(1):
        bits.take(1)
    if has_order:
        bits.take(3)
    bits.take(3)  # superres, cdef, restoration
    is_high = bits.take(1)
    return 12 if profile == 2 and is_high and bits.take(1) else 10 if is_high else 8


def _aac(descriptors: bytes) -> str:
    """`mp4a.40.` and the audio object type (RFC 6381 3.3) of the descriptors in an esds (ISO/IEC 14496-1 7.2.6)."""
    at, heads = 0, {3: 3, 4: 13}  # ES_Descriptor and DecoderConfigDescriptor: the fields before the one within
    while True:
        tag, at = descriptors[at], at + 1
        while descriptors[at] & 0x80:  # the bytes of a length, but the last
            at += 1
        at += 1
        if tag == 5:  # DecoderSpecificInfo: ISO/IEC 14496-3 1.6.2.1
            bits = Bits(descriptors[at : at + 2])
            kind = bits.take(5)
            return f"mp4a.40.{kind if kind < 31 else 32 + bits.take(6)}"
        if tag == 4 and descriptors[at] != 0x40:
            raise ValueError("it is no MPEG-4 audio")
        at += heads[tag]


def _eac3(configuration: bytes) -> str:
    """`ec-3` where the bit stream is of version 16 (ETSI TS 102 366 E.1.3.1.6 and F.6)."""
    bits = Bits(configuration)
    bits.take(16 + 2)
    if bits.take(5) != 16:
        raise ValueError("it is no E-AC-3")
    return "ec-3"
