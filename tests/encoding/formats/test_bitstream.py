"""Codec strings read from parameter sets, by another reader than the packager's: both must say the same."""

from __future__ import annotations

import pytest

from matinee.encoding.formats import codec
from matinee.encoding.formats.bitstream import codec_in, is_random_access

CONFIGURATIONS = {
    "av01.0.00M.10": (b"av01", "81004c000a0b0200000521e7f66017c202"),  # with an initial display delay
    "av01.0.01M.10": (b"av01", "81014c000a0c0200000d6627fb3805f08080"),
}
"""Of real encodes by SVT-AV1, a fast preset and a slower one."""


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_both_readers_say_what_the_encoder_wrote(name: str) -> None:
    entry, configuration = CONFIGURATIONS[name]
    assert codec_in(entry, bytes.fromhex(configuration)) == name
    assert codec.video_codec(entry, bytes.fromhex(configuration)) == name


@pytest.mark.parametrize("length", range(5, 12))
def test_what_is_cut_off_is_refused(length: int) -> None:
    with pytest.raises(codec.BadConfiguration):
        codec_in(b"av01", bytes.fromhex("81014c000a0c0200000d6627fb3805f08080")[:length])


_DECODER = "4015" + "00" * 11
SOUND = {
    "mp4a.40.2": (b"mp4a", f"00000000038080802200010004808080 14{_DECODER}0580808002119006 8080800102"),
    "mp4a.40.5": (b"mp4a", f"00000000031900010004 11{_DECODER}05022b88060102"),
    "mp4a.40.42": (b"mp4a", f"00000000031900010004 11{_DECODER}0502f940060102"),
    "ec-3": (b"ec-3", "0c00200f00"),
}
"""An esds with lengths of four bytes and of one, and a dec3 of 5.1 at 384 kb/s."""


@pytest.mark.parametrize("name", SOUND)
def test_sound_says_what_it_is(name: str) -> None:
    entry, configuration = SOUND[name]
    assert codec_in(entry, bytes.fromhex(configuration)) == name


@pytest.mark.parametrize(
    ("entry", "configuration"),
    [(b"mp4a", "00000000031900010004114015"), (b"mp4a", "000000000319000100041169" + "00" * 20),
     (b"mp4a", "00000000ff"), (b"ec-3", "0c00100f00"), (b"ec-3", "0c"), (b"opus", "00")],
)  # fmt: skip
def test_sound_that_is_cut_off_or_something_else_is_refused(entry: bytes, configuration: str) -> None:
    with pytest.raises(codec.BadConfiguration):
        codec_in(entry, bytes.fromhex(configuration))


@pytest.mark.parametrize(("kind", "can_begin"), [(19, True), (20, True), (21, False), (16, False), (1, False)])
def test_a_segment_of_hevc_begins_with_a_picture_after_which_nothing_is_lost(kind: int, can_begin: bool) -> None:
    sample = b"".join(len(unit).to_bytes(4, "big") + unit for unit in (b"\x46\x01", bytes([kind << 1, 1, 0x80])))
    assert is_random_access(b"hvc1", bytes(21) + b"\3", sample) is can_begin
