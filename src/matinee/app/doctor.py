"""`matinee doctor`: whether everything that Matinee needs is there and works, and what to do where it is not."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from matinee.app.roles.home import make_home, read_server
from matinee.app.settings import Settings
from matinee.app.wiring.background import build_of, ffmpeg_of
from matinee.app.wiring.platform import fonts_folder, web_folder
from matinee.base.database import database_url, open_engine, reading
from matinee.base.errors import MatineeError
from matinee.base.process import capabilities, run_confined
from matinee.encoding.worker.ability import ABILITIES, Ability
from matinee.encoding.worker.proving import LIMITS, hardware_encoders, lacking
from matinee.work.compute import check_compute_url

SPACE_LOW_BYTES = 20_000_000_000
"""A feature film's renditions are about 10 GB, and its master is kept."""
SQLITE_NEEDED = (3, 35, 0)  # RETURNING

State = Literal["ok", "warning", "failed"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at; `remedy` says what to do about it."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def checks(settings: Settings) -> Iterator[Check]:
    """Look at everything, one thing after the other; one that cannot be looked at has failed."""
    looks: tuple[tuple[str, Callable[[Settings], Check]], ...] = (
        ("Python", _python),
        ("Data folder", _home),
        ("FFmpeg", _ffmpeg),
        ("FFmpeg features", _features),
        ("Confinement", _confinement),
        ("Database", _database),
        ("Compute", _compute),
        ("Web app", _web),
        ("Server", _server),
    )
    for name, look in looks:
        try:
            yield look(settings)
        except (MatineeError, OSError) as error:
            yield Check(name=name, state="failed", detail=str(error), remedy="correct this and run doctor again")


def _python(settings: Settings) -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    detail = f"{version}, SQLite {sqlite3.sqlite_version}, {settings.worker_count} worker process(es)"
    if sqlite3.sqlite_version_info < SQLITE_NEEDED:
        return Check(name="Python", state="failed", detail=detail, remedy="use a Python with SQLite 3.35 or newer")
    return Check(name="Python", state="ok", detail=detail)


def _home(settings: Settings) -> Check:
    home = make_home(settings.home)
    free = shutil.disk_usage(home).free
    detail = f"{home}, {free / 1e9:.0f} GB free"
    if free < SPACE_LOW_BYTES:
        return Check(
            name="Data folder", state="warning", detail=detail, remedy="free some space: a film takes about 10 GB"
        )
    return Check(name="Data folder", state="ok", detail=detail)


def _ffmpeg(settings: Settings) -> Check:
    path = ffmpeg_of(settings)
    told = run_confined([str(path), "-hide_banner", "-version"], limits=LIMITS).stdout.decode(errors="replace")
    detail = f"{told.partition('Copyright')[0].strip() or path.name} at {path} (build {build_of(path)[:12]})"
    missing = lacking(path, [one for one in ABILITIES if one.is_needed])
    if missing:
        remedy = "nothing can be encoded so: leave MATINEE_FFMPEG out to use Matinee's own"
        return Check(name="FFmpeg", state="failed", detail=f"{detail}: {_without(missing)}", remedy=remedy)
    return Check(name="FFmpeg", state="ok", detail=detail)


def _features(settings: Settings) -> Check:
    path = ffmpeg_of(settings)
    optional = [one for one in ABILITIES if not one.is_needed]
    missing = lacking(path, optional)
    if missing:
        remedy = "other films are made all the same; leave MATINEE_FFMPEG out to use Matinee's own, which has them"
        return Check(name="FFmpeg features", state="warning", detail=_without(missing), remedy=remedy)
    hardware = ", ".join(hardware_encoders(path)) or "none"
    detail = (
        f"{', '.join(one.name for one in optional)} work; hardware encoders: {hardware}, which the ladder never uses"
    )
    return Check(name="FFmpeg features", state="ok", detail=detail)


def _without(missing: Sequence[Ability]) -> str:
    """What each missing ability costs."""
    return "; ".join(f"without {one.name}: {one.costs}" for one in missing)


def _confinement(settings: Settings) -> Check:
    can = capabilities()
    if not can.has_no_network:
        return Check(
            name="Confinement",
            state="warning",
            detail="programs that read films keep the network (this kernel grants no namespaces)",
            remedy="allow user namespaces, or run Matinee where a firewall keeps it from the inside of your network",
        )
    return Check(name="Confinement", state="ok", detail="programs that read films have limits and no network")


def _database(settings: Settings) -> Check:
    async def ask() -> str:
        engine = open_engine(database_url(settings.database_url, settings.home, "main"))
        async with reading(engine):
            name = engine.dialect.name
        await engine.dispose()
        return name

    make_home(settings.home)
    return Check(name="Database", state="ok", detail=f"{asyncio.run(ask())} answers")


def _compute(settings: Settings) -> Check:
    if not settings.compute_url:
        return Check(
            name="Compute", state="ok", detail=f"{settings.worker_count} worker(s) on {os.cpu_count()} core(s)"
        )
    check_compute_url(settings.compute_url)
    return Check(name="Compute", state="ok", detail=settings.compute_url)


def _web(settings: Settings) -> Check:
    folder = web_folder()
    if not (folder / "index.html").is_file():
        return Check(name="Web app", state="failed", detail=f"not built in {folder}", remedy="run make web")
    if not any(Path(fonts_folder()).glob("*.woff2")):
        remedy = "run make web: posters are drawn with typefaces that it brings"
        return Check(name="Web app", state="warning", detail="built, without the posters' typefaces", remedy=remedy)
    return Check(name="Web app", state="ok", detail=f"built in {folder}")


def _server(settings: Settings) -> Check:
    running = read_server(settings.home)
    if running is None:
        return Check(name="Server", state="ok", detail="not running; start it with ./matinee up")
    return Check(name="Server", state="ok", detail=f"running at {running.url} (process {running.pid})")
