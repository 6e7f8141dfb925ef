"""Adding films and watching them become playable, with progress; interrupted, it goes on when it is run again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from matinee.app.cli.bars import Bars
from matinee.app.cli.session import OwnControl, as_served, opened, watch_url, with_control
from matinee.app.given import Given, given_from
from matinee.app.ingest import Added
from matinee.app.library import library_at
from matinee.app.settings import Settings
from matinee.app.wiring import Platform
from matinee.base.errors import Invalid, MatineeError
from matinee.catalog.library import Library
from matinee.catalog.service import UnknownTitle
from matinee.catalog.title import Metadata, Title, episode_code
from matinee.work.job import LIVE, Job, JobState, Stage

POLL_S = 0.3  # between looks at the jobs: bars move, and the database is left in peace
NOTED_S = 10.0  # how long the catalogue is waited for after a job is done


class FilmRefused(Invalid):
    """The film was stored and then could not be made playable."""

    code = "film_refused"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one film; `error` is empty when nothing went wrong. `url` is None while no server runs."""

    path: str
    title_id: str = ""
    title: str = ""
    year: int | None = None
    state: str = "failed"
    is_new: bool = False
    job_id: str = ""
    url: str | None = None
    warnings: tuple[str, ...] = ()
    error: str = ""


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was not taken, and why."""

    path: str
    reason: str


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a folder."""

    folder: str
    taken: tuple[Outcome, ...]
    skipped: tuple[Left, ...]
    failed: int


def add_one(settings: Settings, given: Given, *, is_followed: bool, is_told: bool) -> Outcome:
    """Add one film and wait until it is done. Raises what refused it."""
    return asyncio.run(_add_one(settings, given, is_followed, Bars(is_told=is_told)))


def plan_import(folder: Path) -> Library:
    """What `folder` holds. Raises UnusableFolder."""
    return library_at(folder)


def import_all(settings: Settings, folder: Path, library: Library, *, is_followed: bool, is_told: bool) -> Imported:
    """Add every find of `library`; one that cannot be added does not keep the others out."""
    givens = [given_from(find, folder) for find in library.finds]
    outcomes = asyncio.run(_import_all(settings, givens, is_followed, Bars(is_told=is_told)))
    relative = {str((folder / find.path).absolute()): find.path for find in library.finds}
    return Imported(
        folder=str(folder),
        taken=tuple(msgspec.structs.replace(each, path=relative.get(each.path, each.path)) for each in outcomes),
        skipped=tuple(Left(path=skip.path, reason=skip.reason) for skip in library.skipped),
        failed=sum(bool(each.error) for each in outcomes),
    )


async def _add_one(settings: Settings, given: Given, is_followed: bool, bars: Bars) -> Outcome:
    async with opened(as_served(settings)) as platform, with_control(platform, is_followed) as control:
        with bars:
            added = await _take(platform, given, bars)
            ended = await _follow(platform, control, {added.job.id: _called(given)}, bars) if is_followed else {}
        outcome = await _outcome(platform, given, added, ended.get(added.job.id, added.job))
    if outcome.error:
        raise FilmRefused(outcome.error)
    return outcome


async def _import_all(settings: Settings, givens: Sequence[Given], is_followed: bool, bars: Bars) -> list[Outcome]:
    async with opened(as_served(settings)) as platform, with_control(platform, is_followed) as control:
        with bars:
            taken = [await _try(platform, given, bars) for given in givens]
            added = {each.job.id: _called(given) for given, each in taken if isinstance(each, Added)}
            ended = await _follow(platform, control, added, bars) if is_followed else {}
        return [
            await _outcome(platform, given, each, ended.get(each.job.id, each.job))
            if isinstance(each, Added)
            else Outcome(path=_path(given), title=given.metadata.title, error=each)
            for given, each in taken
        ]


async def _try(platform: Platform, given: Given, bars: Bars) -> tuple[Given, Added | str]:
    """The film added, or why it could not be."""
    try:
        return given, await _take(platform, given, bars)
    except (MatineeError, OSError) as error:
        bars.end(_called(given), "failed", str(error))
        return given, str(error)


async def _take(platform: Platform, given: Given, bars: Bars) -> Added:
    """Store the film and enqueue its encoding, showing how far that is."""
    film = _called(given)
    size_bytes = given.path.stat().st_size if given.path.is_file() else 0
    bars.begin(film)
    try:
        return await platform.ingest.take(given, lambda done: bars.show(film, (Stage("store", done, size_bytes),)))
    finally:
        bars.clear(film)


async def _follow(platform: Platform, control: OwnControl, names: Mapping[str, str], bars: Bars) -> dict[str, Job]:
    """Show the jobs until all have ended; answers how each did."""
    ended: dict[str, Job] = {}
    while True:
        await control.ensure()
        for job in await _jobs(platform, names.keys() - ended.keys()):
            bars.show(names[job.id], job.progress.stages)
            if job.state not in LIVE:
                ended[job.id] = job
                bars.end(names[job.id], job.state.value)
        if len(ended) == len(names):
            return ended
        await asyncio.sleep(POLL_S)


async def _jobs(platform: Platform, ids: Iterable[str]) -> list[Job]:
    return [await platform.jobs.get(job_id) for job_id in sorted(ids)]


async def _outcome(platform: Platform, given: Given, added: Added, job: Job) -> Outcome:
    title = (
        await _published(platform, added.title) if job.state is JobState.DONE else await _latest(platform, added.title)
    )
    is_failed = job.state in (JobState.FAILED, JobState.CANCELLED)
    said = job.reason or ("its job was cancelled" if job.state is JobState.CANCELLED else "")
    return Outcome(
        path=_path(given),
        title_id=title.id,
        title=name_of(title),
        year=title.year,
        state=job.state.value if is_failed else title.state,
        is_new=added.is_new,
        job_id=job.id,
        url=None if is_failed else watch_url(platform.settings, title.id),
        warnings=added.warnings,
        error="; ".join(part for part in (said, job.remedy) if part) if is_failed else "",
    )


async def _published(platform: Platform, title: Title) -> Title:
    """The title once the catalogue has taken note that its job is done, which takes it a moment."""
    for _ in range(round(NOTED_S / POLL_S)):
        title = await _latest(platform, title)
        if title.state != "processing":
            break
        await asyncio.sleep(POLL_S)
    return title


async def _latest(platform: Platform, title: Title) -> Title:
    try:
        return await platform.catalog.get(title.id)
    except UnknownTitle:  # a film that was refused leaves nothing behind
        return title


def name_of(title: Title) -> str:
    """What a title is called on a line of its own."""
    code = episode_code(title)
    return f"{title.title} ({code})" if code else title.title


def said_of(known: Metadata) -> str:
    """What a file is taken for, before it is in the catalogue: `Fog (1999)`, `Harbour S1 E2 The Storm`."""
    if known.episode is None:
        return f"{known.title} ({known.year})" if known.year else known.title
    last = f"–{known.last_episode}" if known.last_episode else ""
    return f"{known.show} S{known.season} E{known.episode}{last} {known.title}".strip()


def _called(given: Given) -> str:
    return said_of(given.metadata) or given.path.name


def _path(given: Given) -> str:
    return str(given.path.absolute())
