"""What every worker process of ours does first: yield to the server, and end with whoever started it."""

from __future__ import annotations

import logging
import os
import signal

from matinee.base.process import die_with_parent

NICE = 10  # pages and segments go before encodes


async def dask_setup(worker: object) -> None:
    """Called by Dask in each new worker process, before its first task."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then closes its workers
    os.nice(NICE)
    # A task that raises is answered where it was asked for; Dask would tell its whole trace on the terminal as well.
    logging.getLogger("distributed.worker").setLevel(logging.CRITICAL)
