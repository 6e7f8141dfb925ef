"""How fleets of 1 to 2,000 workers would get through films: production's plan and priorities, in virtual time.

`python -m bench.fleet [--price ...]` takes what tasks and the queue cost from `bench/results/chunks.json`, what trials
cost from `ladder.json`, and lets workers of one core each work through a queue of films. What comes next is what
`next_tasks` says, as far as production lets a title have at a time; the scheduler hands out one task after the other;
workers are interrupted at random, from a seed. Nothing is measured here. Writes `bench/results/fleet.json`.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import random
import sys
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import mean
from typing import Any

import msgspec

from bench.machine import RESULTS, write_result
from matinee.app.wiring.background import ENCODES_AT_ONCE
from matinee.encoding.jobs import IN_FLIGHT_MAX
from matinee.encoding.pertitle.trial import PIECES_MAX
from matinee.encoding.plan import SOUND_PRIORITY, Order, Plan, Task, next_tasks, plan_of
from matinee.encoding.recipe import Encoder, VideoRecipe
from matinee.encoding.source import AudioStream, Inspection, VideoStream

FLEETS = (1, 8, 64, 500, 2_000)
MINUTES = 100.0
FILMS_A_WORKER = 0.1
"""Films in the queue for each worker, and at least FILMS_MIN: enough for the beginning and the end to matter little."""
FILMS_MIN = 4
WORKERS_A_CONTROL = 100
"""A control has ENCODES_AT_ONCE titles, each with IN_FLIGHT_MAX tasks; but a title is often down to one last task."""
PIECE_S = 2.0
ONCE = ("inspect", "pictures")


class Assumptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is not measured here: give your own."""

    price_per_core_hour: float = 0.012
    """US dollars: about a third of what clouds ask for a core on demand, as spot instances of 2025 did."""
    interruptions_per_hour: float = 0.05
    """Of each worker: clouds state 5 to 20 % a month for most kinds of machine; this is a bad day."""
    lost_s: float = 20.0
    """Until a lost worker's task is in the queue again: `SILENT_S` of `work/cluster.py`, and a look."""
    away_s: float = 180.0
    """Until another worker is there in its place."""


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that tasks take: of chunks by rung and of other kinds, a second of the film; of a trial; of the queue.

    They were measured on a film of `film_s`: what is done once, by a program that has to start, takes as long for any.
    """

    tasks: dict[str, list[float]]
    film_s: float
    trial_s: float
    queue_s: float


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """How a fleet did. `efficiency` is the work that counted over all time of all workers."""

    films: int
    controls: int
    film_minutes: float
    film_alone_efficiency: float
    films_per_hour: float
    efficiency: float
    scheduler_busy: float
    interruptions: int
    repeated_percent: float
    dollars_per_film: float


def main() -> int:
    """Simulate, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet")
    for name in Assumptions.__struct_fields__:
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=getattr(Assumptions(), name))
    parser.add_argument("--seed", type=int, default=1)
    chosen = vars(parser.parse_args())
    seed = chosen.pop("seed")
    assumed, times, plan = Assumptions(**chosen), measured(), planned(_measured("chunks")["film"]["size"])
    curve = {str(workers): fleet(workers, plan, times, assumed, seed) for workers in FLEETS}
    path_s = Simulation(plan, times, None, random.Random(seed), workers=10**5, films=1, window=10**6).run()
    result = {
        "seed": seed,
        "assumptions": assumed,
        "film": {"minutes": MINUTES, "tasks": len(next_tasks(plan, ())), "rungs": len(plan.video)},
        "critical_path_minutes": round(path_s / 60, 2),
        "cpu_hours_per_film": round(curve["1"].dollars_per_film / assumed.price_per_core_hour, 2),
        "queue_ms_per_task": times.queue_s * 1e3,
        "workers": curve,
    }
    print(f"critical path of a film of {MINUTES:g} minutes: {path_s / 60:.1f} minutes")
    for workers, one in curve.items():
        print(f"{workers:>5} workers: " + ", ".join(f"{k} {v}" for k, v in msgspec.to_builtins(one).items()))
    print(f"written to {write_result('fleet', msgspec.to_builtins(result))}")
    return 0


