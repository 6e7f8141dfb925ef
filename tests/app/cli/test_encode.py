"""`matinee encode`: a person orders the queue from the command line, and it stays so between commands."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.app.cli.test_main import FILM, home, matinee
from tests.app.held import REASON, hold

from matinee.app.cli.output import settings_now
from matinee.app.cli.session import opened

__all__ = ["home", "matinee"]  # fixtures


@pytest.fixture
def two(matinee: Any, tmp_path: Path) -> tuple[str, str]:
    """The title ids of two films whose jobs wait."""
    ids = []
    for name in ("Fog (1999)", "Rain (1999)"):
        path = tmp_path / f"{name}.mkv"
        path.write_bytes(FILM + name.encode())
        ids.append(matinee("add", str(path), "--no-wait", "--json").document["title_id"])
    return ids[0], ids[1]


def names(matinee: Any) -> list[tuple[str, str, int]]:
    queue = matinee("encode", "status", "--json").document
    return [(title["title"], title["state"], title["priority"]) for title in queue["titles"]]


def test_the_queue_is_shown_in_its_order_and_can_be_changed(matinee: Any, two: tuple[str, str]) -> None:
    assert names(matinee) == [("Fog", "queued", 0), ("Rain", "queued", 0)]
    assert matinee("encode", "first", two[1]).out.startswith("Rain is queued, with priority 1 (job_")
    assert matinee("encode", "priority", "fog", "--json", "--", "-3").document["priority"] == -3
    assert matinee("encode", "pause", "Rain").code == 0
    assert names(matinee) == [("Rain", "paused", 1), ("Fog", "queued", -3)]
    assert matinee("encode", "resume", "Rain", "--json").document["state"] == "queued"
    assert matinee("encode", "cancel", "Rain").code == 0
    assert matinee("encode", "retry", "Rain", "--json").document["state"] == "queued"


def test_a_queue_for_people_says_what_is_known_and_nothing_that_is_not(matinee: Any, two: tuple[str, str]) -> None:
    shown = matinee("encode", "status").out
    assert "Fog" in shown and "0 run, 2 wait, 0 paused, 0 failed; 0 of 0 worker(s) are busy." in shown
    one = matinee("encode", "status", "Fog").out
    assert "the time that is left is not known yet" in one and "about" not in one


def test_what_cannot_be_done_says_why(matinee: Any, two: tuple[str, str], tmp_path: Path) -> None:
    ran = matinee("encode", "resume", "Fog")
    assert (ran.code, "only a paused job can be resumed" in ran.err) == (1, True)
    ran = matinee("encode", "pause", "Nothing of the kind")
    assert (ran.code, "no title with a job is called" in ran.err) == (1, True)
    other = tmp_path / "other" / "Fog (1980).mkv"
    other.parent.mkdir()
    other.write_bytes(FILM + b"another")
    matinee("add", str(other), "--no-wait")
    ran = matinee("encode", "pause", "Fog")
    assert (ran.code, "2 titles are called 'Fog'; name one by its id" in ran.err) == (1, True)


@pytest.fixture
def held(matinee: Any, two: tuple[str, str]) -> str:
    """The id of the first of two films, which quality control holds."""

    async def run() -> str:
        async with opened(settings_now()) as platform:
            return (await hold(platform.jobs, platform.objects)).subject

    return asyncio.run(run())


def test_a_report_is_read_and_names_what_is_held(matinee: Any, held: str, two: tuple[str, str]) -> None:
    shown = matinee("encode", "report", held).out
    assert "Verdict: hold" in shown and REASON in shown and "360p (held)" in shown
    assert "approve it, have it encoded again, or reject it" in shown and "encode 12.0 s" in shown
    assert matinee("encode", "report", held, "--json").document["is_waiting"]
    ran = matinee("encode", "report", two[1])
    assert (ran.code, "there is no report" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("choice", "said"),
    [("approve", "being published"), ("again", "being encoded again"), ("reject", "What was held is gone")],
)
def test_what_is_held_is_decided_on_once(matinee: Any, held: str, choice: str, said: str) -> None:
    ran = matinee("encode", choice, held, "--note", "so I say")
    assert (ran.code, said in ran.out) == (0, True)
    again = matinee("encode", choice, held)
    assert (again.code, "nothing was changed" in again.err) == (1, True)
    states = {job["subject"]: job["state"] for job in matinee("jobs", "--json").document}
    assert states.get(held) == (None if choice == "reject" else "queued")
    if choice != "reject":
        (decision,) = matinee("encode", "report", held, "--json").document["decisions"]
        assert (decision["choice"], decision["note"]) == (choice, "so I say")


def test_what_is_held_is_not_given_up_before_somebody_looked_at_its_report(matinee: Any, held: str) -> None:
    ran = matinee("encode", "cancel", held, "--json")
    assert (ran.code, ran.document["error"]["code"]) == (1, "waits_for_review")
    assert f"matinee encode report {held}" in ran.document["error"]["message"]
    assert matinee("encode", "report", held, "--json").document["is_waiting"]


@pytest.mark.parametrize("choice", ["approve", "again", "reject"])
def test_what_is_not_held_cannot_be_decided_on(matinee: Any, two: tuple[str, str], choice: str) -> None:
    ran = matinee("encode", choice, two[0], "--json")
    assert (ran.code, ran.document["error"]["code"]) == (1, "not_held")


def test_an_empty_queue_says_so(matinee: Any) -> None:
    assert matinee("encode", "status").out == "Nothing waits to be encoded.\n"
