"""The scheduler of a cluster: Dask's own, which loses sight of no task when a machine falls silent."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dask.config
from distributed import Scheduler
from distributed.metrics import time as dask_time
from distributed.scheduler import heartbeat_interval

from matinee.base.errors import Invalid
from matinee.work.compute import CONFIG, WORKER_DEATHS_MAX, check_compute_url, is_loopback, security_of

PORT = 8786
SILENT_S = 15.0
"""A machine that says nothing for so long is lost, though no connection broke; its tasks begin anew on another. Dask's
own limit first waits for that machine to restart its workers, which is minutes."""
BEATS_MISSED_MAX = 3
"""A large cluster's workers speak up less often than every few seconds; then so many times must have gone by."""
LOOK_S = 2.5

_log = logging.getLogger(__name__)


class NoScheduler(Invalid):
    """There is no cluster to be a part of."""

    code = "no_scheduler"


def check_cluster_url(url: str) -> None:
    """Raises NoScheduler and InsecureCompute."""
    if not url:
        raise NoScheduler("COMPUTE_URL names no scheduler; set it to tls://HOST:PORT, or run ./matinee up instead")
    check_compute_url(url)


async def schedule(url: str, certificates: Path) -> None:
    """Be the scheduler at `url` until SIGTERM or SIGINT: on every address of this machine, or the loopback if it says.

    Raises NoScheduler, InsecureCompute and MissingCertificates.
    """
    check_cluster_url(url)
    stop, parts = asyncio.Event(), urlsplit(url)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with dask.config.set(CONFIG):
        scheduler: Any = Scheduler(
            host=parts.hostname if is_loopback(parts.hostname or "") else None,
            port=parts.port or PORT,
            protocol=f"{parts.scheme}://",
            security=security_of(certificates) if parts.scheme == "tls" else None,
            allowed_failures=WORKER_DEATHS_MAX - 1,
            dashboard=False,
            dashboard_address="127.0.0.1:0",  # None would mean port 8787
        )
        async with scheduler:
            while not stop.is_set():
                for address in silent(scheduler.workers.values(), dask_time()):
                    _log.warning("%s says nothing any more; what it worked on begins anew on another", address)
                    await scheduler.remove_worker(address, stimulus_id=f"silent-{address}")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), LOOK_S)


def silent(workers: Iterable[Any], now: float) -> list[str]:
    """The addresses of workers that were not heard of in time."""
    known = list(workers)
    patience_s = max(SILENT_S, BEATS_MISSED_MAX * heartbeat_interval(len(known)))
    return [worker.address for worker in known if now - worker.last_seen > patience_s]
