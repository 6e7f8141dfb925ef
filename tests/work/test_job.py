"""The lifecycle of a job as a pure function: every path through it, and what no path may break."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from matinee.base.units import Seconds
from matinee.work.job import (
    BACKOFF_MAX_S,
    CRASHES_MAX,
    LIVE,
    RETRIES_MAX,
    Cancel,
    Claim,
    Defer,
    Event,
    Fail,
    Finish,
    Job,
    JobState,
    LeaseLost,
    NotNow,
    Progress,
    Release,
    Renew,
    Report,
    Retry,
    Stage,
    backoff_s,
    distance,
    fraction,
    is_claimable,
    step,
)

NOW = Seconds(1_000.0)


def queued() -> Job:
    return Job(id="job_1", kind="encode", subject="title_1", created=NOW, updated=NOW)


def claimed(job: Job | None = None, owner: str = "one", now: float = NOW, lease_s: float = 30) -> Job:
    return step(job or queued(), Claim(owner, lease_s), Seconds(now))


def test_a_claim_gives_a_lease_and_a_new_attempt() -> None:
    job = claimed()
    assert (job.state, job.lease_owner, job.lease_expires, job.attempt) == (JobState.RUNNING, "one", NOW + 30, 1)


def test_a_lease_that_holds_cannot_be_claimed() -> None:
    with pytest.raises(NotNow, match="is running, and only a waiting job can be claimed"):
        step(claimed(), Claim("two", 30), Seconds(NOW + 29))


def test_an_expired_lease_is_taken_over_and_counts_as_a_crash() -> None:
    job = claimed(claimed(), "two", NOW + 30)
    assert (job.lease_owner, job.attempt, job.crashes) == ("two", 2, 1)


def test_a_late_holder_changes_nothing() -> None:
    taken = claimed(claimed(), "two", NOW + 30)
    for event in (Finish("one", 1), Fail("one", 1, "x"), Renew("one", 1, 30), Release("one", 1), Finish("two", 1)):
        with pytest.raises(LeaseLost, match="no longer holds attempt 1"):
            step(taken, event, NOW)


def test_the_same_holder_that_comes_back_is_fenced_by_its_attempt() -> None:
    taken = claimed(claimed(), "one", NOW + 30)
    with pytest.raises(LeaseLost):
        step(taken, Report("one", 1, Progress()), NOW)


def test_a_released_job_can_be_claimed_at_once_and_its_holder_did_not_crash() -> None:
    job = claimed(step(claimed(), Release("one", 1), NOW), "two")
    assert (job.lease_owner, job.crashes, job.attempt) == ("two", 0, 2)


def test_a_job_whose_holders_keep_dying_fails_in_the_end_with_a_reason() -> None:
    job, now = queued(), float(NOW)
    for _ in range(CRASHES_MAX):
        job = claimed(job, now=now)
        assert job.state is JobState.RUNNING
        now += 31
    job = claimed(job, now=now)
    assert (job.state, job.lease_owner) == (JobState.FAILED, "")
    assert f"died {CRASHES_MAX} times" in job.reason and job.remedy


def test_a_job_that_gets_further_between_crashes_is_not_poison() -> None:
    job, now = queued(), float(NOW)
    for done in range(3 * CRASHES_MAX):
        job = claimed(job, now=now)
        job = step(job, Report("one", job.attempt, Progress((Stage("encode", done + 1, 100),))), Seconds(now))
        now += 31
    assert claimed(job, now=now).state is JobState.RUNNING


def test_a_job_that_dies_at_the_same_place_each_time_is_poison_although_it_reports() -> None:
    job, now = queued(), float(NOW)
    for _ in range(2 * CRASHES_MAX):
        if job.state is JobState.FAILED:
            break
        job = claimed(job, now=now)
        if job.state is JobState.RUNNING:
            job = step(job, Report("one", job.attempt, Progress((Stage("encode", 5, 100),))), Seconds(now))
        now += 31
    assert job.state is JobState.FAILED


def test_what_is_unavailable_is_tried_again_later_and_fails_after_the_limit() -> None:
    job, now = queued(), float(NOW)
    for retry in range(1, RETRIES_MAX):
        job = step(claimed(job, now=now), Defer("one", retry, "the disk is full", "free some"), Seconds(now))
        assert (job.state, job.reason, job.run_after) == (JobState.QUEUED, "the disk is full", now + backoff_s(retry))
        assert not is_claimable(job, Seconds(now))
        now = job.run_after
    job = step(claimed(job, now=now), Defer("one", RETRIES_MAX, "the disk is full", "free some"), Seconds(now))
    assert (job.state, job.reason, job.remedy) == (JobState.FAILED, "the disk is full", "free some")


def test_a_retry_by_a_person_starts_the_counts_anew() -> None:
    failed = step(claimed(), Fail("one", 1, "broken", "mend it"), NOW)
    job = step(failed, Retry(), NOW)
    assert (job.state, job.reason, job.remedy, job.crashes, job.attempt) == (JobState.QUEUED, "", "", 0, 1)


@pytest.mark.parametrize("event", [Cancel(), Claim("two", 30)])
def test_a_job_that_has_ended_stays_so(event: Event) -> None:
    with pytest.raises(NotNow, match="is done"):
        step(step(claimed(), Finish("one", 1), NOW), event, NOW)


def test_a_live_job_cannot_be_retried() -> None:
    with pytest.raises(NotNow, match="is queued, and only a failed or cancelled job can be retried"):
        step(queued(), Retry(), NOW)


def test_progress_counts_finished_stages() -> None:
    progress = Progress((Stage("inspect", 1, 1), Stage("encode", 5, 20), Stage("package", 0, 0)))
    assert (distance(progress), fraction(progress)) == (1.25, 1.25 / 2)
    assert fraction(Progress()) == 0.0


def test_backoff_doubles_up_to_its_limit() -> None:
    waits = [backoff_s(retry) for retry in range(1, 60)]
    assert waits[:4] == [1, 2, 4, 8] and waits == sorted(waits) and waits[-1] == BACKOFF_MAX_S


class Lifecycle(RuleBasedStateMachine):
    """Controls that claim, stall, crash, come back late and people who cancel and retry, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.job, self.now = queued(), float(NOW)
        self.leases: list[tuple[str, int]] = []
        self.settled: list[int] = []

    @rule(owner=st.sampled_from(["one", "two", "three"]), lease_s=st.floats(1, 60))
    def claim(self, owner: str, lease_s: float) -> None:
        could = is_claimable(self.job, Seconds(self.now))
        before = self.job
        try:
            self.job = step(self.job, Claim(owner, lease_s), Seconds(self.now))
        except NotNow:
            assert not could
            return
        assert could
        if self.job.state is JobState.RUNNING:
            assert self.job.attempt == before.attempt + 1
            self.leases.append((owner, self.job.attempt))

    @rule(seconds=st.floats(0.1, 100))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.leases)
    @rule(
        data=st.data(),
        kind=st.sampled_from(["renew", "report", "finish", "fail", "defer", "release"]),
        done=st.integers(0, 10),
    )
    def speak_for_any_lease_ever_given(self, data: st.DataObject, kind: str, done: int) -> None:
        owner, attempt = data.draw(st.sampled_from(self.leases))
        events: dict[str, Event] = {
            "renew": Renew(owner, attempt, 10),
            "report": Report(owner, attempt, Progress((Stage("encode", done, 10),))),
            "finish": Finish(owner, attempt),
            "fail": Fail(owner, attempt, "broken"),
            "defer": Defer(owner, attempt, "away"),
            "release": Release(owner, attempt),
        }
        holds = self.job.state is JobState.RUNNING and (owner, attempt) == (self.job.lease_owner, self.job.attempt)
        try:
            self.job = step(self.job, events[kind], Seconds(self.now))
        except LeaseLost:
            assert not holds
            return
        assert holds
        if kind not in ("renew", "report"):
            assert attempt not in self.settled, "an attempt ended twice"
            self.settled.append(attempt)

    @precondition(lambda self: self.job.state in LIVE)
    @rule()
    def cancel(self) -> None:
        self.job = step(self.job, Cancel(), Seconds(self.now))

    @precondition(lambda self: self.job.state in (JobState.FAILED, JobState.CANCELLED))
    @rule()
    def retry(self) -> None:
        self.job = step(self.job, Retry(), Seconds(self.now))

    @invariant()
    def a_lease_exists_exactly_while_it_runs(self) -> None:
        assert bool(self.job.lease_owner) == (self.job.state is JobState.RUNNING)

    @invariant()
    def the_counts_keep_their_limits(self) -> None:
        assert self.job.crashes <= CRASHES_MAX and self.job.retries <= RETRIES_MAX
        if self.job.state in LIVE:
            assert self.job.retries < RETRIES_MAX

    @invariant()
    def a_failure_says_why(self) -> None:
        assert self.job.state is not JobState.FAILED or self.job.reason


TestLifecycle = Lifecycle.TestCase
