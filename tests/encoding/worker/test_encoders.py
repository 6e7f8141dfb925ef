"""Every codec from chunks to a rendition: closed, joined, decoded by others, its light as the master says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.encoding.film import P3_SCREEN, hdr_film, planned
from tests.encoding.worker.test_corrections import LIGHT, hdr
from tests.encoding.workshop import Workshop, workshop
from tests.media.generate import Clip, make_numbered

from matinee.base import objects as store
from matinee.encoding.asset import Asset, VideoRendition
from matinee.encoding.pertitle.ladder import CODECS, Codec, Rung
from matinee.encoding.pertitle.trial import Analysis
from matinee.encoding.plan import Order
from matinee.encoding.qc.report import Report
from matinee.encoding.recipe import Coding, VideoRecipe
from matinee.encoding.source import ContentLight, Hdr
from matinee.encoding.worker import encoders, probe

CLIP = Clip(frames=320, width=320, height=180)  # several chunks
PIXELS = {"h264": "yuv420p", "hevc": "yuv420p", "av1": "yuv420p10le"}
CHROMATICITY = st.tuples(st.integers(0, 50_000), st.integers(0, 50_000))


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_numbered(tmp_path_factory.mktemp("film") / "film.mkv", CLIP)


def ordered(place: Workshop, film: Path, **about: Any) -> Order:
    return msgspec.structs.replace(place.take(film), codecs="all", **about)


async def published(place: Workshop) -> Asset:
    return (await place.versions())[-1]


def media(place: Workshop, rung: VideoRendition) -> Path:
    return place.folder / "objects" / "renditions" / rung.key / "media.mp4"


def decoded(path: Path) -> tuple[list[int], Any]:
    """When an independent reader shows each frame, and the last frame."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [frame.pts or 0 for frame in frames], frames[-1]


async def test_each_codec_gets_a_ladder_on_one_timeline_and_every_rung_plays_to_its_last_frame(
    place: Workshop, film: Path
) -> None:
    await place.encode(ordered(place, film))
    version = await published(place)
    assert version.is_complete
    assert list(dict.fromkeys(rung.codec for rung in version.video)) == ["h264", "hevc", "av1"]
    indexes = set()
    for rung in version.video:
        times, last = decoded(media(place, rung))
        assert len(times) == CLIP.frames, rung.codecs
        assert times == sorted(times)
        assert last.format.name == PIXELS[rung.codec]
        index = msgspec.json.decode(store.read(place.objects, f"renditions/{rung.key}/index.json"))
        indexes.add(tuple((one["start_ticks"], one["duration_ticks"]) for one in index["segments"]))
    assert len(indexes) == 1, "a player may change the codec at any segment"


async def test_what_is_published_first_plays_on_every_device(place: Workshop, film: Path) -> None:
    await place.encode(ordered(place, film))
    for version in await place.versions():
        assert version.video[0].codec == "h264"


async def test_a_codec_that_is_asked_for_later_is_added_and_nothing_else_is_made_again(
    place: Workshop, film: Path
) -> None:
    await place.encode(place.take(film))
    before = await published(place)
    place.compute.performed.clear()
    await place.encode(ordered(place, film))
    after = await published(place)
    assert [rung.key for rung in after.video[: len(before.video)]] == [rung.key for rung in before.video]
    assert {rung.codec for rung in after.video} == {"h264", "hevc", "av1"}
    assert not [name for name in place.compute.encoded() if any(rung.key in name for rung in before.video)]


