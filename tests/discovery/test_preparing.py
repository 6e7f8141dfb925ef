"""What the home page says of films on their way."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.catalog.samples import episode, film, library, show

from matinee.base.units import Seconds
from matinee.discovery.preparing import Pace, preparing_of
from matinee.work.job import Job, JobState, Progress, Stage

NOW = Seconds(864_000.0)


def job(subject: str, state: JobState = JobState.RUNNING, **known: Any) -> Job:
    made: dict[str, Any] = {
        "id": f"job_{subject}",
        "kind": "encode",
        "created": NOW - 60,
        "updated": NOW - 1,
        "attempt": 1,
    }
    return Job(**{**made, "subject": subject, "state": state, **known})


def on_its_way(title_id: str, **known: Any) -> Any:
    return film(title_id, state="processing", height=0, **known)


def test_running_comes_before_waiting_and_what_has_ended_is_left_out() -> None:
    titles = [on_its_way(each, title=each.title()) for each in ("a", "b", "c", "d")]
    jobs = [job("c", JobState.FAILED), job("b", JobState.QUEUED), job("a"), job("ready"), job("d", JobState.DONE)]
    shown = preparing_of(jobs, library(*titles, film("ready")), NOW, Pace().eta_s)
    assert [(each.title, each.state) for each in shown] == [("A", "running"), ("B", "queued")]


def test_only_the_latest_job_of_a_title_counts() -> None:
    jobs = [job("a", JobState.FAILED, id="old", created=1.0), job("a", JobState.RUNNING, id="new")]
    shown = preparing_of(jobs, library(on_its_way("a")), NOW, Pace().eta_s)
    assert [each.job_id for each in shown] == ["new"]


def test_a_job_whose_title_is_gone_is_shown_under_the_name_it_kept() -> None:
    taken = job("gone", JobState.QUEUED, payload={"title": "Kept"})
    shown = preparing_of([taken], library(), NOW, Pace().eta_s)
    assert [(each.title, each.title_id) for each in shown] == [("Kept", "")]


def test_a_film_that_one_job_hands_on_to_the_next_counts_once() -> None:
    made = job("slug", payload={"title": "Fog"}, kind="demo")
    shown = preparing_of([made, job("a")], library(on_its_way("a", title="Fog")), NOW, Pace().eta_s)
    assert [each.job_id for each in shown] == ["job_a"]


def test_its_kind_is_known_before_its_title_is_there() -> None:
    jobs = [job("x", payload={"title": "Harbour: Fog", "show": "Harbour"}), job("y", payload={"title": "Rain"})]
    assert [each.kind for each in preparing_of(jobs, library(), NOW, Pace().eta_s)] == ["episode", "film"]


def test_the_stage_is_the_first_that_is_not_done() -> None:
    progress = Progress((Stage("inspect", 1, 1), Stage("360p", 1, 4), Stage("720p", 0, 4)))
    titles = [show("s", title="Harbour"), episode("e", "s", 1, 1, title="Fog", state="processing", height=0)]
    shown = preparing_of([job("e", progress=progress)], library(*titles), NOW, Pace().eta_s)[0]
    assert (shown.title, shown.stage, shown.eta_s) == ("Harbour: Fog", "360p", None)


def test_the_time_left_follows_from_what_was_done_since_it_was_first_seen() -> None:
    pace = Pace()
    begun = job("a", progress=Progress((Stage("360p", 20, 100),)))
    later = msgspec.structs.replace(begun, progress=Progress((Stage("360p", 60, 100),)))
    assert pace.eta_s(begun, Seconds(100.0)) is None
    assert pace.eta_s(later, Seconds(120.0)) == 20.0
    assert pace.eta_s(msgspec.structs.replace(later, state=JobState.QUEUED), Seconds(120.0)) is None
