"""The port to the event log: what viewers did, in order, for good. The truth that positions and history project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from matinee.insight.events import Telemetry


class Logged(msgspec.Struct, frozen=True):
    """An event with its place in the log."""

    offset: int
    event: Telemetry


class EventLog(Protocol):
    """An append-only log.

    `append` returns when the events are durable: they survive the loss of this process, and on a distributed log of
    any one machine. An event whose `event_id` is in the log already is not added again. Offsets grow, with gaps;
    a reader that has seen offset n misses nothing by asking for what is after n. Events of one `append` are all
    added or none. Raises `Unavailable` when the log cannot take them; then none was added.
    """

    async def append(self, events: Sequence[Telemetry]) -> None:
        """Add events, in this order."""

    async def read(self, after: int, limit: int) -> Sequence[Logged]:
        """Up to `limit` events with offsets above `after`, in order; fewer only at the end."""
