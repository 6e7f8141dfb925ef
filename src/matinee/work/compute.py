"""Heavy work on Dask: the same call on a laptop (worker processes of our own) and on a cluster (TLS only).

Tasks are plain functions of small picklable values; what they make lies in the object store under names made of their
inputs, so that a task may run twice (a worker was killed, a job was taken over) and does no harm.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple
from urllib.parse import urlsplit

import dask.config
from distributed import Client, KilledWorker, LocalCluster, Security, get_worker
from distributed.client import FutureCancelledError
from distributed.core import Status
from distributed.system import MEMORY_LIMIT

from matinee.base.errors import Invalid, Unavailable
from matinee.work.crew import MEMORY, Crew, crew_of, worker_of
from matinee.work.offer import GIB, SLOT_BYTES, offered
from matinee.work.places import Places, Room

Args = TypeVarTuple("Args")
R = TypeVar("R")

MACHINE_MEMORY_BYTES: int = MEMORY_LIMIT  # of this machine, or of the container that this is in
WORKER_DEATHS_MAX = 3  # workers that one task may take with it before it is to blame
CONNECT_TIMEOUT_S = 10
RECONNECT_S = 10 * 365 * 86_400.0
"""A scheduler that was lost is looked for again until it is there; what is asked for meanwhile waits. Dask's own
patience is that of the first connection, after which its client is closed for good."""
LINE_BROKEN_S = 15
"""What the kernel sends on a connection is acknowledged within so long, or the other machine is lost."""
WORKERS_START_S = 60.0  # on a machine that is busy with something else
LET_GO_S, LET_GO_POLL_S = 30.0, 0.1
"""What a cancelled task is given to end: FFmpeg is told at once, a join or a hash goes on to its end."""
DOING_MARK = "|"  # in a task's key, before what it says of itself
WORKER_PRELOAD = "matinee.work.worker"
TLS_FILES = ("ca.pem", "cert.pem", "key.pem")  # under HOME/compute-tls, readable by this user alone
TLS_ROLES = ("client", "scheduler", "worker")  # a worker is asked for its own by other workers and the scheduler

_log = logging.getLogger(__name__)

CONFIG: dict[str, Any] = {
    "distributed.worker.profile.enabled": False,  # it samples every 10 ms what FFmpeg does in another process
    # Fifty times a second each process asked itself whether it is slow: that alone took 3 % of a core at rest.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.worker.memory.target": False,  # results are names, so there is nothing to spill
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.scheduler.worker-saturation": 1.0,  # what a worker cannot start yet waits where priority counts
    "distributed.scheduler.http.routes": [],  # nothing of it is shown to browsers
    "distributed.worker.http.routes": [],
    "distributed.comm.timeouts.connect": f"{CONNECT_TIMEOUT_S}s",
    "distributed.comm.timeouts.tcp": f"{LINE_BROKEN_S}s",
    # One task a core, so no threads within one. Dask's own list has MALLOC_TRIM_THRESHOLD_ too, by which the
    # allocator gives every picture's memory back to the kernel and asks for it again: rendering took 2.3 times as long.
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), 1),
}


class InsecureCompute(Invalid):
    """A scheduler that would let anybody on the network run code here."""

    code = "insecure_compute"

    def __init__(self, url: str) -> None:
        super().__init__(
            f"COMPUTE_URL={url} is refused: whoever can reach a plain scheduler can run code on its workers; "
            "use tls:// with certificates, or 127.0.0.1"
        )
        self.url = url


class MissingCertificates(Invalid):
    """A tls:// scheduler, and no certificates to show it."""

    code = "missing_certificates"

    def __init__(self, folder: Path, missing: str) -> None:
        super().__init__(f"{folder / missing} is missing: a tls:// scheduler needs {', '.join(TLS_FILES)} in {folder}")
        self.folder, self.missing = folder, missing


