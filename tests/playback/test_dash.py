"""The MPD, held against a golden file, and read back by an XML parser."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from tests.playback.asset_sample import ASSET, BARE, MANY, MANY_FORMS, audio, locate

from matinee.encoding.asset import Asset
from matinee.playback.dash import mpd

GOLDEN = Path(__file__).parent.parent / "golden" / "manifest.mpd"
DASH = {"": "urn:mpeg:dash:schema:mpd:2011"}


def test_an_mpd_is_as_it_always_was() -> None:
    assert mpd(ASSET, locate) == GOLDEN.read_text()


def test_every_rendition_is_one_file_with_its_ranges() -> None:
    root = ElementTree.fromstring(mpd(ASSET, locate))
    rungs = root.findall("Period/AdaptationSet[@contentType='video']/Representation", DASH)
    assert [one.findtext("BaseURL", namespaces=DASH) for one in rungs] == [
        locate("v360") + "media.mp4",
        locate("v720") + "media.mp4",
    ]
    base = rungs[0].find("SegmentBase", DASH)
    start = rungs[0].find("SegmentBase/Initialization", DASH)
    assert base is not None and start is not None
    assert (base.get("indexRange"), start.get("range")) == ("683-842", "0-682")
    assert rungs[0].get("frameRate") == "24000/1001"


def test_codecs_and_ranges_of_light_are_sets_apart_and_hdr_is_essential() -> None:
    root = ElementTree.fromstring(mpd(MANY, locate))
    found = []
    for options in root.findall("Period/AdaptationSet[@contentType='video']", DASH):
        ids = [one.get("id") for one in options.findall("Representation", DASH)]
        light = options.findall("EssentialProperty", DASH)
        named = [one.get("value") for one in light if one.get("schemeIdUri", "").endswith("TransferCharacteristics")]
        found.append((ids, named))
    assert found == [(["v360", "v720"], []), (["h720", "h2160"], ["16"]), (["x720"], []), (["x2160"], ["18"])]


def test_each_audio_track_is_a_set_with_its_language_role_and_channels() -> None:
    root = ElementTree.fromstring(mpd(ASSET, locate))
    sets = root.findall("Period/AdaptationSet[@contentType='audio']", DASH)
    facts = []
    for one in sets:
        role, layout = one.find("Role", DASH), one.find("AudioChannelConfiguration", DASH)
        assert role is not None and layout is not None
        facts.append((one.get("lang"), role.get("value"), layout.get("value")))
    # 12 is what ISO/IEC 23091-3 calls 7.1.
    assert facts == [
        ("en", "alternate", "2"),
        ("fr", "main", "6"),
        ("en", "alternate", "12"),
        ("und", "alternate", "1"),
    ]


def test_rates_of_a_track_are_one_set_and_its_surround_another() -> None:
    root = ElementTree.fromstring(mpd(MANY_FORMS, locate))
    found = []
    for one in root.findall("Period/AdaptationSet[@contentType='audio']", DASH):
        role, purpose = one.find("Role", DASH), one.find("Accessibility", DASH)
        assert role is not None
        files = [file.get("id") for file in one.findall("Representation", DASH)]
        found.append((role.get("value"), purpose.get("value") if purpose is not None else "", files))
    assert found == [
        ("main", "", ["a1-main", "a1-low", "a1-high"]),
        ("main", "", ["a1-surround"]),
        ("description", "1", ["a2-main", "a2-low"]),
        ("commentary", "", ["a3-main", "a3-low", "a3-high"]),
        ("dub", "", ["a4-main", "a4-low", "a4-high"]),
        ("dub", "", ["a4-surround"]),
    ]


def test_subtitles_say_what_they_are_for() -> None:
    root = ElementTree.fromstring(mpd(ASSET, locate))
    roles = root.findall("Period/AdaptationSet[@contentType='text']/Role", DASH)
    assert [role.get("value") for role in roles] == ["subtitle", "caption", "forced-subtitle", "subtitle"]
    assert len(root.findall("Period/AdaptationSet/Accessibility", DASH)) == 1


def test_the_storyboard_is_one_picture_of_tiles_that_covers_the_film() -> None:
    root = ElementTree.fromstring(mpd(ASSET, locate))
    (file,) = root.findall("Period/AdaptationSet[@contentType='image']/Representation", DASH)
    tiles, template = file.find("EssentialProperty", DASH), file.find("SegmentTemplate", DASH)
    assert tiles is not None and template is not None
    assert (tiles.get("value"), file.get("width"), file.get("height")) == ("4x3", "960", "408")
    assert int(template.get("duration", "0")) / int(template.get("timescale", "0")) >= ASSET.duration_s
    assert template.get("media") == "/images/0123456789abcdef0123456789abcdef.webp"
    assert not ElementTree.fromstring(mpd(BARE, locate)).findall("Period/AdaptationSet[@contentType='image']", DASH)


def test_a_film_without_sound_is_one_set() -> None:
    root = ElementTree.fromstring(mpd(BARE, locate))
    assert len(root.findall("Period/AdaptationSet", DASH)) == 1
    assert root.get("mediaPresentationDuration") == "PT10.000000S"


def test_ids_of_sets_differ() -> None:
    root = ElementTree.fromstring(mpd(ASSET, locate))
    ids = [one.get("id") for one in root.findall("Period/AdaptationSet", DASH)]
    assert len(set(ids)) == len(ids) == 10


@given(label=st.text(max_size=20), language=st.text(max_size=8))
def test_any_label_gives_well_formed_xml_that_says_it(label: str, language: str) -> None:
    asset = Asset(
        id="a", title_id="t", number=1, duration_s=1.0, video=BARE.video, audio=(audio("x", language, label),)
    )
    root = ElementTree.fromstring(mpd(asset, locate))
    said = root.findtext("Period/AdaptationSet/Label", namespaces=DASH) or ""
    assert said == "".join(letter if letter.isprintable() else " " for letter in label)
