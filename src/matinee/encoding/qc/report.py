"""A title's report: what quality control found, what each rendition is and took, and what people decided. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from matinee.encoding.asset import AudioRendition, SubtitleTrack, VideoRendition
from matinee.encoding.pertitle.hull import Trial
from matinee.encoding.pertitle.ladder import CODEC_NAMES, Codec, Rung
from matinee.encoding.plan import Plan, Rendition
from matinee.encoding.qc.likeness import LIKE_LEAST
from matinee.encoding.qc.quality import Evidence, Finding, VideoMeasures, alike, mean_vmaf, mean_xpsnr, worst_stretch
from matinee.encoding.recipe import AudioRecipe, SubtitleRecipe, VideoRecipe
from matinee.encoding.tracks.sound import SOUND_NAMES

LOG_MAX = 200
"""Lines of the log that a report keeps: the last ones."""
FINDINGS_MAX = 100

Verdict: TypeAlias = Literal["pass", "warn", "hold"]
Kind: TypeAlias = Literal["video", "audio", "subtitles"]
Choice: TypeAlias = Literal["approve", "again", "reject"]


CAP_ROOM = 1.5
"""A rung whose cap is less than so many times what it is expected to take loses quality to it where it is hard."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about renditions that were held, and why. `at` is Unix seconds, UTC."""

    choice: Choice
    renditions: tuple[str, ...]
    note: str
    at: float


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """VMAF at one moment of the film: the mean of the frames that were scored within a second."""

    at_s: float
    vmaf: float


