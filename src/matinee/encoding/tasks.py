"""The tasks of a title, as workers perform them: small arguments in, an object in the store out.

`perform` finds what its task makes already there and returns at once, or makes it under scratch and moves it into the
store. Nothing else is shared between workers, so any of them may die at any time.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image

import matinee
from matinee.base import objects as store
from matinee.base.errors import Invalid, Unavailable
from matinee.base.objects import Objects, open_objects
from matinee.base.process import Finished, Limits, OutputTooLarge, run_confined, shown
from matinee.base.scratch import Scratch
from matinee.base.subtitles import BadSubtitles, cues_of, written
from matinee.base.units import Seconds
from matinee.encoding import ffmpeg, probe, quality, sample, trial
from matinee.encoding.asset import AudioRendition, Pictures, SegmentIndex, Storyboard, SubtitleTrack, VideoRendition
from matinee.encoding.cmaf import ChunksDoNotJoin, Grid, Package, Part, package_audio, package_video
from matinee.encoding.codec import BadConfiguration
from matinee.encoding.complexity import Luma
from matinee.encoding.loudness import Loudness, loudness_in
from matinee.encoding.masters import AT_HAND
from matinee.encoding.mp4 import BadMp4, read_track
from matinee.encoding.plan import (
    Order,
    Plan,
    Rendition,
    Task,
    Text,
    chunk_name,
    facts_name,
    inspection_name,
    loudness_name,
    text_name,
    window_name,
    work_folder,
)
from matinee.encoding.playlist import media_playlist, subtitle_playlist
from matinee.encoding.recipe import AudioRecipe, SubtitleRecipe, VideoRecipe
from matinee.encoding.source import FilmRefused, Inspection, SubtitleStream, display_size
from matinee.encoding.timeline import Chunk, Timeline
from matinee.work.compute import is_cancelled

PROBE_LIMITS = Limits(cpu_s=1_800, wall_s=3_600, memory_bytes=4 * 2**30, output_bytes=64 * 2**20)
ENCODE_LIMITS = Limits(cpu_s=4 * 3_600, wall_s=8 * 3_600, memory_bytes=12 * 2**30, output_bytes=64 * 2**30)
"""Generous for 30 s of 2160p at a slow preset; a decoder that spins or swells is ended all the same."""
TEXT_LIMITS = Limits(cpu_s=1_800, wall_s=3_600, memory_bytes=4 * 2**30, output_bytes=64 * 2**20)
"""The whole file is read for one track; what is written is text."""
ROOM_MIN_BYTES = 256 << 20
"""What tasks leave free: the databases and the log must still be able to say that the disk is full."""
STILL_SIZE = (1920, 1080)
TILE_QUALITY = 60
STILL_QUALITY = 86
_FREE_SPACE = "free some space and retry the job: it goes on where it stopped"
_FPS_REPORT = re.compile(r"(\d+) frames in, (\d+) frames out; (\d+) frames dropped, (\d+) frames duplicated")
_REASON = re.compile(r"\[(?:error|fatal)\] (.+)")
_NO_ROOM = ("no space left on device", "disk quota exceeded")  # ENOSPC, EDQUOT
_MACHINE = (
    "cannot allocate memory", "too many open files", "stale file handle", "permission denied", "read-only file system",
    "connection timed out", "transport endpoint", "no such device", "resource temporarily unavailable",
)  # fmt: skip
"""How the errno of a machine in trouble reads in FFmpeg's log: ENOMEM, EMFILE, ESTALE, EACCES, EROFS, ETIMEDOUT ..."""
_BLOCK_BYTES = 1 << 20
_READ_ERROR = "input/output error"  # EIO: of a disk, and of some demuxers whose file ends early
_DATA = (
    "invalid data found", "not yet implemented in ffmpeg", "matches no streams", "does not contain any stream",
    "received no packets", "could not open encoder before eof", _READ_ERROR,
)  # fmt: skip
"""What FFmpeg says when the bytes are to blame: a demuxer or decoder that cannot make anything of them."""


