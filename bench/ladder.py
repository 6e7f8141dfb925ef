"""What a ladder by measured quality saves against a fixed one at equal VMAF, what it promises, and what it costs.

`python -m bench.ladder [--folder FOLDER] [--only WORD]` studies each title of `bench/titles.py` as production does,
encodes its rungs in production's chunks, scores all of them against the source, and writes `bench/results/ladder.json`
and the pictures in `docs/pictures/ladders`. The fixed ladder is 1, 2.5, 5 and 8 Mb/s at 360p to 1080p (and what lies
between for sources between), by the same encoder, preset, GOPs and chunks, in two passes. What is in FOLDER already is
not measured again. Clips are looked for in MATINEE_TEST_MEDIA.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import Any

import msgspec
import numpy as np

from bench.encodes import Outcome, Place, Studied
from bench.machine import machine, write_result
from bench.titles import LONG_S, Title, titles
from matinee.encoding.pertitle.hull import bd_rate
from matinee.encoding.pertitle.ladder import box_height, ladder, leading
from matinee.encoding.pertitle.plot import hull_svg
from matinee.encoding.pertitle.trial import HD_MODEL
from matinee.encoding.recipe import VideoRecipe
from matinee.encoding.source import display_size

PROCESSES = 2
POINTS_MIN = 2
"""Rungs that make a curve: a title whose fixed ladder has fewer is there for what trials promise and cost."""
PRESET = "fast"
"""The default of MATINEE_PRESET."""
AIMS = {"bd_rate_percent": -25.0, "worst_percent": 2.0, "error_p90_vmaf": 1.0, "analysis_of_ladder": 1.0}
PICTURES = Path(__file__).parents[1] / "docs" / "pictures" / "ladders"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One title's figures; `bd_rate` is None where the two ladders share no VMAF."""

    title: str
    seconds: float
    size: tuple[int, int]
    bd_rate: dict[str, float] | None
    top_saved_percent: float | None
    is_steered: bool
    quality: list[dict[str, Any]]
    fixed: list[dict[str, Any]]
    tried_percent: float
    cpu_s: dict[str, float]
    analysis_of_ladder: float

    @property
    def errors(self) -> list[float]:
        return [abs(rung["vmaf"] - rung["predicted_vmaf"]) for rung in self.quality]


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.ladder")
    parser.add_argument("--folder", type=Path, help="keep everything here, and measure nothing twice")
    parser.add_argument("--only", default="", help="only titles with this word in their name; nothing is written")
    chosen = parser.parse_args()
    before = machine()
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as scratch:
        folder = chosen.folder or Path(scratch)
        films = [title for title in titles() if chosen.only in title.name]
        reports = asyncio.run(measured(films, folder.resolve(), is_kept=not chosen.only))
    if not chosen.only:
        print(f"written to {write_result('ladder', result(reports, before))}")
    return 0


async def measured(films: Iterable[Title], folder: Path, *, is_kept: bool) -> list[Report]:
    """Every title in turn, told as it is done."""
    reports = []
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        place = Place(folder, pool, PRESET)
        for title in films:
            studied = await place.studied(place.take(film_of(title, folder)))
            report = await report_of(title, place, studied)
            print(told(report), flush=True)
            reports.append(report)
            if is_kept:
                draw(title, studied)
    return reports


def film_of(title: Title, folder: Path) -> Path:
    """The film of a title, made unless it is there."""
    films = folder / "films"
    films.mkdir(exist_ok=True)
    made = films / f"{title.name}.mkv"
    return made if made.exists() else title.make(films)


async def report_of(title: Title, place: Place, studied: Studied) -> Report:
    """A studied title's rungs and those of the fixed ladder, encoded and scored."""
    plan = studied.plan
    assert plan.inspection.video is not None
    size = display_size(plan.inspection.video)
    ours = [rung.recipe for rung in plan.video if isinstance(rung.recipe, VideoRecipe)]
    plain = msgspec.structs.replace(ours[0], crfs=msgspec.UNSET)
    theirs = [msgspec.structs.replace(plain, rung=rung) for rung in ladder(*size, 1.0)]
    if len(theirs) < POINTS_MIN:
        theirs = []
    quality = await place.outcomes(plan, ours, 1)
    fixed = await place.outcomes(plan, theirs, 2)
    analysis_s, ladder_s = studied.samples_cpu_s + studied.trials_cpu_s, sum(one.cpu_s for one in quality)
    return Report(
        title=title.name,
        seconds=round(float(plan.timeline.duration_s), 1),
        size=size,
        bd_rate=compared(_leading(fixed, theirs), _leading(quality, ours)),
        top_saved_percent=round(100 * (1 - quality[-1].bps / fixed[-1].bps), 1) if fixed else None,
        is_steered=any(recipe.crfs for recipe in ours),
        quality=[_rung(outcome, recipe) for outcome, recipe in zip(quality, ours, strict=True)],
        fixed=[_rung(outcome, recipe) for outcome, recipe in zip(fixed, theirs, strict=True)],
        tried_percent=round(100 * studied.tried_s / plan.timeline.duration_s, 1),
        cpu_s={
            "samples": round(studied.samples_cpu_s, 1),
            "trials": round(studied.trials_cpu_s, 1),
            "quality_ladder": round(ladder_s, 1),
            "fixed_ladder": round(sum(one.cpu_s for one in fixed), 1),
        },
        analysis_of_ladder=round(analysis_s / ladder_s, 3),
    )


