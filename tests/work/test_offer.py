"""What a machine offers: slots that each have what every worker is taken to have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.work.offer import GIB, SLOT_BYTES, USABLE, WIDE_BYTES, offered, slots


def test_a_machine_has_a_worker_a_core_where_its_memory_allows() -> None:
    assert slots(8, 64 * GIB) == 8
    assert slots(64, 16 * GIB) == 14
    assert slots(4, GIB // 2) == 1


def test_who_says_how_many_is_believed() -> None:
    assert slots(4, 2 * GIB, wanted=9) == 9


def test_memory_is_shared_and_encoders_are_named() -> None:
    assert offered(4, 20 * GIB, ("hevc_nvenc",)) == [{"memory": 20 * GIB * 0.9 // 4, "cores": 1, "hevc_nvenc": 1}] * 4


@given(st.integers(1, 64), st.integers(1, 512))
def test_all_of_a_machines_memory_is_offered_once(workers: int, memory_gib: int) -> None:
    shares = [offer["memory"] for offer in offered(workers, memory_gib * GIB)]
    assert len(shares) == workers
    assert memory_gib * GIB * USABLE - workers <= sum(shares) <= memory_gib * GIB * USABLE
    assert min(shares) >= min(SLOT_BYTES, memory_gib * GIB * USABLE // workers)
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize(("cores", "memory_gib"), [(4, 8), (8, 16), (12, 24), (16, 32), (2, 24)])
def test_an_ordinary_machine_has_room_for_the_largest_task(cores: int, memory_gib: int) -> None:
    workers = slots(cores, memory_gib * GIB)
    assert offered(workers, memory_gib * GIB)[0]["memory"] >= WIDE_BYTES
