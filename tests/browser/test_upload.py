"""Films that come through the browser: over a line that breaks, and what is no film at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect
from tests.browser.cinema import Cinema
from tests.browser.films import lavfi

LINE_BYTES_PER_S = 400_000
NAME = "A Long Way Up"


class SlowLine:
    """The network of a page, as slow as a bad line, which breaks."""

    def __init__(self, page: Page) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("Network.enable")
        self.join()

    def join(self) -> None:
        """Slow, but there."""
        self._be(is_offline=False)

    def part(self) -> None:
        """Gone, and what was under way with it."""
        self._be(is_offline=True)

    def _be(self, *, is_offline: bool) -> None:
        speed = {"latency": 5, "downloadThroughput": -1, "uploadThroughput": LINE_BYTES_PER_S}
        self.session.send("Network.emulateNetworkConditions", {"offline": is_offline, **speed})


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film that is large for its length."""
    source = "testsrc2=s=320x180:r=25:d=4,noise=alls=80:allf=t"
    path = lavfi(tmp_path / f"{NAME} (2022).mp4", source, ["sine=300:d=4"], "-crf", "5")
    assert path.stat().st_size > 4 * LINE_BYTES_PER_S
    return path


def share(row: Locator) -> float:
    """How much of an upload has arrived, 0 to 1, as its bar says."""
    bar = row.get_by_role("progressbar")
    return float(bar.get_attribute("aria-valuenow") or 0) / float(bar.get_attribute("aria-valuemax") or 1)


def wait_for_share(page: Page, at_least: float) -> None:
    """Until the only upload of the page is that far."""
    page.wait_for_function(
        "least => { const bar = document.querySelector('[data-testid=upload] [role=progressbar]');"
        "  return Number(bar.ariaValueNow) / Number(bar.ariaValueMax) >= least; }",
        arg=at_least,
    )


def test_an_upload_goes_on_after_a_lost_connection_and_becomes_a_film(page: Page, cinema: Cinema, film: Path) -> None:
    page.goto("/upload")
    line = SlowLine(page)
    page.get_by_test_id("file-input").set_input_files(film)
    row = page.get_by_test_id("upload")
    wait_for_share(page, 0.3)
    line.part()
    expect(row).to_have_attribute("data-state", "retrying")
    expect(row).to_contain_text("The connection was lost at")
    with page.expect_response(lambda answer: answer.request.method == "HEAD") as resumed:
        line.join()
    assert int(resumed.value.headers["upload-offset"]) > 0, "what had arrived is not sent again"
    expect(row).to_have_attribute("data-state", "done")
    page.goto("/films")
    page.get_by_role("link", name=f"Open {NAME}").wait_for()
    title = next(card for card in cinema.client.get("/v1/titles").json()["items"] if card["title"] == NAME)
    page.goto(f"/title/{title['id']}")
    expect(page.get_by_role("link", name="Play", exact=True)).to_be_visible()
    cinema.client.delete(f"/v1/titles/{title['id']}").raise_for_status()


def test_what_is_no_film_gets_a_reason_and_a_remedy(page: Page, tmp_path: Path) -> None:
    text = tmp_path / "diary.mp4"
    text.write_text("Dear diary, today we filmed the lighthouse.\n" * 40, encoding="utf-8")
    page.goto("/upload")
    page.get_by_test_id("file-input").set_input_files(text)
    told = page.get_by_text("text file").first
    told.or_(page.get_by_text("Uploaded; it is being prepared now")).first.wait_for()
    page.goto("/activity")
    job = page.get_by_test_id("job").filter(has_text="diary")
    expect(job).to_have_attribute("data-state", "failed")
    expect(job).to_contain_text("text file")
    expect(job).to_contain_text("What to do:")
    job.get_by_role("button", name="Remove diary").click()
    expect(job).to_be_hidden()