class Workplace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a worker works: the object store, a folder for scratch, and the FFmpeg with its build's hash."""

    objects_url: str
    scratch: str
    ffmpeg: str
    build: str


HERE = ("MATINEE_WORKER_SCRATCH", "MATINEE_WORKER_FFMPEG", "MATINEE_WORKER_BUILD")
"""Where a worker of a cluster is told what differs on its own machine: scratch, FFmpeg, and its build's hash."""


def on_this_machine(place: Workplace) -> Workplace:
    """`place` with what this machine has."""
    if not all(name in os.environ for name in HERE):
        return place
    scratch, path, build = (os.environ[name] for name in HERE)
    return msgspec.structs.replace(place, scratch=scratch, ffmpeg=path, build=build)


class EncoderDiffers(Unavailable):
    """This worker has another FFmpeg than the one the plan was made for; its bytes would not join the others'."""

    code = "encoder_differs"


class FfmpegFailed(Invalid):
    """FFmpeg's demuxer or decoder blames the film's bytes; `command` can be pasted into a shell."""

    code = "ffmpeg_failed"

    def __init__(self, what: str, command: str, stderr_tail: str) -> None:
        reason = _reason(stderr_tail)
        super().__init__(f"{what}: FFmpeg says {reason!r}; the file is damaged here, or too unusual to encode")
        self.command, self.stderr_tail = command, stderr_tail


class MachineFailed(Unavailable):
    """A program failed for a reason that is not in the film's bytes, as far as it says."""

    code = "machine_failed"

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(
            f"{what}: {reason!r}, which does not blame the film; "
            "see whether this machine has disk, memory and open files enough, then retry the job"
        )
        self.what, self.reason = what, reason


class InspectionFailed(Unavailable):
    """The probe ended without a verdict on the film."""

    code = "inspection_failed"

    def __init__(self, status: int, stderr_tail: str) -> None:
        super().__init__(
            f"the film's structure could not be read: the reader ended with {status} ({_reason(stderr_tail)}); "
            "if it does so again, the file is damaged: copy or export it again"
        )
        self.status, self.stderr_tail = status, stderr_tail


class FramesMissing(Invalid):
    """Frames that the container lists could not be decoded."""

    code = "frames_missing"

    def __init__(self, at_s: float, missing: int) -> None:
        super().__init__(
            f"{missing} frame(s) after second {at_s:.1f} cannot be decoded: the film is damaged there; "
            "copy or export it again, or add it with --accept-damaged to publish it with those frames held"
        )
        self.at_s, self.missing = at_s, missing


VERDICTS = (FilmRefused, FfmpegFailed, FramesMissing)
"""What says that nothing can be made of the film's bytes, on any machine, however often it is tried."""


def inspect(place: Workplace, order: Order) -> str:
    """Inspect the master in a confined process of its own; answers the name of the inspection. Raises FilmRefused."""
    place = on_this_machine(place)
    objects, name = open_objects(place.objects_url), inspection_name(order.source)
    if store.exists(objects, name):
        return name
    with _workroom(place, name) as scratch:
        path = AT_HAND.linked(place.objects_url, objects, order.master, scratch)
        argv = [sys.executable, "-m", "matinee.encoding.probe", str(path)]
        environment = {"PYTHONPATH": str(Path(matinee.__file__).parent.parent)}
        done = run_confined(argv, limits=PROBE_LIMITS, stop=is_cancelled, environment=environment)
        if done.returncode != 0:
            raise InspectionFailed(done.returncode, done.stderr_tail)
        answer = msgspec.json.decode(done.stdout, type=probe.Found | probe.Refusal)
        said = answer.reasons if isinstance(answer, probe.Refusal) else answer.inspection.warnings
        _clear_machine("reading the film's structure", said, path)
    if isinstance(answer, probe.Refusal):
        raise FilmRefused(*answer.reasons, remedy=answer.remedy)
    store.write(objects, name, msgspec.msgpack.encode(answer.inspection))
    return name


