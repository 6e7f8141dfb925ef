"""How soon a warm `matinee up` shows a page: everything built, the databases there, nothing of it running.

`python -m bench.start` prints a table and writes `bench/results/start.json`. A start counts from the moment that the
command is given to the first answered page (the web app's, or its API's where the web app is not built). The baseline,
in alternating rounds of the same run, is the least that a server on the same stack needs: Python, uvicorn and Litestar
with a single page. The other commands are measured by `matinee --help`, against `python -c pass`.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.machine import machine, write_result

ROUNDS = 7
AIM_S = 3.0
"""A warm start to a page that answers."""
START_MAX_S = 60.0
LOOK_S = 0.005
SOURCES = Path(__file__).parents[1] / "src"
BASELINE = """
import sys, uvicorn
from litestar import Litestar, get

@get("/health")
async def health() -> str:
    return "ok"

uvicorn.run(Litestar([health]), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


def main() -> int:
    """Measure, print, write; 1 where a server does not start."""
    before = machine()
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as name:
        home = Path(name)
        seconds_to_page(home, up_argv())  # makes the databases and keys, and has Python compile what it lacks
        seconds_to_page(home, baseline_argv())
        rounds = [(seconds_to_page(home, up_argv()), seconds_to_page(home, baseline_argv())) for _ in range(ROUNDS)]
        commands = [(seconds_of(["-m", "matinee", "--help"]), seconds_of(["-c", "pass"])) for _ in range(ROUNDS)]
    up_s, baseline_s = (median(times) for times in zip(*rounds, strict=True))
    help_s, python_s = (median(times) for times in zip(*commands, strict=True))
    result = {
        "rounds": ROUNDS,
        "machine": before,
        "aim_s": AIM_S,
        "up_to_page_s": round(up_s, 3),
        "baseline_to_page_s": round(baseline_s, 3),
        "up_of_baseline": round(up_s / baseline_s, 2),
        "help_s": round(help_s, 3),
        "python_s": round(python_s, 3),
        "each_up_s": [round(seconds, 3) for seconds, _ in rounds],
        "each_baseline_s": [round(seconds, 3) for _, seconds in rounds],
    }
    print(f"matinee up, warm, to a page    {up_s:6.2f} s   (aim: {AIM_S:g} s)")
    print(f"empty Litestar on uvicorn      {baseline_s:6.2f} s")
    print(f"matinee --help                 {help_s:6.2f} s")
    print(f"python -c pass                 {python_s:6.2f} s")
    print(f"written to {write_result('start', result)}")
    return 0


def up_argv() -> list[str]:
    return ["-m", "matinee", "up"]


def baseline_argv() -> list[str]:
    return ["-c", BASELINE]


def seconds_to_page(home: Path, argv: Sequence[str]) -> float:
    """Start the server and answer how long it took until a page of it was there; it has ended when this returns."""
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *argv, str(port)] if "-c" in argv else [sys.executable, *argv],
        env=environment(home, port),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        while not answers(port):
            if process.poll() is not None or time.perf_counter() - began > START_MAX_S:
                assert process.stderr is not None
                raise SystemExit(f"{' '.join(argv)[:40]} did not start: {process.stderr.read().decode()}")
            time.sleep(LOOK_S)
        return time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=START_MAX_S)


def seconds_of(argv: Sequence[str]) -> float:
    """How long a command takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *argv], env=environment(Path(os.devnull), 0), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def environment(home: Path, port: int) -> dict[str, str]:
    """What the servers see: as on a machine where compiled modules are kept, which is Python's default."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MATINEE_", "PYTHONDONTWRITE"))}
    ours = {"MATINEE_HOME": str(home), "MATINEE_PORT": str(port), "MATINEE_EDGE_PORT": str(free_port())}
    return {**kept, "PYTHONPATH": str(SOURCES), "MATINEE_DEMO": "false", **ours}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether a page comes: the web app's first one, or what says that the server is well."""
    for path in ("", "health"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=START_MAX_S) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            continue
        except OSError:
            return False
    return False


if __name__ == "__main__":
    sys.exit(main())
