"""The commands about encoding: the queue with what each title still needs, and what a person changes in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from matinee.app.cli.output import Json, Output, escaped, settings_now

if TYPE_CHECKING:
    from matinee.app.cli.queue import Change
    from matinee.work.job import Job

app = typer.Typer(name="encode", help="The encoding queue: how far each title is, pause, resume, order, retry, cancel.")
_Title = Annotated[str, typer.Argument(metavar="TITLE", help="A title's name or id, or a job's id.")]


@app.callback()
def encode() -> None:
    """The encoding queue: how far each title is, pause, resume, order, retry, cancel."""


@app.command()
def status(
    title: Annotated[str, typer.Argument(metavar="[TITLE]", help="Only this one, with all its stages.")] = "",
    json: Json = False,
) -> None:
    """Show the queue: how far each title is, and when it will be done."""
    from matinee.app.cli import tables  # noqa: PLC0415
    from matinee.app.cli.queue import queue_now, title_now  # noqa: PLC0415

    if title:
        found = title_now(settings_now(), title)
        Output(json).result(found, tables.of_queued(found))
        return
    queue = queue_now(settings_now())
    shown = tables.of_queue(queue) if queue.titles or queue.failed else "Nothing waits to be encoded."
    Output(json).result(queue, shown)


@app.command()
def pause(title: _Title, json: Json = False) -> None:
    """Let a title rest; what is done of it stays."""
    _change(title, "pause", json)


@app.command()
def resume(title: _Title, json: Json = False) -> None:
    """Let a paused title go on."""
    _change(title, "resume", json)


@app.command()
def first(title: _Title, json: Json = False) -> None:
    """Put a title before all others."""
    _change(title, "first", json)


@app.command()
def priority(
    title: _Title,
    level: Annotated[int, typer.Argument(min=-1000, max=1000, help="0: back catalogue, 10: a release.")],
    json: Json = False,
) -> None:
    """Give a title a priority: a higher one goes first."""
    _change(title, "priority", json, level)


@app.command()
def retry(title: _Title, json: Json = False) -> None:
    """Try a title again that failed or was cancelled."""
    _change(title, "retry", json)


@app.command()
def cancel(title: _Title, json: Json = False) -> None:
    """Give a title up: what was published of it stays, the rest goes."""
    _change(title, "cancel", json)


def _change(title: str, change: Change, json: bool, level: int = 0) -> None:
    from matinee.app.cli.queue import changed  # noqa: PLC0415

    job = changed(settings_now(), title, change, level)
    Output(json).result(job, _said(job))


def _said(job: Job) -> str:
    name = escaped(str(job.payload.get("title") or job.subject))
    return f"{name} is {job.state.value}, with priority {job.priority} ({job.id})"
