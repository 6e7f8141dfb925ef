"""The plan of a title, and what to do next: `next_tasks(plan, done)` is pure, so running again is resuming.

A task is named by what it makes. Names below `renditions/` are the product; names below `work/<source>/` are
intermediates that go when the last version is published. What is done is what exists under those names.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from matinee.base.language import subtitle_label
from matinee.encoding.asset import Asset
from matinee.encoding.pertitle.hull import quality_ladder
from matinee.encoding.pertitle.ladder import CODECS, Codec, CodecSet, LadderKind, Rung, box_height, box_max, ladder
from matinee.encoding.pertitle.promise import promised
from matinee.encoding.pertitle.sample import WINDOW_SEGMENTS, Window, overall
from matinee.encoding.pertitle.steer import steered
from matinee.encoding.pertitle.trial import Analysis, Piece
from matinee.encoding.recipe import (
    AudioRecipe,
    Encoder,
    Recipe,
    SubtitleRecipe,
    VideoRecipe,
    coding_of,
    key_of,
)
from matinee.encoding.source import AudioStream, Inspection, display_size, text_tracks
from matinee.encoding.timeline import Chunk, Timeline, chunks_of, timeline_of
from matinee.encoding.tracks.loudness import Loudness, gain_db, is_limited
from matinee.encoding.tracks.sound import FIRST_GROUP, Described, Surround, forms_of, labels_of
from matinee.encoding.worker.corrections import corrections

KIND = "encode"
"""The kind of the jobs that carry a plan out; their subject is a title, their payload an `Order`."""

SOUND_PRIORITY = 90
"""Priorities: first what every version needs (sound, subtitles, pictures), then rungs, lowest first; checks before
chunks of the same rung, so that a rung that can be finished is."""
MORE_SOUND_PRIORITY = 75
"""The other forms of the sound: once the lowest rung, with which a title is published, has passed, before the next."""


class Sidecar(msgspec.Struct, frozen=True, kw_only=True):
    """A subtitle file that lies beside the film: WebVTT in the object store, named by its content."""

    text: str
    language: str
    label: str
    is_sdh: bool = False
    is_forced: bool = False


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for: the payload of a job. `source` is the SHA-256 of the master."""

    title_id: str
    master: str
    source: str
    size_bytes: int
    sidecars: tuple[Sidecar, ...] = ()
    is_damaged_accepted: bool = False
    ladder: LadderKind = "fast"
    codecs: CodecSet = "compat"
    keeps_bars: bool = False
    """Whether black bars around its picture are part of it: they are, where a dark edge was taken for one."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a subtitle track inside the film: WebVTT, named by its content; no `text` where it has no cue.

    `fault` says why it could not be read.
    """

    stream: int
    text: str = ""
    sha256: str = ""
    fault: str = ""


class Rendition(msgspec.Struct, frozen=True, kw_only=True):
    """One rendition to be made, and its key."""

    key: str
    recipe: Recipe

    @property
    def folder(self) -> str:
        return f"renditions/{self.key}"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a title becomes. `video` is one ladder after the other, each with its lowest rung first."""

    order: Order
    inspection: Inspection
    timeline: Timeline
    chunks: tuple[Chunk, ...]
    windows: tuple[Chunk, ...]
    video: tuple[Rendition, ...]
    audio: tuple[Rendition, ...]
    subtitles: tuple[Rendition, ...]

    @property
    def work(self) -> str:
        return work_folder(self.order.source)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of work: its kind, for which rendition, which part; `makes` is the object that proves it done."""

    kind: str  # sample | chunk | audio | package | check | subtitles | pictures
    makes: str
    rendition: str = ""
    part: int = 0
    priority: int = 0


def work_folder(source: str) -> str:
    """Where the intermediates of the master with this hash lie."""
    return f"work/{source}"


def inspection_name(source: str) -> str:
    """The object that an inspection makes."""
    return f"{work_folder(source)}/inspection"


def window_name(order: Order, number: int) -> str:
    """The object that sampling window `number` makes."""
    return f"{work_folder(order.source)}/window-{_seen(order)}{number:04}"


def frames_name(order: Order, number: int) -> str:
    """The object that holds every frame of sampling window `number`, tiny: written before the window itself."""
    return f"{work_folder(order.source)}/frames-{_seen(order)}{number:04}"


