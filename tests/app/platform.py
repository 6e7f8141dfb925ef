"""The services that take films in, on fresh SQLite files and a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from matinee.app.ingest import Ingest
from matinee.base.clock import system_clock
from matinee.base.database import JOBS, MAIN, open_engine, writing
from matinee.base.objects import Objects, open_objects
from matinee.catalog.removal import Removal
from matinee.catalog.service import Catalog
from matinee.catalog.title import Title
from matinee.work.service import Jobs


@dataclass
class Intake:
    """Everything between a file and its job; `disposed` are the titles that were disposed of."""

    catalog: Catalog
    jobs: Jobs
    objects: Objects
    ingest: Ingest
    disposed: list[str] = field(default_factory=list)


@asynccontextmanager
async def intake(folder: Path) -> AsyncIterator[Intake]:
    """The services, on databases and a store under `folder`."""
    main = open_engine(f"sqlite+aiosqlite:///{folder / 'main.db'}")
    queue = open_engine(f"sqlite+aiosqlite:///{folder / 'jobs.db'}")
    for engine, metadata in ((main, MAIN), (queue, JOBS)):
        async with writing(engine) as connection:
            await connection.run_sync(metadata.create_all)
    catalog, jobs = Catalog(main, system_clock), Jobs(queue, system_clock)
    objects = open_objects((folder / "objects").as_uri())
    disposed: list[str] = []

    async def dispose(title: Title) -> None:
        disposed.append(title.id)

    removal = Removal(catalog, objects, dispose)
    yield Intake(catalog, jobs, objects, Ingest(catalog, jobs, objects, removal), disposed)
    await main.dispose()
    await queue.dispose()
