"""Quality control: what a rendition must be before anyone may watch it. Workers measure; the verdicts here are pure.

Faults of our own making are cured by making the rendition anew. Where that does not help, or where the film itself is
such that the encode of it is poor, the rendition is held until a person has looked at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from matinee.base.errors import Invalid, Unavailable
from matinee.encoding.pertitle.complexity import Luma
from matinee.encoding.pertitle.sample import thumbnail
from matinee.encoding.qc.conformance import Fault
from matinee.encoding.qc.likeness import Seconds, Shift, Stretches
from matinee.encoding.qc.limits import QualityLimits
from matinee.encoding.tracks.loudness import PEAK_MAX_DBTP, SILENCE_LUFS

Severity: TypeAlias = Literal["warn", "hold"]
NOT_WHOLE = frozenset({"package", "gone"})
"""Checks that no approval passes: a file of the rendition is missing."""
CURABLE = frozenset(
    {"bytes", "gone", "decode", "frames", "segments", "codec", "playlist", "bandwidth", "picture", "black", "freeze"}
)
"""Checks whose faults another encode may not have: they are of the bytes, not of the film."""
TOLD = frozenset({"subtitles"})
"""Checks whose faults are told and cost nobody the film."""
REMAKES_MAX = 2
"""How often a rendition is made anew by itself before it is held."""
CUE_ROUNDING_S = 0.001
"""WebVTT tells milliseconds."""
CUES_TOLD = 3
_TIME = r"(?:(\d+):)?(\d\d):(\d\d)\.(\d{3})"
_TIMES = re.compile(rf"^{_TIME}[ \t]+-->[ \t]+{_TIME}", re.MULTILINE)  # W3C WebVTT 4.1
WORST_S = 5.0
"""A viewer forgives a bad frame, not so long a stretch."""


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """What a stretch of a rung scored: VMAF of one frame in `every`, from output frame `start`; its blockiness; of HDR,
    whose VMAF is of what it is mapped to, XPSNR as it is."""

    start: int
    every: int
    model: str
    vmaf: tuple[float, ...]
    blockiness: float
    source_blockiness: float
    xpsnr_db: float | None = None


class VideoMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """What decoding one window of a rung through its header showed; frames [start, start + wanted) of the output."""

    start: int
    fps: float
    step: int
    frames: int
    wanted: int
    samples: int
    psnr_db: tuple[float, ...]
    seconds: Seconds | None = None
    scored: tuple[Scored, ...] = ()


class SoundMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """What decoding a sound track whole showed. `shifts`: ours against the source's; `drifts`: the source's against
    its own times. `silent`: ours, where the source is heard; `added`: heard in ours, where the source is silent.
    `full_share`: of all samples, those within 1 dB of full scale."""

    seconds: float
    wanted_s: float
    lufs: float
    peak_dbtp: float
    source_lufs: float
    gain_db: float
    is_limited: bool
    source_peak_dbtp: float = 0.0
    full_share: float = 0.0
    source_full_share: float = 0.0
    shifts: tuple[Shift, ...] = ()
    drifts: tuple[Shift, ...] = ()
    silent: Stretches = Stretches()
    added: Stretches = Stretches()


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that one check of a rendition found out; `faults` are what needs no limit to be wrong."""

    rendition: str
    part: int
    faults: tuple[Fault, ...] = ()
    video: VideoMeasures | None = None
    sound: SoundMeasures | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person should know of a rendition: which check, at which second, what was measured, the limit
    that it passed."""

    check: str
    rendition: str
    severity: Severity
    message: str
    at_s: float | None = None
    measured: float | None = None
    limit: float | None = None


class QualityFailed(Unavailable):
    """A rendition is not what was to be made. It is not published; the job is tried again and makes it anew."""

    code = "quality_failed"
    retries_max = 1_000
    """Each rendition is made anew a few times only: that bounds them, and not how many renditions a title has."""

    def __init__(self, rendition: str, faults: Sequence[str], chunks: Sequence[str] | None = None) -> None:
        super().__init__(f"quality control of {rendition} failed: {'; '.join(faults)}")
        self.rendition, self.faults = rendition, tuple(faults)
        self.chunks = chunks
        """The objects that are to blame; None where any of its chunks may be."""


class Held(Invalid):
    """A rendition is not published until a person has decided."""

    code = "held"

    def __init__(self, reason: str, title_id: str) -> None:
        super().__init__(f"held: {reason}")
        self.title_id = title_id
        self.remedy = "look at the title's report, then approve it, have it encoded again, or reject it"


def subtitle_faults(text: str, duration_s: float) -> list[Fault]:
    """What is wrong with the times of a WebVTT track: cues in their order, each inside the film. The first few."""
    found, before_s = list[Fault](), 0.0
    for number, times in enumerate(_TIMES.finditer(text), start=1):
        start_s, end_s = _seconds(times.groups()[:4]), _seconds(times.groups()[4:])
        if not start_s < end_s <= duration_s + CUE_ROUNDING_S:
            message = f"cue {number} is from {start_s:.3f} s to {end_s:.3f} s, in a film of {duration_s:.3f} s"
            found.append(Fault(check="subtitles", message=message, at_s=start_s))
        if start_s < before_s:
            message = f"cue {number} begins at {start_s:.3f} s, before the one above it"
            found.append(Fault(check="subtitles", message=message, at_s=start_s))
        before_s = start_s
    return found[:CUES_TOLD]


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, millis = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + millis / 1000


def is_curable(findings: Iterable[Finding]) -> bool:
    """Whether making the rendition anew may cure all that it is held for."""
    held = [one for one in findings if one.severity == "hold"]
    return bool(held) and all(one.check in CURABLE for one in held)


def psnr_db(one: bytes, other: bytes) -> float:
    """Peak signal-to-noise ratio of two luma thumbnails, at most 99."""
    first = np.frombuffer(one, np.uint8).astype(np.float64)
    second = np.frombuffer(other, np.uint8).astype(np.float64)
    error = float(np.mean((first - second) ** 2))
    return 99.0 if error == 0 else min(99.0, 10 * float(np.log10(255**2 / error)))


def compare(thumbs: Iterable[bytes], decoded: Iterable[Luma]) -> tuple[float, ...]:
    """PSNR of each source thumbnail against the rendition's frame of the same second."""
    pairs = zip(thumbs, decoded, strict=False)
    return tuple(round(psnr_db(thumb, thumbnail(luma).tobytes()), 2) for thumb, luma in pairs)


