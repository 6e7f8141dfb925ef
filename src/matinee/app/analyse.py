"""What a film would become, found out without adding it: complexity, trials, rungs, and what that saves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from matinee.app.master import check_head, hash_of, master_key, seen
from matinee.app.settings import Settings
from matinee.app.wiring.background import opened_workplace
from matinee.base import objects as store
from matinee.base.objects import open_objects
from matinee.base.scratch import Scratch
from matinee.encoding.pertitle.complexity import Complexity
from matinee.encoding.pertitle.hull import Trial, fixed_points, saving
from matinee.encoding.pertitle.ladder import Codec, CodecSet, Rung
from matinee.encoding.pertitle.sample import overall
from matinee.encoding.pertitle.trial import Analysis
from matinee.encoding.plan import Order, plan_of
from matinee.encoding.recipe import Encoder, VideoRecipe
from matinee.encoding.source import display_size
from matinee.encoding.study import Study
from matinee.work.job import Stage


class Ladder(msgspec.Struct, frozen=True, kw_only=True):
    """One codec's ladder. `saving_percent` is fewer bits than its fixed ladder at equal VMAF, over `vmaf_range`."""

    codec: Codec
    tried_s: float
    trials: tuple[Trial, ...]
    rungs: tuple[Rung, ...]
    fixed: tuple[tuple[float, float], ...]
    saving_percent: float | None
    vmaf_range: tuple[float, float] | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out of a film."""

    name: str
    width: int
    height: int
    complexity: Complexity
    factor: float
    ladders: tuple[Ladder, ...]


async def analyse(
    settings: Settings, film: Path, codecs: CodecSet, report: Callable[[Sequence[Stage]], None]
) -> Report:
    """Study the film at `film` on workers of this machine, where it lies. Raises what adding it would raise.

    Nothing of it is kept but its trials, which are not made again when it is added.
    """
    await asyncio.to_thread(check_head, film)
    size_bytes = (await asyncio.to_thread(seen, film)).size_bytes
    source = await asyncio.to_thread(hash_of, film)
    here = msgspec.structs.replace(settings, compute_url="")
    async with opened_workplace(here) as (compute, place):
        with Scratch(Path(place.scratch)) as folder:
            objects, kept = open_objects((folder / "objects").as_uri()), open_objects(settings.objects_url)
            await asyncio.to_thread(_link, film, folder / "objects" / master_key(source))
            apart = msgspec.structs.replace(place, objects_url=(folder / "objects").as_uri())
            encoder = Encoder(build=place.build, preset=settings.preset)

            async def run(fn: Callable[..., str], *args: Any, name: str, priority: int, memory_bytes: int = 0) -> str:
                return await compute.run(fn, apart, *args, name=name, priority=priority, memory_bytes=memory_bytes)

            order = Order(title_id="", master=master_key(source), source=source, size_bytes=size_bytes, codecs=codecs)
            study = Study(objects, encoder, order, run, report)
            inspection = await study.inspection()
            assert inspection.video is not None
            names = study.analysis_names(inspection)
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    store.write(objects, name, await asyncio.to_thread(store.read, kept, name))
            windows = await study.samples(inspection)
            analyses = await study.trials(inspection, windows)
            for name in names:
                await asyncio.to_thread(store.write, kept, name, store.read(objects, name))
    planned = plan_of(order, inspection, windows, encoder, analyses).video
    rungs: dict[Codec, list[Rung]] = {codec: [] for codec in analyses}
    for one in planned:
        if isinstance(one.recipe, VideoRecipe):
            rungs[one.recipe.coding.codec].append(one.recipe.rung)
    width, height = display_size(inspection.video)
    complexity = overall(windows)
    return Report(
        name=film.stem,
        width=width,
        height=height,
        complexity=complexity,
        factor=complexity.factor,
        ladders=tuple(_ladder(codec, found, rungs[codec]) for codec, found in analyses.items()),
    )


def _ladder(codec: Codec, found: Analysis, rungs: Sequence[Rung]) -> Ladder:
    fixed = fixed_points(found.trials, codec)
    saved = saving(found.trials, rungs, codec)
    return Ladder(
        codec=codec,
        tried_s=found.seconds,
        trials=found.trials,
        rungs=tuple(rungs),
        fixed=tuple(fixed),
        saving_percent=round(-saved[0], 1) if saved else None,
        vmaf_range=(round(saved[1], 1), round(saved[2], 1)) if saved else None,
    )


def _link(film: Path, to: Path) -> None:
    to.parent.mkdir(parents=True)
    to.symlink_to(film.resolve())