class ComputeAway(Unavailable):
    """The scheduler does not answer."""

    code = "compute_away"

    def __init__(self, url: str) -> None:
        super().__init__(f"the scheduler at {url} does not answer; see that it runs and that COMPUTE_URL names it")
        self.url = url


class NoWorkers(Unavailable):
    """The worker processes of our own do not start."""

    code = "no_workers"

    def __init__(self, workers: int) -> None:
        super().__init__(
            f"{workers} worker processes did not start; the log says why (fewer MATINEE_WORKERS need less)"
        )
        self.workers = workers


class NothingFits(Unavailable):
    """No worker has the memory that a task needs."""

    code = "nothing_fits"

    def __init__(self, task: str, needed_bytes: int, most_bytes: float) -> None:
        super().__init__(
            f"{task} needs {needed_bytes / GIB:.1f} GiB of memory, and the most that a worker offers is "
            f"{most_bytes / GIB:.1f} GiB; "
            "start a worker with more memory (fewer MATINEE_WORKERS on a machine give each more), then retry"
        )
        self.task, self.needed_bytes, self.most_bytes = task, needed_bytes, most_bytes


class WorkerLost(Unavailable):
    """The workers that ran a task died, one after the other."""

    code = "worker_lost"

    def __init__(self, task: str, deaths: int) -> None:
        super().__init__(
            f"{deaths} workers died while they ran {task}; "
            "see whether the machine ran out of memory (fewer MATINEE_WORKERS need less), then retry"
        )
        self.task, self.deaths = task, deaths


def _untold(_: float) -> None:
    return


@dataclass(frozen=True)
class Compute:
    """Runs functions on workers; `workers` is how many tasks could run at a time when it was opened."""

    client: Any  # Dask ships no types
    workers: int
    places: Places = field(default_factory=Places)
    """The line of tasks that need more memory than every worker has."""

    async def run(
        self,
        fn: Callable[[*Args], R],
        *args: *Args,
        name: str = "",
        priority: int = 0,
        doing: str = "",
        took: Callable[[float], None] = _untold,
        memory_bytes: int = 0,
    ) -> R:
        """`fn(*args)` on a worker; a higher `priority` goes first. Raises what `fn` raises, WorkerLost and NothingFits.

        A task that needs more than `SLOT_BYTES` of memory says so, and goes to a worker that offers as much.
        `doing` says what it is, to whoever looks at the workers (`activity`); `took` is told the seconds that it ran.
        Cancelling the caller takes a waiting task back; a running one learns of it by `is_cancelled`.
        """
        key = f"{name or fn.__name__}-{uuid.uuid4().hex}{DOING_MARK}{doing}"
        if memory_bytes <= SLOT_BYTES:
            # A "data producer" waits at the scheduler until a worker is free, where priority counts; other tasks may
            # be handed out ahead, and wait in one worker's line while another worker is done.
            how: dict[str, Any] = {"priority": priority, "_data_producer": True}
            result, seconds = await self._result(key, how, fn, *args)
        else:
            async with self.places.one(name, priority, self._room(name or fn.__name__, memory_bytes)) as level:
                how = {"priority": level, "resources": {MEMORY: memory_bytes}}
                result, seconds = await self._result(key, how, fn, *args)
        took(seconds)
        return result

    async def _result(self, key: str, how: dict[str, Any], fn: Callable[[*Args], R], *args: *Args) -> tuple[R, float]:
        name = key.rpartition(DOING_MARK)[0].rpartition("-")[0]
        future = self.client.submit(_timed, fn, *args, key=key, **how)
        try:
            result: tuple[R, float] = await future
            return result
        except KilledWorker as error:
            raise WorkerLost(name, error.allowed_failures + 1) from error
        except FutureCancelledError as error:
            raise ComputeAway(self.client.scheduler.address) from error
        finally:
            future.release()

    def _room(self, name: str, memory_bytes: int) -> Room:
        async def room(priority: int) -> int:
            fitting, most_bytes, is_outranked = await self.client.run_on_scheduler(
                _fitting, memory_bytes=memory_bytes, priority=priority
            )
            if not fitting and most_bytes is not None:  # none where there is no worker at all: one may come
                raise NothingFits(name, memory_bytes, most_bytes)
            return 0 if is_outranked else int(fitting)

        return room

    async def move(self, names: Collection[str], by: int) -> None:
        """Add `by` to the priority of tasks of these `names` that wait; what runs, runs on."""
        self.places.move(names, by)
        await self.client.run_on_scheduler(_move_waiting, names=tuple(names), by=by)

    async def crew(self, at: float) -> Crew:
        """Who works here and what each is doing, at the Unix time `at`. Raises ComputeAway."""
        try:
            scheduler, workers, waiting = await self.client.run_on_scheduler(_seen)
        except OSError as error:
            raise ComputeAway(self.client.scheduler.address) from error
        waiting += len(self.places.line)
        return crew_of(scheduler, at, [worker_of(**worker) for worker in workers], waiting)

    async def let_go(self, names: Collection[str]) -> None:
        """Wait until no worker is at work on tasks of these `names`, which were cancelled; at most `LET_GO_S`."""
        try:
            async with asyncio.timeout(LET_GO_S):
                while any((await self.client.run(_is_at_work_on, tuple(names), on_error="ignore")).values()):  # noqa: ASYNC110
                    await asyncio.sleep(LET_GO_POLL_S)
        except TimeoutError:
            _log.warning("workers are still at work on what was cancelled %.0f s ago", LET_GO_S)


