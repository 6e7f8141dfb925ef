"""Killed at any moment, a job goes on where it was: the same bytes, nothing encoded twice, nothing left behind."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
from tests.end_to_end.server import environment, matinee
from tests.media.generate import Clip, make_numbered

KILLS = 20
SEED = 20
ATTEMPTS_MAX = 80
Made = dict[str, tuple[int, int]]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds with sound: two segments, so two chunks a rung."""
    return make_numbered(tmp_path_factory.mktemp("film") / "ten.mkv", Clip(rate=Fraction(24), frames=240))


def made(home: Path) -> Made:
    """The encoded chunks and finished renditions that there are, each with what tells it from one made anew."""
    root = home / "objects"
    found = {}
    for path in [*root.glob("work/*/*/*.mp4"), *root.glob("renditions/*/media.mp4")]:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found[str(path.relative_to(root))] = (status.st_ino, status.st_mtime_ns)
    return found


def package(home: Path) -> dict[str, str]:
    """The hash of every object that is published."""
    root = home / "objects"
    files = [path for part in ("renditions", "images") for path in (root / part).rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def start(home: Path, film: Path) -> subprocess.Popen[bytes]:
    """`matinee add`, which runs the job itself while no server does, as a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "matinee", "add", str(film)],
        env=environment(home, MATINEE_PRESET="medium", MATINEE_WORKERS="2"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def test_twenty_kills_leave_the_same_package_and_no_chunk_is_encoded_twice(film: Path, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    began = time.monotonic()
    undisturbed = start(tmp_path / "calm", film)
    assert undisturbed.wait(timeout=300) == 0
    length_s = time.monotonic() - began
    home, kills, known = tmp_path / "stormy", 0, Made()
    for _ in range(ATTEMPTS_MAX):
        process = start(home, film)
        try:
            process.wait(timeout=chance.uniform(0.05, 1.1) * length_s if kills < KILLS else 300)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
        now = made(home)
        again = {name for name in known.keys() & now.keys() if known[name] != now[name]}
        assert not again, f"made a second time after {kills} kills: {again}"
        known |= now
        if process.returncode == 0:
            break
    else:
        pytest.fail(f"not done after {ATTEMPTS_MAX} attempts (seed {SEED})")
    assert package(home) == package(tmp_path / "calm"), f"after {kills} kills (seed {SEED})"


def test_after_a_kill_and_a_restart_nothing_temporary_is_left(film: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = start(home, film)
    time.sleep(4)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = matinee(home, "add", str(film), "--json")
    assert done.status == 0, done.err
    assert done.document["state"] == "ready"
    left = [path for path in (home / "objects").rglob("*") if "#" in path.name or "part" in path.name]
    assert left == []
    assert list((home / "objects" / "work").glob("*")) == []
    assert [path for path in (home / "scratch").iterdir() if path.name.startswith("scratch_")] == []


def test_ctrl_c_says_how_to_go_on_and_going_on_works(film: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = subprocess.Popen(
        [sys.executable, "-m", "matinee", "add", str(film)],
        env=environment(home, MATINEE_PRESET="medium"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "again" in said
    assert matinee(home, "add", str(film)).status == 0
