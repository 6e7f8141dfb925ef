"""FFmpeg's command lines: compared whole with golden files, and nothing of a file's name ever an option."""

from __future__ import annotations

import os
import subprocess
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.encoding.film import STEREO, film, hdr_film, inspected, planned
from tests.media.generate import Clip, make_numbered
from tests.media.generate import ffmpeg as program

from matinee.base.process import shown
from matinee.encoding.formats.container import AUDIO_DECODERS, TEXT_DECODERS, VIDEO_DECODERS
from matinee.encoding.formats.mp4 import read_track
from matinee.encoding.pertitle.ladder import Codec
from matinee.encoding.pertitle.trial import VmafLog
from matinee.encoding.plan import Plan
from matinee.encoding.qc import gauge
from matinee.encoding.recipe import AudioRecipe, Coding, VideoRecipe
from matinee.encoding.source import SubtitleStream
from matinee.encoding.timeline import chunks_of, gops_of, idr_frames, timeline_of
from matinee.encoding.worker import encoders, ffmpeg
from matinee.encoding.worker.encoders import CRFS
from matinee.encoding.worker.probe import inspect

GOLDEN = Path(__file__).parents[2] / "golden" / "ffmpeg"
FFMPEG, MASTER, OUT = Path("/opt/ffmpeg"), Path("/store/masters/abc"), Path("/scratch/out")
RAW = Path("/scratch/raw")
PLAN = planned(film(90))
HDR = planned(hdr_film(90), codecs="all")
"""Of an HDR film: H.264, HEVC and AV1."""
HOSTILE = ["-i", "--help", "concat:/etc/passwd|b", "http://evil.example/a.mp4", "a\n-f\nlavfi", "%d.mp4", "-", "pipe:0"]


def video_recipe(plan: Plan, codec: Codec = "h264") -> VideoRecipe:
    recipes = (one.recipe for one in plan.video if isinstance(one.recipe, VideoRecipe))
    return next(recipe for recipe in recipes if recipe.coding.codec == codec)


def audio_recipe(plan: Plan) -> AudioRecipe:
    recipe = plan.audio[0].recipe
    assert isinstance(recipe, AudioRecipe)
    return recipe


SUBRIP = SubtitleStream(index=2, codec="subrip", language="<en>", title="<Full>")
SUBSTATION = SubtitleStream(index=3, codec="ass", language="<en>", title="<Full>")


def limited(plan: Plan) -> AudioRecipe:
    return msgspec.structs.replace(audio_recipe(plan), gain_db=6.5, is_limited=True)


def surround(plan: Plan) -> AudioRecipe:
    return msgspec.structs.replace(audio_recipe(plan), channels=6, bitrate_bps=384_000, group="surround", codec="eac3")


