"""The commands about webhooks: a secret, a trial message, and what was sent to whom."""

from __future__ import annotations

import typer

from matinee.app.cli.output import Json, Output, escaped, settings_now

app = typer.Typer(name="webhooks", help="Who is told what becomes of titles: a secret, a trial, what was sent.")


@app.callback()
def webhooks() -> None:
    """Who is told what becomes of titles: a secret, a trial, what was sent."""


@app.command()
def secret(json: Json = False) -> None:
    """Make a secret for MATINEE_WEBHOOK_SECRET; the receiver needs the same."""
    import secrets  # noqa: PLC0415

    from matinee.app.webhooks.signature import secret_text  # noqa: PLC0415

    made = secret_text(secrets.token_bytes(32))
    Output(json).result({"secret": made}, made)


@app.command()
def test(json: Json = False) -> None:
    """Send every receiver a signed message that says nothing, and tell how it went."""
    import asyncio  # noqa: PLC0415
    from collections.abc import Sequence  # noqa: PLC0415

    from matinee.app.cli.session import opened  # noqa: PLC0415
    from matinee.app.webhooks.service import Tried  # noqa: PLC0415

    async def run() -> Sequence[Tried]:
        async with opened(settings_now()) as platform:
            return await platform.webhooks.test()

    tried = asyncio.run(run())
    lines = [f"[red]✗[/] {escaped(one.problem)}" if one.problem else f"[green]✓[/] {escaped(one.url)}" for one in tried]
    Output(json).result({"tried": tried}, *(lines or ["There are no receivers: set MATINEE_WEBHOOK_URLS."]))
    if any(one.problem for one in tried) or not tried:
        raise typer.Exit(1)


@app.command()
def status(json: Json = False) -> None:
    """List what was sent, and what waits to be sent again and why."""
    import asyncio  # noqa: PLC0415
    from collections.abc import Sequence  # noqa: PLC0415

    from matinee.app.cli import tables  # noqa: PLC0415
    from matinee.app.cli.session import opened  # noqa: PLC0415
    from matinee.app.webhooks.service import KIND, public  # noqa: PLC0415
    from matinee.work.job import Job  # noqa: PLC0415

    async def run() -> Sequence[Job]:
        async with opened(settings_now()) as platform:
            return [public(job) for job in await platform.jobs.list(kind=KIND)]

    sent = asyncio.run(run())
    Output(json).result(sent, tables.of_deliveries(sent) if sent else "Nothing was sent yet.")
