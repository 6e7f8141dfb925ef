"""Progress bars on stderr: one for each film, and below it one for each of its stages, with the time that is left."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, RenderableType
from rich.constrain import Constrain
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from matinee.app.cli.output import escaped
from matinee.work.job import Stage

SPEED_OVER_S = 120.0  # chunks of a film end in bursts: the time that is left is estimated over this long
WIDTH_MAX = 110  # columns: on a wider terminal a bar would be far from its film


class Bars:
    """Shows how far films are. Where stderr is no terminal, a line for each film that begins and ends, if `is_told`."""

    def __init__(self, *, is_told: bool = True, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr)
        self._is_told = is_told and not self._console.is_terminal
        self._progress = _Fitted(
            SpinnerColumn(),
            TextColumn("{task.description}", table_column=Column(ratio=3, no_wrap=True, overflow="ellipsis")),
            BarColumn(bar_width=None, table_column=Column(ratio=2)),
            TaskProgressColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            expand=True,
            speed_estimate_period=SPEED_OVER_S,
            disable=not self._console.is_terminal,
        )
        self._bars: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, film: str) -> None:
        """Say that `film` is being taken in."""
        if self._is_told:
            self._say(f"{film}: begun")

    def show(self, film: str, stages: Sequence[Stage]) -> None:
        """Show the stages of `film` as they are now."""
        known = [stage for stage in stages if stage.total]  # one with nothing to do has no bar: a silent film's sound
        if self._progress.disable or not known:
            return
        shares = [min(1.0, stage.done / stage.total) for stage in known]
        self._set(film, "", f"[bold]{escaped(film)}[/]", sum(shares), len(shares))
        for stage in known:
            self._set(film, stage.name, f"  {escaped(stage.name)}", stage.done, stage.total)

    def clear(self, film: str) -> None:
        """Take away the bars of `film`."""
        for key in [key for key in self._bars if key[0] == film]:
            self._progress.remove_task(self._bars.pop(key))

    def end(self, film: str, state: str, reason: str = "") -> None:
        """Take away the bars of `film` and say what became of it; on a terminal only where there is a `reason`."""
        self.clear(film)
        if self._is_told or (reason and self._console.is_terminal):
            self._say(": ".join(filter(None, (film, state, reason))))

    def _say(self, text: str) -> None:
        line = escaped(text.replace("\n", " "))  # a line of a log is one line
        self._console.print(line, highlight=False, soft_wrap=True)

    def _set(self, film: str, stage: str, description: str, done: float, total: float) -> None:
        key = (film, stage)
        if key not in self._bars:
            self._bars[key] = self._progress.add_task(description, film=film)
        self._progress.update(self._bars[key], completed=done, total=total)


class _Fitted(Progress):
    """As wide as the terminal, up to `WIDTH_MAX`: only titles are shortened, and the bars of a film stay together."""

    def get_renderable(self) -> RenderableType:
        films = list(dict.fromkeys(task.fields["film"] for task in self.tasks))
        together = sorted(self.tasks, key=lambda task: films.index(task.fields["film"]))
        return Constrain(self.make_tasks_table(together), WIDTH_MAX)