class RenditionReport(msgspec.Struct, frozen=True, kw_only=True):
    """One rendition: what it is, how large, how good, what it took. Bit rates are 0 for subtitles.

    `vmaf` is over what was scored, `worst_vmaf` of its worst 5 s, which begin at `worst_s`; `expected_vmaf` is what the
    ladder promised. `xpsnr_db` is the mean of an HDR rung's scored segments. `loudness_lufs` and `late_ms` (the sound's
    largest shift) are of sound.
    """

    key: str
    name: str
    kind: Kind
    codecs: str = ""
    size_bytes: int = 0
    average_bps: int = 0
    peak_bps: int = 0
    encode_cpu_s: float = 0.0
    check_cpu_s: float = 0.0
    is_held: bool = False
    is_approved: bool = False
    expected_vmaf: float | None = None
    vmaf: float | None = None
    worst_vmaf: float | None = None
    worst_s: float | None = None
    xpsnr_db: float | None = None
    scores: tuple[Score, ...] = ()
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    late_ms: float | None = None


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Where to look: a rung, a frame of the output, and its second."""

    rendition: str
    name: str
    frame: int
    at_s: float


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened on the way. `at` is Unix seconds, UTC."""

    at: float
    text: str


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt of the job took, in CPU seconds by task and rendition (`chunk/<key>`), and told."""

    cpu_s: Mapping[str, float]
    log: tuple[LogLine, ...]


class Ladder(msgspec.Struct, frozen=True, kw_only=True):
    """One codec's trial encodes of the title, and the rungs that were chosen of them, lowest first."""

    codec: Codec
    trials: tuple[Trial, ...]
    rungs: tuple[Rung, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of how a title was encoded. `cpu_s` is by stage; `worst` is the moment that stills show.

    `ladders` has one for each codec that was tried, in the order of the plan.
    """

    title_id: str
    source: str
    at: float
    verdict: Verdict
    reason: str
    duration_s: float
    findings: tuple[Finding, ...]
    renditions: tuple[RenditionReport, ...]
    cpu_s: Mapping[str, float]
    ladders: tuple[Ladder, ...] = ()
    decisions: tuple[Decision, ...] = ()
    log: tuple[LogLine, ...] = ()
    worst: Moment | None = None
    is_waiting: bool = False
    """Whether it is held and nobody has decided since."""


STAGES: Mapping[str, str] = {
    "inspect": "analyse",
    "sample_window": "analyse",
    "measure_sound": "analyse",
    "read_text": "analyse",
    "try_piece": "try",
    "chunk": "encode",
    "package": "encode",
    "audio": "encode",
    "subtitles": "encode",
    "pictures": "pictures",
    "check": "check",
    "show_moment": "check",
}
"""The stage of each kind of task, as costs are told; what is not here is a stage of its own."""
Facts: TypeAlias = VideoRendition | AudioRendition | SubtitleTrack


_KINDS: Mapping[type, Kind] = {VideoRecipe: "video", AudioRecipe: "audio", SubtitleRecipe: "subtitles"}


def name_of(rendition: Rendition) -> str:
    """What people call a rendition."""
    match rendition.recipe:
        case VideoRecipe(rung=rung, coding=coding):
            return rung.name if coding.codec == "h264" else f"{rung.name} {CODEC_NAMES[coding.codec]}"
        case AudioRecipe() as form:
            return f"{form.label} ({form.language}), {SOUND_NAMES[form.codec]} {form.bitrate_bps // 1000} kb/s"
        case SubtitleRecipe(label=label, language=language):
            return f"{label} ({language})"


def tops(plan: Plan) -> frozenset[str]:
    """The best rung of each ladder."""
    best = {one.recipe.coding.codec: one.key for one in plan.video if isinstance(one.recipe, VideoRecipe)}
    return frozenset(best.values())


def expected_vmaf(rendition: Rendition) -> float | None:
    """The VMAF that the ladder promised of a rung; None where none was measured, or its cap takes from it."""
    if not isinstance(rendition.recipe, VideoRecipe):
        return None
    rung = rendition.recipe.rung
    is_capped = rung.maxrate_bps is not None and rung.maxrate_bps < CAP_ROOM * rung.bitrate_bps
    return None if is_capped else rung.vmaf


def approved(decisions: Iterable[Decision]) -> frozenset[str]:
    """The renditions that a person approved and has not asked to have again since."""
    keys: set[str] = set()
    for one in decisions:
        keys = keys | set(one.renditions) if one.choice == "approve" else keys - set(one.renditions)
    return frozenset(keys)


def cpu_by_stage(attempts: Iterable[Attempt]) -> dict[str, float]:
    """CPU seconds of all attempts by stage."""
    spent: dict[str, float] = {}
    for name, seconds in (item for one in attempts for item in one.cpu_s.items()):
        stage = STAGES.get(name.partition("/")[0], name.partition("/")[0])
        spent[stage] = round(spent.get(stage, 0.0) + seconds, 3)
    return spent


def cpu_of(attempts: Iterable[Attempt], rendition: str) -> tuple[float, float]:
    """CPU seconds of all attempts that went into a rendition, and into checking it."""
    spent = [item for one in attempts for item in one.cpu_s.items() if item[0].endswith(f"/{rendition}")]
    checked = sum(seconds for name, seconds in spent if name.startswith("check/"))
    return sum(seconds for _, seconds in spent) - checked, checked


def verdict_of(findings: Iterable[Finding], held: Iterable[str]) -> Verdict:
    """Hold while anything waits for a person; warn where there is anything to say."""
    return "hold" if list(held) else "warn" if list(findings) else "pass"


def reason_of(findings: Mapping[str, Sequence[Finding]], held: Iterable[str]) -> str:
    """Why a title is held, in a sentence: the gravest finding of each rendition that is."""
    return "; ".join(f"{found[0].rendition}: {found[0].message}" for key in held if (found := findings.get(key, ())))


def rendition_report(
    rendition: Rendition,
    facts: Facts | None,
    size_bytes: int,
    evidence: Sequence[Evidence],
    cpu_s: tuple[float, float],
) -> RenditionReport:
    """One rendition as its report tells it; `cpu_s` is what encoding and checking it took."""
    common = RenditionReport(
        key=rendition.key,
        name=name_of(rendition),
        kind=_KINDS[type(rendition.recipe)],
        size_bytes=size_bytes,
        encode_cpu_s=round(cpu_s[0], 3),
        check_cpu_s=round(cpu_s[1], 3),
        expected_vmaf=expected_vmaf(rendition),
    )
    if isinstance(facts, VideoRendition | AudioRendition):
        common = msgspec.structs.replace(
            common, codecs=facts.codecs, average_bps=facts.average_bps, peak_bps=facts.peak_bps
        )
    return _with_sound(_with_scores(common, evidence), evidence)


def _with_scores(report: RenditionReport, evidence: Sequence[Evidence]) -> RenditionReport:
    seen = [one.video for one in evidence if one.video is not None]
    scored = [one for video in seen for one in video.scored if one.vmaf]
    if not scored:
        return report
    fps = seen[0].fps
    low, at_s = worst_stretch(scored, fps)
    return msgspec.structs.replace(
        report,
        vmaf=round(mean_vmaf(scored), 2),
        worst_vmaf=low,
        worst_s=at_s,
        xpsnr_db=mean_xpsnr(scored),
        scores=_series(seen),
    )


def _series(seen: Sequence[VideoMeasures]) -> tuple[Score, ...]:
    """VMAF over time: a point a second of what was scored."""
    points: dict[int, list[float]] = {}
    for video in seen:
        for one in video.scored:
            for number, vmaf in enumerate(one.vmaf):
                points.setdefault(int((one.start + number * one.every) / video.fps), []).append(vmaf)
    return tuple(Score(at_s=at_s, vmaf=round(sum(found) / len(found), 2)) for at_s, found in sorted(points.items()))


def _with_sound(report: RenditionReport, evidence: Sequence[Evidence]) -> RenditionReport:
    heard = next((one.sound for one in evidence if one.sound is not None), None)
    if heard is None:
        return report
    shifts = [shift.late_ms for shift in alike(heard.shifts, LIKE_LEAST)]
    return msgspec.structs.replace(
        report,
        loudness_lufs=heard.lufs,
        true_peak_dbtp=heard.peak_dbtp,
        late_ms=max(shifts, key=abs) if shifts else None,
    )


def worst_moment(plan: Plan, reports: Sequence[RenditionReport], findings: Iterable[Finding]) -> Moment | None:
    """Where a person should look: at the gravest finding about a picture, else at the worst scored stretch."""
    rungs = {one.name: one for one in reports if one.kind == "video" and one.size_bytes}
    held = [one for one in findings if one.at_s is not None and one.rendition in rungs and one.severity == "hold"]
    if held:
        return _moment(plan, rungs[held[0].rendition], held[0].at_s or 0.0)
    scored = [one for one in rungs.values() if one.worst_vmaf is not None]
    if not scored:
        return None
    worst = scored[-1]  # of the best rung: the others are meant to be worse
    return _moment(plan, worst, worst.worst_s or 0.0)


def _moment(plan: Plan, report: RenditionReport, at_s: float) -> Moment:
    frame = min(plan.timeline.frames - 1, max(0, round(at_s * plan.timeline.fps)))
    return Moment(rendition=report.key, name=report.name, frame=frame, at_s=round(float(frame / plan.timeline.fps), 3))
