"""A line before tasks that fit few workers: most urgent first, and never ahead of what waits at the scheduler.

Dask hands a task with a need of resources to a worker at once, where it waits before anything more urgent that comes
later. So such tasks wait here, and go one a worker that has room for them.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

LOOK_S = 0.5  # between looks whether there is a place: workers come and go

Room: TypeAlias = Callable[[int], Awaitable[int]]
"""How many places there are for a task of this priority; 0 while something more urgent waits."""


@dataclass(eq=False)
class _Waiting:
    name: str
    priority: int
    number: int


@dataclass
class Places:
    """Who waits, and how many have a place."""

    taken: int = 0
    line: list[_Waiting] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @asynccontextmanager
    async def one(self, name: str, priority: int, room: Room) -> AsyncIterator[int]:
        """A place, once it is this task's turn; answers the priority that it has by then. Raises what `room` raises."""
        me = _Waiting(name, priority, next(self._numbers))
        self.line.append(me)
        try:
            while not (self._is_first(me) and self.taken < await room(me.priority) and self._is_first(me)):
                await self._look()
            self.taken += 1
        finally:
            self.line.remove(me)
            self._changed.set()
        try:
            yield me.priority
        finally:
            self.taken -= 1
            self._changed.set()

    def move(self, names: Collection[str], by: int) -> None:
        """Add `by` to the priority of those that wait under these names."""
        for one in self.line:
            if one.name.startswith(tuple(names)):
                one.priority += by
        self._changed.set()

    def _is_first(self, me: _Waiting) -> bool:
        return min(self.line, key=lambda one: (-one.priority, one.number)) is me

    async def _look(self) -> None:
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), LOOK_S)
        except TimeoutError:
            return
