"""What is found out about a master before it is planned: its structure, its samples, its trials.

Workers find out, and what they found lies in the object store under names made of what was asked: asking again costs
nothing. A title's job asks, and so does `matinee analyse`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from matinee.base import objects as store
from matinee.base.objects import Objects
from matinee.encoding import plan as planning
from matinee.encoding.plan import Order
from matinee.encoding.recipe import Encoder
from matinee.encoding.sample import Window
from matinee.encoding.source import Inspection, accept
from matinee.encoding.tasks import inspect, sample_window, try_piece
from matinee.encoding.timeline import Chunk, chunks_of, timeline_of
from matinee.encoding.trial import Analysis, Piece, analysis_key, combined, pieces_of
from matinee.work.job import Stage

FIRST_PRIORITY = 100


class Run(Protocol):
    """Runs a task on a worker; answers the name of what it made."""

    async def __call__(self, fn: Callable[..., str], *args: Any, name: str, priority: int) -> str: ...


@dataclass(frozen=True)
class Study:
    """The study of one master. `report` is told how far it is."""

    objects: Objects
    encoder: Encoder
    order: Order
    run: Run
    report: Callable[[Sequence[Stage]], None]

    async def inspection(self) -> Inspection:
        """Its structure. Raises FilmRefused."""
        self.report([Stage("inspect", 0, 1)])
        source = self.order.source
        name = await self.run(inspect, self.order, name=f"inspect-{source[:12]}", priority=FIRST_PRIORITY)
        found: Inspection = await asyncio.to_thread(self._unpacked, name, Inspection)
        return accept(found, damaged=self.order.is_damaged_accepted)

    async def samples(self, inspection: Inspection) -> list[Window]:
        """Its samples, of every window."""
        timeline, source = timeline_of(inspection), self.order.source
        windows = planning.windows_of(inspection, timeline)

        def told(count: int) -> None:
            self.report(looked(count, len(windows)))

        async def sample(window: Chunk) -> str:
            return await self.run(
                sample_window, self.order, timeline, window,
                name=planning.window_name(source, window.number), priority=planning.SOUND_PRIORITY,
            )  # fmt: skip

        await self._all([sample(window) for window in await self._missing_windows(windows)], len(windows), told)
        return await self._each([planning.window_name(source, window.number) for window in windows], Window)

    async def trials(self, inspection: Inspection, windows: Sequence[Window]) -> Analysis:
        """Its trial encodes, made now unless they were made before."""
        timeline, source, key = timeline_of(inspection), self.order.source, analysis_key(self.encoder)
        kept = planning.analysis_name(source, key)
        if await asyncio.to_thread(store.exists, self.objects, kept):
            return msgspec.json.decode(await asyncio.to_thread(store.read, self.objects, kept), type=Analysis)
        pieces = pieces_of(windows, timeline, chunks_of(inspection, timeline))

        def told(count: int) -> None:
            self.report([*looked(len(windows), len(windows)), Stage("try", count, len(pieces))])

        async def attempt(piece: Chunk) -> str:
            name = planning.trial_name(source, key, piece.number)
            return await self.run(
                try_piece, self.order, timeline, piece, self.encoder.preset, name,
                name=name, priority=planning.SOUND_PRIORITY,
            )  # fmt: skip

        await self._all([attempt(piece) for piece in pieces], len(pieces), told)
        found = await self._each([planning.trial_name(source, key, piece.number) for piece in pieces], Piece)
        seconds = sum(float((piece.end - piece.start) / timeline.fps) for piece in pieces)
        analysis = Analysis(seconds=seconds, trials=combined(found, timeline))
        await asyncio.to_thread(store.write, self.objects, kept, msgspec.json.encode(analysis))
        return analysis

    async def _missing_windows(self, windows: Sequence[Chunk]) -> list[Chunk]:
        done = await asyncio.to_thread(store.keys_under, self.objects, planning.work_folder(self.order.source))
        missing = planning.sampling_tasks(self.order.source, windows, done)
        return [windows[task.part] for task in missing]

    async def _all(self, work: Sequence[Coroutine[Any, Any, str]], total: int, told: Callable[[int], None]) -> None:
        running = [asyncio.create_task(one) for one in work]
        try:
            for count, finished in enumerate(asyncio.as_completed(running), start=total - len(running) + 1):
                await finished
                told(count)
        finally:
            await cancel_all(running)

    async def _each(self, names: Sequence[str], kind: type[Any]) -> list[Any]:
        return await asyncio.to_thread(lambda: [self._unpacked(name, kind) for name in names])

    def _unpacked(self, name: str, kind: type[Any]) -> Any:
        return msgspec.msgpack.decode(store.read(self.objects, name), type=kind)


def looked(count: int, windows: int) -> list[Stage]:
    """The stages of a study up to its samples."""
    return [Stage("inspect", 1, 1), Stage("analyse", count, windows)]


async def cancel_all(running: Sequence[asyncio.Task[str]]) -> None:
    """Cancel what still runs, and wait until all of it has ended."""
    for one in running:
        one.cancel()
    await asyncio.gather(*running, return_exceptions=True)
