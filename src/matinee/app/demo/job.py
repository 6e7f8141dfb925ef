"""The job that makes a film of the demonstration library: render it on a worker, then take it in like any other."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from matinee.app.demo.library import film_of, given_of, make_film
from matinee.app.ingest import Ingest
from matinee.encoding.worker.workplace import Workplace
from matinee.work.compute import Compute
from matinee.work.control import Lease
from matinee.work.job import Progress, Stage

RENDER_PRIORITY = 55
"""After a title's lower rungs, before the top ones: films appear one by one, each soon in a good quality."""
LOOK_S = 0.5


@dataclass(frozen=True)
class RenderDemo:
    """The handler of `demo` jobs; the subject is a film's slug, `folder` holds what is made until it is taken in."""

    ingest: Ingest
    compute: Compute
    place: Workplace
    folder: Path
    fonts: Path

    async def __call__(self, lease: Lease) -> None:
        film, folder = film_of(lease.job.subject), self.folder / lease.job.subject
        making = asyncio.create_task(
            self.compute.run(
                make_film,
                film,
                folder,
                self.fonts,
                Path(self.place.ffmpeg),
                name=film.slug,
                priority=RENDER_PRIORITY,
                doing=f"{film.slug} render",
            )
        )
        try:
            while not making.done():
                lease.report(Progress((Stage("render", _share(folder), 1),), ""))
                await asyncio.wait([making], timeout=LOOK_S)
            await making
        finally:
            making.cancel()
        given = given_of(film, folder)
        await self.ingest.take(given, lambda _: None, is_ours=True, priority=lease.job.priority)
        await asyncio.to_thread(shutil.rmtree, folder, True)


def _share(folder: Path) -> float:
    """How much of a film is rendered, as its worker last wrote it down."""
    try:
        return float((folder / "progress").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0.0
