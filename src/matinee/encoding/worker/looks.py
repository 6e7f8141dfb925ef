"""What workers find out about a master before it is planned: its structure, samples, trials, loudness, subtitles.

Each look keeps what it found under a name made of what was asked, and finds it there the next time.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

import matinee
from matinee.base import objects as store
from matinee.base.objects import Objects, open_objects
from matinee.base.process import Limits, OutputTooLarge, run_confined
from matinee.base.subtitles import BadSubtitles, cues_of, written
from matinee.encoding.formats.mp4 import read_track
from matinee.encoding.pertitle import sample, trial
from matinee.encoding.pertitle.complexity import Luma
from matinee.encoding.plan import (
    Order,
    Text,
    as_ordered,
    frames_name,
    inspection_name,
    loudness_name,
    text_name,
    window_name,
    work_folder,
)
from matinee.encoding.source import FilmRefused, Inspection, SubtitleStream, display_size, size_within
from matinee.encoding.timeline import Chunk, Timeline
from matinee.encoding.tracks.loudness import Loudness, loudness_in
from matinee.encoding.worker import ffmpeg, probe
from matinee.encoding.worker.masters import AT_HAND
from matinee.encoding.worker.workplace import (
    FfmpegFailed,
    InspectionFailed,
    Workplace,
    clear_machine,
    load_inspection,
    need_build,
    on_this_machine,
    run_ffmpeg,
    workroom,
)
from matinee.work.compute import is_cancelled

PROBE_LIMITS = Limits(cpu_s=1_800, wall_s=3_600, memory_bytes=4 * 2**30, output_bytes=64 * 2**20)
TEXT_LIMITS = Limits(cpu_s=1_800, wall_s=3_600, memory_bytes=4 * 2**30, output_bytes=64 * 2**20)
"""The whole file is read for one track; what is written is text."""
TILE_QUALITY = 60


def inspect(place: Workplace, order: Order) -> str:
    """Inspect the master in a confined process of its own; answers the name of the inspection. Raises FilmRefused."""
    place = on_this_machine(place)
    objects, name = open_objects(place.objects_url), inspection_name(order.source)
    if store.exists(objects, name):
        return name
    with workroom(place, name) as scratch:
        path = AT_HAND.linked(place.objects_url, objects, order.master, scratch)
        argv = [sys.executable, "-m", "matinee.encoding.worker.probe", str(path)]
        environment = {"PYTHONPATH": str(Path(matinee.__file__).parent.parent)}
        done = run_confined(argv, limits=PROBE_LIMITS, stop=is_cancelled, environment=environment)
        if done.returncode != 0:
            raise InspectionFailed(done.returncode, done.stderr_tail)
        answer = msgspec.json.decode(done.stdout, type=probe.Found | probe.Refusal)
        said = answer.reasons if isinstance(answer, probe.Refusal) else answer.inspection.warnings
        clear_machine("reading the film's structure", said, path)
    if isinstance(answer, probe.Refusal):
        raise FilmRefused(*answer.reasons, remedy=answer.remedy)
    store.write(objects, name, msgspec.msgpack.encode(answer.inspection))
    return name


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
    inspection = as_ordered(order, load_inspection(place.objects_url, inspection_name(order.source)))
    with workroom(place, name) as scratch:
        master = AT_HAND.linked(place.objects_url, objects, order.master, scratch)
        found = find(_Look(place, objects, inspection, master, scratch))
    store.write(objects, name, msgspec.msgpack.encode(found))
    return name


def sample_window(place: Workplace, order: Order, timeline: Timeline, window: Chunk) -> str:
    """Take and measure the samples of one window of an inspected master; answers the name of the object."""

    def find(look: _Look) -> sample.Window:
        size, raw, tiny = tile_size(look.inspection), look.scratch / "samples.yuv", look.scratch / "frames.yuv"
        argv = ffmpeg.samples_argv(look.ffmpeg, look.master, look.inspection, timeline, window, size, raw, tiny)
        run_ffmpeg(argv, f"sampling from second {float(window.start / timeline.fps):.0f}", look.master)
        store.write_file(look.objects, frames_name(order, window.number), tiny)
        return sample.Window(start=window.start, end=window.end, samples=_measure(raw, size, timeline, window))

    return _kept(place, order, window_name(order, window.number), find)


def tile_size(inspection: Inspection) -> tuple[int, int]:
    """Width and height of the small frames that samples are taken from, even, in the proportions of the film."""
    assert inspection.video is not None
    return size_within(inspection.video, (sample.TILE_WIDTH, sample.TILE_WIDTH), least=16, most=inf)


def _measure(raw: Path, size: tuple[int, int], timeline: Timeline, window: Chunk) -> tuple[sample.Sample, ...]:
    step = max(1, round(timeline.fps))
    every = sample.tile_interval(-(-timeline.frames // step))
    samples: list[sample.Sample] = []
    before = None
    for luma, pixels in frames_in(raw, size):
        frame = window.start + len(samples) * step
        tile = _tile(pixels, size) if (frame // step) % every == 0 else b""
        samples.append(sample.measure(frame, luma, before, tile))
        before = luma
    return tuple(samples)


def frames_in(raw: Path, size: tuple[int, int]) -> Iterator[tuple[Luma, bytes]]:
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


def try_piece(
    place: Workplace, order: Order, timeline: Timeline, piece: Chunk, attempt: trial.Attempt, name: str
) -> str:
    """Encode one piece of a title at every size and rate factor, and score each; answers the name of the object."""

    def find(look: _Look) -> trial.Piece:
        need_build(look.place, attempt.build)
        assert look.inspection.video is not None
        sizes = trial.sizes_of(*display_size(look.inspection.video), attempt.largest)
        at_s = float(piece.start / timeline.fps)
        what, cut = f"trying second {at_s:.0f}", look.scratch / "piece.mkv"
        run_ffmpeg(ffmpeg.cut_argv(look.ffmpeg, look.master, look.inspection, timeline, piece, cut), what, look.master)
        raw = _Tries(look, what, cut, ffmpeg.cut_of(look.inspection, timeline, piece), attempt)
        found = [raw.tried(size) for size in sizes]
        measured = tuple(one for _, some in found for one in some)
        return trial.Piece(start=piece.start, end=piece.end, measured=measured, libvmaf=found[0][0])

    return _kept(place, order, name, find)


class _Tries(msgspec.Struct, frozen=True):
    """A piece that was cut out of the film, and how it is tried."""

    look: _Look
    what: str
    file: Path
    cut: ffmpeg.Cut
    attempt: trial.Attempt

    def tried(self, size: tuple[int, int]) -> tuple[str, list[trial.Measured]]:
        """What the piece comes to at one size with each rate factor, and by which libvmaf."""
        look, coding, frames = self.look, self.attempt.coding, self.cut.piece.end
        assert look.inspection.video is not None
        display, model = trial.judged_at(size, *display_size(look.inspection.video))
        crfs = trial.crfs_of(size, *display_size(look.inspection.video), coding.codec)
        encodes = [look.scratch / f"{n}.mp4" for n in range(len(crfs))]
        about = (look.ffmpeg, self.file, *self.cut)
        argv = ffmpeg.trial_argv(*about, size, coding, self.attempt.preset, crfs)
        run_ffmpeg(argv, self.what, look.master, look.scratch)
        argv = ffmpeg.vmaf_argv(*about, display, encodes, coding, model, trial.VMAF_EVERY)
        run_ffmpeg(argv, self.what, look.master, look.scratch)
        logs = [msgspec.json.decode(encode.with_suffix(".json").read_bytes(), type=trial.VmafLog) for encode in encodes]
        return logs[0].version, [
            trial.Measured(
                size=size,
                model=model,
                crf=crf,
                size_bytes=int(read_track(encode).samples.size[:frames].sum()),
                scores=log.scores,
                xpsnr_db=trial.xpsnr_in(encode.with_suffix(".xpsnr").read_text()) if coding.hdr is not None else None,
            )
            for crf, encode, log in zip(crfs, encodes, logs, strict=True)
        ]


def measure_sound(place: Workplace, order: Order, timeline: Timeline, stream: int, channels: int) -> str:
    """Measure how loud one audio track of an inspected master is, mixed to so many channels; answers the name of the
    object."""

    def find(look: _Look) -> Loudness:
        argv = ffmpeg.loudness_argv(look.ffmpeg, look.master, look.inspection, timeline, stream, channels)
        log = run_ffmpeg(argv, f"measuring audio track {stream}", look.master).stderr_tail
        return loudness_in(log, stream, channels)

    return _kept(place, order, loudness_name(order.source, stream, channels), find)


def read_text(place: Workplace, order: Order, timeline: Timeline, track: SubtitleStream) -> str:
    """Read one subtitle track of an inspected master into clean WebVTT; answers the name of the object.

    A track that cannot be read never costs the film: the object says why.
    """

    def find(look: _Look) -> Text:
        out = look.scratch / "subtitles"
        argv = ffmpeg.text_argv(look.ffmpeg, look.master, look.inspection, track, out)
        try:
            run_ffmpeg(argv, f"reading subtitle track {track.index}", look.master, limits=TEXT_LIMITS)
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
