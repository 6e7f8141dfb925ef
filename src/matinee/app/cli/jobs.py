"""The commands about jobs: list, retry, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from matinee.app.cli.output import Json, Output, settings_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matinee.app.settings import Settings
    from matinee.work.job import Job

app = typer.Typer(name="jobs", help="What is being made: list the jobs, retry one, cancel one.")
_JobId = Annotated[str, typer.Argument(metavar="ID")]


@app.callback(invoke_without_command=True)
def list_jobs(context: typer.Context, json: Json = False) -> None:
    """What is being made: list the jobs, retry one, cancel one."""
    if context.invoked_subcommand is not None:
        return
    from matinee.app.cli import tables  # noqa: PLC0415

    found = _run(settings_now(), "list")
    Output(json).result(found, tables.of_jobs(found) if found else "There are no jobs.")


@app.command()
def retry(job_id: _JobId, json: Json = False) -> None:
    """Queue a failed or cancelled job again."""
    job = _run(settings_now(), "retry", job_id)[0]
    Output(json).result(job, f"{job.id} is {job.state.value}")


@app.command()
def cancel(job_id: _JobId, json: Json = False) -> None:
    """Give a job up."""
    job = _run(settings_now(), "cancel", job_id)[0]
    Output(json).result(job, f"{job.id} is {job.state.value}")


def _run(settings: Settings, wanted: str, job_id: str = "") -> Sequence[Job]:
    import asyncio  # noqa: PLC0415

    from matinee.app.cli.session import opened  # noqa: PLC0415
    from matinee.app.webhooks.service import public  # noqa: PLC0415

    async def run() -> Sequence[Job]:
        async with opened(settings) as platform:
            if wanted == "list":
                return [public(job) for job in await platform.jobs.list()]
            change = platform.ingest.retry if wanted == "retry" else platform.jobs.cancel
            return [public(await change(job_id))]

    return asyncio.run(run())
