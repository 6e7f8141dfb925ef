"""What a title's record makes of the evidence that checks left in the store."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.encoding.film import ORDER, STEREO, film, planned

from matinee.base import objects as store
from matinee.base.objects import open_objects
from matinee.base.units import Seconds
from matinee.encoding.plan import Plan, Rendition, check_name
from matinee.encoding.qc.limits import QualityLimits
from matinee.encoding.qc.quality import Evidence, Scored, VideoMeasures
from matinee.encoding.qc.record import Record
from matinee.encoding.recipe import VideoRecipe

PROMISED = 90.0


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(open_objects(f"file://{tmp_path}"), ORDER, QualityLimits(), lambda: Seconds(1.0), 1)


def promising(plan: Plan) -> Plan:
    """The plan with a VMAF that the ladder promised of its first rung."""
    first, *others = plan.video
    assert isinstance(first.recipe, VideoRecipe)
    rung = msgspec.structs.replace(first.recipe.rung, vmaf=PROMISED, maxrate_bps=None)
    recipe = msgspec.structs.replace(first.recipe, rung=rung)
    return msgspec.structs.replace(plan, video=(msgspec.structs.replace(first, recipe=recipe), *others))


def put_window(record: Record, plan: Plan, rung: Rendition, number: int, vmaf: float, frames: int = 0) -> None:
    """Store a check of one window, of which VMAF was scored, and in which so many frames are missing."""
    window = plan.windows[number]
    scored = Scored(start=window.start, every=7, model="m", vmaf=(vmaf,) * 20, blockiness=1.0, source_blockiness=1.0)
    size = window.end - window.start
    seen = VideoMeasures(
        start=window.start, fps=24.0, step=24, frames=size - frames, wanted=size, samples=1, psnr_db=(40.0,),
        scored=(scored,),
    )  # fmt: skip
    evidence = Evidence(rendition=rung.key, part=number, video=seen)
    store.write(record.objects, check_name(plan, rung.key, number), msgspec.json.encode(evidence))


def test_credits_alone_hold_no_film_and_a_film_that_is_poor_is_held_once(record: Record) -> None:
    plan = promising(planned(film(1_200.0, audio=(STEREO,))))
    rung, names = plan.video[0], [check_name(plan, plan.video[0].key, n) for n in range(len(plan.windows))]
    assert len(names) == 4
    for number, vmaf in enumerate((92.0, 92.0, 92.0, 60.0)):
        put_window(record, plan, rung, number, vmaf)
        record.judge(plan, names[: number + 1])
    (finding,) = record.findings[rung.key]
    assert (finding.check, finding.severity, finding.measured) == ("vmaf", "warn", 84.0)
    assert finding.at_s == pytest.approx(plan.windows[3].start / 24), "where it is worst"
    assert record.held() == []
    poor = Record(record.objects, ORDER, QualityLimits(), record.clock, 2)
    for number in range(len(names)):
        put_window(poor, plan, rung, number, 60.0)
    poor.judge(plan, names[:3])
    assert poor.findings[rung.key] == [], "nothing is said before all of it is known"
    poor.judge(plan, names)
    poor.judge(plan, names)
    assert [one.severity for one in poor.findings[rung.key]] == ["hold"]
    assert poor.held() == [rung.key]


def test_the_gravest_finding_of_a_rendition_comes_first_whichever_window_it_is_of(record: Record) -> None:
    plan = planned(film(620.0))
    top, names = plan.video[-1], [check_name(plan, plan.video[-1].key, n) for n in range(len(plan.windows))]
    put_window(record, plan, top, 0, 50.0)
    put_window(record, plan, top, 1, 90.0, frames=1)
    store.write(record.objects, f"work/{ORDER.source}/remade-{top.key}", b"2")
    record.judge(plan, names[:2])
    assert [(one.check, one.severity) for one in record.findings[top.key]] == [("frames", "hold"), ("vmaf", "warn")]
