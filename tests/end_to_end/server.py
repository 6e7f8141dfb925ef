"""A whole Matinee for tests: `matinee up` on a folder of its own and free ports, and the command line beside it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

SOURCE = Path(__file__).parents[2] / "src"
START_TIMEOUT_S = 90.0
COMMAND_TIMEOUT_S = 420.0
OWNER, PASSWORD = "Ada", "lantern and ladder"


def environment(home: Path, **settings: str) -> dict[str, str]:
    """What a process of Matinee gets to see: nothing of ours but where its data lies, and quick settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MATINEE_", "PYTHONDONTWRITE"))}
    chosen = {"MATINEE_HOME": str(home), "MATINEE_PORT": "0", "MATINEE_EDGE_PORT": "0", "MATINEE_DEMO": "false"}
    return {
        **kept,
        "PYTHONPATH": str(SOURCE),
        **chosen,
        "MATINEE_PRESET": "ultrafast",
        "MATINEE_LADDER": "fast",
        **settings,
    }


@dataclass(frozen=True)
class Done:
    """A command that ended: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


def matinee(home: Path, *arguments: str, settings: Mapping[str, str] | None = None) -> Done:
    """Run `matinee` with `arguments` to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "matinee", *arguments],
        env=environment(home, **(settings or {})),
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass
class Running:
    """A `matinee up` that answers."""

    home: Path
    url: str
    setup_url: str
    process: subprocess.Popen[str]

    def client(self) -> httpx.Client:
        """A client that is signed in as the owner, whose account it makes on first use."""
        client = httpx.Client(base_url=self.url, headers={"X-Matinee": "1"}, timeout=30.0)
        if client.get("/v1/session").json()["needs_setup"]:
            token = self.setup_url.partition("#token=")[2]
            client.post("/v1/setup", json={"token": token, "name": OWNER, "password": PASSWORD}).raise_for_status()
        else:
            client.post("/v1/session", json={"name": OWNER, "password": PASSWORD}).raise_for_status()
        return client

    def stop(self) -> None:
        """End it the way Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)


@contextmanager
def up(home: Path, **settings: str) -> Iterator[Running]:
    """Start `matinee up` on `home` and wait until it answers; it is gone afterwards, with all its processes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "matinee", "up"],
        env=environment(home, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield _ready(home, process)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _ready(home: Path, process: subprocess.Popen[str]) -> Running:
    assert process.stdout is not None and process.stderr is not None
    said = ""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"matinee up ended: {said}{process.stderr.read()}")
        said += line
        if "Ctrl-C" in line:
            url = re.search(r"Matinee is at (\S+)", said)
            setup = re.search(r"(\S+/setup#token=\S+)", said)
            assert url is not None, said
            return Running(home, url[1], setup[1] if setup else "", process)
    raise AssertionError(f"matinee up did not answer within {START_TIMEOUT_S} s: {said}")
