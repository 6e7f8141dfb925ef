"""How urgent a title's encoding is when nobody says: releases before back catalogue, the demonstration last."""

from __future__ import annotations

from datetime import UTC, datetime

from matinee.base.units import Seconds

DEMONSTRATION, CATALOGUE, RELEASE = -1, 0, 10
"""Priorities of jobs; what a person puts first goes above them all."""
RELEASE_YEARS = 1
"""A title is a release in its year and for so many years after it: nobody gives the day that it came out."""


def urgency(year: int | None, now: Seconds) -> int:
    """The priority of a title of that year at `now`; one without a year is back catalogue."""
    this_year = datetime.fromtimestamp(now, UTC).year
    return RELEASE if year is not None and year >= this_year - RELEASE_YEARS else CATALOGUE
