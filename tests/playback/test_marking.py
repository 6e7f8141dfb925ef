"""The marks of titles to their owner, over HTTP: shown, said, refused with a reason, found anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.app.application import running
from tests.playback.asset_sample import ASSET

import matinee.catalog.tables
import matinee.encoding.tables
import matinee.insight.tables  # noqa: F401 - the tables are made from what is imported
from matinee.base.clock import system_clock
from matinee.base.database import JOBS, open_engine, writing
from matinee.base.objects import open_objects
from matinee.catalog.service import Catalog
from matinee.catalog.title import Metadata, Published, Source, Title
from matinee.encoding.service import Assets
from matinee.encoding.tracks.marks import KIND, Marks, Span
from matinee.playback import routes
from matinee.playback.marking import Marking
from matinee.work.job import JobState
from matinee.work.service import Jobs

INTRO = {"start_s": 2.0, "end_s": 9.5}


@dataclass(frozen=True)
class Editor:
    """An owner at work; two episodes of one season can be played, and a film."""

    client: httpx.AsyncClient
    assets: Assets
    jobs: Jobs
    first: Title
    second: Title
    film: Title

    async def call(self, method: str, title: Title, path: str = "", body: object = None) -> tuple[int, Any]:
        answer = await self.client.request(method, f"/v1/titles/{title.id}/marks{path}", json=body)
        return answer.status_code, answer.json()

    async def said(self, title: Title) -> tuple[Any, Any, Any]:
        """What is known: the opening, the credits, and whether a person said so."""
        _, marks = await self.call("GET", title)
        return marks["intro"], marks["credits"], marks["is_edited"]


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    main, queue = (open_engine(f"sqlite+aiosqlite:///{tmp_path / name}.db") for name in ("main", "jobs"))
    async with writing(queue) as connection:
        await connection.run_sync(JOBS.create_all)
    catalog, jobs = Catalog(main, system_clock), Jobs(queue, system_clock)
    assets = Assets(main, open_objects((tmp_path / "objects").as_uri()), system_clock)
    handlers = [routes.read_marks, routes.edit_marks, routes.find_marks]
    async with running(tmp_path, handlers, {"marking": Marking(catalog, assets, jobs)}) as application:
        await application.sign_in()
        titles = []
        for number, said in enumerate(({"show": "Harbour"}, {"show": "Harbour"}, {})):
            numbered = {"season": 1, "episode": number + 1} if said else {}
            known = Metadata(title=f"Part {number}", **said, **numbered)  # type: ignore[arg-type]
            title = await catalog.add(known, Source(sha256=str(number) * 64, name=f"{number}.mkv", size_bytes=1))
            await assets.publish(msgspec.structs.replace(ASSET, title_id=title.id), title.source)
            titles.append(await catalog.mark_published(title.id, Published(duration_s=60.0, height=720)))
        yield Editor(application.client, assets, jobs, *titles)
    await main.dispose()
    await queue.dispose()


async def test_an_owner_says_where_the_opening_and_the_credits_are(editor: Editor) -> None:
    assert await editor.said(editor.film) == (None, None, False)
    status, marks = await editor.call("PUT", editor.film, body={"intro": INTRO, "credits": None})
    assert status == 200
    assert (marks["intro"], marks["credits"], marks["is_edited"]) == (INTRO, None, True)
    assert await editor.said(editor.film) == (INTRO, None, True)
    assert marks["duration_s"] == ASSET.duration_s
    assert marks["storyboard"]["url"].startswith("/images/")


@pytest.mark.parametrize(
    ("intro", "closing"),
    [
        (None, {"start_s": 5.0, "end_s": 5.0}),
        (None, {"start_s": -1.0, "end_s": 5.0}),
        (None, {"start_s": 5.0, "end_s": 1e9}),
        (INTRO, {"start_s": 9.0, "end_s": 12.0}),
        (INTRO, {"start_s": 0.0, "end_s": 1.0}),
    ],
)
async def test_marks_outside_the_title_or_over_each_other_are_refused(
    editor: Editor, intro: object, closing: object
) -> None:
    status, problem = await editor.call("PUT", editor.film, body={"intro": intro, "credits": closing})
    assert status == 400, problem
    assert await editor.said(editor.film) == (None, None, False)


async def test_an_episode_s_marks_are_found_anew_whatever_was_said(editor: Editor) -> None:
    await editor.call("PUT", editor.first, body={"intro": INTRO, "credits": None})
    await editor.call("PUT", editor.second, body={"intro": INTRO, "credits": None})
    status, marks = await editor.call("POST", editor.first, "/find")
    assert status == 202
    assert marks["comparison"] == {"is_possible": True, "is_running": True, "reason": ""}
    assert await editor.said(editor.first) == (None, None, False)
    assert await editor.said(editor.second) == (INTRO, None, True), "only this one's are forgotten"
    known = [(one["id"], one["episode"], one["is_edited"]) for one in marks["season"]]
    assert known == [(editor.first.id, 1, False), (editor.second.id, 2, True)]
    (job,) = await editor.jobs.list(kind=KIND)
    assert (job.subject, job.state) == (editor.first.show_id, JobState.QUEUED)
    await editor.assets.keep_marks({editor.first.id: Marks(intro=Span(start_s=3, end_s=20))})
    assert await editor.said(editor.first) == ({"start_s": 3.0, "end_s": 20.0}, None, False)


async def test_a_comparison_that_failed_says_why_and_is_tried_again(editor: Editor) -> None:
    assert editor.first.show_id is not None
    await editor.jobs.enqueue(KIND, editor.first.show_id)
    job = await editor.jobs.claim([KIND], "me", 60.0)
    assert job is not None
    await editor.jobs.fail(job, "the disk is full")
    _, marks = await editor.call("GET", editor.first)
    assert marks["comparison"] == {"is_possible": True, "is_running": False, "reason": "the disk is full"}
    await editor.call("POST", editor.first, "/find")
    (again,) = await editor.jobs.list(kind=KIND)
    assert (again.id, again.state) == (job.id, JobState.QUEUED)


async def test_what_has_nothing_to_be_compared_with_is_said_by_a_person(editor: Editor) -> None:
    _, marks = await editor.call("GET", editor.film)
    assert marks["comparison"] == {"is_possible": False, "is_running": False, "reason": ""}
    assert marks["season"] == []
    await editor.call("PUT", editor.film, body={"intro": INTRO, "credits": None})
    status, problem = await editor.call("POST", editor.film, "/find")
    assert (status, problem["code"]) == (400, "nothing_to_compare")
    assert await editor.said(editor.film) == (INTRO, None, True), "nothing is forgotten in vain"


async def test_a_title_of_which_nothing_can_be_played_has_no_marks_yet(editor: Editor) -> None:
    await editor.assets.remove(editor.film.id, "")
    status, problem = await editor.call("GET", editor.film)
    assert (status, problem["code"]) == (404, "no_asset")
