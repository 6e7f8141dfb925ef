"""Schedules: when the clock enqueues a job; `Jobs.enqueue_due` does it, once a time however many controls there are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from croniter import croniter

from matinee.base.errors import Invalid
from matinee.base.units import Seconds


class BadCron(Invalid):
    """A line of a schedule that cannot be read."""

    code = "bad_cron"

    def __init__(self, cron: str) -> None:
        super().__init__(
            f"{cron!r} is no schedule; write five fields (minute hour day month weekday), as in '0 3 * * *'"
        )
        self.cron = cron


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Enqueues (kind, subject) whenever `cron` says, in UTC; a time that was missed is made up for once."""

    name: str
    cron: str
    kind: str
    subject: str
    payload: dict[str, Any] = msgspec.field(default_factory=dict)
    priority: int = 0

    def __post_init__(self) -> None:
        if not croniter.is_valid(self.cron):
            raise BadCron(self.cron)


def next_run(cron: str, last: Seconds) -> Seconds:
    """The first moment after `last` that `cron` names (Unix seconds; `cron` is read in UTC)."""
    after = datetime.fromtimestamp(last, UTC)
    return Seconds(croniter(cron, after).get_next(datetime).timestamp())


def is_due(schedule: Schedule, last: Seconds, now: Seconds) -> bool:
    """Whether a moment that the schedule names has passed since `last`."""
    return next_run(schedule.cron, last) <= now