@pytest.mark.parametrize(("curve", "name"), [("smpte2084", "PQ"), ("arib-std-b67", "HLG")])
async def test_hdr_is_kept_in_hevc_and_av1_with_its_metadata_and_is_sdr_in_h264(
    place: Workshop, tmp_path: Path, curve: str, name: str
) -> None:
    master = hdr(tmp_path / "hdr.mp4", curve)
    await place.encode(ordered(place, master))
    version = await published(place)
    ranges = {rung.codec: rung.video_range for rung in version.video}
    assert ranges == {"h264": "SDR", "hevc": name, "av1": name}
    (report,) = [msgspec.json.decode(store.read(place.objects, kept), type=Report) for kept in place.stored("analyses")]
    light = {rung.codec: one.xpsnr_db for rung in version.video for one in report.renditions if one.key == rung.key}
    assert light["h264"] is None
    assert all(25 < (light[codec] or 0) < 99 for codec in ("hevc", "av1")), light
    for rung in version.video:
        path = media(place, rung)
        times, last = decoded(path)
        assert len(times) == LIGHT.frames
        if rung.codec == "h264":
            assert last.color_trc == 1, "Rec. 709"
            continue
        found = probe.inspect(path).video
        assert found is not None
        assert (found.depth_bits, found.transfer, found.primaries, found.matrix) == (10, last.color_trc, 9, 9)
        assert (found.mastering, found.content_light) == (P3_SCREEN, ContentLight(most=1_000, average=400))
        header = path.read_bytes()[: rung.init_range[1] + 1]
        assert header.count(b"mdcv") == header.count(b"clli") == 1


async def test_a_ladder_of_measured_quality_is_tried_with_its_own_codec_and_hdr_by_two_measures(
    place: Workshop, tmp_path: Path
) -> None:
    master = hdr(tmp_path / "hdr.mp4", "smpte2084", frames=25)
    await place.encode(ordered(place, master, ladder="quality"))
    version = await published(place)
    assert {rung.codec for rung in version.video} == set(CODECS["all"])
    analyses = [
        msgspec.json.decode(store.read(place.objects, name), type=Analysis)
        for name in place.stored("analyses")
        if "report" not in name
    ]
    assert len(analyses) == 3
    assert {analysis.libvmaf for analysis in analyses} != {""}
    light = [{trial.xpsnr_db is not None for trial in analysis.trials} for analysis in analyses]
    assert sorted(light, key=str) == [{False}, {True}, {True}]
    (kept,) = (name for name in place.stored("analyses") if "report" in name)
    report = msgspec.json.decode(store.read(place.objects, kept), type=Report)
    rungs = {one.codec: [rung.name for rung in one.rungs] for one in report.ladders}
    assert rungs == {codec: [one.name for one in version.video if one.codec == codec] for codec in CODECS["all"]}
    assert sorted(len(one.trials) for one in report.ladders) == sorted(len(one.trials) for one in analyses)
    for analysis in analyses:
        for trial in analysis.trials:
            assert 0 < trial.vmaf <= 100
            assert trial.low is not None
            assert trial.low <= trial.vmaf + 1


def recipe(codec: Codec) -> VideoRecipe:
    plan = planned(hdr_film(30.0), codecs="all")
    recipes = [one.recipe for one in plan.video]
    return next(one for one in recipes if isinstance(one, VideoRecipe) and one.coding.codec == codec)


@pytest.mark.parametrize("codec", CODECS["all"])
def test_a_rung_of_measured_quality_has_its_factor_and_its_cap_in_every_codec(codec: Codec) -> None:
    rung = Rung(name="360p", width=640, height=360, bitrate_bps=400_000, crf=27.5, maxrate_bps=600_000)  # type: ignore[arg-type]
    argv = encoders.encoder(msgspec.structs.replace(recipe(codec), rung=rung))
    assert argv[argv.index("-crf") + 1] == "27.5"
    assert argv[argv.index("-maxrate") + 1] == "600000"
    assert "-b:v" not in argv


@given(st.lists(CHROMATICITY, min_size=4, max_size=4), st.integers(1, 10**8), st.integers(0, 10**4))
def test_a_screen_is_told_to_both_encoders_in_numbers_alone(points: Any, high: int, low: int) -> None:
    display = msgspec.structs.replace(
        P3_SCREEN, primaries=tuple(points[:3]), white=points[3], luminance=(high + low, low)
    )
    light = Hdr(video_range="PQ", mastering=display, content_light=ContentLight(most=1_000, average=400))
    for codec in ("hevc", "av1"):
        coding = Coding(codec=codec, depth_bits=10, hdr=light)
        said = " ".join(encoders.trial_encoder(coding, "fast", 30.0, 48))
        assert f"R({points[0][0]}," in said or f"R({points[0][0] / 50_000:.5f}," in said
        assert ("max-cll=1000,400" in said) is (codec == "hevc")
