"""The clock as a value: services are given one, so tests and simulations can set the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from matinee.base.units import Seconds

Clock: TypeAlias = Callable[[], Seconds]
"""Answers Unix seconds, UTC."""


def system_clock() -> Seconds:
    """The machine's own clock."""
    return Seconds(time.time())
