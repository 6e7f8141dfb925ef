"""Tables for people: what an import takes for what, the catalogue, a title, jobs, settings, a check-up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from matinee.app.cli.adding import Imported
from matinee.app.cli.catalogue import Details
from matinee.catalog.language import language_name
from matinee.catalog.library import Find, Library
from matinee.catalog.title import Title, episode_code
from matinee.work.job import Job, fraction

_GOOD, _BAD, _WAITS = "green", "red", "yellow"
_COLOURS = {"ready": _GOOD, "done": _GOOD, "failed": _BAD, "cancelled": _BAD}


def of_library(library: Library) -> RenderableType:
    """What was found in a folder, and what was left out and why."""
    found = _table("File", "Taken for", "Beside it")
    for find in library.finds:
        found.add_row(_plain(find.path), _plain(_taken_for(find)), _plain(_beside(find)))
    left = _table("Left out", "Why")
    for skip in library.skipped:
        left.add_row(_plain(skip.path), _plain(skip.reason))
    return Group(*([found] if library.finds else [Text("No films were found.")]), *([left] if library.skipped else []))


def of_imported(imported: Imported) -> RenderableType:
    """What became of each film."""
    table = _table("File", "Title", "State", "")
    for outcome in imported.taken:
        notes = outcome.error or "; ".join(outcome.warnings)
        table.add_row(_plain(outcome.path), _plain(outcome.title), _state(outcome.state), _plain(notes))
    return table


def of_titles(titles: Sequence[Title]) -> RenderableType:
    """The catalogue; episodes stand below their show."""
    table = _table("Title", "Year", "Length", "Picture", "State", "Id")
    for title in titles:
        name = f"  {episode_code(title)} {title.title}" if title.show_id else title.title
        height = f"{title.height}p" if title.height else ""
        state = Text("") if title.kind == "show" else _state(title.state)
        table.add_row(_plain(name), str(title.year or ""), duration(title.duration_s), height, state, title.id)
    return table


def of_details(details: Details) -> RenderableType:
    """All that is known of a title."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in _facts(details):
        if value:
            table.add_row(Text(name, style="dim"), value if isinstance(value, Text) else _plain(value))
    parts: list[RenderableType] = [table]
    if details.episodes:
        parts.append(of_titles(details.episodes))
    return Group(*parts)


def of_jobs(jobs: Sequence[Job]) -> RenderableType:
    """Jobs, the one that changed last first."""
    table = _table("Job", "What", "State", "Done", "")
    for job in jobs:
        what = f"{job.kind} {job.payload.get('title') or job.payload.get('name') or job.subject}"
        notes = "; ".join(part for part in (job.reason, job.remedy) if part) or job.progress.note
        table.add_row(job.id, _plain(what), _state(job.state.value), f"{fraction(job.progress):.0%}", _plain(notes))
    return table


def of_settings(rows: Iterable[tuple[str, str, str]]) -> RenderableType:
    """Settings: name, value, where it is from."""
    table = _table("Setting", "Value", "From")
    for name, value, origin in rows:
        table.add_row(name, _plain(value), Text(origin, style="" if origin == "environment" else "dim"))
    return table


def duration(seconds: float) -> str:
    """`1:02:03`, `2:03`; empty for nothing."""
    if seconds <= 0:
        return ""
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def _facts(details: Details) -> list[tuple[str, str | Text]]:
    title = details.title
    people = "; ".join(f"{p.name} ({p.character or p.role})" for p in title.people)
    return [
        ("Title", title.title),
        ("Year", str(title.year or "")),
        ("Kind", " ".join((title.kind, episode_code(title)))),
        ("State", _state(title.state)),
        ("Reason", title.reason),
        ("Length", duration(title.duration_s)),
        ("Picture", f"up to {title.height}p" if title.height else ""),
        ("Sound", ", ".join(map(language_name, title.audio))),
        ("Subtitles", ", ".join(map(language_name, title.subtitles))),
        ("Genres", ", ".join(title.genres)),
        ("People", people),
        ("Synopsis", title.synopsis),
        ("From", title.source_name),
        ("SHA-256", title.source if title.kind != "show" else ""),
        ("Job", f"{details.job.id} ({details.job.state.value})" if details.job else ""),
        ("Watch at", details.url or ""),
        ("Id", title.id),
    ]


def _taken_for(find: Find) -> str:
    known = find.metadata
    if known.episode is None:
        return f"{known.title} ({known.year})" if known.year else known.title
    last = f"–{known.last_episode}" if known.last_episode else ""
    return f"{known.show} S{known.season} E{known.episode}{last} {known.title}".strip()


def _beside(find: Find) -> str:
    languages = [f"subtitles {track.name.label}" for track in find.beside.subtitles]
    files = [name for name in ("poster", "fanart", "nfo") if getattr(find.beside, name)]
    return ", ".join([*files, *languages])


def _state(state: str) -> Text:
    return Text(state, style=_COLOURS.get(state, _WAITS))


def _plain(text: str) -> Text:
    """Text of others, shown as it is: no markup, no control characters."""
    return Text("".join(char if char.isprintable() else "�" for char in text))


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
