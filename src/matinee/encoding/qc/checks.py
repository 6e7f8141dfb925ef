"""Quality control as workers do it: decode what was packaged, and measure it against the source.

Workers measure and judge nothing: what they found out is an object in the store, and `quality.findings_of` says what
it means. So a limit that is changed needs nothing to be measured again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from matinee.base import objects as store
from matinee.base.objects import open_objects
from matinee.base.process import Finished, run_confined
from matinee.encoding.asset import AudioRendition, Segment, SegmentIndex, VideoRendition
from matinee.encoding.pertitle import sample
from matinee.encoding.pertitle.trial import VmafLog, judged_at, xpsnr_in
from matinee.encoding.plan import Plan, Rendition, Task, facts_name, frames_name, window_name
from matinee.encoding.qc import conformance, gauge, likeness, quality
from matinee.encoding.qc.conformance import Fault, Playlists
from matinee.encoding.qc.likeness import FRAME_BYTES, SOUND_HZ, Shift, Sound
from matinee.encoding.qc.quality import Evidence, Scored, SoundMeasures, VideoMeasures
from matinee.encoding.qc.report import Moment
from matinee.encoding.recipe import AudioRecipe, SubtitleRecipe, VideoRecipe
from matinee.encoding.source import display_size, has_index, size_within
from matinee.encoding.timeline import Chunk, piece_at
from matinee.encoding.tracks.loudness import loudness_in
from matinee.encoding.worker import ffmpeg
from matinee.encoding.worker.looks import frames_in, tile_size
from matinee.encoding.worker.workplace import (
    ENCODE_LIMITS,
    Bench,
    FfmpegFailed,
    Workplace,
    clear_machine,
    errors_in,
    load_plan,
    on_this_machine,
    reason_in,
    run_ffmpeg,
    workroom,
)
from matinee.work.compute import is_cancelled

SCORED_EVERY = 10
"""Of so many segments, one is scored by VMAF; besides, of each window the one whose thumbnails are least like the
source's. That is 12 % of a film."""
VMAF_EVERY = 7
"""Frames of which one is scored; motion is followed through all of them."""
STILL_SIZE = (1280, 720)
STILL_QUALITY = 90
_BLOCK = re.compile(r"lavfi\.block=([0-9.]+)")
_SAMPLES, _FULL = re.compile(r"n_samples: (\d+)"), re.compile(r"histogram_0db: (\d+)")


def check(bench: Bench, task: Task) -> None:
    """Decode what was packaged, through its own header only, and compare it with the source.

    What is wrong with it is in the evidence that it stores; it removes nothing, as other workers may be at it too.
    """
    rendition = bench.rendition(task.rendition)
    measure = _checks_of(rendition)
    try:
        found = measure(bench, rendition, task)
    except FileNotFoundError as error:
        found = _broken(rendition, task, Fault(check="gone", message=f"a file of it is gone: {error}"))
    except FfmpegFailed as error:  # it was encoded from this film, and decodes: neither is to blame for sure
        found = _broken(rendition, task, Fault(check="measure", message=error.message))
    store.write(bench.objects, task.makes, msgspec.json.encode(found))


def _checks_of(rendition: Rendition) -> Callable[[Bench, Rendition, Task], Evidence]:
    if isinstance(rendition.recipe, SubtitleRecipe):
        return _check_subtitles
    return _check_sound if isinstance(rendition.recipe, AudioRecipe) else _check_video


def _broken(rendition: Rendition, task: Task, *faults: Fault) -> Evidence:
    return Evidence(rendition=rendition.key, part=task.part, faults=faults)


def _check_subtitles(bench: Bench, rendition: Rendition, task: Task) -> Evidence:
    text, pieces = _text(bench, rendition, "media.vtt"), store.read(bench.objects, f"{rendition.folder}/segments.vtt")
    duration_s = float(bench.plan.timeline.duration_s)
    playlist = conformance.subtitle_faults(_text(bench, rendition, "media.m3u8"), pieces, duration_s)
    return _broken(rendition, task, *quality.subtitle_faults(text, duration_s), *playlist)


# Sound