def findings_of(evidence: Evidence, name: str, limits: QualityLimits, *, is_top: bool = False) -> tuple[Finding, ...]:
    """The verdict on one check of the rendition that people call `name`, the gravest first.

    `is_top` says that no rung is better.
    """
    found = [
        _finding("warn" if fault.check in TOLD else "hold", fault.check, name, fault.message, fault.at_s, None, None)
        for fault in evidence.faults
    ]
    if evidence.video is not None:
        found += _of_pictures(evidence.video, name, limits)
        found += _of_scores(evidence.video, name, limits, is_top)
    if evidence.sound is not None:
        found += _of_sound(evidence.sound, name, limits)
    return tuple(sorted(found, key=lambda one: one.severity != "hold"))


def promise_kept(
    evidence: Iterable[Evidence], name: str, limits: QualityLimits, expected_vmaf: float | None
) -> tuple[Finding, ...]:
    """The verdict on all checks of a rung together: its mean VMAF against what the ladder promised of the whole title,
    where it promised something. Of a window alone it says nothing: credits are other pictures than the film."""
    seen = [one.video for one in evidence if one.video is not None and one.video.scored]
    if not seen or expected_vmaf is None:
        return ()
    scored = [one for video in seen for one in video.scored]
    mean, (_, at_s) = mean_vmaf(scored), worst_stretch(scored, seen[0].fps)
    below = expected_vmaf - mean
    if below <= limits.vmaf_below_warn:
        return ()
    tell = _hold if below > limits.vmaf_below_hold else _warn
    message = f"VMAF is {mean:.1f}, and {expected_vmaf:.1f} was expected"
    return (tell("vmaf", name, message, at_s, mean, expected_vmaf - limits.vmaf_below_warn),)


