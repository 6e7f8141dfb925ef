"""Quality control as workers do it: decode what was packaged, and measure it against the source."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from matinee.base import objects as store
from matinee.base.process import run_confined
from matinee.encoding import ffmpeg, quality, sample
from matinee.encoding.asset import SegmentIndex
from matinee.encoding.looks import frames_in, tile_size
from matinee.encoding.plan import (
    Rendition,
    Task,
    window_name,
)
from matinee.encoding.recipe import AudioRecipe, VideoRecipe
from matinee.encoding.workplace import ENCODE_LIMITS, Bench, clear_machine, errors_in, reason_in
from matinee.work.compute import is_cancelled


def check(bench: Bench, task: Task) -> None:
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


def _check_audio(bench: Bench, rendition: Rendition, _: Task) -> list[str]:
    media = store.local_copy(bench.objects, f"{rendition.folder}/media.mp4", bench.scratch)
    assert isinstance(rendition.recipe, AudioRecipe)
    out = bench.scratch / "sound.pcm"
    failed = _decode(ffmpeg.check_audio_argv(bench.ffmpeg, media, rendition.recipe.codec, out), media)
    return failed or quality.audio_faults(out.stat().st_size, bench.plan.timeline.duration_s)


def _check_video(bench: Bench, rendition: Rendition, task: Task) -> list[str]:
    plan, window, folder = bench.plan, bench.plan.windows[task.part], rendition.folder
    index = msgspec.json.decode(store.read(bench.objects, f"{folder}/index.json"), type=SegmentIndex)
    media = store.local_copy(bench.objects, f"{folder}/media.mp4", bench.scratch)
    piece, out = bench.scratch / "piece.mp4", bench.scratch / "seconds.yuv"
    first, last = (frame // plan.timeline.segment_frames for frame in (window.start, window.end - 1))
    faults = _cut(media, index, first, last, piece)
    if faults:
        return faults
    recipe = rendition.recipe
    assert isinstance(recipe, VideoRecipe)
    counted: list[int] = []
    size = tile_size(plan.inspection)
    failed = _decode(ffmpeg.check_argv(bench.ffmpeg, piece, plan.inspection, recipe, size, out), piece, counted.append)
    if failed:
        return failed
    known = msgspec.msgpack.decode(
        store.read(bench.objects, window_name(plan.order.source, window.number)), type=sample.Window
    )
    check = quality.VideoCheck(
        frames=max(counted, default=0),
        frames_wanted=window.end - window.start,
        psnr_db=quality.compare((one.thumb for one in known.samples), (luma for luma, _ in frames_in(out, size))),
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
    clear_machine("checking a rendition", errors_in(done.stderr_tail), file)
    return [reason_in(done.stderr_tail)]
