"""Tables as they are read: on terminals of any width, and with ids that can be copied."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console, Group, RenderableType

from matinee.app.cli import tables
from matinee.app.cli.catalogue import Details, Quality
from matinee.base.ids import new_id
from matinee.catalog.title import Title
from matinee.encoding.qc.report import RenditionReport, Report
from matinee.work.job import Job, JobState, Progress, Stage

LONG = "The Assassination of Jesse James by the Coward Robert Ford: The Very Long Version"
REPORT = Report(
    title_id="title_1",
    source="",
    at=0.0,
    verdict="pass",
    reason="",
    duration_s=60.0,
    findings=(),
    renditions=(),
    cpu_s={},
)
WIDE_FILM, PORTRAIT = Quality(name="720p", width=1280, height=536), Quality(name="720p", width=720, height=1280)


def printed(table: RenderableType, width: int) -> str:
    file = io.StringIO()
    Console(file=file, width=width).print(table)
    assert all(len(line) <= width for line in file.getvalue().splitlines())
    return file.getvalue()


def film(title: str, height: int = 0) -> Title:
    return Title(
        id=new_id("title"),
        kind="film",
        title=title,
        year=2007,
        state="ready" if height else "processing",
        duration_s=9_600.0 if height else 0.0,
        height=height,
        source=title,
        created=0.0,
        updated=0.0,
    )


def job(title: str, state: JobState) -> Job:
    return Job(
        id=new_id("job"),
        kind="encode",
        subject=new_id("title"),
        payload={"title": title},
        state=state,
        progress=Progress((Stage("inspect", 1, 1), Stage("sound", 0, 0))),
        reason="the film is damaged" if state is JobState.FAILED else "",
        remedy="copy or export it again" if state is JobState.FAILED else "",
        created=0.0,
        updated=0.0,
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 s"),
        (0.26, "0.3 s"),
        (99.9, "99.9 s"),
        (100.0, "1.7 min"),
        (5_999.0, "100.0 min"),
        (9_000.0, "2.50 h"),
    ],
)
def test_what_machines_took_is_told_in_a_unit_that_shows_it(seconds: float, text: str) -> None:
    assert tables.cpu_time(seconds) == text


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("name", ["Fog", LONG])
def test_an_id_stands_whole_on_one_line(width: int, name: str) -> None:
    titles = [film(name, 536), film("Rain")]
    listed = printed(tables.of_titles(titles, {titles[0].id: WIDE_FILM}), width)
    assert [title.id in listed for title in titles] == [True, True]
    jobs = [job(name, JobState.FAILED), job("Rain", JobState.DONE)]
    shown = printed(tables.of_jobs(jobs), width)
    assert [each.id in shown for each in jobs] == [True, True]


@pytest.mark.parametrize("width", [80, 100])
def test_what_gives_way_to_an_id_is_still_all_there(width: int) -> None:
    title = film(LONG, 536)
    lines = printed(tables.of_titles([title], {title.id: WIDE_FILM}), width).splitlines()
    assert " ".join(line[:36].strip() for line in lines[3:]).split() == [*LONG.split(), title.id]
    row = next(line for line in lines if line.lstrip().startswith(LONG[:20]))
    assert all(word in row for word in ("2007", "2:40:00", "720p 1280x536", "ready"))


def test_where_there_is_room_a_row_is_one_line() -> None:
    title = film(LONG, 536)
    rows = printed(tables.of_titles([title], {title.id: WIDE_FILM}), 200).splitlines()
    assert any(LONG in row and "720p 1280x536" in row and title.id in row for row in rows)


@pytest.mark.parametrize(("quality", "said"), [(WIDE_FILM, "720p 1280x536"), (PORTRAIT, "720p 720x1280")])
def test_a_picture_is_called_by_its_box_and_its_true_size(quality: Quality, said: str) -> None:
    title = film("Fog", quality.height)
    listed = printed(tables.of_titles([title], {title.id: quality}), 80)
    details = Details(title=title, sidecars=(), episodes=(), qualities={title.id: quality}, job=None, url=None)
    shown = printed(tables.of_details(details), 80)
    for text in (listed, shown):
        assert said in text
        assert f"{quality.height}p" not in text


def test_a_report_tells_what_was_measured_of_the_sound() -> None:
    track = RenditionReport(
        key="a", name="English (en)", kind="audio", loudness_lufs=-16.04, true_peak_dbtp=-1.26, late_ms=-2.31
    )
    found = msgspec.structs.replace(REPORT, renditions=(track,))
    made = printed(Group(*tables.of_encode_report(found)), 200)
    heads, row = (next(line.split() for line in made.splitlines() if word in line) for word in ("LUFS", "English"))
    assert [word in heads for word in ("LUFS", "dBTP", "Late,")] == [True, True, True]
    assert row[-7:-4] == ["-16.0", "-1.3", "-2.3"]


def test_a_job_of_a_silent_film_is_done_wholly() -> None:
    assert "100%" in printed(tables.of_jobs([job("Fog", JobState.DONE)]), 80)
