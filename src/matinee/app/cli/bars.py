"""Progress bars on stderr: one for each film, and below it one for each of its stages, with the time that is left."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from matinee.app.cli.output import escaped
from matinee.work.job import Stage

SPEED_OVER_S = 120.0  # chunks of a film end in bursts: the time that is left is estimated over this long


class Bars:
    """Shows how far films are. Where stderr is no terminal, a line for each stage that ends."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            speed_estimate_period=SPEED_OVER_S,
            disable=not self._console.is_terminal,
        )
        self._bars: dict[tuple[str, str], TaskID] = {}
        self._told: set[tuple[str, str]] = set()

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, film: str, stages: Sequence[Stage]) -> None:
        """Show the stages of `film` as they are now."""
        if not self._console.is_terminal:
            self._tell(film, stages)
            return
        if len(stages) > 1:
            shares = [min(1.0, stage.done / stage.total) if stage.total else 0.0 for stage in stages]
            self._set(film, "", f"[bold]{escaped(film)}[/]", sum(shares), len(shares))
        for stage in stages:
            self._set(film, stage.name, f"  {escaped(stage.name)}", stage.done, stage.total)

    def end(self, film: str) -> None:
        """Take away the bars of a film that has ended."""
        for key in [key for key in self._bars if key[0] == film]:
            self._progress.remove_task(self._bars.pop(key))

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._progress.console.print(text, highlight=False)

    def _set(self, film: str, stage: str, description: str, done: float, total: float) -> None:
        key = (film, stage)
        if key not in self._bars:
            self._bars[key] = self._progress.add_task(description, total=total or None)
        self._progress.update(self._bars[key], completed=done, total=total or None)

    def _tell(self, film: str, stages: Sequence[Stage]) -> None:
        for stage in stages:
            if stage.total and stage.done >= stage.total and (film, stage.name) not in self._told:
                self._told.add((film, stage.name))
                self.say(f"{escaped(film)}: {stage.name} done")
