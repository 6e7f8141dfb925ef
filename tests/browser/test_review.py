"""What quality control holds, in the browser: it leads to its report, no single click throws it away, and a page that
is looked at stays while the server is away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from tests.app.held import REASON, put_report, report_of
from tests.browser.cinema import Cinema
from tests.browser.screen import Open
from tests.browser.test_accessibility import violations
from tests.browser.test_home import settle
from tests.end_to_end.processes import until
from tests.end_to_end.server import Running, matinee
from tests.media.generate import Clip, make_numbered

from matinee.app.settings import Settings
from matinee.app.wiring import open_platform
from matinee.base.database import writing
from matinee.encoding.qc.quality import Finding, Held
from matinee.encoding.qc.report import RenditionReport
from matinee.work import tables

PHONE = {"width": 360, "height": 740}
TRACK = RenditionReport(key="a", name="English (en)", kind="audio", loudness_lufs=-16.0, true_peak_dbtp=-1.3, late_ms=2)


async def hold(home: Path, job_id: str) -> None:
    """Have a job that is paused be held for its picture, and for its sound."""
    async with open_platform(Settings(home=home)) as platform:
        job = await platform.jobs.get(job_id)
        report = report_of(job)
        late = Finding(check="offset", rendition=TRACK.name, severity="hold", message="the sound is late", at_s=65.0)
        put_report(
            platform.objects,
            msgspec.structs.replace(report, findings=(*report.findings, late), renditions=(*report.renditions, TRACK)),
        )
        row = {"state": "failed", "code": Held.code, "reason": f"held: {REASON}", "remedy": "look at the report"}
        async with writing(platform.jobs.engine) as connection:
            await connection.execute(update(tables.jobs).where(tables.jobs.c.id == job_id).values(row))


@pytest.fixture
def held(running: Running, cinema: Cinema, tmp_path: Path) -> Iterator[str]:
    """The id of a title that is held; it is called Fog."""
    film = make_numbered(tmp_path / "Fog.mkv", Clip(rate=Fraction(25), frames=300, width=640, height=360))
    added = matinee(running.home, "add", str(film), "--no-wait", "--json").document
    cinema.client.post(f"/v1/jobs/{added['job_id']}/pause").raise_for_status()
    with ThreadPoolExecutor() as other:  # Playwright's own loop runs in this thread
        other.submit(asyncio.run, hold(running.home, added["job_id"])).result()
    yield added["title_id"]
    cinema.client.delete(f"/v1/titles/{added['title_id']}")
    cinema.client.delete(f"/v1/jobs/{added['job_id']}")


@pytest.mark.parametrize(("path", "row"), [("/activity", "job"), ("/encoding", "failure")])
def test_what_is_held_leads_to_its_report_and_is_not_put_away(page: Page, held: str, path: str, row: str) -> None:
    page.goto(path)
    fog = page.get_by_test_id(row).filter(has_text="Fog")
    expect(fog).to_contain_text(REASON)
    expect(fog.get_by_role("button", name="Remove Fog")).to_have_count(0)
    expect(page.get_by_role("button", name="Clear all: Needs you")).to_have_count(0)
    fog.get_by_role("link", name="Review what is held of Fog").click()
    expect(page.get_by_role("heading", name="Held: it waits for you")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="English")).to_contain_text("-16.0")


def test_rejecting_asks_first_and_ends_on_a_page_that_leads_on(page: Page, cinema: Cinema, held: str) -> None:
    page.goto(f"/title/{held}/report")
    page.get_by_role("button", name="Reject it").click()
    keep = page.get_by_role("button", name="Keep it")
    expect(keep).to_be_focused()
    keep.click()
    assert cinema.client.get(f"/v1/titles/{held}/report").json()["is_waiting"]
    page.get_by_role("button", name="Reject it").click()
    page.get_by_role("button", name="Yes, reject it").click()
    expect(page.get_by_role("heading", name="Rejected")).to_be_visible()
    until(lambda: cinema.client.get(f"/v1/titles/{held}").status_code == 404, "its title is gone")
    page.get_by_role("main").get_by_role("link", name="Encoding").click()
    expect(page.get_by_role("heading", name="Encoding")).to_be_visible()
    expect(page.get_by_test_id("failure").filter(has_text="Fog")).to_have_count(0)


def test_a_note_that_is_half_written_stays_while_the_server_is_away(page: Page, held: str) -> None:
    page.goto(f"/title/{held}/report")
    note = page.get_by_role("textbox", name="A note")
    note.fill("the grain is")
    page.route(re.compile("/v1/titles/"), lambda route: route.abort())
    expect(page.get_by_test_id("not-live")).to_contain_text("The server does not answer")
    expect(note).to_have_value("the grain is")
    page.unroute_all()
    expect(page.get_by_test_id("not-live")).to_be_empty()
    expect(note).to_have_value("the grain is")
    page.get_by_role("button", name="Encode it again").click()
    expect(page.get_by_role("status").filter(has_text="It is being encoded again")).to_be_visible()


def test_a_report_of_what_is_held_fits_a_phone_and_axe_finds_nothing(
    open_page: Open, cinema: Cinema, held: str
) -> None:
    page = open_page(base_url=cinema.url, storage_state=cinema.signed_in(), viewport=PHONE)
    page.goto(f"/title/{held}/report")
    page.get_by_role("button", name="Reject it").click()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.route(re.compile("/v1/titles/"), lambda route: route.abort())
    expect(page.get_by_test_id("not-live")).to_contain_text("The server does not answer")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert violations(page) == []
