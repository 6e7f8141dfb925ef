"""What the store holds, by codec and rung: every byte is counted once."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.playback.asset_sample import ASSET, BARE, rung

from matinee.base.units import Seconds
from matinee.encoding.storage import Storage, codec_name, storage_of

NOW = Seconds(9.0)
replace = msgspec.structs.replace


def total(storage: Storage) -> int:
    parts = (
        storage.superseded_bytes, storage.unpublished_bytes, storage.masters_bytes, storage.intermediates_bytes,
        storage.pictures_bytes, storage.other_bytes,
    )  # fmt: skip
    return sum(parts) + sum(share.size_bytes for share in storage.shares)


def test_renditions_are_told_by_codec_and_rung_the_largest_first() -> None:
    hevc = replace(rung("h720", "720p", 720, 9), codecs="hvc1.2.4.L93.B0")
    asset = replace(ASSET, video=(*ASSET.video, hevc))
    sizes = {
        "renditions/v360/media.mp4": 100,
        "renditions/v360/index.json": 1,
        "renditions/v720/media.mp4": 500,
        "renditions/h720/media.mp4": 300,
        "renditions/a-en/media.mp4": 20,
        "renditions/a-fr/media.mp4": 30,
        "renditions/s-en/media.vtt": 2,
    }
    storage = storage_of(sizes, [asset, BARE], NOW)
    told = [(share.track, share.codec, share.rung, share.renditions, share.size_bytes) for share in storage.shares]
    assert told == [
        ("video", "H.264", "720p", 1, 500),
        ("video", "HEVC", "720p", 1, 300),
        ("video", "H.264", "360p", 1, 101),
        ("audio", "AAC", "", 4, 50),
        ("subtitles", "WebVTT", "", 4, 2),
    ]
    assert storage.titles == 2


def test_masters_intermediates_and_what_nobody_is_shown_stand_apart() -> None:
    old = replace(BARE, number=1, video=(rung("old", "360p", 360, 9),))
    new = replace(BARE, number=2, video=(rung("new", "360p", 360, 9),))
    sizes = {
        "masters/s1": 1_000,
        "masters/s2": 2_000,
        "work/s1/r/00000.mp4": 70,
        "images/a.webp": 5,
        "analyses/s1/x": 3,
        "renditions/old/media.mp4": 40,
        "renditions/new/media.mp4": 50,
        "renditions/making/media.mp4": 60,
    }
    storage = storage_of(sizes, [new, old], NOW)
    assert (storage.masters, storage.masters_bytes, storage.intermediates_bytes) == (2, 3_000, 70)
    assert (storage.superseded_bytes, storage.unpublished_bytes) == (40, 60)
    assert (storage.pictures_bytes, storage.other_bytes) == (5, 3)
    assert [share.size_bytes for share in storage.shares] == [50]


def test_a_codec_is_called_what_people_call_it() -> None:
    names = [
        codec_name(codecs)
        for codecs in ("avc1.64001f", "av01.0.08M.08", "hvc1.1.6.L93", "mp4a.40.2", "ec-3", "dvh1.05")
    ]
    assert names == ["H.264", "AV1", "HEVC", "AAC", "E-AC-3", "dvh1"]


KEYS = st.from_regex(r"(masters|work|images|renditions|analyses|else)/(v360|v720|x)(/media.mp4)?", fullmatch=True)


@given(st.dictionaries(KEYS, st.integers(0, 10**12)))
def test_every_byte_is_counted_once(sizes: dict[str, int]) -> None:
    assert total(storage_of(sizes, [ASSET, BARE], NOW)) == sum(sizes.values())
