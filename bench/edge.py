"""The embedded edge against nginx's sendfile: the same file, the same ranges, the same run, in alternating rounds.

`python -m bench.edge` prints a table and writes `bench/results/edge.json`. It needs nginx and wrk and installs
nothing: `apt-get install -y --no-install-recommends nginx-light wrk`. Both servers run as this user, with the same
number of workers, their access logs off; nginx with its open file cache and without tcp_nopush, which on loopback
costs it half of its speed (`--nopush on` shows it); only the edge checks a token. What counts
is the work per second of CPU that the server's processes used (user and system, from /proc): that is what remains
comparable when the machine has other things to do, and it includes what the kernel does to send the bytes.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from bench.machine import machine, write_result
from matinee.base.units import Seconds
from matinee.delivery.edge.keys import write_keys
from matinee.delivery.token import SigningKey, sign

ROUNDS = 7
ROUND_S = 5
WARM_UP_S = 1
CONNECTIONS = 32
FILE_BYTES = 256 << 20
SIZES = {"2.5 MB": 2_500_000, "100 KB": 100_000}
AIMS = {"2.5 MB": 0.9, "100 KB": 0.7}
"""Requests per server-CPU-second, as a share of nginx's."""
START_DEADLINE_S = 10.0
RENDITION = "bench"
SOURCES = Path(__file__).parents[1] / "src"
INSTALL = "apt-get install -y --no-install-recommends nginx-light wrk"

NGINX = """
worker_processes {workers};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush {nopush};
  tcp_nodelay on;
  keepalive_requests 1000000;
  open_file_cache max=1024 inactive=60s;
  open_file_cache_valid 60s;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  types {{ video/mp4 mp4; }}
  server {{ listen 127.0.0.1:{port} backlog=4096; root {files}; }}
}}
"""


class Sample(msgspec.Struct, frozen=True):
    """One round against one server."""

    requests: int
    bytes: int
    failed: int
    duration_us: int
    p99_us: int
    cpu_s: float = 0.0

    @property
    def requests_per_cpu_s(self) -> float:
        return self.requests / self.cpu_s

    @property
    def gbps(self) -> float:
        return self.bytes * 8 / self.duration_us / 1_000


class Server(msgspec.Struct, frozen=True):
    """A running server: its first process, where it listens, and the path of the file."""

    name: str
    pid: int
    port: int
    path: str


def main(arguments: list[str]) -> int:
    """Measure, print, write; 1 where something is missing or a request failed."""
    given = _parser().parse_args(arguments)
    missing = [name for name in ("nginx", "wrk") if _program(name) is None]
    if missing:
        sys.stderr.write(f"{' and '.join(missing)} not found; on Debian: {INSTALL}\n")
        return 1
    before = machine()
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's workers are another user when this one is root
        _make_file(folder)
        with _nginx(folder, given.workers, given.nopush) as nginx, _edge(folder, given.workers) as edge:
            rounds = {label: _rounds([nginx, edge], size, given) for label, size in SIZES.items()}
    result = {
        "machine": before,
        "versions": {"nginx": _version("nginx", "-v"), "wrk": _version("wrk", "-v")},
        "workers": given.workers,
        "connections": CONNECTIONS,
        "rounds": given.rounds,
        "round_s": given.seconds,
        "sizes": {label: _summary(label, samples) for label, samples in rounds.items()},
    }
    path = write_result("edge", result)
    sys.stdout.write(_table(result) + f"\nwritten to {path}\n")
    return int(any(sample.failed for samples in rounds.values() for one in samples.values() for sample in one))


def _rounds(servers: list[Server], size: int, given: argparse.Namespace) -> dict[str, list[Sample]]:
    """Samples of each server by name; every round asks each of them, in turn first and second."""
    samples: dict[str, list[Sample]] = {server.name: [] for server in servers}
    for server in servers:
        _ask(server, size, WARM_UP_S)
    for number in range(given.rounds):
        for server in servers if number % 2 == 0 else servers[::-1]:
            samples[server.name].append(_ask(server, size, given.seconds))
    return samples


