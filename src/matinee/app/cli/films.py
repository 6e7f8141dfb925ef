"""The commands about films: add, import, list, show, remove."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matinee.app.cli.output import Json, Output, escaped, people, settings_now
from matinee.base.errors import Invalid
from matinee.encoding.pertitle.ladder import CodecSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matinee.app.cli.adding import Imported, Outcome
    from matinee.app.given import Given
    from matinee.catalog.library import Skipped
    from matinee.catalog.title import Metadata, Title

_NO_WAIT = typer.Option("--no-wait", help="Enqueue only: a server that runs, or the next one, does the rest.")
_CODECS = typer.Option(
    help="Which ladders: compat (H.264), efficient (HEVC too) or all (AV1 as well); else as the settings say."
)
_INTERRUPTED = "Stopped. What is done stays done: run the same command again and it goes on from here."


class NoFilms(Invalid):
    """A folder to import has nothing that can be taken."""

    code = "no_films"

    def __init__(self, folder: Path, skipped: Sequence[Skipped]) -> None:
        what = "no file in it has the name of one (.mkv, .mp4 ...); check the path"
        if skipped:
            others = f", and {len(skipped) - 1} more" if len(skipped) > 1 else ""
            what = f"{skipped[0].path} is left out ({skipped[0].reason}){others}"
        super().__init__(f"nothing was imported, there are no films in {folder}: {what}")


class NotAnswered(Invalid):
    """Whether to remove a title was asked, and there was no terminal to answer on."""

    code = "not_answered"

    def __init__(self, title: Title) -> None:
        super().__init__(
            f"nothing was removed: there is no terminal to answer on; `matinee remove {title.id} --yes` does not ask"
        )


def add(
    path: Annotated[Path, typer.Argument(help="The film.")],
    title: Annotated[str, typer.Option(help="Its title; else what its name says.")] = "",
    year: Annotated[int | None, typer.Option(min=1870, max=2200, help="The year it came out.")] = None,
    genre: Annotated[list[str] | None, typer.Option(help="A genre; give it again for another.")] = None,
    synopsis: Annotated[str, typer.Option(help="What it is about.")] = "",
    language: Annotated[str, typer.Option(help="Its original language: en, German, pt-BR ...")] = "",
    poster: Annotated[
        Path | None, typer.Option(help="A poster: JPEG, PNG or WebP.", exists=True, dir_okay=False)
    ] = None,
    subtitles: Annotated[
        list[Path] | None,
        typer.Option(
            help="A subtitle file: film.en.srt, film.de.forced.vtt ...; may be repeated.", exists=True, dir_okay=False
        ),
    ] = None,
    accept_damaged: Annotated[
        bool, typer.Option("--accept-damaged", help="Take a film that is cut off or damaged: publish what is there.")
    ] = False,
    codecs: Annotated[CodecSet | None, _CODECS] = None,
    crop: Annotated[
        bool | None,
        typer.Option("--crop/--no-crop", help="Whether black bars are cut off; else as it was before, at first: cut."),
    ] = None,
    no_wait: Annotated[bool, _NO_WAIT] = False,
    json: Json = False,
) -> None:
    """Add one film, with the subtitles, poster and description that lie beside it."""
    from msgspec.structs import replace  # noqa: PLC0415

    from matinee.app.cli.adding import add_one  # noqa: PLC0415
    from matinee.catalog.title import Metadata  # noqa: PLC0415

    output = Output(json)
    said = Metadata(title=title, year=year, genres=tuple(genre or ()), synopsis=synopsis, language=_language(language))
    try:
        given = replace(
            _given(path, said, poster, subtitles or []),
            is_damaged_accepted=accept_damaged,
            codecs=codecs,
            keeps_bars=None if crop is None else not crop,
        )
        outcome = add_one(settings_now(), given, is_followed=not no_wait, is_told=not json)
    except KeyboardInterrupt:
        output.note(_INTERRUPTED)
        raise
    output.result(outcome, *_said_of(outcome))


def import_folder(
    folder: Annotated[Path, typer.Argument(help="A library: Movies/Title (Year)/..., Shows/Title/Season 01/...")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken for what.")] = False,
    no_wait: Annotated[bool, _NO_WAIT] = False,
    json: Json = False,
) -> None:
    """Add a whole folder of films and shows."""
    from matinee.app.cli import tables  # noqa: PLC0415
    from matinee.app.cli.adding import import_all, plan_import  # noqa: PLC0415

    output = Output(json)
    library = plan_import(folder)
    if not json:
        people().print(tables.of_library(library))
    if not library.finds:
        raise NoFilms(folder, library.skipped)
    if dry_run:
        output.result(library)
        return
    try:
        imported = import_all(settings_now(), folder, library, is_followed=not no_wait, is_told=not json)
    except KeyboardInterrupt:
        output.note(_INTERRUPTED)
        raise
    output.result(imported, tables.of_imported(imported), _summary(imported))
    if imported.failed:
        raise typer.Exit(1)


def analyse(
    film: Annotated[Path, typer.Argument(help="The film; it is not added.", metavar="FILE")],
    picture: Annotated[
        Path | None, typer.Option(help="Where to write the picture (SVG); beside you, named like the film.")
    ] = None,
    codecs: Annotated[CodecSet | None, _CODECS] = None,
    json: Json = False,
) -> None:
    """Find out what a film would become: complexity, trial encodes, rungs and what they save, with a picture.

    A further codec's picture is named like the first one's, with the codec before its ending.
    """
    import asyncio  # noqa: PLC0415

    from matinee.app.analyse import analyse as study  # noqa: PLC0415
    from matinee.app.cli import tables  # noqa: PLC0415
    from matinee.app.cli.bars import Bars  # noqa: PLC0415
    from matinee.app.roles.home import make_home  # noqa: PLC0415
    from matinee.encoding.pertitle.ladder import CODEC_NAMES  # noqa: PLC0415
    from matinee.encoding.pertitle.plot import hull_svg  # noqa: PLC0415

    settings = settings_now()
    make_home(settings.home)
    with Bars(is_told=not json) as bars:
        wanted = codecs or settings.codecs
        found = asyncio.run(study(settings, film, wanted, lambda stages: bars.show(film.stem, stages)))
        bars.clear(film.stem)
    first, drawn = picture or Path(f"{film.stem}.hull.svg"), []
    for rank, one in enumerate(found.ladders):
        drawn.append(first if rank == 0 else first.with_suffix(f".{one.codec}{first.suffix}"))
        name = found.name if rank == 0 else f"{found.name}, {CODEC_NAMES[one.codec]}"
        drawn[-1].write_text(hull_svg(name, one.trials, one.rungs), encoding="utf-8")
    where = ", ".join(escaped(str(path)) for path in drawn)
    Output(json).result(found, tables.of_report(found), f"Drawn in {where}")


def list_titles(json: Json = False) -> None:
    """List everything in the catalogue."""
    from matinee.app.cli import tables  # noqa: PLC0415
    from matinee.app.cli.catalogue import titles_in  # noqa: PLC0415

    listed = titles_in(settings_now())
    empty = "There are no films yet. Add one: [bold]./matinee add film.mkv[/]"
    shown = tables.of_titles(listed.titles, listed.qualities) if listed.titles else empty
    Output(json).result(listed.titles, shown)


def show(title_id: Annotated[str, typer.Argument(metavar="ID")], json: Json = False) -> None:
    """Show all that is known of a title."""
    from matinee.app.cli import tables  # noqa: PLC0415
    from matinee.app.cli.catalogue import details_of  # noqa: PLC0415

    details = details_of(settings_now(), title_id)
    Output(json).result(details, tables.of_details(details))


def remove(
    title_id: Annotated[str, typer.Argument(metavar="ID")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Remove a title and everything that was made of it. The file it came from stays."""
    from matinee.app.cli.catalogue import details_of, remove_title  # noqa: PLC0415

    title = details_of(settings_now(), title_id).title
    if not (yes or _is_wanted(title)):
        Output(json).note("Nothing was removed.")
        raise typer.Exit(1)
    gone = remove_title(settings_now(), title_id)
    Output(json).result({"removed": gone}, *(f"Removed {escaped(each.title)} ({each.id})" for each in gone))


