"""What `Jobs` promises, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from matinee.base.units import Seconds
from matinee.work.job import CRASHES_MAX, PRIORITY_MAX, JobState, LeaseLost, NotNow, Progress, Stage
from matinee.work.schedule import Schedule
from matinee.work.service import CONTROL_SILENT_S, Jobs, NoSuchJob

from .conftest import Hand


async def test_an_enqueued_job_is_kept_whole(jobs: Jobs) -> None:
    job = await jobs.enqueue("encode", "title_1", {"rungs": [360, 720], "title": "Möwe"}, priority=3)
    assert await jobs.get(job.id) == job
    assert (job.state, job.payload["title"], job.priority) == (JobState.QUEUED, "Möwe", 3)


async def test_enqueueing_twice_is_enqueueing_once(jobs: Jobs) -> None:
    first = await jobs.enqueue("encode", "title_1")
    assert (await jobs.enqueue("encode", "title_1", {"other": 1})).id == first.id
    await jobs.claim(["encode"], "one", 30)
    assert (await jobs.enqueue("encode", "title_1")).id == first.id
    assert (await jobs.enqueue("encode", "title_2")).id != first.id
    assert (await jobs.enqueue("delete", "title_1")).id != first.id


async def test_many_who_enqueue_the_same_at_once_get_the_same_job(jobs: Jobs) -> None:
    got = await asyncio.gather(*(jobs.enqueue("encode", "title_1") for _ in range(20)))
    assert len({job.id for job in got}) == 1
    assert len(await jobs.list()) == 1


async def test_a_job_that_ended_may_be_enqueued_anew(jobs: Jobs) -> None:
    first = await jobs.enqueue("encode", "title_1")
    await jobs.cancel(first.id)
    assert (await jobs.enqueue("encode", "title_1")).id != first.id


async def test_the_highest_priority_goes_first_then_the_oldest(jobs: Jobs, clock: Hand) -> None:
    for subject, priority in (("a", 0), ("b", 5), ("c", 5), ("d", 9)):
        await jobs.enqueue("encode", subject, priority=priority)
        clock.now += 1
    order = [await jobs.claim(["encode"], "one", 30) for _ in range(5)]
    assert [job and job.subject for job in order] == ["d", "b", "c", "a", None]


async def test_only_kinds_that_were_asked_for_are_claimed(jobs: Jobs) -> None:
    await jobs.enqueue("encode", "title_1")
    assert await jobs.claim(["train"], "one", 30) is None
    assert await jobs.claim([], "one", 30) is None


async def test_a_lease_that_is_renewed_is_not_taken_over_and_one_that_expired_is(jobs: Jobs, clock: Hand) -> None:
    await jobs.enqueue("encode", "title_1")
    job = await jobs.claim(["encode"], "one", 30)
    assert job is not None
    clock.now += 29
    await jobs.renew(job, 30)
    clock.now += 29
    assert await jobs.claim(["encode"], "two", 30) is None
    clock.now += 1
    taken = await jobs.claim(["encode"], "two", 30)
    assert taken is not None and (taken.id, taken.attempt, taken.crashes) == (job.id, 2, 1)


async def test_a_holder_that_was_taken_for_dead_is_refused(jobs: Jobs, clock: Hand) -> None:
    await jobs.enqueue("encode", "title_1")
    late = await jobs.claim(["encode"], "one", 30)
    clock.now += 31
    await jobs.claim(["encode"], "two", 30)
    assert late is not None
    for speaks in (
        jobs.finish(late),
        jobs.fail(late, "broken"),
        jobs.defer(late, "away"),
        jobs.renew(late, 30),
        jobs.release(late),
        jobs.report(late, Progress()),
    ):
        with pytest.raises(LeaseLost):
            await speaks
    now = await jobs.get(late.id)
    assert (now.state, now.lease_owner, now.attempt) == (JobState.RUNNING, "two", 2)


async def test_progress_is_kept_and_survives_a_takeover(jobs: Jobs, clock: Hand) -> None:
    await jobs.enqueue("encode", "title_1")
    job = await jobs.claim(["encode"], "one", 30)
    progress = Progress((Stage("inspect", 1, 1), Stage("encode", 7, 20)), "720p")
    assert job is not None
    await jobs.report(job, progress)
    clock.now += 31
    taken = await jobs.claim(["encode"], "two", 30)
    assert taken is not None and taken.progress == progress


async def test_a_poisonous_job_fails_and_the_next_one_is_claimed(jobs: Jobs, clock: Hand) -> None:
    bad = await jobs.enqueue("encode", "kills_its_process", priority=1)
    for _ in range(CRASHES_MAX):
        assert await jobs.claim(["encode"], "one", 30) is not None
        clock.now += 31
    await jobs.enqueue("encode", "title_2")
    good = await jobs.claim(["encode"], "one", 30)
    assert good is not None and good.subject == "title_2"
    bad = await jobs.get(bad.id)
    assert bad.state is JobState.FAILED and "died" in bad.reason


async def test_a_failure_keeps_its_reason_and_remedy_and_can_be_retried(jobs: Jobs) -> None:
    await jobs.enqueue("encode", "title_1")
    job = await jobs.claim(["encode"], "one", 30)
    assert job is not None
    failed = await jobs.fail(job, "no video stream", "add a file that has one")
    assert (failed.reason, failed.remedy) == ("no video stream", "add a file that has one")
    assert (await jobs.retry(job.id)).state is JobState.QUEUED
    assert await jobs.claim(["encode"], "two", 30) is not None


async def test_a_retry_when_another_has_taken_its_place_answers_that_one(jobs: Jobs) -> None:
    first = await jobs.enqueue("encode", "title_1")
    await jobs.cancel(first.id)
    second = await jobs.enqueue("encode", "title_1")
    assert (await jobs.retry(first.id)).id == second.id
    assert (await jobs.get(first.id)).state is JobState.CANCELLED


async def test_a_deferred_job_waits_for_its_backoff(jobs: Jobs, clock: Hand) -> None:
    await jobs.enqueue("encode", "title_1")
    job = await jobs.claim(["encode"], "one", 30)
    assert job is not None
    waits = await jobs.defer(job, "the storage is full", "free some space")
    assert (waits.state, waits.reason) == (JobState.QUEUED, "the storage is full")
    assert await jobs.claim(["encode"], "one", 30) is None
    clock.now = waits.run_after
    assert await jobs.claim(["encode"], "one", 30) is not None


async def test_a_released_job_goes_on_at_once(jobs: Jobs) -> None:
    await jobs.enqueue("encode", "title_1")
    job = await jobs.claim(["encode"], "one", 30)
    assert job is not None
    await jobs.release(job)
    again = await jobs.claim(["encode"], "two", 30)
    assert again is not None and (again.attempt, again.crashes) == (2, 0)


async def test_a_cancelled_job_is_lost_to_its_holder(jobs: Jobs) -> None:
    await jobs.enqueue("encode", "title_1")
    job = await jobs.claim(["encode"], "one", 30)
    assert job is not None and await jobs.held("one") == {job.id: (1, 0)}
    assert (await jobs.cancel(job.id)).state is JobState.CANCELLED
    assert await jobs.held("one") == {}
    with pytest.raises(LeaseLost):
        await jobs.finish(job)
    with pytest.raises(NotNow):
        await jobs.cancel(job.id)


async def test_the_leases_of_a_dead_holder_can_be_ended_at_once(jobs: Jobs) -> None:
    await jobs.enqueue("encode", "title_1")
    await jobs.heartbeat("dead")
    await jobs.claim(["encode"], "dead", 30)
    assert await jobs.abandon("dead") == 1
    taken = await jobs.claim(["encode"], "two", 30)
    assert taken is not None and taken.crashes == 1
    assert await jobs.controls() == {}


async def test_a_control_is_alive_while_it_is_heard_of(jobs: Jobs, clock: Hand) -> None:
    await jobs.heartbeat("one")
    clock.now += CONTROL_SILENT_S / 2
    await jobs.heartbeat("two")
    clock.now += CONTROL_SILENT_S / 2
    assert await jobs.live_controls(clock()) == ["two"]
    await jobs.leave("two")
    assert await jobs.live_controls(clock()) == []


async def test_find_answers_the_live_job_else_the_latest(jobs: Jobs, clock: Hand) -> None:
    assert await jobs.find("encode", "title_1") is None
    first = await jobs.enqueue("encode", "title_1")
    await jobs.cancel(first.id)
    clock.now += 1
    second = await jobs.enqueue("encode", "title_1")
    await jobs.cancel(second.id)
    found = await jobs.find("encode", "title_1")
    assert found is not None and found.id == second.id
    await jobs.retry(first.id)
    found = await jobs.find("encode", "title_1")
    assert found is not None and found.id == first.id


async def test_jobs_are_listed_by_state_kind_and_subject_the_latest_change_first(jobs: Jobs, clock: Hand) -> None:
    a = await jobs.enqueue("encode", "a")
    clock.now += 1
    b = await jobs.enqueue("encode", "b")
    c = await jobs.enqueue("train", "c")
    clock.now += 1
    await jobs.cancel(a.id)
    assert [job.id for job in await jobs.list(kind="encode")] == [a.id, b.id]
    assert {job.id for job in await jobs.list(states=[JobState.QUEUED])} == {b.id, c.id}
    assert [job.id for job in await jobs.list(subject="c")] == [c.id]
    assert [job.id for job in await jobs.list(limit=1)] == [a.id]


async def test_old_jobs_that_ended_are_pruned_and_live_ones_never(jobs: Jobs, clock: Hand) -> None:
    ended = await jobs.enqueue("encode", "a")
    live = await jobs.enqueue("encode", "b")
    await jobs.cancel(ended.id)
    assert await jobs.prune(Seconds(clock.now + 1)) == 1
    with pytest.raises(NoSuchJob):
        await jobs.get(ended.id)
    assert (await jobs.get(live.id)).id == live.id


async def test_a_job_that_failed_with_a_code_that_waits_is_not_pruned(jobs: Jobs, clock: Hand) -> None:
    for code in ("held", "film_refused"):
        await jobs.enqueue("encode", code)
        claimed = await jobs.claim(["encode"], "one", 30)
        assert claimed is not None
        await jobs.fail(claimed, "so it is", code=code)
    assert await jobs.prune(Seconds(clock.now + 1), but=("held",)) == 1
    (left,) = await jobs.list()
    assert (left.subject, left.code) == ("held", "held")
    assert [job.id for job in await jobs.list(code="held")] == [left.id]
    assert (await jobs.retry(left.id)).code == ""


async def test_what_is_done_of_a_kind_that_says_how_it_was_ordered_is_not_pruned(jobs: Jobs, clock: Hand) -> None:
    for kind in ("encode", "webhook"):
        await jobs.enqueue(kind, "a")
        claimed = await jobs.claim([kind], "one", 30)
        assert claimed is not None
        await jobs.finish(claimed)
    assert await jobs.prune(Seconds(clock.now + 1), done=("encode",)) == 1
    (left,) = await jobs.list()
    assert (left.kind, left.state) == ("encode", JobState.DONE)


async def test_nothing_is_said_for_a_job_that_does_not_exist(jobs: Jobs) -> None:
    with pytest.raises(NoSuchJob, match="no job job_x"):
        await jobs.cancel("job_x")


async def test_a_schedule_is_enqueued_once_a_time_however_many_look(jobs: Jobs, clock: Hand) -> None:
    nightly = Schedule(name="nightly", cron="0 3 * * *", kind="train", subject="all", payload={"full": True})
    assert list(await jobs.enqueue_due([nightly])) == []
    clock.now += 24 * 3600
    looks = await asyncio.gather(*(jobs.enqueue_due([nightly]) for _ in range(5)))
    assert sorted(map(list, looks)) == [[], [], [], [], ["nightly"]]
    (job,) = await jobs.list()
    assert (job.kind, job.subject, job.payload) == ("train", "all", {"full": True})


async def test_many_at_once_claim_each_job_exactly_once(jobs: Jobs) -> None:
    for number in range(30):
        await jobs.enqueue("encode", f"title_{number}")

    async def claim_all(owner: str) -> list[str]:
        mine = []
        while (job := await jobs.claim(["encode"], owner, 30)) is not None:
            mine.append(job.id)
        return mine

    each = await asyncio.gather(*(claim_all(f"owner{number}") for number in range(6)))
    claimed = [job_id for mine in each for job_id in mine]
    assert len(claimed) == len(set(claimed)) == 30


async def test_a_job_that_has_ended_is_put_away_and_a_live_one_cancelled(jobs: Jobs) -> None:
    ended, live = await jobs.enqueue("encode", "one"), await jobs.enqueue("encode", "two")
    await jobs.cancel(ended.id)
    await jobs.put_away(ended.id)
    await jobs.put_away(live.id)
    with pytest.raises(NoSuchJob):
        await jobs.get(ended.id)
    assert (await jobs.get(live.id)).state is JobState.CANCELLED


async def test_a_job_that_failed_with_a_code_that_is_kept_is_not_put_away(jobs: Jobs) -> None:
    held = await jobs.enqueue("encode", "one")
    claimed = await jobs.claim(["encode"], "one", 30)
    assert claimed is not None
    await jobs.fail(claimed, "held", "look at it", "held")
    assert not await jobs.put_away(held.id, but=("held",))
    assert (await jobs.get(held.id)).state is JobState.FAILED
    assert await jobs.put_away(held.id, but=("refused",))
    with pytest.raises(NoSuchJob):
        await jobs.get(held.id)


async def test_a_paused_job_keeps_what_it_did_and_its_place_until_it_is_resumed(jobs: Jobs, clock: Hand) -> None:
    job = await jobs.enqueue("encode", "title_1", priority=3)
    held = await jobs.claim(["encode"], "one", 30)
    assert held is not None
    progress = Progress((Stage("360p", 2, 9),), "")
    await jobs.report(held, progress)
    paused = await jobs.pause(job.id)
    assert (paused.state, paused.progress, paused.priority) == (JobState.PAUSED, progress, 3)
    with pytest.raises(LeaseLost):
        await jobs.report(held, progress)
    clock.now += 10_000
    assert await jobs.claim(["encode"], "two", 30) is None
    assert (await jobs.enqueue("encode", "title_1")).id == job.id, "it is still the one job of its title"
    assert await jobs.prune(Seconds(clock.now + 1)) == 0
    await jobs.resume(job.id)
    again = await jobs.claim(["encode"], "two", 30)
    assert again is not None and (again.id, again.progress, again.crashes) == (job.id, progress, 0)


async def test_only_what_is_paused_is_resumed_and_what_has_ended_is_not_paused(jobs: Jobs) -> None:
    job = await jobs.enqueue("encode", "title_1")
    with pytest.raises(NotNow, match="is queued, and only a paused job can be resumed"):
        await jobs.resume(job.id)
    await jobs.pause(job.id)
    assert (await jobs.pause(job.id)).state is JobState.PAUSED
    await jobs.cancel(job.id)
    with pytest.raises(NotNow, match="is cancelled, and only a queued or running job can be paused"):
        await jobs.pause(job.id)


async def test_a_job_that_is_put_first_is_claimed_before_all_others(jobs: Jobs, clock: Hand) -> None:
    for subject, priority in (("a", 0), ("b", 7), ("c", 7)):
        await jobs.enqueue("encode", subject, priority=priority)
        clock.now += 1
    last = await jobs.enqueue("encode", "d")
    assert (await jobs.put_first(last.id)).priority == 8
    assert (await jobs.put_first(last.id)).priority == 8, "it is first already"
    claimed = [await jobs.claim(["encode"], "one", 30) for _ in range(4)]
    assert [job and job.subject for job in claimed] == ["d", "b", "c", "a"]


async def test_a_job_that_runs_can_be_moved_and_one_that_ended_cannot(jobs: Jobs) -> None:
    await jobs.enqueue("encode", "title_1")
    held = await jobs.claim(["encode"], "one", 30)
    assert held is not None
    await jobs.move(held.id, -4)
    assert await jobs.held("one") == {held.id: (held.attempt, -4)}
    assert (await jobs.finish(held)).priority == -4
    with pytest.raises(NotNow, match="only a queued, running or paused job can be moved"):
        await jobs.move(held.id, 1)


async def test_a_priority_stays_within_what_tasks_can_carry(jobs: Jobs) -> None:
    job = await jobs.enqueue("encode", "title_1")
    assert (await jobs.move(job.id, 10**9)).priority == PRIORITY_MAX
    assert (await jobs.move(job.id, -(10**9))).priority == -PRIORITY_MAX


async def test_only_what_is_above_a_priority_is_claimed_where_that_is_asked(jobs: Jobs) -> None:
    await jobs.enqueue("encode", "a", priority=5)
    assert await jobs.claim(["encode"], "one", 30, above=5) is None
    assert await jobs.claim(["encode"], "one", 30, above=4) is not None
