"""Verdicts over measures as values: what is let pass, warned about, held, and what is worth another encode."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from matinee.encoding.qc.conformance import Fault
from matinee.encoding.qc.likeness import Seconds, Shift, Stretches
from matinee.encoding.qc.limits import QualityLimits
from matinee.encoding.qc.quality import (
    Evidence,
    Finding,
    Scored,
    SoundMeasures,
    VideoMeasures,
    findings_of,
    is_curable,
    mean_xpsnr,
    promise_kept,
    subtitle_faults,
    worst_stretch,
)

CLEAN = Seconds(difference=(1.0, 2.0, 1.5), black=(0, 0, 0), frozen=(0, 0, 0), lag=(0, 0, 0))
SEEN = VideoMeasures(
    start=480, fps=24.0, step=24, frames=72, wanted=72, samples=3, psnr_db=(40.0, 41.0, 39.0), seconds=CLEAN
)
HEARD = SoundMeasures(
    seconds=60.0, wanted_s=60.0, lufs=-16.0, peak_dbtp=-1.2, source_lufs=-23.0, source_peak_dbtp=-4.0, gain_db=7.0,
    is_limited=False,
)  # fmt: skip


def judged(limits: QualityLimits | None = None, **parts: Any) -> tuple[Finding, ...]:
    evidence = Evidence(rendition="k", part=0, **parts)
    return findings_of(evidence, "720p", limits or QualityLimits(), is_top=True)


def pictures(**changes: Any) -> tuple[Finding, ...]:
    return judged(video=msgspec.structs.replace(SEEN, **changes))


def sound(**changes: Any) -> tuple[Finding, ...]:
    return judged(sound=msgspec.structs.replace(HEARD, **changes))


def shift(late_ms: float, likeness: float = 0.9) -> Shift:
    return Shift(at_s=50.0, late_ms=late_ms, likeness=likeness)


def each(**changes: Any) -> Seconds:
    return msgspec.structs.replace(CLEAN, **changes)


def test_what_is_well_has_no_finding() -> None:
    assert judged(video=SEEN, sound=HEARD) == ()


@pytest.mark.parametrize(
    ("changes", "check", "at_s"),
    [
        ({"frames": 71}, "frames", 20.0),
        ({"psnr_db": (40.0, 41.0)}, "frames", None),
        ({"psnr_db": (40.0, 12.0, 39.0)}, "picture", 21.0),
        ({"psnr_db": (25.0, 25.0, 25.0)}, "picture", 20.0),
        ({"seconds": each(difference=(1.0, 60.0, 1.0))}, "picture", 21.0),
        ({"seconds": each(black=(0, 0, 2))}, "black", 22.0),
        ({"seconds": each(frozen=(0, 20, 24))}, "freeze", 21.0),
        ({"seconds": each(lag=(0, 0, 3))}, "picture", 22.0),
    ],
)  # fmt: skip
def test_pictures_that_are_not_the_sources_are_held_and_worth_another_encode(
    changes: dict[str, Any], check: str, at_s: float | None
) -> None:
    (finding,) = pictures(**changes)
    assert (finding.check, finding.severity, finding.at_s) == (check, "hold", at_s)
    assert is_curable([finding])


@pytest.mark.parametrize(
    ("changes", "check", "severity"),
    [
        ({"seconds": 59.9}, "duration", "hold"),
        ({"shifts": (shift(1.0), shift(-6.0))}, "offset", "hold"),
        ({"shifts": (shift(1_200.0),)}, "offset", "hold"),
        ({"shifts": (shift(0.0), shift(300.0, 0.1))}, "likeness", "hold"),
        ({"drifts": (shift(60.0),)}, "source", "hold"),
        ({"silent": Stretches(seconds=0.6, at_s=4.0)}, "silence", "hold"),
        ({"added": Stretches(seconds=0.6, at_s=4.0)}, "silence", "hold"),
        ({"lufs": -18.5}, "loudness", "hold"),
        ({"lufs": -18.5, "is_limited": True}, "loudness", "warn"),
        ({"lufs": -21.5, "is_limited": True}, "loudness", "warn"),
        ({"lufs": -28.0, "is_limited": True}, "loudness", "hold"),
        ({"lufs": -13.5, "is_limited": True}, "loudness", "hold"),
        ({"peak_dbtp": 0.4}, "clipping", "warn"),
        ({"peak_dbtp": 3.0}, "clipping", "hold"),
        ({"full_share": 0.012, "source_full_share": 0.001}, "clipping", "hold"),
    ],
)  # fmt: skip
def test_sound_that_is_not_the_sources_is_told_and_no_encode_would_cure_it(
    changes: dict[str, Any], check: str, severity: str
) -> None:
    (finding,) = sound(**changes)
    assert (finding.check, finding.severity) == (check, severity)
    assert not is_curable([finding])


def test_a_source_that_drifts_by_less_than_a_viewer_notices_is_let_pass() -> None:
    assert sound(drifts=(shift(39.0),)) == ()


def test_short_pauses_pass_and_the_films_own_drift_is_only_told_of_sound_that_is_alike() -> None:
    assert sound(silent=Stretches(seconds=0.5, at_s=4.0), drifts=(shift(900.0, 0.2),)) == ()


def test_a_source_that_is_clipped_itself_is_no_fault_of_ours() -> None:
    assert sound(full_share=0.02, source_full_share=0.02) == ()


def scored(*vmaf: float) -> Scored:
    return Scored(start=480, every=12, model="vmaf_v0.6.1", vmaf=vmaf, blockiness=1.0, source_blockiness=1.0)


def windows(*vmaf: float) -> list[Evidence]:
    """The checks of a rung whose windows scored so."""
    seen = [msgspec.structs.replace(SEEN, start=7_200 * n, scored=(scored(*[one] * 12),)) for n, one in enumerate(vmaf)]
    return [Evidence(rendition="k", part=n, video=one) for n, one in enumerate(seen)]


@pytest.mark.parametrize(
    ("vmaf", "severities"),
    [((92.0,), []), ((85.0,), ["warn"]), ((60.0,), ["hold"]), ((94.0, 94.0, 94.0, 62.0), ["warn"]),
     ((96.0, 96.0, 96.0, 80.0), []), ((60.0, 60.0, 60.0, 90.0), ["hold"])],
)  # fmt: skip
def test_the_mean_vmaf_of_a_whole_rung_is_held_against_what_the_ladder_promised(
    vmaf: tuple[float, ...], severities: list[str]
) -> None:
    assert [one.severity for one in promise_kept(windows(*vmaf), "720p", QualityLimits(), 94.0)] == severities
    assert promise_kept(windows(*vmaf), "720p", QualityLimits(), None) == ()
    (one,) = windows(60.0)
    assert findings_of(one, "360p", QualityLimits()) == (), "no window is judged alone"


def test_hdr_is_judged_as_it_is_too_where_no_rung_is_better() -> None:
    light = [
        msgspec.structs.replace(scored(*[95.0] * 12), start=480 + 144 * n, xpsnr_db=db)
        for n, db in enumerate((41.0, 33.0))
    ]
    (finding,) = judged(video=msgspec.structs.replace(SEEN, scored=tuple(light)))
    assert (finding.check, finding.severity, finding.at_s) == ("xpsnr", "warn", 26.0)
    assert (finding.measured, finding.limit, mean_xpsnr(light)) == (33.0, 34.0, 37.0)
    assert (
        judged(QualityLimits(xpsnr_top_least_db=30.0), video=msgspec.structs.replace(SEEN, scored=tuple(light))) == ()
    )
    lower = Evidence(rendition="k", part=0, video=msgspec.structs.replace(SEEN, scored=tuple(light)))
    assert findings_of(lower, "360p HEVC", QualityLimits()) == ()
    assert mean_xpsnr([scored(90.0)]) is None


def test_the_worst_five_seconds_are_a_mean_and_not_one_frame() -> None:
    low, at_s = worst_stretch([scored(*[90.0] * 4, *[50.0] * 10, 90.0)], 24.0)
    assert (low, at_s) == (50.0, 22.0)
    assert worst_stretch([scored(*[90.0] * 9, 0.0)], 24.0)[0] == 81.0


def test_limits_can_be_set_and_a_fault_needs_none() -> None:
    strict = QualityLimits(psnr_least_db=45.0)
    (finding,) = judged(strict, video=SEEN)
    assert (finding.measured, finding.limit) == (39.0, 45.0)
    (fault,) = judged(faults=(Fault(check="codec", message="it is declared otherwise"),))
    assert (fault.check, fault.severity) == ("codec", "hold")
    assert not is_curable([fault, msgspec.structs.replace(fault, check="loudness")])


def test_cues_are_in_order_and_inside_the_film() -> None:
    text = "WEBVTT\n\n00:05.000 --> 00:06.000\na\n\n00:01.000 --> 00:02.000\nb\n\n01:00:00.000 --> 01:00:01.000\nc\n"
    assert [one.at_s for one in subtitle_faults(text, 60.0)] == [1.0, 3600.0]
    assert subtitle_faults("WEBVTT\n\n00:00:01.000 --> 00:01:00.000\na\n", 60.0) == []