def _check_sound(bench: Bench, rendition: Rendition, task: Task) -> Evidence:
    recipe, out = rendition.recipe, bench.scratch / "sound.pcm"
    assert isinstance(recipe, AudioRecipe)
    index = _index(bench, rendition)
    media = store.local_copy(bench.objects, f"{rendition.folder}/media.mp4", bench.scratch)
    faults = [*_hash_faults(media, index.segments), *_conformance(bench, rendition, media, index, AudioRendition)]
    done = _decode(gauge.sound_argv(bench.ffmpeg, media, recipe.channels, out), media)
    if isinstance(done, Fault):
        return _broken(rendition, task, done, *faults)
    measures = _heard(bench, recipe, done, out)
    return Evidence(rendition=rendition.key, part=task.part, faults=tuple(faults), sound=measures)


def _heard(bench: Bench, recipe: AudioRecipe, done: Finished, pcm: Path) -> SoundMeasures:
    ours, source_pcm, inspection = _sound_in(pcm), bench.scratch / "source.pcm", bench.plan.inspection
    played = loudness_in(done.stderr_tail, recipe.stream)
    argv = gauge.source_sound_argv(bench.ffmpeg, bench.master(), inspection, recipe, source_pcm)
    log = run_ffmpeg(argv, f"listening to audio track {recipe.stream}", bench.master()).stderr_tail
    source, seconds = _sound_in(source_pcm), len(ours) / SOUND_HZ
    silent, added = likeness.silences(ours, source, recipe.gain_db)
    wanted = loudness_in(log, recipe.stream)
    return SoundMeasures(
        seconds=seconds,
        wanted_s=float(recipe.timeline.duration_s),
        lufs=played.lufs,
        peak_dbtp=played.peak_dbtp,
        source_lufs=wanted.lufs,
        source_peak_dbtp=wanted.peak_dbtp,
        gain_db=recipe.gain_db,
        is_limited=recipe.is_limited,
        shifts=_shifts(ours, source, recipe.gain_db),
        drifts=_drifts(bench, recipe, source) if has_index(inspection) else (),
        full_share=_full_share(done.stderr_tail),
        source_full_share=_full_share(log),
        silent=silent,
        added=added,
    )


def _full_share(log: str) -> float:
    """Of all samples, those within 1 dB of full scale, as FFmpeg's volumedetect says at the end of a log."""
    samples, full = (sum(map(int, pattern.findall(log)[-1:])) for pattern in (_SAMPLES, _FULL))
    return round(full / samples, 6) if samples else 0.0


def _sound_in(pcm: Path) -> Sound:
    return np.memmap(pcm, "<i2", "r") if pcm.stat().st_size else np.zeros(0, np.int16)


def _shifts(ours: Sound, source: Sound, gain_db: float) -> tuple[Shift, ...]:
    """How late ours is at the start, in the middle and at the end, or as near to them as there is sound."""
    found = (
        likeness.shift_at(likeness.place_in(ours, at_s), source, at_s)
        for at_s in likeness.audible_places(source, gain_db)
    )
    return tuple(one for one in found if one is not None)


def _drifts(bench: Bench, recipe: AudioRecipe, source: Sound) -> tuple[Shift, ...]:
    """How late the source's sound, as it is laid out for us, is against its own times at the same places."""
    found = []
    for number, at_s in enumerate(likeness.audible_places(source, recipe.gain_db)):
        out = bench.scratch / f"place-{number}.pcm"
        argv = gauge.place_argv(bench.ffmpeg, bench.master(), bench.plan.inspection, recipe, at_s, out)
        run_ffmpeg(argv, f"listening to audio track {recipe.stream} at second {at_s:.0f}", bench.master())
        found.append(likeness.shift_at(likeness.place_in(_sound_in(out), 0.0), source, at_s))
    # It is the source's own times that the laid-out sound is late against.
    return tuple(msgspec.structs.replace(one, late_ms=0.0 - one.late_ms) for one in found if one is not None)


# Pictures


def _check_video(bench: Bench, rendition: Rendition, task: Task) -> Evidence:
    plan, index, recipe = bench.plan, _index(bench, rendition), rendition.recipe
    assert isinstance(recipe, VideoRecipe)
    window = plan.windows[task.part]
    media = store.local_copy(bench.objects, f"{rendition.folder}/media.mp4", bench.scratch)
    segments = _segments_of(plan, index, window)
    faults = _hash_faults(media, segments)
    if task.part == 0:  # of the whole file, once
        faults += _conformance(bench, rendition, media, index, VideoRendition)
    if faults:
        return _broken(rendition, task, *faults)
    piece, seen = _cut(media, index, segments, bench.scratch / "piece.mp4"), bench.scratch / "seconds.yuv"
    size, tiny = tile_size(plan.inspection), bench.scratch / "frames.yuv"
    done = _decode(ffmpeg.check_argv(bench.ffmpeg, piece, plan.inspection, recipe, size, seen, tiny), piece)
    if isinstance(done, Fault):
        return _broken(rendition, task, done)
    measures = _seen(bench, window, seen, tiny)
    scored = tuple(_scored(bench, rendition, media, index, number) for number in _to_score(plan, window, measures))
    return Evidence(rendition=rendition.key, part=task.part, video=msgspec.structs.replace(measures, scored=scored))