def _is_wanted(title: Title) -> bool:
    """Whether the person who is asked says so. Raises NotAnswered where nobody is there to ask."""
    try:
        return typer.confirm(f"Remove “{title.title}” and everything that was made of it?", err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        typer.echo(err=True)  # the question stands on a line of its own
        raise NotAnswered(title) from None


def _language(text: str) -> str:
    from matinee.base.language import language_tag  # noqa: PLC0415

    tag = language_tag(text) if text else ""
    if tag is None:
        raise typer.BadParameter(f"{text!r} is no language we know; give a code (en, pt-BR) or an English name")
    return tag


def _given(path: Path, said: Metadata, poster: Path | None, subtitles: list[Path]) -> Given:
    from matinee.app.given import given_at, with_files  # noqa: PLC0415

    return with_files(given_at(path, said), poster=poster, subtitles=subtitles)


def _said_of(outcome: Outcome) -> list[str]:
    lines = [f"[yellow]Left out:[/] {escaped(warning)}" for warning in outcome.warnings]
    name = f"[bold]{escaped(outcome.title)}[/]"
    if outcome.state != "ready":
        return [*lines, f"{name} is enqueued. It is made playable by the server that runs, or by the next one."]
    where = f"Watch it at {outcome.url}" if outcome.url else "Start [bold]./matinee up[/] to watch it."
    return [*lines, f"{name} is ready. {where}"]


def _summary(imported: Imported) -> str:
    ready = sum(each.state == "ready" for each in imported.taken)
    parts = [f"{ready} ready", f"{imported.failed} failed", f"{len(imported.skipped)} left out"]
    urls = [each.url for each in imported.taken if each.url]
    where = f" Watch them at {urls[0].partition('/title/')[0]}" if urls else " Start [bold]./matinee up[/] to watch."
    return ", ".join(parts) + "." + (where if ready else "")