def _timed(fn: Callable[[*Args], R], *args: *Args) -> tuple[R, float]:
    """On a worker: what `fn` answers, and how many seconds it took."""
    began = time.monotonic()
    return fn(*args), time.monotonic() - began


def _move_waiting(names: tuple[str, ...], by: int, dask_scheduler: Any) -> None:
    """On the scheduler. Its line is a heap in which nothing ever moves, so it is emptied and filled again."""
    line = dask_scheduler.queued
    waiting = list(line)
    for task in waiting:
        line.discard(task)
    for task in waiting:
        if str(task.key).startswith(names):
            urgency, *rest = task.priority  # Dask's own: the least goes first
            task.priority = (urgency - by, *rest)
        line.add(task)


def _fitting(memory_bytes: int, priority: int, dask_scheduler: Any) -> tuple[int, float | None, bool]:
    """On the scheduler: how many workers have this much, the most that one has, whether something more urgent waits."""
    offers = [float(worker.resources.get("memory", 0)) for worker in dask_scheduler.running]
    line = dask_scheduler.queued
    is_outranked = bool(line) and line.peek().priority[0] < -priority  # Dask's own: the least goes first
    return sum(offer >= memory_bytes for offer in offers), max(offers, default=None), is_outranked


def _seen(dask_scheduler: Any) -> tuple[str, list[dict[str, Any]], int]:
    """On the scheduler: its id, each worker, and how many tasks wait. Plain values: it may run another release."""
    workers = []
    for worker in dask_scheduler.workers.values():
        task = next(iter(worker.processing), None)
        seen: dict[str, Any] = {
            "name": str(worker.name),
            "host": worker.host,
            "cores": worker.nthreads,
            "offers": dict(worker.resources),
            "is_leaving": worker.status.name != "running",
            "doing": str(task.key).rpartition(DOING_MARK)[2] if task is not None else "",
            "since_s": float(worker.executing.get(task, 0.0)) if task is not None else 0.0,
        }
        workers.append(seen)
    return dask_scheduler.id, workers, len(dask_scheduler.queued) + len(dask_scheduler.unrunnable)


def _is_at_work_on(names: tuple[str, ...], dask_worker: Any) -> bool:
    """On a worker: whether one of its tasks is of these names."""
    return any(str(key).startswith(names) for key in dask_worker.state.tasks)