def commands(plan: Plan, master: Path = MASTER) -> dict[str, list[str]]:
    """One of each command line."""
    found, timeline = plan.inspection, plan.timeline
    middle = plan.chunks[len(plan.chunks) // 2]
    return {
        "chunk": ffmpeg.chunk_argv(FFMPEG, master, found, middle, video_recipe(plan), OUT),
        "audio": ffmpeg.audio_argv(FFMPEG, master, found, audio_recipe(plan), OUT),
        "audio-limited": ffmpeg.audio_argv(FFMPEG, master, found, limited(plan), OUT),
        "audio-surround": ffmpeg.audio_argv(FFMPEG, master, found, surround(plan), OUT),
        "loudness": ffmpeg.loudness_argv(FFMPEG, master, found, timeline, 1, 2),
        "text": ffmpeg.text_argv(FFMPEG, master, found, SUBRIP, OUT),
        "text-ass": ffmpeg.text_argv(FFMPEG, master, found, SUBSTATION, OUT),
        "samples": ffmpeg.samples_argv(FFMPEG, master, found, timeline, plan.windows[0], (240, 136), OUT, RAW),
        "still": ffmpeg.still_argv(FFMPEG, master, found, timeline, middle, (1280, 720), OUT),
        "fingerprint": ffmpeg.fingerprint_argv(FFMPEG, master, "aac", OUT),
        "check": ffmpeg.check_argv(FFMPEG, master, found, video_recipe(plan), (240, 136), OUT, RAW),
        "check-sound": gauge.sound_argv(FFMPEG, master, 2, RAW),
        "check-source-sound": gauge.source_sound_argv(FFMPEG, master, found, audio_recipe(plan), RAW),
        "check-place": gauge.place_argv(FFMPEG, master, found, audio_recipe(plan), 42.5, RAW),
        "check-score": score_argv(plan, master),
        "check-shown": gauge.shown_argv(FFMPEG, master, found, video_recipe(plan), 7, (1280, 720), RAW),
        "cut": ffmpeg.cut_argv(FFMPEG, master, plan.inspection, plan.timeline, plan.chunks[1], OUT / "piece.mkv"),
        "trial": trial_argv(plan, master),
        "vmaf": vmaf_argv(plan, master),
    }


def trial_argv(plan: Plan, master: Path, codec: Codec = "h264") -> list[str]:
    piece, coding = plan.chunks[1], video_recipe(plan, codec).coding
    cut = ffmpeg.cut_of(plan.inspection, plan.timeline, piece)
    return ffmpeg.trial_argv(FFMPEG, master, *cut, (640, 360), coding, "fast", CRFS[codec])


def vmaf_argv(plan: Plan, master: Path, codec: Codec = "h264") -> list[str]:
    encodes = [OUT / f"{n}.mp4" for n in range(3)]
    about = (plan.inspection, plan.timeline, plan.chunks[1], (1920, 1080), encodes)
    return ffmpeg.vmaf_argv(FFMPEG, master, *about, video_recipe(plan, codec).coding, "vmaf_v0.6.1", 4)


def score_argv(plan: Plan, master: Path, codec: Codec = "h264") -> list[str]:
    recipe, display = video_recipe(plan, codec), (1920, 1080)
    return gauge.score_argv(FFMPEG, master, plan.inspection, recipe, plan.chunks[1], OUT, display, "vmaf_v0.6.1", 8)


def commands_of_codecs() -> dict[str, list[str]]:
    """What each further codec, and HDR, changes."""
    found, middle = HDR.inspection, HDR.chunks[len(HDR.chunks) // 2]
    codecs: tuple[Codec, ...] = ("hevc", "av1")
    return {
        "chunk-tone-mapped": ffmpeg.chunk_argv(FFMPEG, MASTER, found, middle, video_recipe(HDR), OUT),
        "check-score-hdr": score_argv(HDR, MASTER, "hevc"),
        "vmaf-hdr": vmaf_argv(HDR, MASTER, "hevc"),
        "check-hdr": ffmpeg.check_argv(FFMPEG, MASTER, found, video_recipe(HDR, "av1"), (240, 136), OUT, RAW),
        **{
            f"chunk-{codec}": ffmpeg.chunk_argv(FFMPEG, MASTER, found, middle, video_recipe(HDR, codec), OUT)
            for codec in codecs
        },
        **{f"trial-{codec}": trial_argv(HDR, MASTER, codec) for codec in codecs},
    }


def raw_plan() -> Plan:
    """The plan of a raw stream, whose frames are counted and which cannot be sought in."""
    return planned(inspected(list(range(600)), Fraction(1, 25), nominal=Fraction(25), demuxer="h264", audio=(STEREO,)))


@pytest.mark.parametrize("name", [*commands(PLAN), *commands_of_codecs()])
def test_a_command_line_is_the_golden_one(name: str) -> None:
    found = shown({**commands(PLAN), **commands_of_codecs()}[name]).replace(" -", "\n-").replace("\n-1", " -1") + "\n"
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(found)
    assert found == golden.read_text(), "if it is meant to differ, run once with UPDATE_GOLDEN=1 and read the diff"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_masters_name_is_only_ever_the_value_of_the_input_option(name: str) -> None:
    master = Path("/store") / name
    ordinary = commands(PLAN)
    for kind, argv in commands(PLAN, master).items():
        place = ordinary[kind].index("-i") + 1
        assert argv == [*ordinary[kind][:place], str(master), *ordinary[kind][place + 1 :]]
        assert argv[place].startswith("/"), "so that it is neither an option nor a protocol"


def test_every_input_is_opened_by_name_of_demuxer_files_only_and_known_decoders_only() -> None:
    for name, argv in commands(PLAN).items():
        before = argv[: argv.index("-i")]
        assert before[before.index("-protocol_whitelist") + 1] == "file", name
        demuxer = "matroska" if name == "trial" else "mov"  # what was cut out of the film for it
        assert before[before.index("-f") + 1] == demuxer, name
        decoders = set(before[before.index("-codec_whitelist") + 1].split(","))
        assert decoders <= VIDEO_DECODERS | AUDIO_DECODERS | TEXT_DECODERS, name
        assert "-nostdin" in before, name


def test_our_own_files_are_checked_with_the_one_decoder_that_they_need() -> None:
    argv = commands(PLAN)["check"]
    assert argv[argv.index("-codec_whitelist") + 1] == "h264"
    assert "-xerror" in argv


@given(label=st.text(max_size=20), language=st.text(max_size=20))
def test_no_text_of_the_films_own_is_in_a_command_line(label: str, language: str) -> None:
    track = msgspec.structs.replace(STEREO, title=f"<{label}>", language=f"<{language}>")
    plan = planned(film(30, audio=(track,)))
    for argv in commands(plan).values():
        assert not [word for word in argv if "<" in word]


def test_a_chunk_has_exactly_its_frames() -> None:
    argv, chunk = commands(PLAN)["chunk"], PLAN.chunks[len(PLAN.chunks) // 2]
    assert argv[argv.index("-frames:v") + 1] == str(chunk.end - chunk.start)
    assert argv[argv.index("-video_track_timescale") + 1] == "24000"


def test_the_first_chunk_is_not_sought_to_and_a_later_one_is() -> None:
    found, recipe = PLAN.inspection, video_recipe(PLAN)
    first, later = (ffmpeg.chunk_argv(FFMPEG, MASTER, found, PLAN.chunks[n], recipe, OUT) for n in (0, -1))
    assert "-ss" not in first
    assert later.index("-ss") < later.index("-i")


def test_a_raw_stream_is_never_sought_in_and_its_frames_are_counted() -> None:
    plan = raw_plan()
    argv = commands(plan)["chunk"]
    assert "-ss" not in argv
    assert "setpts=N*1-" in argv[argv.index("-vf") + 1]


def test_idrs_are_forced_where_the_timeline_says() -> None:
    recipe = video_recipe(PLAN)
    argv = encoders.encoder(recipe)
    expression = argv[argv.index("-force_key_frames") + 1].removeprefix("expr:")
    segment = recipe.timeline.segment_frames
    assert expression == "+".join(f"eq(mod(n,{segment}),{frame})" for frame in idr_frames(segment, segment))


def test_bitrates_are_numbers_of_the_rung() -> None:
    recipe = video_recipe(PLAN)
    argv = encoders.encoder(recipe)
    bps = recipe.rung.bitrate_bps
    assert argv[argv.index("-b:v") + 1] == str(bps)
    assert int(argv[argv.index("-maxrate") + 1]) == bps * encoders.MAXRATE_FACTOR
    assert int(argv[argv.index("-bufsize") + 1]) == bps * encoders.BUFFER_S


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25)])
def test_frames_are_scored_against_the_frames_that_they_show_at_any_rate(tmp_path: Path, rate: Fraction) -> None:
    """A film is scored against itself: perfect to the last frame, though a frame's length is no whole tick of it."""
    master = make_numbered(tmp_path / "film.mp4", Clip(frames=72, rate=rate), has_sound=False)
    found = inspect(master)
    timeline = timeline_of(found)
    (whole,) = chunks_of(found, timeline)
    about = (found, timeline, whole, (320, 180), [master], Coding(), "vmaf_v0.6.1", 4)
    argv = ffmpeg.vmaf_argv(Path(program()), master, *about)
    subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    scores = msgspec.json.decode((tmp_path / "0.json").read_bytes(), type=VmafLog).scores
    assert len(scores) == 72 // 4
    assert min(scores) > 95