def _seen(order: Order) -> str:
    """What the names of pictures say of how they were taken: with the bars or without."""
    return "whole-" if order.keeps_bars else ""


def as_ordered(order: Order, inspection: Inspection) -> Inspection:
    """What is known of a master as the order wants it to be seen: its whole picture, if it is to keep its bars."""
    if not order.keeps_bars or inspection.video is None:
        return inspection
    return msgspec.structs.replace(inspection, video=msgspec.structs.replace(inspection.video, crop=None))


def text_name(source: str, stream: int) -> str:
    """The object that reading the subtitle track `stream` makes."""
    return f"{work_folder(source)}/text-{stream:03}"


def loudness_name(source: str, stream: int, channels: int) -> str:
    """The object that measuring the audio track `stream`, mixed to so many channels, makes."""
    return f"{work_folder(source)}/loudness-{stream:03}-{channels}"


def trial_name(source: str, analysis: str, number: int) -> str:
    """The object that the trials of piece `number` make, for the analysis of that key."""
    return f"{work_folder(source)}/trial-{analysis}-{number:03}"


def analysis_folder(source: str) -> str:
    """Where the analyses of the master with this hash lie; they outlive its jobs, so that nothing is tried twice."""
    return f"analyses/{source}"


def analysis_name(source: str, analysis: str) -> str:
    """The object that keeps the analysis of that key."""
    return f"{analysis_folder(source)}/{analysis}"


def attempt_name(source: str, attempt: int) -> str:
    """The object that keeps what an attempt of the job took and told."""
    return f"{work_folder(source)}/attempt-{attempt:05}"


def remade_name(source: str, rendition: str) -> str:
    """The object that counts how often a rendition was made anew by itself."""
    return f"{work_folder(source)}/remade-{rendition}"


def report_name(source: str, title_id: str) -> str:
    """The object that keeps a title's report; it lies with the analyses, and outlives the job."""
    return f"{analysis_folder(source)}/report-{title_id}.json"


def decisions_name(source: str, title_id: str) -> str:
    """The object that keeps what people decided about a title that was held."""
    return f"{analysis_folder(source)}/decisions-{title_id}.json"


def moment_names(source: str, title_id: str) -> tuple[str, str]:
    """The objects that show a held title's worst moment: in the source, and in the rendition."""
    folder = analysis_folder(source)
    return f"{folder}/moment-{title_id}-source.webp", f"{folder}/moment-{title_id}-encode.webp"


def chunk_name(plan: Plan, rendition: str, number: int) -> str:
    """The object that encoding chunk `number` of a rung makes."""
    return f"{plan.work}/{rendition}/{number:05}.mp4"


def check_name(plan: Plan, rendition: str, number: int) -> str:
    """The object that says what quality control measured in window `number` of a rendition."""
    return f"{plan.work}/{rendition}/checked-{number:04}"


def facts_name(rendition: str) -> str:
    """The last object that packaging writes: the rendition's description. With it, the rendition is whole."""
    return f"renditions/{rendition}/rendition.json"


def pictures_name(order: Order) -> str:
    """The object that names the still and the storyboard."""
    return pictures_names(order.source)[order.keeps_bars]


def pictures_names(source: str) -> tuple[str, str]:
    """The objects that may name pictures of a master: of what is left without its bars, and of its whole picture."""
    return f"{work_folder(source)}/pictures", f"{work_folder(source)}/pictures-whole"


def windows_of(inspection: Inspection, timeline: Timeline) -> tuple[Chunk, ...]:
    """The film cut into sampling windows of WINDOW_SEGMENTS segments: unions of nothing smaller than a segment."""
    size = timeline.segment_frames * WINDOW_SEGMENTS
    starts = range(0, timeline.frames, size)
    by_start = {chunk.start: chunk for chunk in chunks_of(inspection, timeline)}
    return tuple(
        msgspec.structs.replace(
            _nearest(by_start, start), number=number, start=start, end=min(start + size, timeline.frames), repeats=0
        )
        for number, start in enumerate(starts)
    )


def _nearest(by_start: Mapping[int, Chunk], start: int) -> Chunk:
    """The last chunk that begins at or before `start`: its key frame serves to seek there."""
    return by_start[max(known for known in by_start if known <= start)]


