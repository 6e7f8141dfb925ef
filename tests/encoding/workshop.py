"""A place to encode in: the real job and its real tasks, run in threads here instead of on a cluster."""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import itertools
import pickle
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.media.generate import ffmpeg

import matinee.encoding.tables
import matinee.insight.tables
from matinee.base import objects as store
from matinee.base.clock import system_clock
from matinee.base.database import MAIN, open_engine, reading
from matinee.base.objects import Objects, open_objects
from matinee.encoding.asset import Asset
from matinee.encoding.jobs import EncodeTitle
from matinee.encoding.plan import KIND, Order
from matinee.encoding.recipe import Encoder
from matinee.encoding.service import Assets
from matinee.encoding.worker.workplace import Workplace
from matinee.work.compute import Compute
from matinee.work.control import Lease
from matinee.work.job import Job, Progress

BUILD = "0" * 64
TITLE = "title_1"
_NUMBERS = itertools.count()


@dataclass
class ThreadCompute:
    """`Compute` in threads of this process, the most urgent task first.

    A task that nobody waits for any more goes on to its end, as one on a cluster may; `let_go` waits for it.
    `performed` counts what was run, by name; `sent_bytes` is how large a call was.
    """

    slots: int = 2
    performed: Counter[str] = field(default_factory=Counter)
    sent_bytes: dict[str, int] = field(default_factory=dict)
    before: Callable[[str], None] = lambda _: None
    """Called with a task's name just before it runs, on the event loop."""
    within: Callable[[str], None] = lambda _: None
    """Called with a task's name as its first act, on the worker."""
    _at_work: dict[asyncio.Task[Any], str] = field(default_factory=dict)
    _in_line: list[tuple[int, int, asyncio.Future[None], str]] = field(default_factory=list)
    doings: dict[str, str] = field(default_factory=dict)
    """What each task said of itself."""
    needs: dict[str, int] = field(default_factory=dict)
    """How much memory each task asked for."""

    async def run(
        self,
        fn: Callable[..., Any],
        *args: Any,
        name: str = "",
        priority: int = 0,
        doing: str = "",
        took: Callable[[float], None] = lambda _: None,
        memory_bytes: int = 0,
    ) -> Any:
        call = pickle.dumps((fn, args))
        self.sent_bytes[name] = len(call)
        while len(self._at_work) >= self.slots:
            turn = asyncio.get_running_loop().create_future()
            heapq.heappush(self._in_line, (-priority, next(_NUMBERS), turn, name))
            await turn
        self.performed[name] += 1
        self.before(name)
        thread = asyncio.create_task(asyncio.to_thread(self._work, name, call))
        self._at_work[thread] = name
        thread.add_done_callback(self._ended)
        self.doings[name], self.needs[name] = doing, memory_bytes
        began = time.monotonic()
        result = await asyncio.shield(thread)
        took(time.monotonic() - began)
        return result

    async def move(self, names: Collection[str], by: int) -> None:
        """Let what waits under one of these names be more urgent by that much."""
        self._in_line = [
            (place - by if name.startswith(tuple(names)) else place, number, turn, name)
            for place, number, turn, name in self._in_line
        ]
        heapq.heapify(self._in_line)

    def _work(self, name: str, call: bytes) -> Any:
        self.within(name)
        fn, args = pickle.loads(call)
        return fn(*args)

    def _ended(self, thread: asyncio.Task[Any]) -> None:
        del self._at_work[thread]
        while self._in_line:
            _, _, turn, _ = heapq.heappop(self._in_line)
            if not turn.done():  # one that was cancelled is done
                turn.set_result(None)
                return

    async def let_go(self, names: Collection[str]) -> None:
        """Wait until no thread is at work on tasks of these names."""
        while threads := [thread for thread, name in self._at_work.items() if name.startswith(tuple(names))]:
            await asyncio.wait(threads)

    def is_idle(self) -> bool:
        """Whether no thread is at work."""
        return not self._at_work

    def encoded(self) -> Counter[str]:
        """The chunks that were encoded."""
        return Counter({name: times for name, times in self.performed.items() if name.endswith(".mp4")})


@dataclass(frozen=True)
class Workshop:
    """A store, a database and the handler of encode jobs over them."""

    folder: Path
    engine: AsyncEngine
    objects: Objects
    compute: ThreadCompute
    assets: Assets
    handler: EncodeTitle
    reports: list[Progress]

    def take(self, film: Path, *, title: str = TITLE, is_damaged_accepted: bool = False) -> Order:
        """Store a film as a master; what to order for it."""
        content = film.read_bytes()
        source = hashlib.sha256(content).hexdigest()
        store.write(self.objects, f"masters/{source}", content)
        return Order(
            title_id=title,
            master=f"masters/{source}",
            source=source,
            size_bytes=len(content),
            is_damaged_accepted=is_damaged_accepted,
        )

    def lease(self, order: Order, progress: Progress = Progress()) -> Lease:  # noqa: B008 - it is frozen
        """A lease of the job, which has come this far."""
        payload = msgspec.to_builtins(order)
        job = Job(
            id="job_1", kind=KIND, subject=order.title_id, created=0.0, updated=0.0, payload=payload, progress=progress
        )
        return Lease(job, self._write)

    async def encode(self, order: Order, progress: Progress = Progress()) -> None:  # noqa: B008
        """One attempt at the job."""
        lease = self.lease(order, progress)
        try:
            await self.handler(lease)
        finally:
            await lease.flush()

    async def _write(self, job: Job, progress: Progress) -> Job:
        self.reports.append(progress)
        return msgspec.structs.replace(job, progress=progress)

    async def versions(self, title: str = TITLE) -> list[Asset]:
        """The published versions, first one first."""
        table = matinee.encoding.tables.assets
        query = select(table.c.document).where(table.c.title_id == title).order_by(table.c.number)
        async with reading(self.engine) as connection:
            return [msgspec.convert(row.document, Asset) for row in await connection.execute(query)]

    async def events(self) -> list[dict[str, Any]]:
        """What lies in the outbox."""
        table = matinee.insight.tables.outbox
        async with reading(self.engine) as connection:
            rows = await connection.execute(select(table.c.document).order_by(table.c.at, table.c.event_id))
            return [row.document for row in rows]

    def stored(self, prefix: str = "") -> dict[str, str]:
        """Every file below a prefix of the store, temporary ones too, with the hash of its bytes.

        A report says how long everything took: of that only is told that it is there.
        """
        root = self.folder / "objects"
        return {
            str(path.relative_to(root)): "a report"
            if path.name.startswith("report-")
            else hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((root / prefix).rglob("*"))
            if path.is_file()
        }


@asynccontextmanager
async def workshop(folder: Path, *, preset: str = "ultrafast", url: str = "") -> AsyncIterator[Workshop]:
    """A fresh workshop over `folder`, or what was left there."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs yet
    engine = open_engine(url or f"sqlite+aiosqlite:///{folder / 'main.db'}")
    objects = open_objects((folder / "objects").as_uri())
    try:
        async with engine.begin() as connection:
            await connection.run_sync(MAIN.create_all)
        assets, compute = Assets(engine, objects, system_clock), ThreadCompute()
        place = Workplace(
            objects_url=(folder / "objects").as_uri(), scratch=str(folder / "scratch"), ffmpeg=ffmpeg(), build=BUILD
        )
        encoder = Encoder(build=BUILD, preset=preset)
        handler = EncodeTitle(assets, objects, cast(Compute, compute), place, encoder, surround="aac")
        yield Workshop(folder, engine, objects, compute, assets, handler, [])
        await compute.let_go([""])
    finally:
        await engine.dispose()