def _of_pictures(seen: VideoMeasures, name: str, limits: QualityLimits) -> Iterator[Finding]:
    if seen.frames != seen.wanted:
        message = f"{seen.frames} frames decode, {seen.wanted} were encoded"
        yield _hold("frames", name, message, _second(seen, 0), seen.frames, seen.wanted)
    elif len(seen.psnr_db) != seen.samples:
        yield _hold("frames", name, f"{len(seen.psnr_db)} of {seen.samples} sampled frames are there")
    elif seen.psnr_db:
        yield from _of_thumbnails(seen, name, limits)
    if seen.frames == seen.wanted and seen.seconds is not None and seen.seconds.difference:
        yield from _of_frames(seen, seen.seconds, name, limits)


def _of_thumbnails(seen: VideoMeasures, name: str, limits: QualityLimits) -> Iterator[Finding]:
    least, mean = min(seen.psnr_db), sum(seen.psnr_db) / len(seen.psnr_db)
    if least < limits.psnr_least_db:
        at_s = _second(seen, seen.psnr_db.index(least))
        message = f"the picture differs from the source at second {at_s:.0f} ({least:.1f} dB)"
        yield _hold("picture", name, message, at_s, least, limits.psnr_least_db)
    elif mean < limits.psnr_mean_least_db:
        message = f"the picture is too far from the source ({mean:.1f} dB)"
        yield _hold("picture", name, message, _second(seen, 0), mean, limits.psnr_mean_least_db)


def _of_frames(seen: VideoMeasures, each: Seconds, name: str, limits: QualityLimits) -> Iterator[Finding]:
    worst = max(each.difference)
    if worst > limits.difference_max:
        at_s = _second(seen, each.difference.index(worst))
        message = f"a frame in second {at_s:.0f} is not the source's: it differs by {worst:.0f} of 255 on average"
        yield _hold("picture", name, message, at_s, worst, limits.difference_max)
    if max(each.black) > limits.black_frames_max:
        at_s = _second(seen, each.black.index(max(each.black)))
        message = f"{max(each.black)} frames in second {at_s:.0f} are black, and the source's are not"
        yield _hold("black", name, message, at_s, max(each.black), limits.black_frames_max)
    still, began = _longest(count > seen.step / 2 for count in each.frozen)
    if still * seen.step / seen.fps > limits.frozen_s_max:
        at_s = _second(seen, began)
        message = f"the picture stands still for {still} s from second {at_s:.0f} on, and the source's moves"
        yield _hold("freeze", name, message, at_s, still, limits.frozen_s_max)
    late = max(each.lag, key=abs)
    late_ms = 1000 * late / seen.fps
    if abs(late_ms) > limits.av_offset_ms:
        at_s = _second(seen, each.lag.index(late))
        message = f"the picture is {_late(late_ms)} against the source at second {at_s:.0f}"
        yield _hold("picture", name, message, at_s, late_ms, limits.av_offset_ms)


