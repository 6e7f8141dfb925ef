"""The commands, put together; what goes wrong becomes one sentence and an exit code.

0: done; 1: failed, with the reason and what to do; 2: the command was not understood; 130: interrupted.
Modules of a command are loaded when it runs: the help of all of them is there at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from matinee.app.cli import encode, films, jobs, machine, marks, roles, webhooks
from matinee.app.cli.output import Output, log_failure
from matinee.base.errors import MatineeError

app = typer.Typer(
    name="matinee",
    help="Turns a folder of films into a streaming service. Begin with [bold]matinee up[/bold].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(rich_help_panel="Run")(roles.up)
app.command(name="add", rich_help_panel="Films")(films.add)
app.command(name="import", rich_help_panel="Films")(films.import_folder)
app.command(rich_help_panel="Films")(films.analyse)
app.command(name="list", rich_help_panel="Films")(films.list_titles)
app.command(rich_help_panel="Films")(films.show)
app.command(rich_help_panel="Films")(films.remove)
app.command(rich_help_panel="Films")(marks.marks)
app.add_typer(jobs.app, rich_help_panel="Films")
app.add_typer(encode.app, rich_help_panel="Films")
app.command(rich_help_panel="This machine")(machine.doctor)
app.command(rich_help_panel="This machine")(machine.password)
app.command(rich_help_panel="This machine")(machine.settings)
app.add_typer(webhooks.app, rich_help_panel="This machine")
app.command(rich_help_panel="One role a process")(roles.serve)
app.command(rich_help_panel="One role a process")(roles.edge)
app.command(rich_help_panel="One role a process")(roles.work)
app.command(rich_help_panel="One role a process")(roles.scheduler)
app.command(rich_help_panel="One role a process")(roles.control)


def main() -> None:
    """Run the command that the process was started with."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; answers the exit code."""
    output = Output("--json" in arguments)
    try:
        app(list(arguments), prog_name="matinee")
    except MatineeError as error:
        remedy = getattr(error, "remedy", "")
        output.error(f"{error.message}; {remedy}" if remedy else error.message, error.code)
        return 1
    except BrokenPipeError:
        # Who read our output has enough; Python must not stumble over it again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        log = log_failure(error)
        output.error(f"{type(error).__name__}: {error}; the whole of it is in {log}", "unexpected")
        return 1
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0
