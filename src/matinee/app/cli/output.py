"""How commands speak: results on stdout, for people or as one JSON document; progress and errors on stderr."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated, Any, TypeAlias

import typer

from matinee.app.settings import Settings, read_settings
from matinee.base.errors import MatineeError

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
WIDE = 10_000  # columns a table may have when the output is no terminal: a row is a line, for `grep`


class Output:
    """Where a command's words go."""

    def __init__(self, is_json: bool) -> None:
        self.is_json = is_json

    def result(self, document: Any, *text: Any) -> None:
        """The command's result: `document` as JSON, or `text` (anything that rich prints)."""
        if self.is_json:
            import msgspec  # noqa: PLC0415 - only where it is needed: the help must be there at once

            plain = msgspec.json.format(msgspec.json.encode(document), indent=2)
            sys.stdout.buffer.write(plain + b"\n")
            sys.stdout.buffer.flush()
            return
        console = people()
        for line in text:
            console.print(line)

    def note(self, text: str) -> None:
        """Something to know on the way."""
        people(is_error=True).print(text, highlight=False)

    def error(self, message: str, code: str) -> None:
        """Why the command failed; with `--json` that is the document."""
        if self.is_json:
            self.result({"error": {"code": code, "message": message}})
        people(is_error=True).print(f"[bold red]Error:[/] {escaped(message)}", highlight=False)


def people(*, is_error: bool = False) -> Any:
    """A rich console on stdout or stderr; as wide as a table needs where that is no terminal."""
    from rich.console import Console  # noqa: PLC0415

    stream = sys.stderr if is_error else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDE
    return Console(file=stream, width=width, soft_wrap=not stream.isatty())


def escaped(text: str) -> str:
    """`text` with nothing in it that rich would take for markup, and nothing a terminal would take for a command."""
    from rich.markup import escape  # noqa: PLC0415

    return escape("".join(char if char.isprintable() or char == "\n" else "�" for char in text))


def settings_now() -> Settings:
    """The settings that the environment names. Raises UnknownSetting and BadSetting."""
    return read_settings(os.environ)


def log_failure(error: BaseException) -> str:
    """Write the traceback of an error that nobody expected where it can be found; answers where, in words."""
    try:
        path = settings_now().home.resolve() / "logs" / "cli.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            traceback.print_exception(error, file=file)
    except (OSError, MatineeError):
        traceback.print_exception(error)
        return "the lines above"
    return str(path)
