"""What a machine offers: slots that each have what every worker is taken to have."""

from __future__ import annotations

from matinee.work.offer import GIB, SLOT_BYTES, offered, slots


def test_a_machine_has_a_worker_a_core_where_its_memory_allows() -> None:
    assert slots(8, 64 * GIB) == 8
    assert slots(64, 16 * GIB) == 14
    assert slots(4, GIB // 2) == 1


def test_who_says_how_many_is_believed() -> None:
    assert slots(4, 2 * GIB, wanted=9) == 9


def test_memory_is_shared_and_encoders_are_named() -> None:
    offer = offered(4, 20 * GIB, ("hevc_nvenc",))
    assert offer == {"memory": 20 * GIB * 0.9 // 4, "cores": 1, "hevc_nvenc": 1}
    assert offer["memory"] >= SLOT_BYTES