def is_cancelled() -> bool:
    """In a task: whether nobody waits for its result any more, so that it had better stop. False anywhere else."""
    try:
        worker = get_worker()
        task = worker.state.tasks.get(worker.get_current_task())
    except (ValueError, KeyError):
        return False
    return task is None or task.state == "cancelled" or worker.status not in (Status.running, Status.paused)


@asynccontextmanager
async def open_compute(
    url: str,
    workers: int,
    scratch: Path,
    certificates: Path = Path("compute-tls"),
    *,
    encoders: Collection[str] = (),
    memory_bytes: int = MACHINE_MEMORY_BYTES,
) -> AsyncIterator[Compute]:
    """Workers of our own (`url` empty), or those of the scheduler at `url`, with `certificates` for TLS.

    Own workers share `memory_bytes`, and offer the hardware `encoders` of this machine.

    Own workers are processes of one slot each that end with this process, however it ends. They run at a lower
    priority than the server. Raises InsecureCompute, MissingCertificates and ComputeAway.
    """
    with dask.config.set(CONFIG):
        if url:
            async with _remote(url, certificates) as client:
                yield Compute(client, sum((await client.nthreads()).values()))
        else:
            async with _local(offered(workers, memory_bytes, encoders), scratch) as client:
                yield Compute(client, workers)


def check_compute_url(url: str) -> None:
    """Raises InsecureCompute for a scheduler that is neither behind TLS nor on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "tls" and not (parts.scheme == "tcp" and is_loopback(parts.hostname or "")):
        raise InsecureCompute(url)


@asynccontextmanager
async def _local(offers: Sequence[dict[str, float]], scratch: Path) -> AsyncIterator[Any]:
    workers = len(offers)
    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        # Whoever can speak to a scheduler can run code as its user: on this machine too, nobody else can.
        security=Security.temporary(),  # type: ignore[no-untyped-call]
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_kwargs={
            "allowed_failures": WORKER_DEATHS_MAX - 1,
            "dashboard": False,
            "dashboard_address": "127.0.0.1:0",  # None would mean port 8787
        },
        memory_limit=0,
        local_directory=str(scratch),
        preload=[WORKER_PRELOAD],
        asynchronous=True,
    )
    for slot, offer in enumerate(offers):
        worker = cluster.worker_spec[slot]
        cluster.worker_spec[slot] = {**worker, "options": {**worker["options"], "resources": offer}}
    client: Any = Client(cluster, asynchronous=True, set_as_default=False)  # type: ignore[no-untyped-call]
    async with cluster, client:
        try:
            await client.wait_for_workers(workers, timeout=WORKERS_START_S)
        except TimeoutError as error:
            raise NoWorkers(workers) from error
        yield client


@asynccontextmanager
async def _remote(url: str, certificates: Path) -> AsyncIterator[Any]:
    check_compute_url(url)
    security = security_of(certificates) if urlsplit(url).scheme == "tls" else None
    try:
        client = await Client(  # type: ignore[no-untyped-call]
            url, security=security, asynchronous=True, set_as_default=False, timeout=CONNECT_TIMEOUT_S
        )
    except OSError as error:
        raise ComputeAway(url) from error
    client._timeout = RECONNECT_S
    async with client:
        yield client


def security_of(folder: Path) -> Security:
    """TLS with the certificates in `folder`, whichever part this process has. Raises MissingCertificates."""
    for name in TLS_FILES:
        if not (folder / name).is_file():
            raise MissingCertificates(folder, name)
    ca, certificate, key = (str(folder / name) for name in TLS_FILES)
    own = {f"tls_{role}_{part}": path for role in TLS_ROLES for part, path in (("cert", certificate), ("key", key))}
    return Security(tls_ca_file=ca, require_encryption=True, **own)  # type: ignore[no-untyped-call]


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine, and only this machine can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
