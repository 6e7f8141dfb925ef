"""The commands about encoding: the queue and what a person changes in it, reports, decisions on what is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from matinee.app.cli.output import Json, Output, escaped, settings_now

if TYPE_CHECKING:
    from matinee.app.cli.queue import Change
    from matinee.encoding.qc.report import Choice, Report
    from matinee.work.job import Job

app = typer.Typer(
    name="encode", help="The encoding queue, titles' reports, and what is held: approve it, encode it again, reject it."
)
_TitleId = Annotated[str, typer.Argument(metavar="ID", help="The title's id.")]
_Note = Annotated[str, typer.Option(help="Why; kept in the report.")]
_Title = Annotated[str, typer.Argument(metavar="TITLE", help="A title's name or id, or a job's id.")]


@app.callback()
def encode() -> None:
    """The encoding queue, titles' reports, and what is held: approve it, encode it again, reject it."""


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


@app.command()
def report(title_id: _TitleId, json: Json = False) -> None:
    """Show how a title was encoded: verdict, findings, renditions, costs, log."""
    from matinee.app.cli import tables  # noqa: PLC0415

    found = _report_of(title_id)
    Output(json).result(found, *tables.of_encode_report(found))


@app.command()
def approve(title_id: _TitleId, note: _Note = "", json: Json = False) -> None:
    """Publish what is held, as it is."""
    _decide(title_id, "approve", note, json, "What was held is being published.")


@app.command()
def again(title_id: _TitleId, note: _Note = "", json: Json = False) -> None:
    """Encode what is held once more, with the settings of now."""
    _decide(title_id, "again", note, json, "What was held is being encoded again.")


@app.command()
def reject(title_id: _TitleId, note: _Note = "", json: Json = False) -> None:
    """Give up what is held. A title of which nothing is published goes."""
    _decide(title_id, "reject", note, json, "What was held is gone.")


def _decide(title_id: str, choice: Choice, note: str, json: bool, said: str) -> None:
    Output(json).result(_report_of(title_id, choice, note), said)


def _report_of(title_id: str, choice: Choice | None = None, note: str = "") -> Report:
    import asyncio  # noqa: PLC0415

    from matinee.app.cli.session import opened  # noqa: PLC0415

    async def run() -> Report:
        async with opened(settings_now()) as platform:
            if choice is None:
                return await platform.review.report(title_id)
            return await platform.review.decide(title_id, choice, note)

    return asyncio.run(run())
