"""Codec strings and facts from real configurations, and refusals of broken ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.encoding.formats import codec

AVCC = bytes.fromhex(
    "01640028ffe1001967640028acd940a02ff9701100000303e90000bb808f18319601000468efbcb0fdf8f800"
)  # High, level 4.0
ESDS = bytes.fromhex(
    "00000000038080802500010004808080174015000000000177c8000177c80580808005119056e500068080800102"
)  # AAC-LC, 48 kHz, stereo


def test_avc_codec_names_profile_and_level() -> None:
    assert codec.avc_codec(AVCC) == "avc1.640028"
    assert codec.length_bytes(b"avc1", AVCC) == 4


def test_aac_facts_are_read_from_the_audio_specific_config() -> None:
    assert codec.aac_codec(ESDS) == "mp4a.40.2"
    assert codec.aac_configuration(ESDS) == codec.AacConfiguration(object_type=2, sample_rate=48000, channels=2)


@pytest.mark.parametrize(
    ("config", "channels", "rate"),
    [("1190", 2, 48000), ("11b0", 6, 48000), ("1208", 1, 44100), ("11b8", 8, 48000), ("1780562888", 1, 44113)],
)
def test_channels_and_rates_of_other_configurations(config: str, channels: int, rate: int) -> None:
    specific = bytes.fromhex(config)
    decoder = bytes([4, 15 + len(specific)]) + bytes([0x40]) + bytes(12) + bytes([5, len(specific)]) + specific
    found = codec.aac_configuration(bytes(4) + bytes([3, 3 + len(decoder)]) + bytes(3) + decoder)
    assert (found.channels, found.sample_rate) == (channels, rate)


@given(st.integers(0, 6))
def test_a_cut_avc_configuration_is_refused(length: int) -> None:
    with pytest.raises(codec.BadConfiguration):
        codec.avc_codec(AVCC[:length])


@given(st.binary(max_size=60))
def test_any_bytes_are_a_configuration_or_a_refusal(data: bytes) -> None:
    for read in (codec.aac_configuration, codec.avc_codec):
        try:
            read(data)
        except codec.BadConfiguration as refused:
            assert refused.configuration == data


@pytest.mark.parametrize(
    ("configuration", "channels", "rate"),
    [("0c00200f00", 6, 48000), ("06002004" + "00", 2, 48000), ("0300600200", 1, 44100)],
)
def test_e_ac_3_facts_are_read_from_its_box(configuration: str, channels: int, rate: int) -> None:
    found = codec.eac3_configuration(bytes.fromhex(configuration))
    assert (found.channels, found.sample_rate) == (channels, rate)
    assert codec.eac3_codec(bytes.fromhex(configuration)) == "ec-3"


@pytest.mark.parametrize("configuration", ["", "0c00200f", "0c01200f00", "0c00200f02", "0c00e00f00"])
def test_e_ac_3_that_is_cut_off_or_of_several_streams_is_refused(configuration: str) -> None:
    with pytest.raises(codec.BadConfiguration):
        codec.eac3_configuration(bytes.fromhex(configuration))
