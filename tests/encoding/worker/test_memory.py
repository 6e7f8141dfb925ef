"""How much memory a task takes: only large pictures need more than every worker has."""

from __future__ import annotations

import pytest

from matinee.encoding.worker.memory import BYTES_A_PIXEL, task_bytes
from matinee.work.offer import SLOT_BYTES, WIDE_BYTES


def test_every_worker_can_encode_up_to_1080p() -> None:
    assert all(task_bytes(1920, 1080, codec) <= SLOT_BYTES for codec in BYTES_A_PIXEL)


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vvc"])
def test_2160p_says_what_it_needs_and_other_codecs_no_less(codec: str) -> None:
    assert 2 * SLOT_BYTES < task_bytes(3840, 2160, codec) <= WIDE_BYTES
    assert task_bytes(3840, 2160, codec) >= task_bytes(3840, 2160, "h264")
