"""Sources that are not progressive SDR: interlaced ones and HDR ones, encoded in chunks, held against what was shot."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from tests.encoding.film import film, planned
from tests.encoding.workshop import workshop
from tests.media.generate import Clip, feed, ffmpeg, number_of, numbered_luma

from matinee.encoding.plan import Plan
from matinee.encoding.recipe import Coding, VideoRecipe, coding_of
from matinee.encoding.source import Crop, Inspection
from matinee.encoding.timeline import Chunk, Timeline, gops_of, timeline_of
from matinee.encoding.worker import ffmpeg as commands
from matinee.encoding.worker import probe

Luma = npt.NDArray[np.uint8]
FIELDS = Clip(frames=650, rate=Fraction(50), width=320, height=180)
"""What was shot, a picture for each field; it becomes 325 frames at 25 a second, in three chunks."""
LIGHT = Clip(frames=325, rate=Fraction(25), width=320, height=180)
KEY_EVERY = "25"
"""Frames from key frame to key frame: each chunk begins at one, where its first frame has no neighbour if sought to."""
MASTERING = (
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400:"
    "colorprim=bt2020:transfer={}:colormatrix=bt2020nc:range=limited:repeat-headers=1:hdr10=1:log-level=none"
)


def encoded(out: Path, clip: Clip, pixels: str, lumas: Iterable[npt.NDArray[Any]], *options: str) -> Path:
    """A film of these pictures, without colour, in 8 or 10 bits of limited range."""
    size, grey = f"{clip.width}x{clip.height}", 512 if "10" in pixels else 128
    raw = ("-f", "rawvideo", "-pix_fmt", pixels, "-s", size, "-r", str(clip.rate), "-i", "-")
    argv = [ffmpeg(), "-v", "error", "-y", *raw, *options, "-g", KEY_EVERY, "-threads", "1", str(out)]
    feed(argv, (np.vstack([luma, np.full((clip.height // 2, clip.width), grey, luma.dtype)]) for luma in lumas))
    return out


def shot_luma(number: int) -> Luma:
    """What is shot for field `number`: it moves from field to field, and its number is that of the frame."""
    picture, bar = numbered_luma(FIELDS, number), FIELDS.height // 6
    picture[:bar] = numbered_luma(FIELDS, number // 2)[:bar]
    return picture


def interlaced(out: Path, order: str = "top", codec: tuple[str, ...] = ("-c:v", "libx264")) -> Path:
    """Two pictures woven into each frame, that of an even number first."""
    weave = f"tinterlace=mode=interleave_{order},setfield={order[0]}ff,format=yuv420p"
    shot = (shot_luma(n) for n in range(FIELDS.frames))
    options = ("-preset", "ultrafast", "-crf", "6", "-x264-params", f"{order[0]}ff=1") if "libx264" in codec else ()
    return encoded(out, FIELDS, "yuv420p", shot, "-vf", weave, *codec, *options, "-flags", "+ildct+ilme")


def pq(nits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rec. ITU-R BT.2100 table 4: the inverse EOTF of PQ."""
    y = (nits / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * y) / (1 + 2392 / 128 * y)) ** (2523 / 32)