def plan_of(
    order: Order,
    inspection: Inspection,
    samples: Sequence[Window],
    encoder: Encoder,
    analyses: Mapping[Codec, Analysis] | None = None,
    texts: Sequence[Text] = (),
    sounds: Sequence[Loudness] = (),
    surround: Surround = "none",
) -> Plan:
    """The plan of an accepted master, once all its windows are sampled, and it was tried where that was ordered."""
    timeline = timeline_of(inspection)
    return Plan(
        order=order,
        inspection=inspection,
        timeline=timeline,
        chunks=chunks_of(inspection, timeline),
        windows=windows_of(inspection, timeline),
        video=_video(order, inspection, timeline, samples, analyses or {}, encoder),
        audio=_audio(order, inspection, timeline, sounds, encoder, surround),
        subtitles=subtitles_of(order, inspection, texts),
    )


def _named(recipe: Recipe) -> Rendition:
    return Rendition(key=key_of(recipe), recipe=recipe)


def _ladders(
    order: Order, inspection: Inspection, samples: Sequence[Window], analyses: Mapping[Codec, Analysis]
) -> dict[Codec, tuple[Rung, ...]]:
    """The rungs of each ladder that is ordered, lowest first: on its own front where it was tried."""
    assert inspection.video is not None
    size, factor = display_size(inspection.video), overall(samples).factor
    return {
        codec: quality_ladder(analyses[codec].trials)
        if codec in analyses
        else ladder(*size, factor, codec, box_max(order.codecs, codec))
        for codec in CODECS[order.codecs]
    }


def _video(
    order: Order,
    inspection: Inspection,
    timeline: Timeline,
    samples: Sequence[Window],
    analyses: Mapping[Codec, Analysis],
    encoder: Encoder,
) -> tuple[Rendition, ...]:
    """One ladder after the other, H.264's first: it is what every device plays."""
    video, chunks = inspection.video, chunks_of(inspection, timeline)
    assert video is not None
    renditions = []
    for codec, rungs in _ladders(order, inspection, samples, analyses).items():
        coding = coding_of(video, codec)
        pieces = analyses[codec].pieces if codec in analyses else ()
        for rung in rungs:
            crfs = steered(rung, pieces, samples, chunks)
            recipe = VideoRecipe(
                source=order.source,
                stream=video.index,
                timeline=timeline,
                rung=promised(rung, pieces, timeline.fps, _crf_of(rung, crfs, chunks)),
                encoder=encoder,
                is_damaged=order.is_damaged_accepted,
                corrections=corrections(video, keeps_light=coding.hdr is not None) or msgspec.UNSET,
                codec=msgspec.UNSET if codec == "h264" else codec,
                depth=msgspec.UNSET if coding.depth_bits == 8 else coding.depth_bits,
                hdr=coding.hdr or msgspec.UNSET,
                crfs=crfs or msgspec.UNSET,
            )
            renditions.append(_named(recipe))
    return tuple(renditions)


def _crf_of(rung: Rung, crfs: Sequence[float] | None, chunks: Sequence[Chunk]) -> Callable[[Piece], float]:
    """Which rate factor a tried piece will be encoded with: its chunk's."""
    starts = [chunk.start for chunk in chunks]
    return lambda piece: crfs[bisect_right(starts, piece.start) - 1] if crfs else rung.crf or 0.0


def sound_tracks(inspection: Inspection) -> list[AudioStream]:
    """The audio tracks that have sound."""
    return [track for track in inspection.audio if track.packets > 0 and track.channels > 0]


def _audio(
    order: Order,
    inspection: Inspection,
    timeline: Timeline,
    sounds: Sequence[Loudness],
    encoder: Encoder,
    surround: Surround,
) -> tuple[Rendition, ...]:
    """Every form of every track; the forms of one track lie together."""
    tracks = sound_tracks(inspection)
    labels = labels_of([Described(language=one.language, title=one.title, role=one.role) for one in tracks])
    measured, chosen = {(one.stream, one.channels): one for one in sounds}, default_track(tracks)
    made = []
    for track, label in zip(tracks, labels, strict=True):
        for form in forms_of(track.channels, surround):
            loudness = measured.get((track.index, form.channels), Loudness(stream=track.index))
            recipe = AudioRecipe(
                source=order.source,
                stream=track.index,
                timeline=timeline,
                channels=form.channels,
                bitrate_bps=form.bitrate_bps,
                language=track.language,
                label=label,
                is_default=track is chosen,
                encoder=encoder,
                role=track.role,
                group=form.group,
                codec=form.codec,
                gain_db=gain_db(loudness),
                is_limited=is_limited(loudness),
            )
            made.append(_named(recipe))
    return tuple(made)


