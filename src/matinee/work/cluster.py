"""A machine that works for a cluster: worker processes of one slot each that join the scheduler at COMPUTE_URL."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dask.config
from distributed import Client, Nanny, Security
from distributed.core import Status

from matinee.work.compute import CONFIG, CONNECT_TIMEOUT_S, WORKER_PRELOAD, security_of
from matinee.work.scheduler import check_cluster_url

RETIRE_S = 25.0
"""What running tasks have to end: less than the 30 s that the shortest notice of a cloud for a spot machine gives."""
LOOK_S = 0.2
LEAVE_S = 10.0
REJOIN_S = 1.0
"""Between a worker process's end with its scheduler, and the next one's beginning."""

_log = logging.getLogger(__name__)


async def join(
    url: str,
    scratch: Path,
    certificates: Path,
    environment: Mapping[str, str],
    *,
    offers: Sequence[Mapping[str, float]],
    retire_s: float = RETIRE_S,
) -> None:
    """Work for the scheduler at `url` until SIGTERM or SIGINT; a worker that ends is followed by another.

    Then no new task is taken, those that run have `retire_s` to end, and what has not ended by then is handed back: it
    begins anew elsewhere. `environment` is what the worker processes see beside this one's, `offers` what each of them,
    one an entry, offers as resources. Raises NoScheduler, InsecureCompute and MissingCertificates.
    """
    check_cluster_url(url)
    stop, left = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    security = security_of(certificates) if urlsplit(url).scheme == "tls" else None
    options = {
        "nthreads": 1,
        "security": security,
        "local_directory": str(scratch),
        "memory_limit": 0,
        "dashboard": False,
        "preload": [WORKER_PRELOAD],
        "env": dict(environment),
    }
    with dask.config.set(CONFIG):
        running: dict[int, Any] = {}
        entering: set[int] = set()
        slots = [
            asyncio.create_task(_keep(url, {**options, "resources": dict(offer)}, n, running, entering, stop, left))
            for n, offer in enumerate(offers)
        ]
        _log.info("%d worker(s) work for %s, offering %s", len(offers), url, [dict(offer) for offer in offers])
        await stop.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                while entering:  # noqa: ASYNC110 - a worker may have been given a task before its nanny is known
                    await asyncio.sleep(LOOK_S)
        await _retire(url, security, [nanny.worker_address for nanny in running.values()], retire_s)
        left.set()
        _, stuck = await asyncio.wait(slots, timeout=LEAVE_S)
        for slot in stuck:
            slot.cancel()  # it looks for a scheduler that is away
        await asyncio.gather(*slots, return_exceptions=True)


async def _keep(
    url: str,
    options: Mapping[str, Any],
    slot: int,
    running: dict[int, Any],
    entering: set[int],
    stop: asyncio.Event,
    left: asyncio.Event,
) -> None:
    """One worker process until `stop`, and then until `left`; meanwhile its nanny is in `running` under `slot`.

    While it joins, `slot` is among `entering`.

    Dask starts another where one dies, but not where the scheduler was lost.
    """
    while not stop.is_set():
        entering.add(slot)
        try:
            async with Nanny(url, **options) as nanny:
                running[slot] = nanny
                entering.discard(slot)
                waits = [asyncio.create_task(nanny.finished()), asyncio.create_task(left.wait())]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
        except (OSError, RuntimeError, TimeoutError):
            _log.warning("no worker could join the scheduler at %s; trying again", url, exc_info=True)
        running.pop(slot, None)
        entering.discard(slot)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), REJOIN_S)


async def _retire(url: str, security: Security | None, addresses: Sequence[str], retire_s: float) -> None:
    """Leave in good order; a scheduler that does not answer has given the tasks to others already, or will."""
    try:
        client: Any = await Client(  # type: ignore[no-untyped-call]
            url, security=security, asynchronous=True, set_as_default=False, timeout=CONNECT_TIMEOUT_S
        )
        async with client:
            await client.run(_take_no_more, workers=addresses, on_error="ignore")
            _log.info("this machine retires: %.0f s for what runs", retire_s)
            await _ended(client, addresses, retire_s)
            await client.retire_workers(addresses, close_workers=False, remove=True)
    except OSError as error:
        _log.warning("the workers could not say that they leave: %s", error)


async def _ended(client: Any, addresses: Sequence[str], within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            while any((await client.run(_is_busy, workers=addresses, on_error="ignore")).values()):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        _log.info("what has not ended is handed back; it begins anew on another worker")


def _take_no_more(dask_worker: Any) -> None:
    """On a worker: what runs goes on, and the scheduler gives it nothing new."""
    dask_worker.status = Status.paused


def _is_busy(dask_worker: Any) -> bool:
    """On a worker: whether a task runs."""
    return bool(dask_worker.state.executing)
