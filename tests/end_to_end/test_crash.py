"""Killed at any moment, a job goes on where it was: the same bytes, nothing encoded twice, nothing left behind."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from tests.end_to_end.processes import Kind, all_gone, hear_ctrl_c, kill, of_kind, until
from tests.end_to_end.server import environment, matinee
from tests.media.generate import Clip, make_numbered

KILLS = 20
SEED = 20
ATTEMPTS_MAX = 60
VICTIMS: tuple[Kind | None, ...] = (None, None, "control", "worker", "ffmpeg")
"""What one kill hits; None is the command with all that it started."""
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


def strike(home: Path, process: subprocess.Popen[bytes], victim: Kind | None) -> bool:
    """Pull the plug of the command, or of one process of its tree; answers whether there was one."""
    if victim is None:
        os.killpg(process.pid, signal.SIGKILL)
        return True
    found = of_kind(home, victim)
    return bool(found) and kill(found[0])


class Storm:
    """One job on a data folder of its own, under which processes are killed until it is done."""

    def __init__(self, home: Path, film: Path, chance: random.Random, length_s: float) -> None:
        self.home, self.film, self.chance, self.length_s = home, film, chance, length_s
        self.kills, self.known = 0, Made()

    def rage(self, kills: int) -> None:
        """Kill `kills` times, fewer where the job ends before, and let it end."""
        for _ in range(ATTEMPTS_MAX):
            process = start(self.home, self.film)
            for _ in self._calms(process, kills):
                victim = self.chance.choice(VICTIMS)
                self.kills += strike(self.home, process, victim)
                self._check_nothing_is_made_again()
            if process.returncode != 0:
                all_gone(self.home)
            self._check_nothing_is_made_again()
            if process.returncode == 0:
                return
        pytest.fail(f"not done after {ATTEMPTS_MAX} attempts (seed {SEED})")

    def _calms(self, process: subprocess.Popen[bytes], kills: int) -> Iterator[None]:
        """Between two kills, a random while, for as long as the command lives and there are kills left."""
        while self.kills < kills:
            try:
                process.wait(timeout=self.chance.uniform(0.02, 0.7) * self.length_s)
                return
            except subprocess.TimeoutExpired:
                yield
        process.wait(timeout=300)

    def _check_nothing_is_made_again(self) -> None:
        now = made(self.home)
        again = {name for name in self.known.keys() & now.keys() if self.known[name] != now[name]}
        assert not again, f"made a second time after {self.kills} kills: {again}"
        self.known |= now


def test_twenty_kills_leave_the_same_package_and_no_chunk_is_encoded_twice(film: Path, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    began = time.monotonic()
    assert start(tmp_path / "calm", film).wait(timeout=300) == 0
    length_s, wanted, kills = time.monotonic() - began, package(tmp_path / "calm"), 0
    while kills < KILLS:  # a job that was done before it was killed often enough is followed by another
        storm = Storm(tmp_path / f"storm-{kills}", film, chance, length_s)
        storm.rage(KILLS - kills)
        kills += storm.kills
        assert package(storm.home) == wanted, f"after {kills} kills (seed {SEED})"
        check_nothing_temporary(storm.home)


def check_nothing_temporary(home: Path) -> None:
    """Nothing is left of writers that were killed, and nothing of the job but its package."""
    assert [path for path in (home / "objects").rglob("*") if "#" in path.name or "part" in path.name] == []
    assert list((home / "objects" / "work").glob("*")) == []
    assert [path for path in (home / "scratch").iterdir() if path.name.startswith("scratch_")] == []


def test_ctrl_c_says_how_to_go_on_and_going_on_works(film: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = subprocess.Popen(
        [sys.executable, "-m", "matinee", "add", str(film)],
        env=environment(home, MATINEE_PRESET="veryslow"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - it only makes a system call
    )
    until(lambda: of_kind(home, "ffmpeg"), "the film is worked on")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "again" in said
    assert "Traceback" not in said
    all_gone(home)
    assert matinee(home, "add", str(film)).status == 0