def default_track(tracks: Sequence[AudioStream]) -> AudioStream | None:
    """The track that plays when nobody chose: one that is the film's own sound, marked default or as the original."""
    own = [track for track in tracks if track.role in ("main", "dub")] or list(tracks)
    marked = [*(track for track in own if track.is_default), *(track for track in own if track.is_original), *own]
    return marked[0] if marked else None


def _is_first(track: Rendition) -> bool:
    return isinstance(track.recipe, AudioRecipe) and track.recipe.group == FIRST_GROUP


def subtitles_of(order: Order, inspection: Inspection, texts: Sequence[Text] = ()) -> tuple[Rendition, ...]:
    """The subtitle tracks: those that were ordered, then those that the film has inside and that say something else."""
    timeline = timeline_of(inspection)
    ordered = tuple(
        _named(
            SubtitleRecipe(
                text=sidecar.text,
                language=sidecar.language,
                label=sidecar.label,
                is_sdh=sidecar.is_sdh,
                is_forced=sidecar.is_forced,
                duration_s=timeline.duration_s,
                segment_s=_segment_s(timeline),
            )
        )
        for sidecar in order.sidecars
    )
    known = {(one.language, one.is_sdh, one.is_forced, _hash_in(one.text)) for one in order.sidecars}
    return ordered + _inside(inspection, texts, known, timeline)


def _segment_s(timeline: Timeline) -> float:
    return float(timeline.segment_frames / timeline.fps)


def _hash_in(name: str) -> str:
    """The hash that an object is named by: `subtitles/<hash>.vtt`."""
    return name.rpartition("/")[2].partition(".")[0]


def _inside(
    inspection: Inspection, texts: Sequence[Text], known: set[tuple[str, bool, bool, str]], timeline: Timeline
) -> tuple[Rendition, ...]:
    by_stream = {text.stream: text for text in texts if text.text}
    tracks = [track for track in text_tracks(inspection) if track.index in by_stream]
    kinds = Counter((track.language, track.is_sdh, track.is_forced) for track in tracks)
    made = []
    for track in tracks:
        text, kind = by_stream[track.index], (track.language, track.is_sdh, track.is_forced)
        if (*kind, text.sha256) in known:
            continue
        known = known | {(*kind, text.sha256)}
        label = subtitle_label(track.language, is_sdh=track.is_sdh, is_forced=track.is_forced)
        recipe = SubtitleRecipe(
            text=text.text,
            language=track.language,
            label=f"{label}: {track.title}" if kinds[kind] > 1 and track.title else label,
            is_sdh=track.is_sdh,
            is_forced=track.is_forced,
            duration_s=timeline.duration_s,
            segment_s=_segment_s(timeline),
        )
        made.append(_named(recipe))
    return tuple(made)


def next_tasks(plan: Plan, done: Collection[str]) -> list[Task]:
    """Everything that can be worked on now, most urgent first; `done` holds the names of the objects that exist.

    A rung is chunks, then packaging, then checks. Chunks of a packaged rung are not needed any more, even if gone.
    """
    tasks = [
        *(_sound_tasks(plan, done)),
        *subtitle_tasks(plan, done),
        Task(kind="pictures", makes=pictures_name(plan.order), priority=SOUND_PRIORITY),
    ]
    for rank, rung in enumerate(plan.video):
        tasks += _rung_tasks(plan, rung, SOUND_PRIORITY - 10 * (rank + 1), done)
    return sorted((task for task in tasks if task.makes not in done), key=lambda task: -task.priority)


def subtitle_tasks(plan: Plan, done: Collection[str]) -> list[Task]:
    """The subtitle tracks that are not there yet, and the checks of those that are."""
    tasks = [
        Task(kind="check", makes=check_name(plan, track.key, 0), rendition=track.key, priority=SOUND_PRIORITY)
        if facts_name(track.key) in done
        else Task(kind="subtitles", makes=facts_name(track.key), rendition=track.key, priority=SOUND_PRIORITY)
        for track in plan.subtitles
    ]
    return [task for task in tasks if task.makes not in done]


