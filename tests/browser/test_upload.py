"""Films that come through the browser: over a line that breaks, and what is no film at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.cinema import Cinema
from tests.browser.films import lavfi
from tests.browser.line import bad_line
from tests.browser.screen import Open

LINE_BYTES_PER_S = 400_000
NAME = "A Long Way Up"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film that is large for its length."""
    source = "testsrc2=s=320x180:r=25:d=4,noise=alls=80:allf=t"
    path = lavfi(tmp_path / f"{NAME} (2022).mp4", source, ["sine=300:d=4"], "-crf", "5")
    assert path.stat().st_size > 4 * LINE_BYTES_PER_S
    return path


def wait_for_share(page: Page, at_least: float) -> None:
    """Until the only upload of the page is that far."""
    page.wait_for_function(
        "least => { const bar = document.querySelector('[data-testid=upload] [role=progressbar]');"
        "  return Number(bar.ariaValueNow) / Number(bar.ariaValueMax) >= least; }",
        arg=at_least,
    )


def test_an_upload_goes_on_after_a_lost_connection_and_becomes_a_film(
    open_page: Open, cinema: Cinema, film: Path
) -> None:
    with bad_line(cinema.url, LINE_BYTES_PER_S) as line:
        page = open_page(base_url=line.url, storage_state=cinema.signed_in())
        page.goto("/upload")
        page.get_by_test_id("file-input").set_input_files(film)
        row = page.get_by_test_id("upload")
        wait_for_share(page, 0.3)
        line.cut()
        expect(row).to_have_attribute("data-state", "retrying")
        expect(row).to_contain_text("The connection was lost at")
        with page.expect_response(lambda answer: answer.request.method == "HEAD" and answer.ok) as resumed:
            line.mend()
        assert int(resumed.value.headers["upload-offset"]) > 0, "what had arrived is not sent again"
        expect(row).to_have_attribute("data-state", "done")
        title_id = cinema.wait_for_title(NAME)
        page.goto("/films")
        page.get_by_role("link", name=NAME).click()
        expect(page.get_by_role("link", name="Play", exact=True)).to_be_visible()
    cinema.client.delete(f"/v1/titles/{title_id}").raise_for_status()


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A text that somebody renamed."""
    path = tmp_path / "diary.mp4"
    path.write_text("Dear diary, today we filmed the lighthouse.\n" * 40, encoding="utf-8")
    return path


def test_what_is_no_film_gets_a_reason_and_a_remedy_and_can_be_put_away(page: Page, text: Path) -> None:
    page.goto("/upload")
    page.get_by_test_id("file-input").set_input_files(text)
    expect(page.get_by_test_id("upload")).to_have_attribute("data-state", "done")
    page.goto("/activity")
    job = page.locator("[data-testid=job][data-state=failed]").filter(has_text="diary")
    expect(job).to_contain_text("This is a text file, not a film")
    expect(job).to_contain_text("dd a film in one of these: MP4 or QuickTime")
    job.get_by_role("button", name="Remove diary").click()
    expect(job).to_have_count(0)


def test_all_that_has_ended_is_put_away_at_once(page: Page, text: Path) -> None:
    page.goto("/upload")
    for name in ("first", "second"):
        other = text.with_name(f"{name}.mp4")
        other.write_bytes(text.read_bytes() + name.encode())
        page.get_by_test_id("file-input").set_input_files(other)
    expect(page.locator("[data-testid=upload][data-state=done]")).to_have_count(2)
    page.goto("/activity")
    failed = page.locator("[data-testid=job][data-state=failed]")
    for name in ("first", "second"):
        expect(failed.filter(has_text=name)).to_have_count(1)
    page.get_by_role("button", name="Clear all: Needs you").click()
    expect(failed).to_have_count(0)
    page.get_by_role("button", name="Clear all: Finished").click()
    expect(page.get_by_role("heading", name="All quiet")).to_be_visible()
