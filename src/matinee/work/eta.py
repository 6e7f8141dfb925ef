"""When a job is done, by how long its own tasks took: None until enough of them were timed to say so honestly.

Workers take tasks by the priority of their job. Jobs of one priority that run share the workers, so that the one with
less left is done first; a job waits for all that is left of those above it, and one that has not begun for those that
were there before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, groupby

from matinee.work.job import Job, JobState, Stage

TIMED_MIN = 3
"""Tasks of a stage to go by, unless it has fewer: chunks of one film differ by a factor of two or three."""


def unit_s(stage: Stage, stages: Sequence[Stage]) -> float | None:
    """Worker-seconds that a unit of `stage` takes: by its own tasks, else by the family's next lighter one's."""
    if stage.timed >= min(TIMED_MIN, stage.total) and stage.timed > 0:
        return stage.spent_s / stage.timed
    alike = [one for one in stages if one.family == stage.family and one is not stage and _is_measured(one)]
    lighter = [one for one in alike if 0 < one.weight <= stage.weight]
    if not lighter:
        return None
    nearest = max(lighter, key=lambda one: one.weight)
    return nearest.spent_s / nearest.timed * stage.weight / nearest.weight


def stages_left_s(stages: Sequence[Stage]) -> list[float | None]:
    """Worker-seconds that are left of each stage; 0 for one that is done, None where nobody can say."""
    left: list[float | None] = []
    for stage in stages:
        units = max(0.0, stage.total - stage.done)
        seconds = unit_s(stage, stages) if units else 0.0
        left.append(None if seconds is None else units * seconds)
    return left


def left_s(job: Job) -> float | None:
    """Worker-seconds that are left of a job, None while a stage cannot be told or its weighty ones are not known."""
    stages = job.progress.stages
    if not any(stage.weight > 0 for stage in stages):
        return None  # it is still being looked at: what will have to be encoded is not known
    left = stages_left_s(stages)
    known = [seconds for seconds in left if seconds is not None]
    return sum(known) if len(known) == len(left) else None


def etas_s(jobs: Sequence[Job], workers: int) -> dict[str, float | None]:
    """Seconds until each of the live `jobs` is done, by id, on `workers` workers; a paused one has none."""
    etas: dict[str, float | None] = dict.fromkeys((job.id for job in jobs), None)
    ahead: float | None = 0.0
    for group in _in_turn(jobs):
        left = {job.id: left_s(job) for job in group}
        if ahead is not None and workers > 0:
            etas |= {job_id: _shared_s(mine, left, ahead, workers) for job_id, mine in left.items()}
        ahead = None if ahead is None or None in left.values() else ahead + sum(filter(None, left.values()))
    return etas


def _in_turn(jobs: Sequence[Job]) -> list[list[Job]]:
    """Those that work at the same time, group after group; without the paused ones."""
    running = sorted((job for job in jobs if job.state is JobState.RUNNING), key=_turn)
    waiting = [job for job in jobs if job.state is JobState.QUEUED]
    together = [list(group) for _, group in groupby(running, key=lambda job: job.priority)]
    return sorted([*together, *([job] for job in waiting)], key=lambda group: _turn(group[0]))


def _turn(job: Job) -> tuple[int, bool, float, str]:
    return (-job.priority, job.state is not JobState.RUNNING, job.created, job.id)


def stage_etas_s(job: Job, eta_s: float | None, workers: int) -> list[float | None]:
    """Seconds until each stage of a job is done that is itself done in `eta_s`: stages end in their order."""
    left = stages_left_s(job.progress.stages)
    if eta_s is None or workers <= 0:
        return [0.0 if seconds == 0.0 else None for seconds in left]
    sums = list(accumulate(seconds or 0.0 for seconds in left))
    before = eta_s - (sums[-1] / workers if sums else 0.0)
    return [0.0 if own == 0.0 else max(0.0, before + sum_s / workers) for own, sum_s in zip(left, sums, strict=True)]


def _is_measured(stage: Stage) -> bool:
    return stage.timed > 0 and stage.timed >= min(TIMED_MIN, stage.total)


def _shared_s(mine: float | None, left: Mapping[str, float | None], ahead: float, workers: int) -> float | None:
    """Processor sharing: until mine is done, the others of the group get as much as I do, or all that they need."""
    if mine is None:
        return None
    others = [mine if other is None else min(mine, other) for other in left.values()]
    return (ahead + sum(others)) / workers
