"""Codec strings read from parameter sets, by another reader than the packager's: both must say the same."""

from __future__ import annotations

import pytest

from matinee.encoding.formats import codec
from matinee.encoding.formats.bitstream import codec_in

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