def _of_scores(seen: VideoMeasures, name: str, limits: QualityLimits, is_top: bool) -> Iterator[Finding]:
    if not seen.scored:
        return
    low, at_s = worst_stretch(seen.scored, seen.fps)
    if is_top and low < limits.vmaf_top_worst:
        message = f"VMAF of the worst {WORST_S:.0f} s that were scored is {low:.1f}, from second {at_s:.0f} on"
        yield _warn("vmaf", name, message, at_s, low, limits.vmaf_top_worst)
    light = [one for one in seen.scored if one.xpsnr_db is not None]
    if is_top and light and (least := min(light, key=_light)) and _light(least) < limits.xpsnr_top_least_db:
        at_s = least.start / seen.fps
        message = f"XPSNR of its HDR is {_light(least):.1f} dB in the segment from second {at_s:.0f} on"
        yield _warn("xpsnr", name, message, at_s, _light(least), limits.xpsnr_top_least_db)
    for one in seen.scored:
        most = max(limits.blockiness_least, limits.blockiness_factor * one.source_blockiness)
        if one.blockiness > most:
            message = f"blocks show: {one.blockiness:.1f}, and {one.source_blockiness:.1f} in the source"
            yield _warn("blockiness", name, message, one.start / seen.fps, one.blockiness, most)


def _of_sound(heard: SoundMeasures, name: str, limits: QualityLimits) -> Iterator[Finding]:
    if abs(heard.seconds - heard.wanted_s) > limits.duration_off_s:
        message = f"it lasts {heard.seconds:.3f} s, the picture {heard.wanted_s:.3f} s"
        yield _hold("duration", name, message, None, heard.seconds, heard.wanted_s)
    yield from _of_likeness(heard, name, limits)
    yield from _of_silence(heard, name, limits)
    yield from _of_loudness(heard, name, limits)
    yield from _of_peaks(heard, name, limits)


def _of_likeness(heard: SoundMeasures, name: str, limits: QualityLimits) -> Iterator[Finding]:
    """A shift is only that of sound which is alike; of the source's against its own times, nothing else is told."""
    shifts, drifts = alike(heard.shifts, limits.likeness_least), alike(heard.drifts, limits.likeness_least)
    if len(shifts) < len(heard.shifts):
        least = min(heard.shifts, key=lambda one: one.likeness)
        message = f"the sound at second {least.at_s:.0f} is not the source's (likeness {least.likeness:.2f})"
        yield _hold("likeness", name, message, least.at_s, least.likeness, limits.likeness_least)
    if shifts and abs((worst := _furthest(shifts)).late_ms) > limits.av_offset_ms:
        message = f"the sound is {_late(worst.late_ms)} against the source at second {worst.at_s:.0f}"
        yield _hold("offset", name, message, worst.at_s, worst.late_ms, limits.av_offset_ms)
    if drifts and abs((worst := _furthest(drifts)).late_ms) > limits.source_drift_ms:
        message = f"the film's own sound is {_late(worst.late_ms)} against its times at second {worst.at_s:.0f}"
        yield _hold("source", name, message, worst.at_s, worst.late_ms, limits.source_drift_ms)


def alike(shifts: Sequence[Shift], least: float) -> tuple[Shift, ...]:
    """Those of sound that is so like the source's."""
    return tuple(one for one in shifts if one.likeness >= least)


def _of_silence(heard: SoundMeasures, name: str, limits: QualityLimits) -> Iterator[Finding]:
    for found, what in (
        (heard.silent, "is silent, and the source is heard there"),
        (heard.added, "is heard, and the source is silent there"),
    ):
        if found.seconds > limits.silence_s_max:
            message = f"{found.seconds:.1f} s of it {what}; the longest stretch begins at second {found.at_s:.1f}"
            yield _hold("silence", name, message, found.at_s, found.seconds, limits.silence_s_max)


def _of_loudness(heard: SoundMeasures, name: str, limits: QualityLimits) -> Iterator[Finding]:
    wanted = heard.source_lufs + heard.gain_db
    off = heard.lufs - wanted
    if heard.source_lufs > SILENCE_LUFS and abs(off) > limits.loudness_off_lu:
        is_by_limiter = heard.is_limited and -_limited_db(heard) - limits.loudness_off_lu <= off < 0
        message = f"its loudness is {heard.lufs:.1f} LUFS, and {wanted:.1f} is wanted"
        tell = _warn if is_by_limiter else _hold
        yield tell("loudness", name, message, None, round(heard.lufs, 1), round(wanted, 1))


