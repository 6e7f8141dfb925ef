"""Which renditions a kind of device is offered."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.playback.asset_sample import ASSET, MANY

from matinee.encoding.pertitle.ladder import CODEC_NAMES, Codec
from matinee.playback.device import PROFILES, DeviceKind, offered, profile_of


def keys(kind: DeviceKind, *codecs: Codec) -> list[str]:
    return [rung.key for rung in offered(MANY, profile_of(kind, codecs)).video]


def test_a_browser_is_offered_everything_for_it_is_asked_what_it_decodes() -> None:
    assert keys("web") == [rung.key for rung in MANY.video]


def test_what_has_no_av1_decoder_gets_hevc_and_h264() -> None:
    assert keys("ios") == keys("tv") == ["v360", "v720", "h720", "h2160"]


def test_a_phone_is_not_sent_pictures_larger_than_its_screen() -> None:
    assert keys("phone") == ["v360", "v720", "h720", "x720"]


def test_a_device_that_says_what_it_decodes_is_believed_and_h264_is_always_there() -> None:
    assert keys("tv", "av1") == ["v360", "v720", "x720", "x2160"]


def test_a_smaller_and_dearer_rung_is_for_who_may_not_see_the_larger_one() -> None:
    h360, *others = ASSET.video
    dear = msgspec.structs.replace(h360, key="dear", average_bps=max(one.average_bps for one in others))
    asset = msgspec.structs.replace(ASSET, video=(h360, dear, *others))
    assert [rung.key for rung in offered(asset, profile_of("web")).video] == [rung.key for rung in ASSET.video]
    small = msgspec.structs.replace(profile_of("web"), box_max=h360.box_height)
    assert [rung.key for rung in offered(asset, small).video] == [h360.key, "dear"]


@given(st.sampled_from(sorted(PROFILES)), st.sets(st.sampled_from(sorted(CODEC_NAMES))))
def test_every_device_has_something_to_play_and_nothing_it_was_not_offered(
    kind: DeviceKind, codecs: set[Codec]
) -> None:
    profile = profile_of(kind, tuple(codecs))
    video = offered(MANY, profile).video
    assert video
    assert all(rung.codec in profile.codecs and rung.box_height <= profile.box_max for rung in video)
    assert offered(MANY, profile).audio == MANY.audio


@pytest.mark.parametrize("kind", PROFILES)
def test_a_film_in_h264_alone_plays_on_every_device(kind: DeviceKind) -> None:
    assert offered(ASSET, profile_of(kind)).video == ASSET.video


def test_a_film_whose_every_rung_is_too_large_is_played_all_the_same() -> None:
    large = tuple(msgspec.structs.replace(rung, width=3840, height=2160) for rung in ASSET.video)
    only = msgspec.structs.replace(ASSET, video=large)
    assert offered(only, profile_of("phone")).video == large
