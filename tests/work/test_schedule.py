"""When a schedule runs next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.base.units import Seconds
from matinee.work.schedule import BadCron, Schedule, is_due, next_run


def at(text: str) -> Seconds:
    return Seconds(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_the_next_run_is_read_in_utc() -> None:
    assert next_run("0 3 * * *", at("2026-03-29T02:59:59")) == at("2026-03-29T03:00:00")
    assert next_run("*/15 * * * *", at("2026-01-01T00:15:00")) == at("2026-01-01T00:30:00")
    assert next_run("0 0 29 2 *", at("2026-01-01T00:00:00")) == at("2028-02-29T00:00:00")


@given(st.sampled_from(["* * * * *", "0 3 * * *", "30 4 * * 1", "0 0 1 * *"]), st.integers(0, 4_000_000_000))
def test_the_next_run_is_always_later(cron: str, last: int) -> None:
    assert next_run(cron, Seconds(last)) > last


def test_a_schedule_is_due_from_its_moment_on() -> None:
    schedule = Schedule(name="nightly", cron="0 3 * * *", kind="train", subject="all")
    last = at("2026-01-01T12:00:00")
    assert not is_due(schedule, last, at("2026-01-02T02:59:59"))
    assert is_due(schedule, last, at("2026-01-02T03:00:00"))


def test_a_line_that_is_no_schedule_is_refused() -> None:
    with pytest.raises(BadCron, match="five fields"):
        Schedule(name="x", cron="every night", kind="train", subject="all")