def _index(bench: Bench, rendition: Rendition) -> SegmentIndex:
    return msgspec.json.decode(store.read(bench.objects, f"{rendition.folder}/index.json"), type=SegmentIndex)


def _conformance(
    bench: Bench,
    rendition: Rendition,
    media: Path,
    index: SegmentIndex,
    kind: type[VideoRendition] | type[AudioRendition],
) -> list[Fault]:
    facts = msgspec.json.decode(store.read(bench.objects, facts_name(rendition.key)), type=kind)
    has_iframes = isinstance(facts, VideoRendition) and facts.iframes_bps > 0
    playlists = Playlists(
        media=_text(bench, rendition, "media.m3u8"),
        iframes=_text(bench, rendition, "iframes.m3u8") if has_iframes else None,
    )
    return conformance.faults_of(media, index, facts, bench.plan.timeline, playlists)


def _text(bench: Bench, rendition: Rendition, name: str) -> str:
    return store.read(bench.objects, f"{rendition.folder}/{name}").decode(errors="replace")


def _segments_of(plan: Plan, index: SegmentIndex, window: Chunk) -> Sequence[Segment]:
    first, last = (frame // plan.timeline.segment_frames for frame in (window.start, window.end - 1))
    return index.segments[first : last + 1]


def _hash_faults(media: Path, segments: Sequence[Segment]) -> list[Fault]:
    """The first segment whose bytes are not those that were written."""
    with media.open("rb") as source:
        for segment in segments:
            source.seek(segment.offset)
            if hashlib.sha256(source.read(segment.size)).hexdigest() != segment.sha256:
                message = f"the segment at byte {segment.offset} is not what was written"
                return [Fault(check="bytes", message=message)]
    return []


def _cut(media: Path, index: SegmentIndex, segments: Sequence[Segment], piece: Path) -> Path:
    """Header and segments of `media` as a file of their own."""
    with media.open("rb") as source, piece.open("wb") as out:
        out.write(source.read(index.init_size))
        for segment in segments:
            source.seek(segment.offset)
            out.write(source.read(segment.size))
    return piece


def _seen(bench: Bench, window: Chunk, seen: Path, tiny: Path) -> VideoMeasures:
    plan = bench.plan
    name = window_name(plan.order, window.number)
    known = msgspec.msgpack.decode(store.read(bench.objects, name), type=sample.Window)
    step, size = max(1, round(plan.timeline.fps)), tile_size(plan.inspection)
    return VideoMeasures(
        start=window.start,
        fps=float(plan.timeline.fps),
        step=step,
        frames=tiny.stat().st_size // FRAME_BYTES,
        wanted=window.end - window.start,
        samples=len(known.samples),
        psnr_db=quality.compare((one.thumb for one in known.samples), (luma for luma, _ in frames_in(seen, size))),
        seconds=_compared(bench, window, tiny, step),
    )


def _compared(bench: Bench, window: Chunk, tiny: Path, step: int) -> likeness.Seconds | None:
    """Every frame against the source's; None where those were not kept (by an older version)."""
    name = frames_name(bench.plan.order, window.number)
    if not store.exists(bench.objects, name):
        return None
    source = store.read(bench.objects, name)
    return likeness.compared(likeness.tiny_frames(tiny.read_bytes()), likeness.tiny_frames(source), step)


def _to_score(plan: Plan, window: Chunk, measures: VideoMeasures) -> list[int]:
    """The segments of a window that VMAF is told of: every SCORED_EVERY-th, and the one least like the source.

    None where the frames are not those of the source anyway.
    """
    if measures.frames != measures.wanted or not measures.psnr_db:
        return []
    segment = plan.timeline.segment_frames
    first, last = window.start // segment, (window.end - 1) // segment
    least = window.start + int(np.argmin(measures.psnr_db)) * measures.step
    even = [number for number in range(first, last + 1) if number % SCORED_EVERY == SCORED_EVERY // 2]
    return sorted({*even, least // segment})


def _scored(bench: Bench, rendition: Rendition, media: Path, index: SegmentIndex, number: int) -> Scored:
    """One segment of a rung against the source."""
    plan, segment, recipe = bench.plan, bench.plan.timeline.segment_frames, rendition.recipe
    assert plan.inspection.video is not None and isinstance(recipe, VideoRecipe)
    size = (recipe.rung.width, recipe.rung.height)
    display, model = judged_at(size, *display_size(plan.inspection.video))
    stretch = piece_at(plan.inspection, plan.timeline, number * segment, (number + 1) * segment)
    piece = _cut(media, index, index.segments[number : number + 1], bench.scratch / "segment.mp4")
    argv = gauge.score_argv(
        bench.ffmpeg, bench.master(), plan.inspection, recipe, stretch, piece, display, model, VMAF_EVERY
    )
    what = f"scoring {recipe.rung.name} from second {float(stretch.start / plan.timeline.fps):.0f}"
    run_ffmpeg(argv, what, bench.master(), bench.scratch)
    log = msgspec.json.decode((bench.scratch / gauge.SCORES).read_bytes(), type=VmafLog)
    return Scored(
        start=stretch.start,
        every=VMAF_EVERY,
        model=model,
        vmaf=log.scores,
        blockiness=_blockiness(bench.scratch / gauge.BLOCKS),
        source_blockiness=_blockiness(bench.scratch / gauge.SOURCE_BLOCKS),
        xpsnr_db=xpsnr_in((bench.scratch / gauge.LIGHT).read_text()) if recipe.coding.hdr is not None else None,
    )


def _blockiness(file: Path) -> float:
    """The mean of what FFmpeg's blockdetect found (R. Muijs and I. Kirenko, EUSIPCO 2005); about 1 for none."""
    found = [float(value) for value in _BLOCK.findall(file.read_text())]
    return round(sum(found) / len(found), 3) if found else 0.0


def show_moment(place: Workplace, plan_name: str, moment: Moment, names: tuple[str, str]) -> str:
    """Store the source's and the rendition's picture of one frame under `names`; answers the second of them."""
    place = on_this_machine(place)
    objects, plan = open_objects(place.objects_url), load_plan(place.objects_url, plan_name)
    with workroom(place, names[1]) as scratch:
        bench = Bench(place, objects, plan, scratch)
        for name, argv in zip(names, (_of_source(bench, moment), _of_rendition(bench, moment)), strict=True):
            out = scratch / "still.png"
            run_ffmpeg(argv, f"taking the picture at second {moment.at_s:.0f}", bench.master())
            with Image.open(out) as image:
                image.convert("RGB").save(scratch / "still.webp", "WEBP", quality=STILL_QUALITY)
            store.write(objects, name, (scratch / "still.webp").read_bytes())
    return names[1]


def _still_size(plan: Plan) -> tuple[int, int]:
    assert plan.inspection.video is not None
    return size_within(plan.inspection.video, STILL_SIZE, most=inf)


def _of_source(bench: Bench, moment: Moment) -> list[str]:
    plan, out = bench.plan, bench.scratch / "still.png"
    at = piece_at(plan.inspection, plan.timeline, moment.frame, moment.frame + 1)
    argv = ffmpeg.still_argv(bench.ffmpeg, bench.master(), plan.inspection, plan.timeline, at, _still_size(plan), out)
    return argv


def _of_rendition(bench: Bench, moment: Moment) -> list[str]:
    plan, rendition, out = bench.plan, bench.rendition(moment.rendition), bench.scratch / "still.png"
    assert isinstance(rendition.recipe, VideoRecipe)
    index = _index(bench, rendition)
    media = store.local_copy(bench.objects, f"{rendition.folder}/media.mp4", bench.scratch)
    number, frame = divmod(moment.frame, plan.timeline.segment_frames)
    piece = _cut(media, index, index.segments[number : number + 1], bench.scratch / "moment.mp4")
    return gauge.shown_argv(bench.ffmpeg, piece, plan.inspection, rendition.recipe, frame, _still_size(plan), out)


def _decode(argv: Sequence[str], file: Path) -> Finished | Fault:
    """Decode our own `file`; how it ended, or what is wrong with it."""
    done = run_confined(argv, limits=ENCODE_LIMITS, stop=is_cancelled)
    if done.returncode == 0:
        return done
    clear_machine("checking a rendition", errors_in(done.stderr_tail), file)
    return Fault(check="decode", message=reason_in(done.stderr_tail))
