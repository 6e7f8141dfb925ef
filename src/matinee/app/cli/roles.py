"""The commands that run Matinee: all of it in one place, or one role a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from matinee.app.cli.output import Output, escaped, people, settings_now

if TYPE_CHECKING:
    from matinee.app.roles.up import Ready


def up(
    or_running: Annotated[
        bool, typer.Option("--or-running", help="Where it runs already, say so and end with exit code 0.")
    ] = False,
) -> None:
    """Run Matinee on this machine, all of it, until Ctrl-C."""
    from matinee.app import roles  # noqa: PLC0415
    from matinee.app.roles.home import AlreadyUp  # noqa: PLC0415

    try:
        roles.up(settings_now(), _announce)
    except AlreadyUp as error:
        if not or_running:
            raise
        Output(is_json=False).note(f"{escaped(error.message)}.")


def serve() -> None:
    """Run the API and the web app."""
    from matinee.app import roles  # noqa: PLC0415

    roles.serve(settings_now())


def edge() -> None:
    """Run the edge, which sends the films' bytes."""
    from matinee.app import roles  # noqa: PLC0415

    roles.edge(settings_now())


def work() -> None:
    """Run a worker of the cluster at COMPUTE_URL."""
    from matinee.app import roles  # noqa: PLC0415

    roles.work(settings_now())


def scheduler() -> None:
    """Run the scheduler of the cluster at COMPUTE_URL."""
    from matinee.app import roles  # noqa: PLC0415

    roles.scheduler(settings_now())


def control() -> None:
    """Run durable jobs: encoding, uploads, the watched folder."""
    from matinee.app import roles  # noqa: PLC0415

    roles.control(settings_now())


def _announce(ready: Ready) -> None:
    from rich.panel import Panel  # noqa: PLC0415

    lines = [f"Matinee is at [bold]{ready.url}[/]"]
    if ready.setup_url:
        lines += ["", "Make the owner's account with this link, which works once:", f"[bold]{ready.setup_url}[/]"]
    lines += [
        "",
        "Add a film:      [bold]./matinee add film.mkv[/]",
        "Add a library:   [bold]./matinee import FOLDER[/]",
        f"Everything is kept in {ready.home}; Ctrl-C stops Matinee.",
    ]
    console = people()
    if console.is_terminal:
        console.print(Panel("\n".join(lines), border_style="yellow", expand=False))
    else:  # a frame would be in the way of whoever reads this from a file
        console.print("\n".join(lines), highlight=False, soft_wrap=True)
