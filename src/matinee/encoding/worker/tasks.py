"""The tasks of a title, as workers perform them: small arguments in, an object in the store out.

`perform` finds what its task makes already there and returns at once, or makes it under scratch and moves it into the
store. Nothing else is shared between workers, so any of them may die at any time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from matinee.base import objects as store
from matinee.base.objects import open_objects
from matinee.base.process import Finished
from matinee.base.units import Seconds
from matinee.encoding.asset import AudioRendition, SegmentIndex, SubtitleTrack, VideoRendition
from matinee.encoding.formats.captions import cut
from matinee.encoding.formats.cmaf import (
    ChunksDoNotJoin,
    Grid,
    Package,
    ParameterSetsDiffer,
    Part,
    checked,
    package_audio,
    package_video,
)
from matinee.encoding.formats.codec import BadConfiguration
from matinee.encoding.formats.mp4 import BadMp4
from matinee.encoding.formats.playlist import iframe_index, iframe_playlist, media_playlist, peak_bps, subtitle_playlist
from matinee.encoding.plan import (
    Plan,
    Rendition,
    Task,
    chunk_name,
    facts_name,
)
from matinee.encoding.qc import quality
from matinee.encoding.qc.checks import check
from matinee.encoding.recipe import AudioRecipe, SubtitleRecipe, VideoRecipe
from matinee.encoding.worker import ffmpeg
from matinee.encoding.worker.pictures import make_pictures
from matinee.encoding.worker.workplace import (
    Bench,
    FramesMissing,
    MachineFailed,
    Workplace,
    clear_machine,
    errors_in,
    load_plan,
    need_build,
    on_this_machine,
    run_ffmpeg,
    workroom,
)

_FPS_REPORT = re.compile(r"(\d+) frames in, (\d+) frames out; (\d+) frames dropped, (\d+) frames duplicated")


def perform(place: Workplace, plan_name: str, task: Task) -> str:
    """Do one task of a plan; answers the name of the object that it made."""
    place = on_this_machine(place)
    objects = open_objects(place.objects_url)
    if store.exists(objects, task.makes):
        return task.makes
    plan = load_plan(place.objects_url, plan_name)
    with workroom(place, task.makes) as scratch:
        _KINDS[task.kind](Bench(place, objects, plan, scratch), task)
    return task.makes


def _encode_chunk(bench: Bench, task: Task) -> None:
    plan, recipe = bench.plan, bench.rendition(task.rendition).recipe
    assert isinstance(recipe, VideoRecipe)
    need_build(bench.place, recipe.encoder.build)
    chunk, out = plan.chunks[task.part], bench.scratch / "chunk.mp4"
    at_s = float(chunk.start / plan.timeline.fps)
    what, master = f"encoding {recipe.rung.name} from second {at_s:.0f}", bench.master()
    done = run_ffmpeg(ffmpeg.chunk_argv(bench.ffmpeg, master, plan.inspection, chunk, recipe, out), what, master)
    if (missing := _repeats(done) - chunk.repeats) > 0:
        clear_machine(what, errors_in(done.stderr_tail), master)
        if not recipe.is_damaged:
            raise FramesMissing(at_s, missing)
    try:
        checked(Part(path=out, frames=chunk.end - chunk.start), _grid(plan))
    except (BadMp4, ChunksDoNotJoin) as error:
        raise MachineFailed(what, str(error)) from error
    store.write_file(bench.objects, task.makes, out)


def _repeats(done: Finished) -> int:
    """How many frames FFmpeg's fps filter showed again; more than the timeline says means that some were lost."""
    reports = [tuple(map(int, report)) for report in _FPS_REPORT.findall(done.stderr_tail)]
    return max((report[3] for report in reports), default=0)