def _sound_tasks(plan: Plan, done: Collection[str]) -> list[Task]:
    tasks = []
    has_begun = is_passed(plan, plan.video[0], done)
    for track in plan.audio:
        if not (has_begun or _is_first(track)):
            continue
        priority = SOUND_PRIORITY if _is_first(track) else MORE_SOUND_PRIORITY
        if facts_name(track.key) in done:
            passed = check_name(plan, track.key, 0)
            tasks.append(Task(kind="check", makes=passed, rendition=track.key, priority=priority))
        else:
            made = facts_name(track.key)
            tasks.append(Task(kind="audio", makes=made, rendition=track.key, priority=priority))
    return tasks


def _rung_tasks(plan: Plan, rung: Rendition, priority: int, done: Collection[str]) -> list[Task]:
    if facts_name(rung.key) in done:
        return [
            Task(
                kind="check",
                makes=check_name(plan, rung.key, window.number),
                rendition=rung.key,
                part=window.number,
                priority=priority + 2,
            )
            for window in plan.windows
        ]
    chunks = [
        Task(
            kind="chunk",
            makes=chunk_name(plan, rung.key, chunk.number),
            rendition=rung.key,
            part=chunk.number,
            priority=priority,
        )
        for chunk in plan.chunks
    ]
    if any(chunk.makes not in done for chunk in chunks):
        return chunks
    return [Task(kind="package", makes=facts_name(rung.key), rendition=rung.key, priority=priority + 1)]


def publishable(plan: Plan, done: Collection[str], versions: Sequence[Asset] = ()) -> tuple[Rendition, ...]:
    """The rungs that may be watched now: of each ladder all below its first unfinished one, once sound and pictures
    are there.

    Of the sound, its first form is enough, and what the last of the published `versions` has. None while the rungs
    are fewer than it has, or smaller: what is watched gets no worse on the way.
    """
    heard = {track.key for track in versions[-1].audio} if versions else set()
    common = [
        *(check_name(plan, track.key, 0) for track in plan.audio if track.key in heard or _is_first(track)),
        *(facts_name(track.key) for track in plan.subtitles),
        pictures_name(plan.order),
    ]
    if any(name not in done for name in common):
        return ()
    ready: list[Rendition] = []
    broken: set[Codec] = set()
    for rung in plan.video:
        assert isinstance(rung.recipe, VideoRecipe)
        codec = rung.recipe.coding.codec
        if codec in broken or not is_passed(plan, rung, done):
            broken.add(codec)
        elif codec == "h264" or ready:  # every version plays on every device
            ready.append(rung)
    return tuple(ready) if _is_no_worse(plan, ready, versions) else ()


def _is_no_worse(plan: Plan, ready: Sequence[Rendition], versions: Sequence[Asset]) -> bool:
    """Whether as many rungs are ready as the last version has, and one as large: as far as the plan has them."""
    if not versions or not ready:
        return True
    offered = versions[-1].video
    largest = min(max(rung.box_height for rung in offered), max(map(_box_of, plan.video)))
    return len(ready) >= min(len(offered), len(plan.video)) and max(map(_box_of, ready)) >= largest


def _box_of(rendition: Rendition) -> int:
    assert isinstance(rendition.recipe, VideoRecipe)
    return box_height(rendition.recipe.rung.width, rendition.recipe.rung.height)


def audible(plan: Plan, done: Collection[str]) -> tuple[Rendition, ...]:
    """The sound that may be heard now: every form that has passed, once the first form of every track has."""
    passed = tuple(track for track in plan.audio if check_name(plan, track.key, 0) in done)
    return passed if all(track in passed for track in plan.audio if _is_first(track)) else ()


def is_whole(order: Order, version: Asset) -> bool:
    """Whether a version has every rung of every ladder that is ordered, and shows as much of the picture."""
    is_same = version.keeps_bars == order.keeps_bars
    return is_same and version.is_complete and {rung.codec for rung in version.video} >= set(CODECS[order.codecs])


def is_passed(plan: Plan, rung: Rendition, done: Collection[str]) -> bool:
    """Whether a rung is packaged and every window of it was checked."""
    return facts_name(rung.key) in done and all(
        check_name(plan, rung.key, window.number) in done for window in plan.windows
    )
