"""The master playlist, held against a golden file and against the RFC's rules."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.media.presentation import attributes_of, iframes_of, parse_master
from tests.playback.asset_sample import ASSET, BARE, HOSTILE, MANY, MANY_FORMS, audio, locate

from matinee.encoding.asset import Asset
from matinee.playback.hls import master_playlist

GOLDEN = Path(__file__).parent.parent / "golden" / "master.m3u8"


def test_a_master_playlist_is_as_it_always_was() -> None:
    assert master_playlist(ASSET, locate) == GOLDEN.read_text()


def test_it_keeps_the_rules_of_the_format() -> None:
    media, variants = parse_master(master_playlist(ASSET, locate))
    assert len(media) == 8
    assert [uri for _, uri in variants] == [locate("v360") + "media.m3u8", locate("v720") + "media.m3u8"]


def test_a_variant_counts_the_dearest_audio_in_its_group() -> None:
    _, ((low, _), _) = parse_master(master_playlist(ASSET, locate))
    assert int(low["BANDWIDTH"]) == 1_250_000 + 8 * 66_000
    assert int(low["AVERAGE-BANDWIDTH"]) == 1_000_000 + 8 * 64_000
    assert (low["CODECS"], low["FRAME-RATE"], low["RESOLUTION"]) == ("avc1.64001f,mp4a.40.2", "23.976", "640x360")


def test_each_variant_names_its_codec_and_its_range_of_light() -> None:
    _, variants = parse_master(master_playlist(MANY, locate))
    said = [(one["CODECS"].split(",")[0][:4], one["VIDEO-RANGE"]) for one, _ in variants]
    assert said == [
        ("avc1", "SDR"), ("avc1", "SDR"), ("hvc1", "PQ"), ("hvc1", "PQ"), ("av01", "SDR"), ("av01", "HLG")
    ]  # fmt: skip


def test_the_default_may_always_be_chosen_and_one_of_each_language() -> None:
    media, _ = parse_master(master_playlist(ASSET, locate))
    tracks = [(one.get("LANGUAGE"), one["DEFAULT"], one["AUTOSELECT"]) for one in media if one["TYPE"] == "AUDIO"]
    assert tracks == [("en", "NO", "YES"), ("fr", "YES", "YES"), ("en", "NO", "NO"), (None, "NO", "YES")]


def test_the_first_audio_is_the_default_when_none_is_marked() -> None:
    asset = Asset(
        id="a",
        title_id="t",
        number=1,
        duration_s=1.0,
        video=BARE.video,
        audio=(audio("x", "en", "One"), audio("y", "en", "Two")),
    )
    media, _ = parse_master(master_playlist(asset, locate))
    assert [(one["DEFAULT"], one["AUTOSELECT"]) for one in media] == [("YES", "YES"), ("NO", "NO")]


def test_subtitles_for_the_hard_of_hearing_and_forced_ones_say_so() -> None:
    media, _ = parse_master(master_playlist(ASSET, locate))
    plain, sdh, forced, _ = (one for one in media if one["TYPE"] == "SUBTITLES")
    assert "CHARACTERISTICS" not in plain and plain["FORCED"] == "NO"
    assert "describes-music-and-sound" in sdh["CHARACTERISTICS"] and sdh["NAME"] == "English 2"
    assert (forced["FORCED"], forced["AUTOSELECT"], forced["DEFAULT"]) == ("YES", "YES", "NO")


def test_a_film_without_sound_or_subtitles_names_no_groups() -> None:
    media, ((about, _),) = parse_master(master_playlist(BARE, locate))
    assert media == []
    assert "AUDIO" not in about and "SUBTITLES" not in about
    assert about["CODECS"] == "avc1.64001f"


def test_a_label_cannot_add_a_tag_or_end_a_string() -> None:
    media, _ = parse_master(master_playlist(ASSET, locate))
    name = next(one["NAME"] for one in media if one["URI"] == locate("a-und") + "media.m3u8")
    assert name == "Eng'lish #EXT-X-ENDLIST <a & 'b'>"
    assert HOSTILE not in master_playlist(ASSET, locate)


def test_each_rung_comes_with_the_stereo_that_suits_it_and_with_surround() -> None:
    _, variants = parse_master(master_playlist(MANY_FORMS, locate))
    offered = [(about["RESOLUTION"].partition("x")[2], about["AUDIO"], about["CODECS"]) for about, _ in variants]
    assert offered == [
        ("240", "audio-low", "avc1.64001f,mp4a.40.2"),
        ("480", "audio-main", "avc1.64001f,mp4a.40.2"),
        ("1080", "audio-high", "avc1.64001f,mp4a.40.2"),
        # The tracks without surround are in that group too, in AAC: a player must be able to play both.
        ("240", "audio-surround", "avc1.64001f,ec-3,mp4a.40.2"),
        ("480", "audio-surround", "avc1.64001f,ec-3,mp4a.40.2"),
        ("1080", "audio-surround", "avc1.64001f,ec-3,mp4a.40.2"),
    ]
    rates = [int(about["BANDWIDTH"]) - int(about["AVERAGE-BANDWIDTH"]) for about, _ in variants]
    rungs = [rung.peak_bps - rung.average_bps for rung in MANY_FORMS.video]
    assert rates == [*(rung + 4_000 for rung in rungs), *(rung + 16_000 for rung in rungs)]


def test_the_lowest_rungs_pictures_are_for_seeking_fast() -> None:
    (about,) = iframes_of(master_playlist(ASSET, locate))
    assert (about["URI"], about["RESOLUTION"]) == (locate("v360") + "iframes.m3u8", "640x360")
    old = msgspec.structs.replace(ASSET, video=tuple(msgspec.structs.replace(r, iframes_bps=0) for r in ASSET.video))
    assert iframes_of(master_playlist(old, locate)) == [], "a version that was made without them"


def test_groups_have_the_same_members_but_for_their_files_and_channels() -> None:
    media, _ = parse_master(master_playlist(MANY_FORMS, locate))
    groups: dict[str, list[dict[str, str]]] = {}
    for one in media:
        same = {name: value for name, value in one.items() if name not in {"GROUP-ID", "URI", "CHANNELS"}}
        groups.setdefault(one["GROUP-ID"], []).append(same)
    assert list(groups) == ["audio-low", "audio-main", "audio-high", "audio-surround"]
    assert all(members == groups["audio-main"] for members in groups.values())
    files = {(one["GROUP-ID"], one["NAME"]): (one["URI"], one["CHANNELS"]) for one in media}
    assert files["audio-high", "Track 2"] == (locate("a2-main") + "media.m3u8", "1"), "mono has no higher rate"
    assert files["audio-surround", "Track 3"] == (locate("a3-high") + "media.m3u8", "2")
    assert files["audio-surround", "Track 4"] == (locate("a4-surround") + "media.m3u8", "6")


def test_a_description_says_so_and_a_commentary_is_never_chosen_by_itself() -> None:
    media, _ = parse_master(master_playlist(MANY_FORMS, locate))
    low = [one for one in media if one["GROUP-ID"] == "audio-low"]
    assert [one.get("CHARACTERISTICS") for one in low] == [None, "public.accessibility.describes-video", None, None]
    assert [one["AUTOSELECT"] for one in low] == ["YES", "YES", "NO", "YES"]


@given(labels=st.lists(st.text(max_size=12), min_size=1, max_size=5), language=st.text(max_size=8))
def test_any_label_gives_a_playlist_that_keeps_the_rules(labels: list[str], language: str) -> None:
    tracks = tuple(audio(f"a{n}", language, label) for n, label in enumerate(labels))
    asset = Asset(id="a", title_id="t", number=1, duration_s=1.0, video=BARE.video, audio=tracks)
    media, variants = parse_master(master_playlist(asset, locate))
    assert (len(media), len(variants)) == (len(labels), 1)
    assert attributes_of('A=1,B="x,y"') == {"A": "1", "B": "x,y"}