def _of_peaks(heard: SoundMeasures, name: str, limits: QualityLimits) -> Iterator[Finding]:
    if heard.peak_dbtp > limits.true_peak_warn_dbtp:
        is_over = heard.peak_dbtp > limits.true_peak_max_dbtp
        tell = _hold if is_over else _warn
        limit = limits.true_peak_max_dbtp if is_over else limits.true_peak_warn_dbtp
        yield tell("clipping", name, f"its peaks reach {heard.peak_dbtp:.1f} dBTP", None, heard.peak_dbtp, limit)
    more = heard.full_share - heard.source_full_share
    if more > limits.full_scale_share_max:
        message = f"{heard.full_share:.2%} of it are at full scale, and {heard.source_full_share:.2%} of the source"
        yield _hold("clipping", name, message, None, more, limits.full_scale_share_max)


def _limited_db(heard: SoundMeasures) -> float:
    """The most that the limiter takes from what is loudest: a track of short peaks becomes quieter by it, which nobody
    can help."""
    return max(0.0, heard.source_peak_dbtp + heard.gain_db - PEAK_MAX_DBTP)


def _light(scored: Scored) -> float:
    return scored.xpsnr_db if scored.xpsnr_db is not None else 0.0


def mean_xpsnr(scored: Iterable[Scored]) -> float | None:
    """The mean over the stretches that were scored as HDR, in dB; None where there is none."""
    found = [one.xpsnr_db for one in scored if one.xpsnr_db is not None]
    return round(sum(found) / len(found), 2) if found else None


def mean_vmaf(scored: Sequence[Scored]) -> float:
    """The mean over all frames that were scored."""
    return float(np.mean([vmaf for one in scored for vmaf in one.vmaf]))


def worst_stretch(scored: Sequence[Scored], fps: float) -> tuple[float, float]:
    """The lowest mean VMAF of WORST_S in a row of what was scored, and the second at which they begin."""
    return min(_worst_in(one, fps) for one in scored)


def _worst_in(one: Scored, fps: float) -> tuple[float, float]:
    count = min(len(one.vmaf), max(1, round(WORST_S * fps / one.every)))
    sums = np.convolve(one.vmaf, np.ones(count), "valid") / count
    first = int(sums.argmin())
    return round(float(sums[first]), 2), round((one.start + first * one.every) / fps, 3)


def _furthest(shifts: Sequence[Shift]) -> Shift:
    return max(shifts, key=lambda one: abs(one.late_ms))


def _late(ms: float) -> str:
    return f"{abs(ms):.0f} ms {'late' if ms > 0 else 'early'}"


def _longest(flags: Iterable[bool]) -> tuple[int, int]:
    """How long the longest run of true is, and where it begins."""
    best = (0, 0)
    run = 0
    for at, flag in enumerate(flags):
        run = run + 1 if flag else 0
        best = max(best, (run, at - run + 1), key=lambda pair: pair[0])
    return best


def _second(seen: VideoMeasures, number: int) -> float:
    """The second of the film that is the window's `number`-th."""
    return round((seen.start + number * seen.step) / seen.fps, 3)


def _hold(
    check: str,
    name: str,
    message: str,
    at_s: float | None = None,
    measured: float | None = None,
    limit: float | None = None,
) -> Finding:
    return _finding("hold", check, name, message, at_s, measured, limit)


def _warn(check: str, name: str, message: str, at_s: float | None, measured: float, limit: float) -> Finding:
    return _finding("warn", check, name, message, at_s, measured, limit)


def _finding(
    severity: Severity,
    check: str,
    name: str,
    message: str,
    at_s: float | None,
    measured: float | None,
    limit: float | None,
) -> Finding:
    return Finding(
        check=check,
        rendition=name,
        severity=severity,
        message=message,
        at_s=_rounded(at_s),
        measured=_rounded(measured),
        limit=_rounded(limit),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 3)
