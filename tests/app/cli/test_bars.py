"""Progress as it is seen: bars on terminals of any width, one line at a time in a log."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from matinee.app.cli.bars import WIDTH_MAX, Bars
from matinee.work.job import Stage

LONG = "The Assassination of Jesse James by the Coward Robert Ford: The Very Long Version (2007)"


def frame(bars: Bars, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as shown:
        console.print(bars._progress.get_renderable())
    return shown.get().splitlines()


def on_a_terminal(width: int) -> Bars:
    return Bars(console=Console(file=io.StringIO(), width=width, force_terminal=True))


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_a_long_title_leaves_stage_bar_percent_and_time_readable(width: int) -> None:
    bars = on_a_terminal(width)
    bars.show(LONG, (Stage("inspect", 1, 1), Stage("analyse", 2, 4), Stage("1080p", 0, 9)))
    film, *stages = frame(bars, width)
    assert "The Assassination of J" in film
    assert "…" in film
    assert " 50% left -:--:--" in film
    assert [line.split()[:2][-1] for line in stages] == ["━" * stages[0].count("━"), "analyse", "1080p"]
    assert " inspect " in stages[0]
    assert stages[0].endswith(" 100% left 0:00:00")
    assert stages[0].count("━") >= 15
    assert {len(line) for line in (film, *stages)} == {min(width, WIDTH_MAX)}


def test_the_bars_of_a_film_stay_together_when_films_are_made_side_by_side() -> None:
    bars = on_a_terminal(80)
    bars.show("Fog", (Stage("inspect", 0, 1),))
    bars.show("Rain", (Stage("inspect", 0, 1),))
    bars.show("Fog", (Stage("inspect", 1, 1), Stage("analyse", 0, 4)))
    names = [line.strip("⠋ ").split()[0] for line in frame(bars, 80)]
    assert names == ["Fog", "inspect", "analyse", "Rain", "inspect"]
    bars.end("Fog", "done")
    assert [line.strip("⠋ ").split()[0] for line in frame(bars, 80)] == ["Rain", "inspect"]


def test_a_stage_with_nothing_to_do_does_not_hold_a_film_back() -> None:
    bars = on_a_terminal(80)
    bars.show("Silent", (Stage("inspect", 1, 1), Stage("sound", 0, 0)))
    assert ["100%" in line for line in frame(bars, 80)] == [True, True]


@pytest.mark.parametrize("is_told", [True, False])
def test_a_log_has_one_plain_line_for_each_film_that_begins_and_ends(is_told: bool) -> None:
    log = io.StringIO()
    with Bars(is_told=is_told, console=Console(file=log, width=40)) as bars:
        bars.begin(LONG)
        bars.show(LONG, (Stage("store", 5, 5),))
        bars.end(LONG, "done")
        bars.end("[red]\x1b[2J", "failed", "it is empty")
    said = [f"{LONG}: begun", f"{LONG}: done", "[red]�[2J: failed: it is empty"]
    assert log.getvalue().splitlines() == (said if is_told else [])


def test_a_terminal_is_told_of_failures_only() -> None:
    terminal = io.StringIO()
    bars = Bars(console=Console(file=terminal, width=80, force_terminal=True, color_system=None))
    bars.begin("Fog")
    bars.end("Fog", "done")
    bars.end("Rain", "failed", "it is empty")
    assert terminal.getvalue().splitlines() == ["Rain: failed: it is empty"]
