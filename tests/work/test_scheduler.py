"""Which machines of a cluster are taken for lost, and what a cluster is refused for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from matinee.work.cluster import join
from matinee.work.compute import InsecureCompute, MissingCertificates
from matinee.work.scheduler import BEATS_MISSED_MAX, SILENT_S, NoScheduler, schedule, silent

NOW = 1_000.0


def workers(*seen_s_ago: float) -> list[SimpleNamespace]:
    """What a scheduler knows of workers, each named by when it was last heard of."""
    return [SimpleNamespace(address=f"{ago:g}", last_seen=NOW - ago) for ago in seen_s_ago]


def test_a_machine_that_says_nothing_is_lost() -> None:
    assert silent(workers(0, SILENT_S - 1, SILENT_S + 1), NOW) == [f"{SILENT_S + 1:g}"]
    assert silent([], NOW) == []


def test_the_workers_of_a_large_cluster_speak_up_less_often() -> None:
    beat_s = 2_000 / 200 + 1  # Dask's own interval
    many = workers(*[0] * 1_998, BEATS_MISSED_MAX * beat_s - 1, BEATS_MISSED_MAX * beat_s + 1)
    assert silent(many, NOW) == [many[-1].address]


def work(url: str, folder: Path) -> Coroutine[Any, Any, None]:
    return join(url, folder, folder, {}, offers=[{}])


@pytest.mark.parametrize("begin", [schedule, work])
async def test_a_cluster_has_a_url_and_is_behind_tls_with_certificates(
    begin: Callable[[str, Path], Coroutine[Any, Any, None]], tmp_path: Path
) -> None:
    for url, error in (("", NoScheduler), ("tcp://encoders:8786", InsecureCompute), ("tls://a:1", MissingCertificates)):
        with pytest.raises(error):
            await begin(url, tmp_path)
