"""The edge's parent process: opens the port, keeps one worker a core alive, and stops them in good order."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from matinee.base.process import die_with_parent
from matinee.delivery.edge.limits import Limits, fit
from matinee.delivery.edge.listener import listen
from matinee.delivery.edge.log import AccessLog
from matinee.delivery.edge.site import Site
from matinee.delivery.edge.worker import Worker

RESTART_DELAY_S = 0.1
"""Before a worker that died is started again; doubled each time that it dies young."""
RESTART_DELAY_MAX_S = 5.0
YOUNG_S = 10.0
"""A worker that lived longer than this is started again at once."""
STOP_GRACE_S = 2.0
"""Beyond the workers' own drain time, before they are killed."""

_PR_SET_NAME = 15
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


def run(
    folder: Path,
    keys_file: Path,
    where: Sequence[socket.socket] | tuple[str, int],
    *,
    workers: int = 0,
    log: AccessLog | None = None,
    limits: Limits | None = None,
) -> None:
    """Serve the renditions under `folder` until SIGTERM or SIGINT; call it from a process of its own, one thread.

    `where` is a host and a port, or sockets from `listen`, one a worker. `workers` 0 means one a core.
    Workers that die are started again; all of them die with this process, whatever ends it. Raises AddressTaken.
    """
    if isinstance(where, tuple) and isinstance(where[0], str):
        where = listen(where[0], int(where[1]), workers or os.cpu_count() or 1)
    _Parent(folder.resolve(), keys_file, list(where), log, fit(limits or Limits(), _raise_descriptors())).run()  # type: ignore[arg-type]


class _Worker:
    """A worker process: who it is, when it was started, and how long to wait before it is started again."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.pid = 0
        self.start_at = 0.0
        self.started = 0.0
        self.delay_s = RESTART_DELAY_S


class _Parent:
    def __init__(
        self, folder: Path, keys_file: Path, listeners: list[socket.socket], log: AccessLog | None, limits: Limits
    ) -> None:
        self._folder = folder
        self._keys_file = keys_file
        self._log = log
        self._limits = limits
        self._workers = [_Worker(listener) for listener in listeners]

    def run(self) -> None:
        with _blocked_signals():
            while True:
                self._start_due()
                info = signal.sigtimedwait(_SIGNALS, self._wait_s())
                self._reap()
                if info is not None and info.si_signo in (signal.SIGTERM, signal.SIGINT):
                    break
            self._stop()

    def _wait_s(self) -> float:
        due = [worker.start_at for worker in self._workers if not worker.pid]
        return max(0.0, min(due) - time.monotonic()) if due else 3600.0

    def _start_due(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            if not worker.pid and worker.start_at <= now:
                self._start(worker)

    def _start(self, worker: _Worker) -> None:
        gc.collect()
        gc.freeze()  # what exists now is shared with the worker; its collector need not touch these pages
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            self._be_worker(worker, parent)
        worker.pid, worker.started = pid, time.monotonic()

    def _be_worker(self, worker: _Worker, parent: int) -> None:
        """What the child does; it never returns."""
        status = 1
        try:
            _die_with(parent)
            for other in self._workers:
                if other is not worker:
                    other.listener.close()
            site = Site(self._folder, self._keys_file, self._limits)
            served = Worker(worker.listener, site, self._limits, self._log)
            served.run()
            status = 0
        except BaseException:  # the end of the process: whatever it was is told, and the parent starts another
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for worker in self._workers:
                if worker.pid == pid:
                    self._note_death(worker, status)

    def _note_death(self, worker: _Worker, status: int) -> None:
        now = time.monotonic()
        is_young = now - worker.started < YOUNG_S
        worker.delay_s = min(worker.delay_s * 2, RESTART_DELAY_MAX_S) if is_young else RESTART_DELAY_S
        worker.start_at = now + (worker.delay_s if is_young else 0.0)
        sys.stderr.write(
            f"edge: worker {worker.pid} ended with {os.waitstatus_to_exitcode(status)}; starting another\n"
        )
        worker.pid = 0

    def _stop(self) -> None:
        for worker in self._workers:
            worker.listener.close()
        self._signal_workers(signal.SIGTERM)
        deadline = time.monotonic() + self._limits.drain_s + STOP_GRACE_S
        while any(worker.pid for worker in self._workers):
            info = signal.sigtimedwait(_SIGNALS, max(0.0, deadline - time.monotonic()))
            if info is None or info.si_signo != signal.SIGCHLD:  # out of time, or told a second time
                self._signal_workers(signal.SIGKILL)
                deadline = time.monotonic() + STOP_GRACE_S
            self._forget_ended()

    def _forget_ended(self) -> None:
        for worker in self._workers:
            if worker.pid and os.waitpid(worker.pid, os.WNOHANG)[0]:
                worker.pid = 0

    def _signal_workers(self, number: int) -> None:
        for worker in self._workers:
            if worker.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, number)


@contextmanager
def _blocked_signals() -> Iterator[None]:
    """The parent takes its signals one by one with sigtimedwait: no handler runs at a bad moment."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _die_with(parent: int) -> None:
    """Make this process die with `parent`, take signals again, and carry a name of its own."""
    die_with_parent(parent)
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NAME, b"matinee-edge", 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # until the worker's own handler stands
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _raise_descriptors() -> int:
    """Raise the soft limit of open files to the hard one; the limit that then holds."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20
