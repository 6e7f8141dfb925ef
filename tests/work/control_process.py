"""A control in a process of its own, for tests that kill it: `control_process.py URL HANDLER [LEASE_S]`.

Handlers: `forever` says that it began and never ends, `done` says so and finishes, `deadly` kills its process.
What handlers did goes to standard output, a line each.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from matinee.base.clock import system_clock
from matinee.base.database import open_engine
from matinee.work.control import Control, Lease
from matinee.work.service import Jobs


def say(what: str, lease: Lease) -> None:
    sys.stdout.write(f"{what} {lease.job.subject}\n")
    sys.stdout.flush()


async def forever(lease: Lease) -> None:
    say("began", lease)
    await asyncio.Event().wait()


async def done(lease: Lease) -> None:
    say("done", lease)


async def deadly(lease: Lease) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, handler: str, lease_s: float) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    engine = open_engine(url, schema="matinee_jobs")
    handlers = {"forever": forever, "done": done, "deadly": deadly}
    control = Control(Jobs(engine, system_clock), {"encode": handlers[handler]}, concurrency=2, lease_s=lease_s)
    await control.run(stop)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 30.0))