def _leading(outcomes: Sequence[Outcome], recipes: Sequence[VideoRecipe]) -> list[Outcome]:
    """What who has the largest plan and screen is shown of a ladder."""
    boxes = [box_height(recipe.rung.width, recipe.rung.height) for recipe in recipes]
    rows = leading(list(zip(boxes, outcomes, strict=True)), lambda row: (row[0], row[1].bps))
    return [outcome for _, outcome in rows]


def _rung(outcome: Outcome, recipe: VideoRecipe) -> dict[str, Any]:
    rung = recipe.rung
    measured_ = {"name": rung.name, "mbps": round(outcome.bps / 1e6, 3), "vmaf": round(outcome.vmaf, 2)}
    if rung.vmaf is None:
        return measured_
    promised = {"crf": rung.crf, "predicted_mbps": rung.bitrate_bps / 1e6, "predicted_vmaf": rung.vmaf}
    return {**measured_, **promised, "cap_mbps": (rung.maxrate_bps or 0) / 1e6}


def compared(fixed: Sequence[Outcome], quality: Sequence[Outcome]) -> dict[str, float] | None:
    """Percent of bits more than the fixed ladder at equal VMAF, and the range of VMAF that both reach."""
    curves = [[(one.bps, one.vmaf) for one in rungs if one.model == HD_MODEL] for rungs in (fixed, quality)]
    if min(map(len, curves)) < POINTS_MIN:
        return None
    try:
        percent, low, high = bd_rate(*curves)
    except ValueError:
        return None
    return {"percent": round(percent, 2), "from_vmaf": round(low, 1), "to_vmaf": round(high, 1)}


def told(report: Report) -> str:
    """A title's figures for a person."""
    compared_ = report.bd_rate
    saving = (
        f"BD-rate {compared_['percent']:+.1f} % (VMAF {compared_['from_vmaf']:.0f} to {compared_['to_vmaf']:.0f})"
        if compared_
        else f"no VMAF in common; {report.top_saved_percent:.0f} % saved at the top rung"
        if report.fixed
        else "one fixed rung"
    )
    return (
        f"{report.title:36} {saving}; errors {' '.join(f'{error:.2f}' for error in report.errors)}; "
        f"analysis {report.analysis_of_ladder:.2f} of the ladder, {report.tried_percent:.0f} % tried"
    )


def draw(title: Title, studied: Studied) -> None:
    """The title's trials and rungs as a picture in the documentation."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    rungs = [rung.recipe.rung for rung in studied.plan.video if isinstance(rung.recipe, VideoRecipe)]
    name = "".join(letter if letter.isalnum() else "-" for letter in title.name)
    (PICTURES / f"{name}.svg").write_text(hull_svg(title.name, studied.trials, rungs), encoding="utf-8")


def result(reports: Sequence[Report], before: dict[str, Any]) -> dict[str, Any]:
    """What is kept: the summary that the aims speak of, and every title."""
    rates = {report.title: report.bd_rate["percent"] for report in reports if report.bd_rate}
    long = [report for report in reports if report.seconds >= LONG_S - 1]
    return {
        "machine": before,
        "aims": AIMS,
        "titles": len(reports),
        "titles_compared": len(rates),
        "mean_bd_rate_percent": round(mean(rates.values()), 1) if rates else None,
        "worst_bd_rate_percent": max(rates.values(), default=None),
        "not_comparable": [report.title for report in reports if report.bd_rate is None],
        "error_p90_vmaf": _p90(reports),
        "long_error_p90_vmaf": _p90(long),
        "long_titles": len(long),
        "long_analysis_of_ladder": max((report.analysis_of_ladder for report in long), default=None),
        "analysis_of_ladder": max((report.analysis_of_ladder for report in reports), default=None),
        "each": {report.title: msgspec.to_builtins(report) for report in reports},
    }


def _p90(reports: Iterable[Report]) -> float | None:
    errors = [error for report in reports for error in report.errors]
    return round(float(np.percentile(errors, 90)), 2) if errors else None


if __name__ == "__main__":
    sys.exit(main())