def _ask(server: Server, size: int, seconds: int) -> Sample:
    """One run of wrk against `server`, and the CPU time that the server used meanwhile."""
    before = _cpu_s(server.pid)
    argv = [_program("wrk") or "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    argv += ["-s", str(Path(__file__).with_suffix(".lua")), f"http://127.0.0.1:{server.port}"]
    argv += ["--", server.path, str(FILE_BYTES), str(size)]
    out = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    line = next(line for line in out.splitlines() if line.startswith("RESULT "))
    sample = msgspec.json.decode(line.removeprefix("RESULT "), type=Sample)
    return msgspec.structs.replace(sample, cpu_s=_cpu_s(server.pid) - before)


def _summary(label: str, samples: dict[str, list[Sample]]) -> dict[str, Any]:
    """Medians of each server, and the median over rounds of the edge's share of nginx."""
    pairs = list(zip(samples["edge"], samples["nginx"], strict=True))
    return {
        "servers": {
            name: {
                "requests_per_cpu_s": round(median(one.requests_per_cpu_s for one in own)),
                "cpu_us_per_request": round(median(1e6 / one.requests_per_cpu_s for one in own), 1),
                "gbps": round(median(one.gbps for one in own), 2),
                "p99_ms": round(median(one.p99_us for one in own) / 1000, 2),
                "failed": sum(one.failed for one in own),
            }
            for name, own in samples.items()
        },
        "per_cpu_s": _ratio([edge.requests_per_cpu_s / nginx.requests_per_cpu_s for edge, nginx in pairs]),
        "wall": _ratio([edge.gbps / nginx.gbps for edge, nginx in pairs]),
        "aim_per_cpu_s": AIMS[label],
    }


def _ratio(ratios: list[float]) -> dict[str, float]:
    return {
        "median": round(median(ratios), 3),
        "lowest": round(min(ratios), 3),
        "highest": round(max(ratios), 3),
    }


def _table(result: dict[str, Any]) -> str:
    lines = [f"{'range':>8} {'server':>7} {'req/CPU-s':>10} {'CPU us/req':>11} {'Gb/s':>7} {'p99 ms':>7} {'failed':>6}"]
    for label, size in result["sizes"].items():
        for name, own in size["servers"].items():
            lines.append(
                f"{label:>8} {name:>7} {own['requests_per_cpu_s']:>10} {own['cpu_us_per_request']:>11}"
                f" {own['gbps']:>7} {own['p99_ms']:>7} {own['failed']:>6}"
            )
        cpu, wall = size["per_cpu_s"], size["wall"]
        lines.append(
            f"{label:>8} edge/nginx per CPU-second {cpu['median']} ({cpu['lowest']}-{cpu['highest']},"
            f" aim {size['aim_per_cpu_s']}), wall {wall['median']} ({wall['lowest']}-{wall['highest']})"
        )
    return "\n".join(lines)


# The two servers


@contextmanager
def _nginx(folder: Path, workers: int, nopush: str) -> Iterator[Server]:
    port = _free_port()
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(workers=workers, folder=folder, port=port, files=folder / "renditions", nopush=nopush)
    )
    argv = [_program("nginx") or "nginx", "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")]
    with _process(argv, port) as pid:
        yield Server("nginx", pid, port, f"/{RENDITION}/media.mp4")


@contextmanager
def _edge(folder: Path, workers: int) -> Iterator[Server]:
    secret = secrets.token_bytes(32)
    write_keys(folder / "keys.json", {"bench": secret})
    port = _free_port()
    argv = [sys.executable, "-m", "matinee.delivery.edge", "--folder", str(folder / "renditions")]
    argv += ["--keys", str(folder / "keys.json"), "--port", str(port), "--workers", str(workers)]
    expires = Seconds(time.time() + 86_400)
    prefix = sign(SigningKey("bench", secret), session="bench", rendition=RENDITION, expires=expires)
    with _process(argv, port) as pid:
        yield Server("edge", pid, port, f"{prefix}media.mp4")


@contextmanager
def _process(argv: list[str], port: int) -> Iterator[int]:
    """A server process that answers on `port`; ended with the block."""
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(SOURCES)})
    try:
        _wait_for(port, process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")


def _cpu_s(pid: int) -> float:
    """CPU seconds, user and system, of a process and its children that live (all of them do, between rounds)."""
    family = [pid, *_children(pid)]
    return sum(_own_cpu_s(one) for one in family)


def _own_cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # proc(5): utime is 14th, stime 15th


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _make_file(folder: Path) -> None:
    """A file of noise that both serve, read once so that it lies in the page cache."""
    path = folder / "renditions" / RENDITION / "media.mp4"
    path.parent.mkdir(parents=True)
    block = secrets.token_bytes(1 << 20)
    with path.open("wb") as file:
        for _ in range(FILE_BYTES // len(block)):
            file.write(block)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


def _version(name: str, option: str) -> str:
    done = subprocess.run([_program(name) or name, option], capture_output=True, text=True, check=False, timeout=10)
    return (done.stderr + done.stdout).splitlines()[0].strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.edge", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=int, default=ROUND_S, help="length of a round")
    parser.add_argument("--workers", type=int, default=1, help="worker processes of each server")
    parser.add_argument("--nopush", choices=("on", "off"), default="off", help="nginx's tcp_nopush")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