def hlg(nits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rec. ITU-R BT.2100 table 5: the OOTF of a screen of 1,000 nits undone (of greys), then the OETF."""
    scene = (nits / 1_000) ** (1 / 1.2)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def hdr(out: Path, curve: str, frames: int = LIGHT.frames) -> Path:
    """The numbered film on a screen whose white is 203 nits (Rec. ITU-R BT.2408), in BT.2020 and 10 bits."""
    code = pq if curve == "smpte2084" else hlg
    light = 203 * (np.clip(np.arange(256) - 16.0, 0, 219) / 219) ** 2.4
    table = np.rint(64 + 876 * code(light)).astype("<u2")
    pictures = (table[numbered_luma(LIGHT, n)] for n in range(frames))
    options = ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "6", "-x265-params", MASTERING.format(curve))
    return encoded(out, LIGHT, "yuv420p10le", pictures, *options)


def planned_of(master: Path) -> Plan:
    plan = planned(probe.inspect(master))
    assert len(plan.chunks) > 1
    assert plan.chunks[1].seek_ticks is not None, "or nothing is joined"
    return plan


def recipe_of(plan: Plan) -> VideoRecipe:
    recipe = plan.video[-1].recipe
    assert isinstance(recipe, VideoRecipe)
    rung = msgspec.structs.replace(recipe.rung, width=320, height=180, bitrate_bps=6_000_000)
    return msgspec.structs.replace(
        recipe, rung=rung, encoder=msgspec.structs.replace(recipe.encoder, preset="ultrafast")
    )


def chunks_of(plan: Plan, master: Path, folder: Path, inspection: Inspection | None = None) -> list[Path]:
    made = []
    for chunk in plan.chunks:
        made.append(folder / f"{chunk.number}.mp4")
        argv = commands.chunk_argv(
            Path(ffmpeg()), master, inspection or plan.inspection, chunk, recipe_of(plan), made[-1]
        )
        subprocess.run(argv, check=True, capture_output=True)
    return made


def lumas(files: Iterable[Path], height: int = 180) -> list[Luma]:
    """Every frame of the files, 320 wide, one after another, as it is coded."""
    argv = ["-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]
    raw = b"".join(
        subprocess.run([ffmpeg(), "-v", "error", "-i", str(one), *argv], check=True, capture_output=True).stdout
        for one in files
    )
    return list(np.frombuffer(raw, np.uint8).reshape(-1, height * 3 // 2, 320)[:, :height])


def shades(found: list[Luma], shot: list[Luma], shade: int) -> float:
    """What became of a shade that was shot, over some seconds."""
    return float(np.concatenate([one[other == shade] for one, other in zip(found[:50], shot, strict=False)]).mean())


def psnr_db(one: Luma, other: Luma) -> float:
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-9)))


@pytest.fixture(scope="module")
def woven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return interlaced(tmp_path_factory.mktemp("woven") / "film.mp4")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hdr(tmp_path_factory.mktemp("graded") / "film.mp4", "smpte2084")


# Keys


def test_a_rendition_of_plain_sdr_keeps_its_key_and_others_have_their_own() -> None:
    plain = film(30)
    assert plain.video is not None
    changes: tuple[dict[str, Any], ...] = (
        {"field_order": "progressive"}, {"field_order": "tff"}, {"field_order": "bff"}, {"transfer": 16},
        {"primaries": 9},
    )  # fmt: skip
    others = [msgspec.structs.replace(plain, video=msgspec.structs.replace(plain.video, **one)) for one in changes]
    keys = [planned(one).video[0].key for one in (plain, *others)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == len(keys) - 1


# Fields


@pytest.mark.parametrize("order", ["top", "bottom"])
def test_the_order_of_fields_is_told(order: str, tmp_path: Path) -> None:
    video = probe.inspect(interlaced(tmp_path / "film.mp4", order)).video
    assert video is not None
    assert video.field_order in (f"{order[0]}ff", "interlaced")


@pytest.mark.parametrize("codec", [("-c:v", "mpeg2video", "-q:v", "2"), ("-c:v", "prores"), ("-c:v", "ffv1")])
def test_other_codecs_tell_it_too(codec: tuple[str, ...], tmp_path: Path) -> None:
    video = probe.inspect(interlaced(tmp_path / "film.mov", codec=codec)).video
    assert video is not None
    assert video.field_order in ("tff", "interlaced")


def test_an_interlaced_film_comes_out_without_combing(woven: Path, tmp_path: Path) -> None:
    plan = planned_of(woven)
    assert plan.inspection.video is not None
    found = lumas(chunks_of(plan, woven, tmp_path))
    shot = [shot_luma(2 * n) for n in range(FIELDS.frames // 2)]
    scores = [psnr_db(one, other) for one, other in zip(found, shot, strict=True)]

    (tmp_path / "combed").mkdir()
    as_is = msgspec.structs.replace(plan.inspection.video, field_order="progressive")
    untouched = msgspec.structs.replace(plan.inspection, video=as_is)
    combed = lumas(chunks_of(plan, woven, tmp_path / "combed", untouched))
    assert min(scores) > max(map(psnr_db, combed, shot)) + 3

    starts = [chunk.start for chunk in plan.chunks[1:]]
    inner = sorted(scores)[len(scores) // 20]
    assert min(scores[start] for start in starts) > inner - 1, "a chunk's first frame has its neighbour"


def test_every_frame_of_an_interlaced_film_is_there_once(woven: Path, tmp_path: Path) -> None:
    numbers = [number_of(luma) for luma in lumas(chunks_of(planned_of(woven), woven, tmp_path))]
    assert numbers == list(range(FIELDS.frames // 2))


def test_a_chunk_of_fields_is_decoded_from_before_its_first_frame(woven: Path) -> None:
    plan = planned_of(woven)
    for chunk in plan.chunks[1:]:
        first_ticks = plan.timeline.origin + chunk.start * Fraction(*plan.timeline.time_base) ** -1 / plan.timeline.fps
        assert chunk.seek_ticks is not None
        assert chunk.seek_ticks < first_ticks


# Light


@pytest.mark.parametrize(("curve", "transfer"), [("smpte2084", 16), ("arib-std-b67", 18)])
def test_hdr_comes_out_as_bright_as_it_was_and_is_tagged_as_sdr(curve: str, transfer: int, tmp_path: Path) -> None:
    master = hdr(tmp_path / "film.mp4", curve)
    plan = planned_of(master)
    video = plan.inspection.video
    assert video is not None
    assert (video.transfer, video.primaries, video.matrix, video.is_hdr) == (transfer, 9, 9, True)

    made = chunks_of(plan, master, tmp_path)
    found = lumas(made)
    shot = [numbered_luma(LIGHT, n) for n in range(LIGHT.frames)]
    for shade in (50, 80, 110, 140):  # dark, to a little above the grey of 18 %: as in SDR
        assert shades(found, shot, shade) == pytest.approx(shade, abs=2)
    white = 16 + 219 * 0.85  # paper: room is left for highlights
    assert shades(found, shot, 235) == pytest.approx(white, abs=3)
    assert [number_of(luma) for luma in found] == list(range(LIGHT.frames))

    for one in made:
        out = probe.inspect(one).video
        assert out is not None
        assert (out.transfer, out.primaries, out.matrix, out.is_full_range) == (1, 1, 1, False)


def test_hdr_that_is_passed_through_would_be_pale(graded: Path, tmp_path: Path) -> None:
    """What the tests above would find without the mapping, so that they can fail."""
    plan = planned_of(graded)
    assert plan.inspection.video is not None
    plain = msgspec.structs.replace(plan.inspection.video, transfer=2, primaries=2)
    found = lumas(chunks_of(plan, graded, tmp_path, msgspec.structs.replace(plan.inspection, video=plain)))
    shot = [numbered_luma(LIGHT, n) for n in range(LIGHT.frames)]
    assert shades(found, shot, 50) > 55
    assert shades(found, shot, 235) < 150


@pytest.mark.parametrize("named", ["", ":color_primaries=bt2020:color_trc=bt2020-10"])
def test_sdr_of_a_wide_gamut_is_narrowed_and_no_darker(named: str, tmp_path: Path) -> None:
    tags = ("-vf", f"setparams=range=tv:colorspace=bt2020nc{named}")
    shot = [numbered_luma(LIGHT, n) for n in range(LIGHT.frames)]
    master = encoded(tmp_path / "film.mp4", LIGHT, "yuv420p", shot, "-c:v", "libx264", "-crf", "6", "-bf", "0", *tags)
    plan = planned_of(master)
    made = chunks_of(plan, master, tmp_path)
    for shade in (50, 110, 200):
        assert shades(lumas(made), shot, shade) == pytest.approx(shade, abs=2)
    out = probe.inspect(made[0]).video
    assert out is not None
    assert (out.transfer, out.primaries, out.matrix) == (1, 1, 1)


@pytest.mark.parametrize("name", ["woven", "graded"])
async def test_such_a_film_passes_quality_control_and_is_published(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with workshop(tmp_path / "home") as place:
        await place.encode(place.take(request.getfixturevalue(name)))
        (version,) = await place.versions()
        assert version.is_complete


def test_samples_and_stills_show_what_the_renditions_show(graded: Path, tmp_path: Path) -> None:
    plan = planned_of(graded)
    size, raw, still = (320, 180), tmp_path / "samples.yuv", tmp_path / "still.png"
    window, tiny = plan.windows[0], tmp_path / "frames.yuv"
    argv = commands.samples_argv(Path(ffmpeg()), graded, plan.inspection, plan.timeline, window, size, raw, tiny)
    subprocess.run(argv, check=True, capture_output=True)
    sampled = np.fromfile(raw, np.uint8).reshape(-1, 270, 320)[:, :180]
    found = lumas(chunks_of(plan, graded, tmp_path))
    assert len(sampled) == 13
    assert all(psnr_db(one, found[25 * n]) > 30 for n, one in enumerate(sampled))

    argv = commands.still_argv(Path(ffmpeg()), graded, plan.inspection, plan.timeline, plan.chunks[1], size, still)
    subprocess.run(argv, check=True, capture_output=True)
    with Image.open(still) as image:
        shown = 16 + np.asarray(image.convert("L"), np.float64) * 219 / 255
    assert psnr_db(shown.astype(np.uint8), found[plan.chunks[1].start]) > 30


def test_the_bytes_do_not_depend_on_how_many_threads_filter(graded: Path, tmp_path: Path) -> None:
    plan = planned_of(graded)
    argv = commands.chunk_argv(
        Path(ffmpeg()), graded, plan.inspection, plan.chunks[0], recipe_of(plan), tmp_path / "a.mp4"
    )
    subprocess.run(argv, check=True, capture_output=True)
    subprocess.run([*argv[:-1], "-filter_threads", "1", str(tmp_path / "b.mp4")], check=True, capture_output=True)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def plain(out: Path) -> Path:
    """At a rate that is no whole number, in full range, named as such, on its side, with bars left and right."""
    clip, upright = Clip(frames=325, rate=Fraction(24000, 1001), width=320, height=180), out.with_suffix(".upright.mp4")
    lumas = (np.pad(numbered_luma(clip, n)[:, 32:288], ((0, 0), (32, 32))) for n in range(clip.frames))
    named = ("-color_range", "pc", "-colorspace", "bt709", "-color_trc", "bt709", "-color_primaries", "bt709")
    encoded(upright, clip, "yuv420p", lumas, "-c:v", "libx264", "-crf", "10", "-preset", "ultrafast", *named)
    argv = [ffmpeg(), "-v", "error", "-display_rotation", "90", "-i", str(upright), "-c", "copy", str(out)]
    subprocess.run(argv, check=True)
    return out


@pytest.mark.parametrize("kind", ["plain", "woven", "graded"])
@pytest.mark.parametrize("keeps_light", [False, True])
def test_a_piece_that_was_cut_out_shows_what_the_film_shows(
    kind: str, *, keeps_light: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Its corrected pictures are the film's own, bit for bit, whatever has to be corrected."""
    master = plain(tmp_path / "plain.mp4") if kind == "plain" else request.getfixturevalue(kind)
    inspection = probe.inspect(master)
    assert inspection.video is not None
    if kind == "plain":
        bars = Crop(left=32, top=0, width=256, height=180)
        inspection = msgspec.structs.replace(inspection, video=msgspec.structs.replace(inspection.video, crop=bars))
    timeline = timeline_of(inspection)
    piece = gops_of(inspection, timeline)[4]
    assert piece.seek_ticks is not None
    assert inspection.video is not None
    coding = coding_of(inspection.video, "hevc" if keeps_light else "h264")
    cut, program = tmp_path / "piece.mkv", Path(ffmpeg())
    argv = commands.cut_argv(program, master, inspection, timeline, piece, cut)
    subprocess.run(argv, check=True, capture_output=True)
    whole = pictures(master, inspection, timeline, piece, coding)
    part = pictures(cut, *commands.cut_of(inspection, timeline, piece), coding)
    assert len(whole) == piece.end - piece.start
    assert part == whole


def pictures(file: Path, inspection: Inspection, timeline: Timeline, piece: Chunk, coding: Coding) -> list[str]:
    """A hash of each corrected picture of a piece."""
    filters = commands.reference(inspection, timeline, piece, (180, 320), coding)
    argv = [ffmpeg(), "-v", "error", *commands.master_input(file, inspection, piece), "-map", "0:v", "-vf", filters]
    argv += ["-fps_mode", "passthrough", "-f", "framemd5", "-"]
    done = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.rpartition(",")[2].strip() for line in done if not line.startswith("#")]


def test_a_film_that_names_its_colours_anew_in_the_middle_loses_and_repeats_no_picture(tmp_path: Path) -> None:
    """Films that were joined without encoding: what a stream says of its colours changes where no chunk begins."""
    clip, parts = Clip(frames=325, rate=Fraction(25), width=320, height=180), [tmp_path / "a.ts", tmp_path / "b.ts"]
    for part, frames, matrix in ((parts[0], range(175), "bt709"), (parts[1], range(175, 325), "smpte170m")):
        named = ("-color_range", "tv", "-colorspace", matrix, "-color_trc", matrix, "-color_primaries", matrix)
        quick = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "6", "-bf", "0", *named)
        late = ("-output_ts_offset", f"{frames.start / 25}", "-muxdelay", "0")
        encoded(part, clip, "yuv420p", (numbered_luma(clip, n) for n in frames), *quick, *late)
    master = tmp_path / "film.ts"
    master.write_bytes(b"".join(part.read_bytes() for part in parts))
    plan = planned_of(master)
    assert plan.timeline.frames == clip.frames
    assert 175 not in {chunk.start for chunk in plan.chunks}
    assert [number_of(luma) for luma in lumas(chunks_of(plan, master, tmp_path))] == list(range(clip.frames))