def test_a_piece_that_is_tried_comes_out_as_it_does_in_the_film(tmp_path: Path) -> None:
    """The first GOP of three takes as many bits alone as with the others after it."""
    master, zoom = tmp_path / "film.mp4", "mandelbrot=size=320x180:rate=24:start_scale=0.5:end_scale=0.3:maxiter=200"
    making = ["-f", "lavfi", "-i", zoom, "-frames:v", "144", "-pix_fmt", "yuv420p", "-crf", "8", str(master)]
    subprocess.run([program(), "-v", "error", *making], check=True)
    found = inspect(master)
    timeline = timeline_of(found)
    (whole,), (piece, *_) = chunks_of(found, timeline), gops_of(found, timeline)
    (tmp_path / "film").mkdir()
    for part, folder in ((piece, tmp_path), (msgspec.structs.replace(whole, end=144), tmp_path / "film")):
        argv = ffmpeg.trial_argv(
            Path(program()), master, found, timeline, part, (320, 180), Coding(), "fast", CRFS["h264"]
        )
        argv = [one.replace(f"eq(n,{part.end})", "eq(n,48)+eq(n,96)") for one in argv]
        subprocess.run(argv, cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    for name in ("0.mp4", "1.mp4", "2.mp4"):
        tried, filmed = (read_track(folder / name).samples.size[:48].sum() for folder in (tmp_path, tmp_path / "film"))
        assert tried == pytest.approx(filmed, rel=0.02)
