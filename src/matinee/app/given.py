"""A film as it is given to Matinee: its file, what its path, its description and a person say, what lies beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from matinee.base.errors import MatineeError
from matinee.base.language import language_tag
from matinee.catalog.library import Beside, Find, beside_file, why_unread
from matinee.catalog.naming import SubtitleName, ids_in, read_path, read_subtitle, show_folder
from matinee.catalog.nfo import NFO_MAX_BYTES, read_nfo
from matinee.catalog.title import Metadata, merged
from matinee.encoding.pertitle.ladder import CodecSet, LadderKind

STEPS_UP = 3  # folders above a film that may say something: the season's, the show's, the shelf's
NEAR_MAX = 10_000  # files looked at beside a film: more is no film's folder


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A film to take: its path, what a person says of it, and files that belong to it."""

    path: Path
    name: str = ""
    """What its owner calls the file, when that is not the path's last part."""
    metadata: Metadata = Metadata()
    subtitles: tuple[tuple[Path, SubtitleName], ...] = ()
    poster: Path | None = None
    fanart: Path | None = None
    focus: tuple[float, float] = (0.5, 0.5)
    """Where the subject of its pictures is, 0..1 each way: what a crop keeps."""
    is_damaged_accepted: bool = False
    """Whether a film is taken whose frames are not all there: publish what is."""
    keeps_bars: bool | None = None
    """Whether black bars around its picture stay; None: as it was ordered before, else they are cut off."""
    ladder: LadderKind | None = None
    """How its rungs are found; None: as the settings say."""
    codecs: CodecSet | None = None
    """Which ladders it gets; None: as the settings say."""
    warnings: tuple[str, ...] = ()
    show: Metadata | None = None
    show_poster: Path | None = None
    show_fanart: Path | None = None


def given_from(find: Find, root: Path, said: Metadata | None = None) -> Given:
    """A find of a library under `root`, its descriptions read; what a person `said` goes before them all."""
    warnings: list[str] = []
    noted = _read_nfo(find.beside, root, warnings)
    known = find.metadata
    numbering = Metadata(
        show=known.show,
        show_year=known.show_year,
        season=known.season,
        episode=known.episode,
        last_episode=known.last_episode,
    )
    of_show = _read_nfo(find.show, root, warnings) if known.show else Metadata()
    show = merged(
        Metadata(show=known.show, show_year=known.show_year),
        of_show,
        Metadata(ids=ids_in(show_folder(find.path) or "")),
    )
    return Given(
        path=root / find.path,
        metadata=merged(said or Metadata(), numbering, noted, known),
        subtitles=tuple((root / subtitle.path, subtitle.name) for subtitle in find.beside.subtitles),
        poster=_under(root, find.beside.poster),
        fanart=_under(root, find.beside.fanart),
        warnings=tuple(warnings),
        show=show if known.show else None,
        show_poster=_under(root, find.show.poster),
        show_fanart=_under(root, find.show.fanart),
    )


def given_at(path: Path, said: Metadata | None = None) -> Given:
    """One film at `path`, with what its path says and what lies beside it."""
    path = path.absolute()
    root = path.parents[min(STEPS_UP, len(path.parents)) - 1]
    near = [other for folder in {path.parent, path.parent.parent} for other in _listed(folder)]
    find = beside_file(path.relative_to(root).as_posix(), [other.relative_to(root).as_posix() for other in near])
    given = given_from(find, root, said)
    unread = (f"{Path(other).name}: {why_unread(other)}" for other in find.beside.unread)
    return msgspec.structs.replace(given, warnings=(*given.warnings, *unread))


def with_files(given: Given, *, poster: Path | None, subtitles: Sequence[Path]) -> Given:
    """`given` with a poster and subtitle files that a person named; what a subtitle file is, its name says."""
    named = tuple((path, read_subtitle(_beyond(given.path.stem, path.stem))) for path in subtitles)
    return msgspec.structs.replace(given, poster=poster or given.poster, subtitles=(*given.subtitles, *named))


def _beyond(film: str, name: str) -> str:
    return name[len(film) :] if name.casefold().startswith(film.casefold()) else name.partition(".")[2] or name


def given_as(path: Path, name: str, said: Metadata) -> Given:
    """A file of ours at `path` that its owner calls `name`, with what the owner `said` of it."""
    return Given(path=path, name=name, metadata=merged(said, read_path(name)))


def said_in(pairs: Mapping[str, str]) -> Metadata:
    """What a person says of a film as text: `title`, `year`, `synopsis`, `language`, `genre` (separated by commas)."""
    year = pairs.get("year", "").strip()
    return Metadata(
        title=pairs.get("title", ""),
        year=int(year) if year.isascii() and year.isdecimal() and len(year) == 4 else None,
        synopsis=pairs.get("synopsis", ""),
        language=language_tag(pairs.get("language", "")) or "",
        genres=tuple(genre.strip() for genre in pairs.get("genre", "").split(",") if genre.strip()),
    )


def keeps_bars_in(pairs: Mapping[str, str]) -> bool | None:
    """What a person says of a film's black bars as text: `crop` is `no` or `yes`; None where it is neither."""
    return {"no": True, "yes": False}.get(pairs.get("crop", "").strip().lower())


def read_limited(path: Path, limit_bytes: int) -> bytes:
    """The content of a small file, up to one byte beyond `limit_bytes`, so that a reader can refuse what is larger."""
    with path.open("rb") as file:
        return file.read(limit_bytes + 1)


def _read_nfo(beside: Beside, root: Path, warnings: list[str]) -> Metadata:
    if not beside.nfo:
        return Metadata()
    try:
        return read_nfo(read_limited(root / beside.nfo, NFO_MAX_BYTES))
    except (MatineeError, OSError) as error:
        warnings.append(f"{beside.nfo}: {error}")
        return Metadata()


def _under(root: Path, path: str) -> Path | None:
    return root / path if path else None


def _listed(folder: Path) -> Sequence[Path]:
    """The files in a folder and in the folders of subtitles in it; nothing where it may not be read."""
    try:
        entries = sorted(folder.iterdir())[:NEAR_MAX]
        subtitles = [entry for entry in entries if entry.name.casefold() in ("subs", "subtitles") and entry.is_dir()]
        below = [path for entry in subtitles for path in entry.iterdir()]
        return [path for path in (*entries, *below) if path.is_file()]
    except OSError:
        return []