def _measured(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def measured() -> Times:
    """What the other benchmarks found. Trials are those of films as large as the one that was cut, or else of all."""
    chunks, titles = _measured("chunks"), _measured("ladder")["each"].values()
    alike = [one for one in titles if one["size"] == chunks["film"]["size"]] or titles
    tried = [one["cpu_s"]["trials"] / (one["tried_percent"] / 100 * one["seconds"]) for one in alike]
    seconds = chunks["film"]["seconds"]
    return Times(
        tasks=chunks["tasks"],
        film_s=seconds,
        trial_s=PIECE_S * mean(tried),
        queue_s=chunks["queue"]["cpu_ms_per_task"] / 1e3,
    )


def planned(size: Sequence[int]) -> Plan:
    """The plan of a film of MINUTES, as production makes it."""
    rate, frames = Fraction(24), round(MINUTES * 60 * 24)
    video = VideoStream(
        index=0, codec="h264", width=size[0], height=size[1], time_base=(1, 24), nominal_rate=(rate.numerator, 1)
    )
    sound = AudioStream(index=1, codec="aac", channels=2, sample_rate=48_000, packets=1)
    inspection = Inspection(
        demuxer="mov",
        video=video,
        audio=(sound,),
        announced_s=0.0,
        frames=array("q", range(frames)).tobytes(),
        keyframes=array("q", range(0, frames, 48)).tobytes(),
        last_duration=1,
    )
    order = Order(title_id="title", master="masters/film", source="film", size_bytes=0)
    return plan_of(order, inspection, (), Encoder(build="", preset=""))


def fleet(workers: int, plan: Plan, times: Times, assumed: Assumptions, seed: int) -> Curve:
    """One film alone on a fleet, then a queue of them."""
    controls = -(-workers // WORKERS_A_CONTROL)
    films = max(FILMS_MIN, round(workers * FILMS_A_WORKER))
    alone = Simulation(plan, times, assumed, random.Random(seed), workers=workers, films=1)
    alone_s = alone.run()
    at_once = ENCODES_AT_ONCE * controls
    busy = Simulation(plan, times, assumed, random.Random(seed), workers=workers, films=films, at_once=at_once)
    took_s = busy.run()
    return Curve(
        films=films,
        controls=controls,
        film_minutes=round(alone_s / 60, 2),
        film_alone_efficiency=round(alone.worked_s / (workers * alone_s), 3),
        films_per_hour=round(films / took_s * 3600, 2),
        efficiency=round(busy.worked_s / (workers * took_s), 3),
        scheduler_busy=round(busy.handed_out * times.queue_s / took_s, 4),
        interruptions=busy.interruptions,
        repeated_percent=round(100 * busy.lost_s / busy.worked_s, 2),
        dollars_per_film=round(workers * took_s / 3600 * assumed.price_per_core_hour / films, 4),
    )


@dataclass(eq=False)
class Film:
    """A film on its way, as production's job has it. Each of its chunks is as hard as one of those measured."""

    plan: Plan
    times: Times
    chance: random.Random
    window: int

    def __post_init__(self) -> None:
        self.done: set[str] = set()
        self.started: set[str] = set()
        self.running = 0
        self.left = Counter({rung.key: len(self.plan.chunks) for rung in self.plan.video})
        self.draws = [self.chance.random() for _ in self.plan.chunks]
        self.ready: deque[Task] = deque()
        self.study = deque(self._study())
        self.is_planned, self.is_stale = False, True

    def _study(self) -> Iterator[list[Task]]:
        """Looks at the film before there is a plan, each kind after the one before: production's `Study`."""
        for kind, count in (("inspect", 1), ("sample_window", len(self.plan.windows)), ("trial", PIECES_MAX)):
            names = (f"{kind}-{number}" for number in range(count))
            yield [Task(kind=kind, makes=name, priority=SOUND_PRIORITY) for name in names]

    def next(self) -> Iterator[Task]:
        """What is sent to the queue now."""
        if not self.running and not self.ready:  # a look at the film has ended
            self.ready = deque(self.study.popleft() if self.study else ())
            self.is_planned = not self.ready
        if self.is_planned and self.is_stale:
            self.ready = deque(task for task in next_tasks(self.plan, self.done) if task.makes not in self.started)
            self.is_stale = False
        while self.ready and self.running < self.window:
            task = self.ready.popleft()
            self.started.add(task.makes)
            self.running += 1
            yield task

    def finish(self, task: Task) -> None:
        """`task` is done. What can be done next changes but by its absence only at the end of a rung's chunks."""
        self.running -= 1
        self.done.add(task.makes)
        if task.kind == "chunk":
            self.left[task.rendition] -= 1
        self.is_stale = self.is_stale or task.kind != "chunk" or not self.left[task.rendition]

    def seconds(self, task: Task) -> float:
        """How long a worker is at it."""
        whole_s = float(self.plan.timeline.duration_s)
        if task.kind == "chunk":
            chunk = self.plan.chunks[task.part]
            rung = next(one.recipe for one in self.plan.video if one.key == task.rendition)
            assert isinstance(rung, VideoRecipe)
            known = self.times.tasks[rung.rung.name]
            return known[int(self.draws[task.part] * len(known))] * float(
                (chunk.end - chunk.start) / self.plan.timeline.fps
            )
        if task.kind == "trial":
            return self.times.trial_s
        if task.kind in ONCE:
            return self.times.tasks[task.kind][0] * self.times.film_s
        share = {"check": len(self.plan.windows) * len(self.plan.video), "sample_window": len(self.plan.windows)}
        share["package"] = len(self.plan.video)
        return self.times.tasks.get(task.kind, [0.0])[0] * whole_s / share.get(task.kind, 1)


@dataclass(eq=False)
class Run:
    """A task at a worker since a moment."""

    film: Film
    task: Task
    began: float = 0.0


class Simulation:
    """Workers, a queue and films in virtual time. Without assumptions nothing is interrupted or waited for."""

    def __init__(
        self,
        plan: Plan,
        times: Times,
        assumed: Assumptions | None,
        chance: random.Random,
        *,
        workers: int,
        films: int,
        at_once: int = ENCODES_AT_ONCE,
        window: int = IN_FLIGHT_MAX,
    ) -> None:
        self.assumed, self.chance = assumed, chance
        self.queue_s = times.queue_s if assumed is not None else 0.0
        self.coming = deque(Film(plan, times, random.Random(chance.random()), window) for _ in range(films))
        self.open: list[Film] = []
        self.now = self.scheduler_free = self.worked_s = self.lost_s = 0.0
        self.handed_out = self.interruptions = 0
        self.free = list(range(workers))
        self.away: set[int] = set()
        self.at_work: dict[int, Run] = {}
        self.line: list[tuple[int, int, Run]] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        for _ in range(at_once):
            self._open_next()
        if assumed is not None:
            for worker in range(workers):
                self._interrupt_later(worker)

    def run(self) -> float:
        """Until every film is done; answers the moment."""
        self._hand_out()
        while self.open:
            self.now, _, act = heapq.heappop(self._events)
            act()
            self._hand_out()
        return self.now

    def _at(self, moment: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._numbers), act))

    def _open_next(self) -> None:
        if self.coming:
            film = self.coming.popleft()
            self.open.append(film)
            self._send(film)

    def _send(self, film: Film) -> None:
        for task in film.next():
            self._queue(Run(film, task))

    def _queue(self, run: Run) -> None:
        heapq.heappush(self.line, (-run.task.priority, next(self._numbers), run))

    def _hand_out(self) -> None:
        while self.line and self.free:
            worker = self.free.pop()
            if worker in self.away:
                continue
            *_, run = heapq.heappop(self.line)
            self.scheduler_free = run.began = max(self.now, self.scheduler_free) + self.queue_s
            self.handed_out += 1
            self.at_work[worker] = run
            self._at(run.began + run.film.seconds(run.task), lambda worker=worker, run=run: self._end(worker, run))  # type: ignore[misc]

    def _end(self, worker: int, run: Run) -> None:
        if self.at_work.get(worker) is not run:
            return  # it was lost on the way
        del self.at_work[worker]
        self.free.append(worker)
        self.worked_s += self.now - run.began
        run.film.finish(run.task)
        self._send(run.film)
        if not run.film.running:
            self.open.remove(run.film)
            self._open_next()

    def _interrupt_later(self, worker: int) -> None:
        assert self.assumed is not None
        if self.assumed.interruptions_per_hour > 0:
            in_s = self.chance.expovariate(self.assumed.interruptions_per_hour / 3600)
            self._at(self.now + in_s, lambda: self._interrupt(worker))

    def _interrupt(self, worker: int) -> None:
        assert self.assumed is not None
        self.interruptions += 1
        self.away.add(worker)
        run = self.at_work.pop(worker, None)
        if run is not None:
            self.lost_s += max(0.0, self.now - run.began)
            again = Run(run.film, run.task)
            self._at(self.now + self.assumed.lost_s, lambda: self._queue(again))
        self._at(self.now + self.assumed.away_s, lambda: self._back(worker))

    def _back(self, worker: int) -> None:
        self.away.discard(worker)
        if worker not in self.free:
            self.free.append(worker)
        self._interrupt_later(worker)


if __name__ == "__main__":
    sys.exit(main())
