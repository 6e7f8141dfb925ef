"""A fleet for tests: a scheduler behind TLS, machines that work for it, controls on one PostgreSQL.

All of it runs here; each has a data folder of its own, as machines have.
They share database, object store and scheduler.
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psycopg
from tests.end_to_end.processes import of_kind, processes
from tests.end_to_end.server import environment
from tests.work.test_compute import make_certificates

WORKERS, CONTROLS = 3, 2
SCHEDULER = "scheduler"
CHUNK = ("-ss", "-vf", "-crf", "-b:v")
"""Options of an encode that tell which chunk of which rung it is, on whatever machine."""


@dataclass
class Fleet:
    """`root` holds everything; `settings` are those of every role. What is `frozen` is not among the `running`."""

    root: Path
    settings: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    frozen: list[str] = field(default_factory=list)

    def home(self, name: str) -> Path:
        return self.root / name

    def start(self, name: str) -> None:
        """Start a role under its name, as `matinee` runs it: work-1, control-2, scheduler."""
        role = name.partition("-")[0]
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", "matinee", role],
            env=environment(self.home(name), **self.settings),
            stdout=(self.root / f"{name}.out").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def start_again(self) -> None:
        """Start every role that ended by itself."""
        for name in [name for name, process in self.running.items() if process.poll() is not None]:
            self.start(name)

    def lose(self, name: str) -> None:
        """The machine is gone, with everything that ran on it."""
        self.running.pop(name, None)
        for pid in processes(self.home(name)):
            _kill(pid)

    def lose_process(self, name: str) -> None:
        """A worker process of the machine is gone; the machine is not."""
        for pid in of_kind(self.home(name), "worker")[:1]:
            _kill(pid)

    def freeze(self, name: str) -> None:
        """The machine says nothing any more, and closes no connection: its cable was pulled."""
        self.running.pop(name)
        self.frozen.append(name)
        for pid in processes(self.home(name)):
            os.kill(pid, signal.SIGSTOP)

    def encodes(self, name: str) -> dict[str, int]:
        """Which chunks the machine encodes now, each with the process that does."""
        found = {}
        for pid in of_kind(self.home(name), "ffmpeg"):
            try:
                arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if any(one.endswith("/chunk.mp4") for one in arguments):
                options = pairwise(arguments)
                found[" ".join(f"{option} {value}" for option, value in options if option in CHUNK)] = pid
        return found

    def job(self, job_id: str) -> tuple[str, str]:
        """A job's state, and the reason that it gives."""
        url = self.settings["DATABASE_URL"].replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT state, reason FROM matinee_jobs.jobs WHERE id = %s", [job_id]).fetchone()
        assert row is not None
        return str(row[0]), str(row[1])

    def logs(self) -> str:
        """The end of what every role said, for who reads why a test failed."""
        files = [*self.root.glob("*.out"), *self.root.glob("*/logs/*.log")]
        return "\n".join(f"--- {file}\n{file.read_text(errors='replace')[-3000:]}" for file in files)

    def chunks(self) -> dict[str, tuple[int, int]]:
        """The encoded chunks and finished renditions in the store, each with what tells it from one made anew."""
        root, found = self.root / "objects", {}
        for path in [*root.glob("work/*/*/*.mp4"), *root.glob("renditions/*/media.mp4")]:
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            found[str(path.relative_to(root))] = (status.st_ino, status.st_mtime_ns)
        return found


def package(objects: Path) -> dict[str, str]:
    """The hash of every object that is published."""
    files = [path for part in ("renditions", "images") for path in (objects / part).rglob("*") if path.is_file()]
    return {str(path.relative_to(objects)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def names() -> list[str]:
    """The roles of a fleet: the scheduler first, which all others look for."""
    work = [f"work-{number}" for number in range(1, WORKERS + 1)]
    return [SCHEDULER, *work, *(f"control-{number}" for number in range(1, CONTROLS + 1))]


@contextmanager
def fleet(root: Path, postgres_url: str, **settings: str) -> Iterator[Fleet]:
    """A fleet that runs; nothing of it is left afterwards."""
    made = Fleet(
        root,
        {
            "COMPUTE_URL": f"tls://127.0.0.1:{_free_port()}",
            "DATABASE_URL": postgres_url,
            "STORAGE_URL": (root / "objects").as_uri(),
            "MATINEE_WORKERS": "1",
            **settings,
        },
    )
    (root / "objects").mkdir(parents=True)
    make_certificates(root)
    for name in names():
        certificates = made.home(name) / "compute-tls"
        certificates.mkdir(parents=True)
        for file in ("ca.pem", "cert.pem", "key.pem"):
            (certificates / file).write_bytes((root / file).read_bytes())
    try:
        for name in names():
            made.start(name)
        yield made
    finally:
        for name in names():
            made.lose(name)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
