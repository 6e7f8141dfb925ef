"""The plug is pulled on every process of a running server: it comes back, nothing is lost, and playback goes on."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.end_to_end.processes import Kind, all_gone, kill, of_kind, processes, until
from tests.end_to_end.server import Running, environment, matinee, up
from tests.end_to_end.test_films import play
from tests.media.generate import Clip, make_numbered

SLOW = {"MATINEE_PRESET": "veryslow", "MATINEE_WORKERS": "2"}
"""So that there is time to pull plugs while a film is encoding."""
GAP_MAX_S = 10.0
"""Far less than a player has in its buffer; an edge is back within one or two seconds on a machine that is not busy."""
STOP_MAX_S = 20.0
ENCODE_MAX_S = 400.0


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_numbered(tmp_path_factory.mktemp("short") / "short.mkv", Clip(rate=Fraction(25), frames=75))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One rung of 16 chunks."""
    return make_numbered(tmp_path_factory.mktemp("long") / "long.mkv", Clip(rate=Fraction(25), frames=2_400))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with up(tmp_path / "home", **SLOW) as running:
        yield running


class Viewer(threading.Thread):
    """Fetches a film's segment again and again, as a player does, and tries again when it fails; `gap_s` is the longest
    time without one."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url, self.gap_s, self.fetched = url, 0.0, 0
        self._is_over = threading.Event()

    def run(self) -> None:
        last = time.monotonic()
        while not self._is_over.wait(0.1):
            try:
                httpx.get(self.url, headers={"Range": "bytes=0-9999"}, timeout=5.0).raise_for_status()
            except httpx.HTTPError:
                continue
            finally:
                self.gap_s = max(self.gap_s, time.monotonic() - last)
            last = time.monotonic()
            self.fetched += 1

    def leave(self) -> None:
        self._is_over.set()
        self.join()


def media_url(running: Running, title_id: str) -> str:
    """Where the edge has a rendition of a title."""
    client = running.client()
    started = client.post("/v1/playback", json={"title_id": title_id}).raise_for_status().json()
    master = client.get(started["hls_url"]).raise_for_status().text
    playlist = next(line for line in master.splitlines() if line.startswith("http") and line.endswith(".m3u8"))
    return playlist.rpartition("/")[0] + "/media.mp4"


def encode_job(client: httpx.Client, title_id: str) -> dict[str, Any]:
    """The title's job, as the API tells it."""
    jobs = client.get("/v1/jobs").raise_for_status().json()
    found: dict[str, Any] = next(job for job in jobs if job["title_id"] == title_id)
    return found


def is_done(client: httpx.Client, title_id: str) -> bool:
    job = encode_job(client, title_id)
    assert job["state"] in ("queued", "running", "done"), job
    return bool(job["state"] == "done")


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=2.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def enqueued(home: Path, film: Path) -> str:
    """The title of a film that the server is to encode."""
    done = matinee(home, "add", str(film), "--no-wait", "--json")
    assert done.status == 0, done.err
    return str(done.document["title_id"])


def pull(home: Path, kind: Kind) -> None:
    """Kill the oldest process of that kind and wait for the one that takes its place."""
    before = until(lambda: of_kind(home, kind), f"there is a {kind} process")
    kill(before[0])
    until(lambda: set(of_kind(home, kind)) - set(before), f"the {kind} role comes back")


def test_every_role_comes_back_while_a_film_is_encoded_and_another_one_is_played(
    server: Running, short: Path, long: Path
) -> None:
    first = matinee(server.home, "add", str(short), "--json").document["title_id"]
    viewer = Viewer(media_url(server, first))
    viewer.start()
    second = enqueued(server.home, long)
    client = server.client()
    try:
        for kind in ("ffmpeg", "worker", "control", "edge", "web"):
            until(lambda: of_kind(server.home, "ffmpeg"), "the film is encoded")
            pull(server.home, kind)
            until(lambda: answers(server.url), "the server answers")
            seen = viewer.fetched
            until(lambda seen=seen: viewer.fetched > seen, "the other film goes on playing")  # type: ignore[misc]
        until(lambda: is_done(client, second), "the film is done", ENCODE_MAX_S)
    finally:
        viewer.leave()
    assert viewer.gap_s < GAP_MAX_S
    play(server, first)
    play(server, second)
    assert list((server.home / "objects" / "work").glob("*")) == []


def test_when_the_supervisor_is_killed_nothing_survives_it_and_the_next_one_finishes_the_job(
    tmp_path: Path, long: Path
) -> None:
    home = tmp_path / "home"
    with up(home, **SLOW) as running:
        title = enqueued(home, long)
        until(lambda: of_kind(home, "ffmpeg"), "the film is encoded")
        running.process.kill()
        running.process.wait()
        all_gone(home)
    with up(home, MATINEE_WORKERS="2") as running:
        client = running.client()
        until(lambda: is_done(client, title), "the film is done", ENCODE_MAX_S)
        play(running, title)


def test_a_server_killed_while_it_starts_leaves_nothing_either(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for kind in ("up", "web", "control", "worker"):
        process = subprocess.Popen(
            [sys.executable, "-m", "matinee", "up"],
            env=environment(home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda kind=kind: of_kind(home, kind), f"its {kind} process has been started")  # type: ignore[misc]
        process.kill()
        process.wait()
        all_gone(home)


def test_a_second_server_on_the_same_folder_is_refused_in_a_sentence(server: Running) -> None:
    second = matinee(server.home, "up")
    assert second.status == 1
    assert "runs on" in second.err and server.url in " ".join(second.err.split())
    assert "Traceback" not in second.err
    assert answers(server.url)


def test_a_port_that_is_taken_makes_it_take_the_next_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with up(tmp_path / "home", MATINEE_PORT=str(port), MATINEE_EDGE_PORT=str(port)) as running:
            assert int(running.url.rpartition(":")[2]) > port
            assert answers(running.url)


def test_ctrl_c_ends_it_in_good_order_although_a_film_is_encoded(server: Running, long: Path) -> None:
    enqueued(server.home, long)
    until(lambda: of_kind(server.home, "ffmpeg"), "the film is encoded")
    began = time.monotonic()
    server.process.send_signal(signal.SIGINT)
    out, err = server.process.communicate(timeout=60)
    assert time.monotonic() - began < STOP_MAX_S
    assert server.process.returncode in (0, 130)
    assert "Traceback" not in out + err
    assert not processes(server.home)


def test_ctrl_c_ends_it_at_once_although_a_role_keeps_dying(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home) as running:
        for _ in range(4):  # each time it is left alone for longer
            pull(home, "edge")
        kill(of_kind(home, "edge")[0])
        running.process.send_signal(signal.SIGINT)
        running.process.wait(timeout=STOP_MAX_S)
        assert not processes(home)