def _package(bench: Bench, task: Task) -> None:
    plan, rendition = bench.plan, bench.rendition(task.rendition)
    recipe = rendition.recipe
    assert isinstance(recipe, VideoRecipe)
    out = bench.scratch / "media.mp4"
    try:
        package = package_video(_parts(bench, rendition), _grid(plan), out, recipe.coding.hdr)
    except (FileNotFoundError, BadMp4, BadConfiguration, ChunksDoNotJoin) as error:
        faults = [f"its chunks do not join: {error}"]
        raise quality.QualityFailed(rendition.key, faults, _blamed(plan, rendition, error)) from error
    facts = VideoRendition(
        key=rendition.key,
        name=recipe.rung.name,
        width=package.width,
        height=package.height,
        frame_rate_num=plan.timeline.rate[0],
        frame_rate_den=plan.timeline.rate[1],
        iframes_bps=peak_bps(iframe_index(package.index, package.iframe_bytes)),
        video_range=recipe.coding.hdr.video_range if recipe.coding.hdr is not None else "SDR",
        **_facts(package),
    )
    iframes = iframe_playlist(package.index, package.iframe_bytes)
    store.write(bench.objects, f"{rendition.folder}/iframes.m3u8", iframes.encode())
    _put_rendition(bench, rendition, out, package.index, msgspec.json.encode(facts))


def _blamed(plan: Plan, rendition: Rendition, error: Exception) -> list[str] | None:
    """The chunks that an error says are wrong; None where it does not say. One that is gone is made again anyhow."""
    if isinstance(error, FileNotFoundError):
        return []
    path = getattr(error, "path", None)
    names = [chunk_name(plan, rendition.key, chunk.number) for chunk in plan.chunks]
    blamed = [name for name in names if path is not None and path.name == Path(name).name]
    # Where two differ, the first of them may be the wrong one.
    return [*blamed, *names[:1]] if isinstance(error, ParameterSetsDiffer) else blamed or None


def _parts(bench: Bench, rendition: Rendition) -> list[Part]:
    return [
        Part(
            path=store.local_copy(bench.objects, chunk_name(bench.plan, rendition.key, chunk.number), bench.scratch),
            frames=chunk.end - chunk.start,
        )
        for chunk in bench.plan.chunks
    ]


def _encode_audio(bench: Bench, task: Task) -> None:
    plan, rendition = bench.plan, bench.rendition(task.rendition)
    recipe = rendition.recipe
    assert isinstance(recipe, AudioRecipe)
    need_build(bench.place, recipe.encoder.build)
    encoded, out, master = bench.scratch / "audio.mp4", bench.scratch / "media.mp4", bench.master()
    argv = ffmpeg.audio_argv(bench.ffmpeg, master, plan.inspection, recipe, encoded)
    run_ffmpeg(argv, f"encoding audio track {recipe.stream}", master)
    package = package_audio(encoded, _grid(plan), out)
    facts = AudioRendition(
        key=rendition.key,
        language=recipe.language,
        label=recipe.label,
        channels=package.channels,
        sample_rate=package.sample_rate,
        is_default=recipe.is_default,
        track=recipe.stream,
        role=recipe.role,
        group=recipe.group,
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


def _put_rendition(bench: Bench, rendition: Rendition, media: Path, index: SegmentIndex, facts: bytes) -> None:
    """The media first and the facts last: a rendition with facts is whole."""
    store.write_file(bench.objects, f"{rendition.folder}/media.mp4", media)
    store.write(bench.objects, f"{rendition.folder}/index.json", msgspec.json.encode(index))
    store.write(bench.objects, f"{rendition.folder}/media.m3u8", media_playlist(index).encode())
    store.write(bench.objects, facts_name(rendition.key), facts)


def _put_subtitles(bench: Bench, task: Task) -> None:
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
    duration, segment = Seconds(recipe.duration_s), Seconds(recipe.segment_s)
    whole = store.read(bench.objects, recipe.text)
    pieces = [piece.encode() for piece in cut(whole.decode(), duration, segment)]
    playlist = subtitle_playlist([len(piece) for piece in pieces], duration, segment)
    store.write(bench.objects, f"{rendition.folder}/media.vtt", whole)
    store.write(bench.objects, f"{rendition.folder}/segments.vtt", b"".join(pieces))
    store.write(bench.objects, f"{rendition.folder}/media.m3u8", playlist.encode())
    store.write(bench.objects, task.makes, msgspec.json.encode(facts))


_KINDS: dict[str, Callable[[Bench, Task], None]] = {
    "chunk": _encode_chunk,
    "package": _package,
    "audio": _encode_audio,
    "check": check,
    "subtitles": _put_subtitles,
    "pictures": make_pictures,
}
