"""Jobs on SQLite and on PostgreSQL, with a clock that a test sets."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import matinee.work.tables  # noqa: F401 - the tables are made from what is imported
from matinee.base.clock import system_clock
from matinee.base.units import Seconds
from matinee.work.service import Jobs


@dataclass
class Hand:
    """A clock whose hand a test moves."""

    now: float = 1_700_000_000.0

    def __call__(self) -> Seconds:
        return Seconds(self.now)


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def jobs(jobs_engine: AsyncEngine, clock: Hand) -> Jobs:
    """Jobs at the time that `clock` says."""
    return Jobs(jobs_engine, clock)


@pytest.fixture
def jobs_now(jobs_engine: AsyncEngine) -> Jobs:
    """Jobs at the machine's own time."""
    return Jobs(jobs_engine, system_clock)
