"""A fleet that loses something every few seconds makes the same bytes as one quiet machine, and nothing twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pytest
from tests.end_to_end.fleet import SCHEDULER, Fleet, fleet, names, package
from tests.end_to_end.processes import until
from tests.end_to_end.server import matinee
from tests.media.generate import Clip, ffmpeg, make_numbered

from matinee.encoding.jobs import TASK_RETRIES_MAX

KILLS = 7
SEED = 3
CALM_S = (1.5, 3.5)
AWAY_S = 2.0
"""How long what was killed is away before it is started again."""
REPEATED_S = 30.0
DONE_S = 240.0
LAST = "work-1"
"""The machine that is cut off at last, and does not come back."""
LOOK_S = 0.05
PRESET = "medium"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 s of 480p: two rungs of four chunks."""
    clip = Clip(rate=Fraction(24), frames=576, width=854, height=480)
    return make_numbered(tmp_path_factory.mktemp("film") / "film.mkv", clip)


@dataclass
class Lost:
    """An encode that was lost: which process it was, and how long machines had nothing to do and did not repeat it."""

    pid: int
    waited_s: float = 0.0


@dataclass
class Watch:
    """What is seen of a fleet that works: that nothing is made twice, and how soon what was lost goes on elsewhere."""

    fleet: Fleet
    known: dict[str, tuple[int, int]] = field(default_factory=dict)
    lost: dict[str, Lost] = field(default_factory=dict)
    """By what was encoded."""
    repeated_s: list[float] = field(default_factory=list)
    """How long each of them waited for a machine that had nothing to do."""
    looked: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        now = self.fleet.chunks()
        again = {name for name in self.known.keys() & now.keys() if self.known[name] != now[name]}
        assert not again, f"made a second time: {again}"
        self.known |= now
        at_work = {name: self.fleet.encodes(name) for name in self.fleet.running if _is_machine(name)}
        before, self.looked = self.looked, time.monotonic()
        for lost in self.lost.values():
            lost.waited_s += self.looked - before if not all(at_work.values()) else 0.0
        for encode, pid in (one for encodes in at_work.values() for one in encodes.items()):
            if encode in self.lost and self.lost[encode].pid != pid:
                self.repeated_s.append(self.lost.pop(encode).waited_s)
        late = [encode for encode, lost in self.lost.items() if lost.waited_s > REPEATED_S]
        assert not late, f"not repeated within {REPEATED_S} s, though there were machines for it: {late}"

    def watch(self, seconds: float) -> None:
        """Look on for a while; whatever ended by itself is started again, as whoever looks after the machine would."""
        self.fleet.start_again()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.look()
            time.sleep(LOOK_S)

    def kill(self, name: str, chance: random.Random) -> None:
        """Kill a role; of a machine that works, now and then only the process that does."""
        self._lose(name, self.fleet.lose_process if _is_machine(name) and chance.random() < 0.5 else self.fleet.lose)

    def freeze(self, name: str) -> None:
        """Cut a machine off for good."""
        self._lose(name, self.fleet.freeze)

    def _lose(self, name: str, how: Callable[[str], None]) -> None:
        encodes = self.fleet.encodes(name)
        how(name)
        self.lost |= {encode: Lost(pid) for encode, pid in encodes.items()}


def _is_machine(name: str) -> bool:
    return name.startswith("work")


def test_something_is_killed_every_few_seconds_and_the_bytes_are_those_of_one_quiet_machine(
    film: Path, tmp_path: Path, postgres_url: str
) -> None:
    quiet = matinee(tmp_path / "quiet", "add", str(film), settings={"MATINEE_PRESET": PRESET})
    assert quiet.status == 0, quiet.err
    with fleet(tmp_path / "fleet", postgres_url, MATINEE_PRESET=PRESET) as storm:
        try:
            rage(storm, film)
        except BaseException as error:
            error.add_note(f"seed {SEED}\n{storm.logs()}")
            raise
        assert package(storm.root / "objects") == package(tmp_path / "quiet" / "objects"), f"seed {SEED}"


def rage(storm: Fleet, film: Path) -> None:
    """Let a fleet encode `film`, kill something every few seconds, cut a machine off, and wait until it is done."""
    watch, chance = Watch(storm), random.Random(SEED)
    added = matinee(storm.home("control-1"), "add", str(film), "--no-wait", "--json", settings=storm.settings)
    assert added.status == 0, added.err
    job_id = added.document["job_id"]
    until(lambda: any(storm.encodes(name) for name in names()), "the film is encoded")
    victims = [SCHEDULER, *chance.choices([name for name in names() if name != SCHEDULER], k=KILLS - 1)]
    chance.shuffle(victims)
    for victim in victims:
        watch.watch(chance.uniform(*CALM_S))
        watch.kill(victim, chance)
        watch.watch(AWAY_S)
        if victim not in storm.running:
            storm.start(victim)
    while not storm.encodes(LAST) and not is_done(storm, job_id):
        watch.watch(LOOK_S)
    watch.freeze(LAST)
    deadline = time.monotonic() + DONE_S
    while not is_done(storm, job_id):
        assert time.monotonic() < deadline, f"not done {DONE_S:.0f} s after the last loss"
        watch.watch(LOOK_S)
    assert watch.repeated_s, "no encode was lost: this seed tests nothing"


def is_done(storm: Fleet, job_id: str) -> bool:
    """Whether the job is done; it never fails."""
    state, reason = storm.job(job_id)
    assert state in ("queued", "running", "done"), (state, reason)
    return state == "done"


TROUBLE = """#!/bin/sh
# FFmpeg on a machine that is in trouble with the chunk that it met first, each time.
case "$*" in *chunk.mp4*)
  chunk=$(printf %s "$*" | sed 's/.*-vf \\([^ ]*\\).*/\\1/')
  (set -C; printf %s "$chunk" > FOLDER/poison) 2>/dev/null
  if [ "$(cat FOLDER/poison)" = "$chunk" ]; then
    echo tried >> FOLDER/tries
    echo "[error] Error opening input: Too many open files" >&2
    exit 1
  fi ;;
esac
exec FFMPEG "$@"
"""


def test_a_chunk_that_fails_each_time_is_retried_three_times_and_the_title_is_held_with_the_reason(
    film: Path, tmp_path: Path
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(TROUBLE.replace("FOLDER", str(tmp_path)).replace("FFMPEG", ffmpeg()))
    program.chmod(0o755)
    held = matinee(tmp_path / "home", "add", str(film), settings={"MATINEE_FFMPEG": str(program)})
    assert held.status == 1
    assert "Too many open files" in held.err
    assert len((tmp_path / "tries").read_text().splitlines()) == 1 + TASK_RETRIES_MAX
