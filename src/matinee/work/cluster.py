"""A machine that works for a cluster: worker processes of one slot each that join the scheduler at COMPUTE_URL."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import dask.config
from distributed import Nanny

from matinee.base.errors import Invalid
from matinee.work.compute import CONFIG, WORKER_PRELOAD, check_compute_url, security_of


class NoScheduler(Invalid):
    """There is nothing to work for."""

    code = "no_scheduler"


async def join(url: str, workers: int, scratch: Path, certificates: Path, environment: Mapping[str, str]) -> None:
    """Work for the scheduler at `url` until SIGTERM or SIGINT; a worker that dies is started again.

    `environment` is what the worker processes see beside this one's. Raises NoScheduler, InsecureCompute and
    MissingCertificates.
    """
    if not url:
        raise NoScheduler("COMPUTE_URL names no scheduler; set it to tls://HOST:PORT, or run ./matinee up instead")
    check_compute_url(url)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    security = security_of(certificates) if urlsplit(url).scheme == "tls" else None
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(dask.config.set(CONFIG))
        for _ in range(workers):
            nanny = Nanny(
                url,
                nthreads=1,
                security=security,
                local_directory=str(scratch),
                memory_limit=0,
                dashboard=False,
                preload=[WORKER_PRELOAD],
                env=dict(environment),
            )
            await stack.enter_async_context(nanny)
        await stop.wait()
