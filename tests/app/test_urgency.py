"""How urgent a title is by its year."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from matinee.app.urgency import CATALOGUE, RELEASE, urgency
from matinee.base.units import Seconds

NOW = Seconds(datetime(2026, 2, 1, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("year", "level"), [(2027, RELEASE), (2026, RELEASE), (2025, RELEASE), (2024, CATALOGUE), (1921, CATALOGUE)]
)
def test_a_title_of_this_year_or_the_last_is_a_release(year: int, level: int) -> None:
    assert urgency(year, NOW) == level


def test_a_title_without_a_year_is_back_catalogue() -> None:
    assert urgency(None, NOW) == CATALOGUE < RELEASE