@contextmanager
def _workroom(place: Workplace, makes: str) -> Iterator[Path]:
    """A folder of the task's own, for as long as it makes something, on a disk that has room. Raises StorageFull."""
    with store.disk_errors(makes), Scratch(Path(place.scratch)) as scratch:
        if shutil.disk_usage(scratch).free < ROOM_MIN_BYTES:
            raise store.StorageFull(f"the disk is full: less than {ROOM_MIN_BYTES >> 20} MiB are left; {_FREE_SPACE}")
        yield scratch


@functools.lru_cache(maxsize=4)
def load_plan(objects_url: str, name: str) -> Plan:
    """The plan that the control wrote; a worker meets the same one hundreds of times."""
    return msgspec.msgpack.decode(store.read(open_objects(objects_url), name), type=Plan)


@functools.lru_cache(maxsize=2)
def load_inspection(objects_url: str, name: str) -> Inspection:
    """What `inspect` made; tens of megabytes for the longest film, so that few are kept."""
    return msgspec.msgpack.decode(store.read(open_objects(objects_url), name), type=Inspection)


class _Look(msgspec.Struct, frozen=True):
    """What a look at an inspected master has in its hands."""

    place: Workplace
    objects: Objects
    inspection: Inspection
    master: Path
    scratch: Path

    @property
    def ffmpeg(self) -> Path:
        return Path(self.place.ffmpeg)


def _kept(place: Workplace, order: Order, name: str, find: Callable[[_Look], msgspec.Struct]) -> str:
    """Keep under `name` what `find` finds in an inspected master, unless it is there already; answers the name."""
    place = on_this_machine(place)
    objects = open_objects(place.objects_url)
    if store.exists(objects, name):
        return name
    inspection = load_inspection(place.objects_url, inspection_name(order.source))
    with _workroom(place, name) as scratch:
        master = AT_HAND.linked(place.objects_url, objects, order.master, scratch)
        found = find(_Look(place, objects, inspection, master, scratch))
    store.write(objects, name, msgspec.msgpack.encode(found))
    return name


def sample_window(place: Workplace, order: Order, timeline: Timeline, window: Chunk) -> str:
    """Take and measure the samples of one window of an inspected master; answers the name of the object."""

    def find(look: _Look) -> sample.Window:
        size, raw = _tile_size(look.inspection), look.scratch / "samples.yuv"
        argv = ffmpeg.samples_argv(look.ffmpeg, look.master, look.inspection, timeline, window, size, raw)
        _run(argv, f"sampling from second {float(window.start / timeline.fps):.0f}", look.master)
        return sample.Window(start=window.start, end=window.end, samples=_measure(raw, size, timeline, window))

    return _kept(place, order, window_name(order.source, window.number), find)


def _tile_size(inspection: Inspection) -> tuple[int, int]:
    assert inspection.video is not None
    width, height = display_size(inspection.video)
    scale = sample.TILE_WIDTH / max(width, height)
    return max(16, round(width * scale / 2) * 2), max(16, round(height * scale / 2) * 2)


