"""When a job is done: nothing is said before tasks were timed, and then what arithmetic says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.work.eta import etas_s, left_s, stage_etas_s, stages_left_s, unit_s
from matinee.work.job import Job, JobState, Progress, Stage

LOW = Stage("360p", 4, 10, timed=4, spent_s=40.0, weight=0.2)
HIGH = Stage("720p", 0, 10, weight=0.9)


def job(name: str, *stages: Stage, priority: int = 0, state: JobState = JobState.RUNNING) -> Job:
    progress = Progress(stages)
    return Job(
        id=name, kind="encode", subject=name, created=0, updated=0, priority=priority, state=state, progress=progress
    )


def measured(left: float) -> Stage:
    """A stage of which `left` units of 10 s are left."""
    return Stage("360p", 5, 5 + left, timed=5, spent_s=50.0, weight=0.2)


def test_a_stage_goes_by_its_own_tasks() -> None:
    assert unit_s(LOW, [LOW, HIGH]) == 10.0


def test_a_stage_that_has_not_begun_goes_by_the_nearest_lighter_one_and_their_weights() -> None:
    middle = Stage("480p", 10, 10, timed=10, spent_s=200.0, weight=0.45)
    assert unit_s(HIGH, [LOW, middle, HIGH]) == pytest.approx(40.0)
    assert stages_left_s([LOW, middle, HIGH]) == [60.0, 0.0, pytest.approx(400.0)]


def test_another_codec_says_nothing_of_this_one() -> None:
    other = Stage("360p AV1", 0, 10, weight=0.2, family="av1")
    assert unit_s(other, [LOW, other]) is None
    assert left_s(job("a", LOW, other)) is None


@pytest.mark.parametrize("timed", [0, 1, 2])
def test_nothing_is_said_before_enough_tasks_were_timed(timed: int) -> None:
    begun = Stage("360p", timed, 10, timed=timed, spent_s=9.0 * timed, weight=0.2)
    assert left_s(job("a", begun, HIGH)) is None
    assert etas_s([job("a", begun, HIGH)], 4) == {"a": None}


def test_all_tasks_of_a_short_stage_are_enough() -> None:
    assert unit_s(Stage("sound", 1, 1, timed=1, spent_s=7.0), []) == 7.0


def test_nothing_is_said_while_the_rungs_are_not_known() -> None:
    assert left_s(job("a", Stage("analyse", 3, 4, timed=3, spent_s=30.0))) is None


def test_an_unweighed_stage_that_nobody_timed_makes_the_whole_unknown() -> None:
    assert left_s(job("a", Stage("sound", 0, 1), LOW)) is None
    assert left_s(job("a", Stage("sound", 1, 1), LOW)) == 60.0


def test_what_is_more_urgent_goes_before_and_equals_share() -> None:
    jobs = [job("small", measured(2)), job("large", measured(6)), job("first", measured(4), priority=5)]
    assert etas_s(jobs, 2) == {"first": 20.0, "small": (40 + 20 + 20) / 2, "large": (40 + 20 + 60) / 2}


def test_what_has_not_begun_waits_for_equals_that_were_there_before_it_and_slows_nobody() -> None:
    later = job("later", measured(1), state=JobState.QUEUED)
    unknown = job("unknown", HIGH, state=JobState.QUEUED)
    jobs = [later, unknown, job("runs", measured(3))]
    assert etas_s(jobs, 1) == {"runs": 30.0, "later": 40.0, "unknown": None}


def test_behind_a_job_that_nobody_can_tell_nothing_is_said() -> None:
    assert etas_s([job("a", HIGH, priority=1), job("b", measured(2))], 2) == {"a": None, "b": None}


def test_paused_jobs_have_no_end_and_are_in_nobodys_way() -> None:
    paused = job("paused", measured(9), priority=9, state=JobState.PAUSED)
    assert etas_s([paused, job("b", measured(2))], 1) == {"paused": None, "b": 20.0}


def test_without_workers_nothing_is_said() -> None:
    assert etas_s([job("a", measured(2))], 0) == {"a": None}


def test_stages_end_in_their_order_and_the_last_with_the_job() -> None:
    one = job("a", measured(2), Stage("720p", 0, 2, weight=0.4))
    assert left_s(one) == 20 + 40
    assert stage_etas_s(one, 100.0, 2) == [80.0, 100.0]
    assert stage_etas_s(one, None, 2) == [None, None]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(-3, 3)), min_size=1, max_size=8), st.integers(1, 64))
def test_no_job_is_done_before_its_own_work_and_the_last_with_all_of_it(
    work: list[tuple[int, int]], workers: int
) -> None:
    jobs = [job(str(number), measured(left), priority=level) for number, (left, level) in enumerate(work)]
    etas = [eta for eta in etas_s(jobs, workers).values() if eta is not None]
    assert len(etas) == len(jobs)
    assert all(eta >= 10 * left / workers - 1e-6 for eta, (left, _) in zip(etas, work, strict=True))
    assert max(etas) == pytest.approx(sum(10 * left for left, _ in work) / workers)
