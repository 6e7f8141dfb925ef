"""The commands about this machine: a check-up, the owner's password, the settings."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

import typer

from matinee.app.cli.output import Json, Output, escaped, people, settings_now
from matinee.app.settings import NAMES, SECRETS, Settings
from matinee.base.errors import Invalid

_SECRET = re.compile(r"(://[^/@:]*:)[^@]*(@)")


class PasswordsDiffer(Invalid):
    """The password was not typed the same way twice."""

    code = "passwords_differ"


def doctor(json: Json = False) -> None:
    """Check that everything Matinee needs is there and works."""
    from matinee.app.doctor import checks  # noqa: PLC0415

    found = list(checks(settings_now()))
    marks = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]"}
    lines = []
    for check in found:
        lines.append(f"{marks[check.state]} [bold]{escaped(check.name)}[/]  {escaped(check.detail)}")
        if check.remedy:
            lines.append(f"    {escaped(check.remedy)}")
    failed = sum(check.state == "failed" for check in found)
    lines.append(f"{failed} of {len(found)} checks failed." if failed else "Everything is in order.")
    Output(json).result({"checks": found, "failed": failed}, *lines)
    if failed:
        raise typer.Exit(1)


def password(json: Json = False) -> None:
    """Set a new password for the owner; every device is signed out."""
    import asyncio  # noqa: PLC0415

    from matinee.app.cli.session import opened  # noqa: PLC0415

    chosen = _typed()

    async def run() -> str:
        async with opened(settings_now()) as platform:
            return (await platform.members.reset_password(chosen)).name

    name = asyncio.run(run())
    Output(json).result({"name": name}, f"{escaped(name)} has a new password; every device has to sign in again.")


def settings(json: Json = False) -> None:
    """Print every setting, its value, and where that is from."""
    from matinee.app.cli import tables  # noqa: PLC0415

    rows = setting_rows(settings_now(), os.environ)
    document = [{"name": name, "value": value, "from": origin} for name, value, origin in rows]
    Output(json).result(document, tables.of_settings(rows))


def setting_rows(known: Settings, environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Name, value and origin of every setting; passwords in URLs and secrets are not shown."""
    rows = []
    for field, name in NAMES.items():
        value = getattr(known, field)
        shown = str(value).lower() if isinstance(value, bool) else _SECRET.sub(r"\1***\2", str(value))
        if field in SECRETS and shown:
            shown = "***"
        rows.append((name, shown, "environment" if environ.get(name) else "default"))
    return rows


def _typed() -> str:
    """The new password: asked for twice on a terminal, else the first line of stdin."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    import getpass  # noqa: PLC0415

    first = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != first:
        raise PasswordsDiffer("the two passwords differ; nothing was changed, run it again")
    people(is_error=True).print()
    return first
