"""The outbox: an event that changes another domain is a row written in the transaction of the change it tells.

Delivery is at least once and in order of time: a subscriber does the same thing when it meets an event again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from matinee.base.database import reading, writing
from matinee.insight.events import Change
from matinee.insight.tables import outbox

BATCH_MAX = 100
TRIES_MAX = 20
"""An event that its subscriber cannot take so often is given up, loudly, rather than holding up all others for ever."""
RETRY_FIRST_S, RETRY_MAX_S = 0.25, 300.0
Subscriber = Callable[[Change], Awaitable[None]]

_log = logging.getLogger(__name__)


async def put(connection: AsyncConnection, event: Change) -> None:
    """Write `event` as part of the caller's transaction."""
    document = msgspec.to_builtins(event)
    await connection.execute(insert(outbox).values(event_id=event.event_id, at=event.at, document=document))


@dataclass(frozen=True)
class Dispatcher:
    """Hands events to their subscribers. Any number may run; a failed event is tried again and holds up no other."""

    engine: AsyncEngine
    subscribers: Sequence[Subscriber]
    tries: dict[str, int] = field(default_factory=dict)
    not_before: dict[str, float] = field(default_factory=dict)
    now: Callable[[], float] = time.monotonic

    async def drain(self) -> int:
        """Deliver what lies in the outbox; answers how many events that were."""
        async with reading(self.engine) as connection:
            oldest = select(outbox.c.document).order_by(outbox.c.at, outbox.c.event_id).limit(BATCH_MAX)
            rows = await connection.execute(oldest)
            events = [msgspec.convert(row.document, Change) for row in rows]
        delivered = [event for event in events if await self._deliver(event)]
        if delivered:
            async with writing(self.engine) as connection:
                ids = [event.event_id for event in delivered]
                await connection.execute(delete(outbox).where(outbox.c.event_id.in_(ids)))
        return len(delivered)

    async def _deliver(self, event: Change) -> bool:
        """Whether the event needs no further delivery."""
        if self.now() < self.not_before.get(event.event_id, 0.0):
            return False
        try:
            for subscriber in self.subscribers:
                await subscriber(event)
        except Exception:
            tries = self.tries[event.event_id] = self.tries.get(event.event_id, 0) + 1
            self.not_before[event.event_id] = self.now() + min(RETRY_MAX_S, RETRY_FIRST_S * 2**tries)
            _log.exception("event %s could not be delivered (try %d of %d)", event, tries, TRIES_MAX)
            return tries >= TRIES_MAX
        self.tries.pop(event.event_id, None)
        self.not_before.pop(event.event_id, None)
        return True