def _measure(raw: Path, size: tuple[int, int], timeline: Timeline, window: Chunk) -> tuple[sample.Sample, ...]:
    step = max(1, round(timeline.fps))
    every = sample.tile_interval(-(-timeline.frames // step))
    samples: list[sample.Sample] = []
    before = None
    for luma, pixels in _frames(raw, size):
        frame = window.start + len(samples) * step
        tile = _tile(pixels, size) if (frame // step) % every == 0 else b""
        samples.append(sample.measure(frame, luma, before, tile))
        before = luma
    return tuple(samples)


def _frames(raw: Path, size: tuple[int, int]) -> Iterator[tuple[Luma, bytes]]:
    """The yuv420p frames that lie one after another in a file: the luma of each, and all of it."""
    width, height = size
    frame_bytes = width * height * 3 // 2
    with raw.open("rb") as file:
        while len(pixels := file.read(frame_bytes)) == frame_bytes:
            yield np.frombuffer(pixels, np.uint8, width * height).reshape(height, width), pixels


def _tile(pixels: bytes, size: tuple[int, int]) -> bytes:
    """One yuv420p frame as a small JPEG."""
    width, height = size
    planes = np.frombuffer(pixels, np.uint8)
    luma = planes[: width * height].reshape(height, width)
    chroma = planes[width * height :].reshape(2, height // 2, width // 2).repeat(2, axis=1).repeat(2, axis=2)
    # FFmpeg's limited range (16..235) becomes JPEG's full range.
    full = np.dstack(
        [
            (luma.astype(np.float32) - 16) * (255 / 219),
            *((c.astype(np.float32) - 128) * (255 / 224) + 128 for c in chroma),
        ]
    )
    image = Image.fromarray(np.clip(np.rint(full), 0, 255).astype(np.uint8), "YCbCr")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=TILE_QUALITY)
    return out.getvalue()


def try_piece(place: Workplace, order: Order, timeline: Timeline, piece: Chunk, preset: str, name: str) -> str:
    """Encode one piece of a title at every size and rate factor, and score each; answers the name of the object."""

    def find(look: _Look) -> trial.Piece:
        assert look.inspection.video is not None
        sizes = trial.sizes_of(*display_size(look.inspection.video))
        measured = (one for size in sizes for one in _tried(look, timeline, piece, size, preset))
        return trial.Piece(start=piece.start, end=piece.end, measured=tuple(measured))

    return _kept(place, order, name, find)


def _tried(
    look: _Look, timeline: Timeline, piece: Chunk, size: tuple[int, int], preset: str
) -> Iterator[trial.Measured]:
    """What a piece comes to at one size with each rate factor."""
    assert look.inspection.video is not None
    display, model = trial.judged_at(size, *display_size(look.inspection.video))
    what = f"trying second {float(piece.start / timeline.fps):.0f}"
    encodes = [look.scratch / f"{n}.mp4" for n in range(len(trial.CRFS))]
    argv = ffmpeg.trial_argv(look.ffmpeg, look.master, look.inspection, timeline, piece, size, trial.CRFS, preset)
    _run(argv, what, look.master, look.scratch)
    argv = ffmpeg.vmaf_argv(
        look.ffmpeg, look.master, look.inspection, timeline, piece, display, encodes, model, trial.VMAF_EVERY
    )
    _run(argv, what, look.master, look.scratch)
    for n, crf in enumerate(trial.CRFS):
        score = msgspec.json.decode((look.scratch / f"{n}.json").read_bytes(), type=trial.VmafLog)
        size_bytes = int(read_track(encodes[n]).samples.size.sum())
        yield trial.Measured(size=size, model=model, crf=crf, size_bytes=size_bytes, vmaf=score.mean)


def measure_sound(place: Workplace, order: Order, timeline: Timeline, stream: int, channels: int) -> str:
    """Measure how loud one audio track of an inspected master is; answers the name of the object."""

    def find(look: _Look) -> Loudness:
        argv = ffmpeg.loudness_argv(look.ffmpeg, look.master, look.inspection, timeline, stream, channels)
        return loudness_in(_run(argv, f"measuring audio track {stream}", look.master).stderr_tail, stream)

    return _kept(place, order, loudness_name(order.source, stream), find)


def read_text(place: Workplace, order: Order, timeline: Timeline, track: SubtitleStream) -> str:
    """Read one subtitle track of an inspected master into clean WebVTT; answers the name of the object.

    A track that cannot be read never costs the film: the object says why.
    """

    def find(look: _Look) -> Text:
        out = look.scratch / "subtitles"
        argv = ffmpeg.text_argv(look.ffmpeg, look.master, look.inspection, track, out)
        try:
            _run(argv, f"reading subtitle track {track.index}", look.master, limits=TEXT_LIMITS)
            cues = cues_of(out.read_bytes(), timeline.duration_s, ffmpeg.origin_s(look.inspection, timeline))
        except (FfmpegFailed, OutputTooLarge, BadSubtitles) as error:
            return Text(stream=track.index, fault=error.message)
        if not cues:
            return Text(stream=track.index)
        content = written(cues).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        kept = f"{work_folder(order.source)}/{sha256}.vtt"
        store.write(look.objects, kept, content)
        return Text(stream=track.index, text=kept, sha256=sha256)

    return _kept(place, order, text_name(order.source, track.index), find)


def perform(place: Workplace, plan_name: str, task: Task) -> str:
    """Do one task of a plan; answers the name of the object that it made."""
    place = on_this_machine(place)
    objects = open_objects(place.objects_url)
    if store.exists(objects, task.makes):
        return task.makes
    plan = load_plan(place.objects_url, plan_name)
    with _workroom(place, task.makes) as scratch:
        _KINDS[task.kind](_Bench(place, objects, plan, scratch), task)
    return task.makes


class _Bench(msgspec.Struct, frozen=True):
    """All that a task has in its hands."""

    place: Workplace
    objects: Objects
    plan: Plan
    scratch: Path

    @property
    def ffmpeg(self) -> Path:
        return Path(self.place.ffmpeg)

    def master(self) -> Path:
        return AT_HAND.linked(self.place.objects_url, self.objects, self.plan.order.master, self.scratch)

    def rendition(self, key: str) -> Rendition:
        plan = self.plan
        return next(one for one in (*plan.video, *plan.audio, *plan.subtitles) if one.key == key)


def _encode_chunk(bench: _Bench, task: Task) -> None:
    plan, recipe = bench.plan, bench.rendition(task.rendition).recipe
    assert isinstance(recipe, VideoRecipe)
    _need_build(bench.place, recipe.encoder.build)
    chunk, out = plan.chunks[task.part], bench.scratch / "chunk.mp4"
    at_s = float(chunk.start / plan.timeline.fps)
    what, master = f"encoding {recipe.rung.name} from second {at_s:.0f}", bench.master()
    done = _run(ffmpeg.chunk_argv(bench.ffmpeg, master, plan.inspection, chunk, recipe, out), what, master)
    if (missing := _repeats(done) - chunk.repeats) > 0:
        _clear_machine(what, _REASON.findall(done.stderr_tail), master)
        if not recipe.is_damaged:
            raise FramesMissing(at_s, missing)
    store.write_file(bench.objects, task.makes, out)


def _repeats(done: Finished) -> int:
    """How many frames FFmpeg's fps filter showed again; more than the timeline says means that some were lost."""
    reports = [tuple(map(int, report)) for report in _FPS_REPORT.findall(done.stderr_tail)]
    return max((report[3] for report in reports), default=0)


def _package(bench: _Bench, task: Task) -> None:
    plan, rendition = bench.plan, bench.rendition(task.rendition)
    recipe = rendition.recipe
    assert isinstance(recipe, VideoRecipe)
    out = bench.scratch / "media.mp4"
    try:
        package = package_video(_parts(bench, rendition), _grid(plan), out)
    except (FileNotFoundError, BadMp4, BadConfiguration, ChunksDoNotJoin) as error:
        raise quality.QualityFailed(rendition.key, [f"its chunks do not join: {error}"]) from error
    facts = VideoRendition(
        key=rendition.key,
        name=recipe.rung.name,
        width=package.width,
        height=package.height,
        frame_rate_num=plan.timeline.rate[0],
        frame_rate_den=plan.timeline.rate[1],
        **_facts(package),
    )
    _put_rendition(bench, rendition, out, package.index, msgspec.json.encode(facts))


def _parts(bench: _Bench, rendition: Rendition) -> list[Part]:
    return [
        Part(
            path=store.local_copy(bench.objects, chunk_name(bench.plan, rendition.key, chunk.number), bench.scratch),
            frames=chunk.end - chunk.start,
        )
        for chunk in bench.plan.chunks
    ]


def _encode_audio(bench: _Bench, task: Task) -> None:
    plan, rendition = bench.plan, bench.rendition(task.rendition)
    recipe = rendition.recipe
    assert isinstance(recipe, AudioRecipe)
    _need_build(bench.place, recipe.encoder.build)
    encoded, out, master = bench.scratch / "audio.mp4", bench.scratch / "media.mp4", bench.master()
    argv = ffmpeg.audio_argv(bench.ffmpeg, master, plan.inspection, recipe, encoded)
    _run(argv, f"encoding audio track {recipe.stream}", master)
    package = package_audio(encoded, _grid(plan), out)
    facts = AudioRendition(
        key=rendition.key,
        language=recipe.language,
        label=recipe.label,
        channels=package.channels,
        sample_rate=package.sample_rate,
        is_default=recipe.is_default,
        **_facts(package),
    )
    _put_rendition(bench, rendition, out, package.index, msgspec.json.encode(facts))


def _grid(plan: Plan) -> Grid:
    timeline = plan.timeline
    return Grid(rate=timeline.rate, frames=timeline.frames, segment_frames=timeline.segment_frames)


def _facts(package: Package) -> dict[str, Any]:
    return {
        "codecs": package.codecs,
        "average_bps": package.average_bps,
        "peak_bps": package.peak_bps,
        "init_range": package.init_range,
        "index_range": package.index_range,
        "timescale": package.index.timescale,
    }


def _put_rendition(bench: _Bench, rendition: Rendition, media: Path, index: SegmentIndex, facts: bytes) -> None:
    """The media first and the facts last: a rendition with facts is whole."""
    store.write_file(bench.objects, f"{rendition.folder}/media.mp4", media)
    store.write(bench.objects, f"{rendition.folder}/index.json", msgspec.json.encode(index))
    store.write(bench.objects, f"{rendition.folder}/media.m3u8", media_playlist(index).encode())
    store.write(bench.objects, facts_name(rendition.key), facts)


def _put_subtitles(bench: _Bench, task: Task) -> None:
    rendition = bench.rendition(task.rendition)
    recipe = rendition.recipe
    assert isinstance(recipe, SubtitleRecipe)
    facts = SubtitleTrack(
        key=rendition.key,
        language=recipe.language,
        label=recipe.label,
        is_sdh=recipe.is_sdh,
        is_forced=recipe.is_forced,
    )
    playlist = subtitle_playlist(Seconds(recipe.duration_s))
    store.write(bench.objects, f"{rendition.folder}/media.vtt", store.read(bench.objects, recipe.text))
    store.write(bench.objects, f"{rendition.folder}/media.m3u8", playlist.encode())
    store.write(bench.objects, task.makes, msgspec.json.encode(facts))


def _check(bench: _Bench, task: Task) -> None:
    """Decode what was packaged, through its own header only, and compare it with the source.

    Raises QualityFailed and removes nothing: other workers may be at other windows of the rendition.
    """
    rendition = bench.rendition(task.rendition)
    check = _check_audio if isinstance(rendition.recipe, AudioRecipe) else _check_video
    try:
        faults = check(bench, rendition, task)
    except FileNotFoundError as error:
        faults = [f"a file of it is gone: {error}"]
    if faults:
        raise quality.QualityFailed(rendition.key, faults)
    store.write(bench.objects, task.makes, b"passed")


def _check_audio(bench: _Bench, rendition: Rendition, _: Task) -> list[str]:
    media = store.local_copy(bench.objects, f"{rendition.folder}/media.mp4", bench.scratch)
    out = bench.scratch / "sound.pcm"
    failed = _decode(ffmpeg.check_audio_argv(bench.ffmpeg, media, out), media)
    return failed or quality.audio_faults(out.stat().st_size, bench.plan.timeline.duration_s)


def _check_video(bench: _Bench, rendition: Rendition, task: Task) -> list[str]:
    plan, window, folder = bench.plan, bench.plan.windows[task.part], rendition.folder
    index = msgspec.json.decode(store.read(bench.objects, f"{folder}/index.json"), type=SegmentIndex)
    media = store.local_copy(bench.objects, f"{folder}/media.mp4", bench.scratch)
    piece, out = bench.scratch / "piece.mp4", bench.scratch / "seconds.yuv"
    first, last = (frame // plan.timeline.segment_frames for frame in (window.start, window.end - 1))
    faults = _cut(media, index, first, last, piece)
    if faults:
        return faults
    counted: list[int] = []
    size = _tile_size(plan.inspection)
    failed = _decode(ffmpeg.check_argv(bench.ffmpeg, piece, plan.timeline, size, out), piece, counted.append)
    if failed:
        return failed
    known = msgspec.msgpack.decode(
        store.read(bench.objects, window_name(plan.order.source, window.number)), type=sample.Window
    )
    check = quality.VideoCheck(
        frames=max(counted, default=0),
        frames_wanted=window.end - window.start,
        psnr_db=quality.compare((one.thumb for one in known.samples), (luma for luma, _ in _frames(out, size))),
    )
    return quality.video_faults(check, len(known.samples))


def _cut(media: Path, index: SegmentIndex, first: int, last: int, piece: Path) -> list[str]:
    """Header and segments [first, last] of `media` into `piece`; what is wrong with their hashes."""
    with media.open("rb") as source, piece.open("wb") as out:
        out.write(source.read(index.init_size))
        for number, segment in enumerate(index.segments[first : last + 1], start=first):
            source.seek(segment.offset)
            content = source.read(segment.size)
            if hashlib.sha256(content).hexdigest() != segment.sha256:
                return [f"segment {number} is not what was written"]
            out.write(content)
    return []


def _decode(argv: Sequence[str], file: Path, on_frames: Callable[[int], None] | None = None) -> list[str]:
    """Decode our own `file`; what is wrong with it. `on_frames` is told the count of decoded frames."""

    def read(line: str) -> None:
        name, _, value = line.partition("=")
        if on_frames is not None and name == "frame" and value.isdigit():
            on_frames(int(value))

    argv = [argv[0], "-progress", "pipe:1", *argv[1:]]
    done = run_confined(argv, limits=ENCODE_LIMITS, stop=is_cancelled, on_line=read)
    if done.returncode == 0:
        return []
    _clear_machine("checking a rendition", _REASON.findall(done.stderr_tail), file)
    return [_reason(done.stderr_tail)]


def _make_pictures(bench: _Bench, task: Task) -> None:
    plan = bench.plan
    windows = [
        msgspec.msgpack.decode(
            store.read(bench.objects, window_name(plan.order.source, one.number)), type=sample.Window
        )
        for one in plan.windows
    ]
    pictures = Pictures(still=_still(bench, windows), storyboard=_storyboard(bench, windows))
    store.write(bench.objects, task.makes, msgspec.json.encode(pictures))


def _still(bench: _Bench, windows: Sequence[sample.Window]) -> str:
    plan, out = bench.plan, bench.scratch / "still.png"
    assert plan.inspection.video is not None
    frame = sample.best_still(windows)
    chunk = next(one for one in reversed(plan.chunks) if one.start <= frame)
    at = msgspec.structs.replace(chunk, start=frame)
    width, height = display_size(plan.inspection.video)
    scale = min(1.0, STILL_SIZE[0] / width, STILL_SIZE[1] / height)
    size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
    master = bench.master()
    argv = ffmpeg.still_argv(bench.ffmpeg, master, plan.inspection, plan.timeline, at, size, out)
    _run(argv, "taking a still", master)
    with Image.open(out) as image:
        return _put_image(bench.objects, image.convert("RGB"), STILL_QUALITY)


def _storyboard(bench: _Bench, windows: Sequence[sample.Window]) -> Storyboard | None:
    samples = [one for window in windows for one in window.samples if one.tile]
    if not samples:
        return None
    tiles = [Image.open(io.BytesIO(one.tile)).convert("RGB") for one in samples]
    columns = max(1, round(len(tiles) ** 0.5))
    rows = -(-len(tiles) // columns)
    width, height = tiles[0].size
    sheet = Image.new("RGB", (columns * width, rows * height))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % columns * width, number // columns * height))
    timeline = bench.plan.timeline
    step = max(1, round(timeline.fps))
    interval = sample.tile_interval(-(-timeline.frames // step)) * step / timeline.fps
    return Storyboard(
        image=_put_image(bench.objects, sheet, TILE_QUALITY),
        columns=columns,
        rows=rows,
        tile_width=width,
        tile_height=height,
        interval_s=float(interval),
    )


def _put_image(objects: Objects, image: Image.Image, image_quality: int) -> str:
    """Store a picture under a name that is the hash of its bytes; answers the name."""
    out = io.BytesIO()
    image.save(out, "WEBP", quality=image_quality, method=4)
    content = out.getvalue()
    name = f"{hashlib.sha256(content).hexdigest()[:32]}.webp"
    store.write(objects, f"images/{name}", content)
    return name


def _need_build(place: Workplace, build: str) -> None:
    if place.build != build:
        raise EncoderDiffers(f"the plan was made for FFmpeg build {build[:12]}, this worker has {place.build[:12]}")


def _run(
    argv: Sequence[str], what: str, master: Path, folder: Path | None = None, *, limits: Limits = ENCODE_LIMITS
) -> Finished:
    """Run FFmpeg. Raises FfmpegFailed where it blames the master's bytes, else StorageFull or MachineFailed."""
    done = run_confined(argv, limits=limits, stop=is_cancelled, folder=folder)
    if done.returncode != 0:
        said = _REASON.findall(done.stderr_tail)
        _clear_machine(what, said, master)
        if not _names(said, _DATA):
            raise MachineFailed(what, _reason(done.stderr_tail))
        raise FfmpegFailed(what, shown(argv), done.stderr_tail)
    return done


def _clear_machine(what: str, said: Iterable[str], file: Path) -> None:
    """Raises StorageFull or MachineFailed where one of the errors in `said`, about `file`, is the machine's."""
    lines = tuple(said)
    if _names(lines, _NO_ROOM):
        raise store.StorageFull(f"the disk is full; {_FREE_SPACE}")
    reason = _names(lines, _MACHINE)
    if not reason and (unread := _names(lines, (_READ_ERROR,))) and not _can_be_read(file):
        reason = unread
    if reason:
        raise MachineFailed(what, reason[:200])


def _names(lines: Iterable[str], errors: Sequence[str]) -> str:
    """The first line that names one of the errors; empty when none does."""
    return next((line for line in lines if any(error in line.lower() for error in errors)), "")


def _can_be_read(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            while content.read(_BLOCK_BYTES):
                pass
    except OSError:
        return False
    return True


def _reason(stderr_tail: str) -> str:
    """The first error that a program told, or its last line."""
    reasons = _REASON.findall(stderr_tail) or stderr_tail.strip().splitlines()[-1:] or ["it said nothing"]
    return str(reasons[0])[:200]


_KINDS: dict[str, Callable[[_Bench, Task], None]] = {
    "chunk": _encode_chunk,
    "package": _package,
    "audio": _encode_audio,
    "check": _check,
    "subtitles": _put_subtitles,
    "pictures": _make_pictures,
}
