"""Limits fit into what the process may open."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from matinee.delivery.edge.limits import SPARE_DESCRIPTORS, Limits, fit


def test_a_roomy_process_has_the_limits_that_were_asked_for() -> None:
    assert fit(Limits(), 20_000) == Limits()


@given(st.integers(400, 1 << 20))
def test_everything_together_fits(descriptors_max: int) -> None:
    limits = fit(Limits(), descriptors_max)
    used = limits.connections + limits.overflow + limits.open_files + SPARE_DESCRIPTORS
    assert used <= descriptors_max
    assert limits.connections >= 1
    assert limits.open_files >= 1
