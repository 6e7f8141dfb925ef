"""The watched folder: films that arrive in it are taken in without a command.

It is polled, because network drives tell of no changes. A file has arrived when its size and time have stayed the
same for a while. What was taken is remembered by its job and by the catalogue, under path, size and time.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from matinee.app.ingest import INGEST, Ingest, enqueue_file
from matinee.app.library import files_under
from matinee.base.clock import Clock
from matinee.base.errors import MatineeError
from matinee.catalog.library import read_library
from matinee.catalog.service import Catalog
from matinee.work.service import Jobs

POLL_S = 2.0
SETTLED_S = 5.0  # a file that has not changed for this long has been written whole

_log = logging.getLogger(__name__)


class Sight(msgspec.Struct, frozen=True):
    """How a file looked, and since when it has looked so (Unix seconds)."""

    size_bytes: int
    mtime_ns: int
    since: float


def looked_at(before: Mapping[str, Sight], files: Mapping[str, tuple[int, int]], now: float) -> dict[str, Sight]:
    """The sights of `files` (path -> size, time) after another look: one that has changed begins anew."""
    sights = {}
    for path, (size_bytes, mtime_ns) in files.items():
        known = before.get(path)
        is_same = known is not None and (known.size_bytes, known.mtime_ns) == (size_bytes, mtime_ns)
        sights[path] = known if known is not None and is_same else Sight(size_bytes, mtime_ns, now)
    return sights


def arrived(sights: Mapping[str, Sight], now: float) -> Sequence[str]:
    """The files that hold something and have not changed for `SETTLED_S`."""
    return [path for path, sight in sights.items() if sight.size_bytes > 0 and now - sight.since >= SETTLED_S]


@dataclass(frozen=True)
class Watch:
    """Watches `folder` and has what arrives in it taken in."""

    folder: Path
    catalog: Catalog
    jobs: Jobs
    clock: Clock
    _sights: dict[str, Sight] = field(default_factory=dict)
    _done: set[tuple[str, Sight]] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. A folder that is away is looked for again."""
        reported = ""
        while not stop.is_set():
            try:
                await self.look()
                reported = ""
            except (MatineeError, OSError) as error:
                if str(error) != reported:
                    _log.warning("the watched folder cannot be looked at: %s", error)
                reported = str(error)
            await _wait(stop, POLL_S)

    async def look(self) -> int:
        """Look once; answers how many films were enqueued."""
        now = self.clock()
        found = await asyncio.to_thread(files_under, self.folder)
        sights = looked_at(self._sights, {path: (s.st_size, s.st_mtime_ns) for path, s in found.items()}, now)
        self._sights.clear()
        self._sights.update(sights)
        films = {find.path for find in read_library({path: s.size_bytes for path, s in sights.items()}).finds}
        return sum([await self._take(path, sights[path]) for path in arrived(sights, now) if path in films])

    async def _take(self, path: str, sight: Sight) -> bool:
        if (path, sight) in self._done:
            return False
        whole = (self.folder / path).absolute()
        subject = hashlib.sha256(f"{whole}\0{sight.size_bytes}\0{sight.mtime_ns}".encode()).hexdigest()[:32]
        is_known = await self.catalog.file_taken(str(whole), sight.size_bytes, sight.mtime_ns) is not None
        is_new = not is_known and await self.jobs.find(INGEST, subject) is None
        if is_new:
            await enqueue_file(self.jobs, subject, whole, name=whole.name, said={}, origin="watch")
            _log.info("%s has arrived in the watched folder", path)
        self._done.add((path, sight))
        return is_new


async def watch(folder: Path, ingest: Ingest, stop: asyncio.Event) -> None:
    """Have what arrives in `folder` taken in by `ingest` jobs, until `stop` is set."""
    await Watch(folder, ingest.catalog, ingest.jobs, ingest.jobs.clock).run(stop)


async def _wait(stop: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), timeout_s)
    except TimeoutError:
        return
