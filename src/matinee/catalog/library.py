"""A folder of films as a plan: which files are films, what lies beside each, what is left out and why.

Works on names alone (relative paths with `/`), so that what an import will do can be shown before it does it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath

import msgspec

from matinee.catalog.naming import (
    IMAGE_SUFFIXES,
    SUBTITLE_SUFFIXES,
    SubtitleName,
    height_in,
    is_video,
    read_name,
    read_path,
    read_subtitle,
    season_of,
    show_folder,
    why_ignored,
)
from matinee.catalog.title import Metadata, plain

_POSTERS = ("poster", "folder", "cover", "movie")
_FANARTS = ("fanart", "backdrop", "background", "landscape")
_SUBTITLE_FOLDERS = ("subs", "subtitles", "sub")
_OTHER_SUBTITLES = frozenset({".idx", ".smi", ".sub", ".sup"})
"""Pictures of text, and what is not read."""
_DISCS = frozenset({".iso", ".img", ".ifo", ".bup", ".mpls", ".bdmv"})


class SubtitleFile(msgspec.Struct, frozen=True, kw_only=True):
    """A subtitle file beside a film, and what its name says of it."""

    path: str
    name: SubtitleName


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What lies beside a film, or in the folder of a show; empty: nothing."""

    poster: str = ""
    fanart: str = ""
    nfo: str = ""
    subtitles: tuple[SubtitleFile, ...] = ()
    unread: tuple[str, ...] = ()
    """Subtitle files of kinds that are not read."""


class Find(msgspec.Struct, frozen=True, kw_only=True):
    """A film or an episode: its file, what its path says, what lies beside it and, of an episode, beside its show."""

    path: str
    metadata: Metadata
    beside: Beside = Beside()
    show: Beside = Beside()


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is left out, and why."""

    path: str
    reason: str


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder holds: the finds in the order of their paths, and what was left out."""

    finds: tuple[Find, ...]
    skipped: tuple[Skipped, ...]


def read_library(files: Mapping[str, int]) -> Library:
    """The library made of `files`: relative path -> size in bytes."""
    ignored = {path: reason for path in files if (reason := why_ignored(path))}
    kept = [path for path in sorted(files) if path not in ignored]
    folders = _Folders(kept)
    skipped = [Skipped(path=path, reason=reason) for path, reason in ignored.items() if is_video(path)]
    candidates: list[Find] = []
    for path in kept:
        reason = _why_not(path)
        if reason:
            skipped.append(Skipped(path=path, reason=reason))
        elif is_video(path):
            candidates.append(_find(path, folders))
    finds, doubles = _best_versions(candidates, files)
    return Library(finds=tuple(finds), skipped=tuple(sorted([*skipped, *doubles], key=lambda skip: skip.path)))


def beside_file(path: str, files: Iterable[str]) -> Find:
    """The one film at `path`, with what lies beside it among `files`."""
    return _find(path, _Folders([path, *(other for other in files if other != path and not why_ignored(other))]))


class _Folders:
    """Files by their folder, and how many films each folder has."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.files: dict[str, list[PurePosixPath]] = defaultdict(list)
        for path in paths:
            self.files[str(PurePosixPath(path).parent)].append(PurePosixPath(path))

    def films(self, folder: str) -> int:
        return sum(is_video(str(path)) for path in self.files[folder])


def _why_not(path: str) -> str:
    parts = PurePosixPath(path)
    suffix = parts.suffix.lower()
    if suffix in _DISCS or {"VIDEO_TS", "BDMV"} & set(parts.parts):
        return "a disc image; rip its main film to one MKV file"
    if suffix in _OTHER_SUBTITLES:
        return why_unread(path)
    if is_video(path) and season_of(parts.parent.name) is not None:
        metadata = read_path(path)
        if metadata.episode is None:
            return "in a season's folder, but its name does not say which episode it is (S01E02)"
        if not metadata.show:
            return "an episode, but neither its name nor its folder says of which show"
    return ""


def why_unread(path: str) -> str:
    """What is said of a subtitle file of a kind that is not read."""
    suffix = PurePosixPath(path).suffix.lower()
    return f"subtitles of the kind {suffix} are not read; convert them to SRT or WebVTT"


def _find(path: str, folders: _Folders) -> Find:
    parts = PurePosixPath(path)
    folder = str(parts.parent)
    metadata = read_path(path)
    is_alone = folders.films(folder) == 1 and metadata.episode is None
    of_show = show_folder(path) if metadata.episode is not None else None
    return Find(
        path=path,
        metadata=metadata,
        beside=Beside(
            poster=_image(folders.files[folder], parts.stem, ("poster", ""), _POSTERS if is_alone else ()),
            fanart=_image(folders.files[folder], parts.stem, ("fanart", "thumb"), _FANARTS if is_alone else ()),
            nfo=_nfo(folders.files[folder], (parts.stem, *(("movie",) if is_alone else ()))),
            subtitles=_subtitles(parts, folders, is_alone),
            unread=tuple(_sidecars(parts, folders, is_alone, _OTHER_SUBTITLES)),
        ),
        show=Beside() if of_show is None else _beside_show(folders.files[of_show]),
    )


def _beside_show(files: list[PurePosixPath]) -> Beside:
    return Beside(
        poster=_image(files, "", (), (*_POSTERS, "show")),
        fanart=_image(files, "", (), _FANARTS),
        nfo=_nfo(files, ("tvshow",)),
    )


def _image(files: list[PurePosixPath], stem: str, endings: tuple[str, ...], names: tuple[str, ...]) -> str:
    """The first image called `<stem>-<ending>` (`<stem>` for the empty ending), else one of `names`."""
    wanted = [f"{stem}-{ending}".rstrip("-").casefold() for ending in endings] + list(names)
    images = {path.stem.casefold(): str(path) for path in files if path.suffix.lower() in IMAGE_SUFFIXES}
    return next((images[name] for name in wanted if name in images), "")


def _nfo(files: list[PurePosixPath], stems: tuple[str, ...]) -> str:
    notes = {path.stem.casefold(): str(path) for path in files if path.suffix.lower() == ".nfo"}
    return next((notes[stem.casefold()] for stem in stems if stem.casefold() in notes), "")


def _subtitles(film: PurePosixPath, folders: _Folders, is_alone: bool) -> tuple[SubtitleFile, ...]:
    found = _sidecars(film, folders, is_alone, SUBTITLE_SUFFIXES)
    return tuple(SubtitleFile(path=path, name=read_subtitle(tokens)) for path, tokens in found.items())


def _sidecars(film: PurePosixPath, folders: _Folders, is_alone: bool, suffixes: Collection[str]) -> dict[str, str]:
    """The subtitle files of a film, by their paths: what the name of each says beyond the film's."""
    near = [(path, is_alone) for path in folders.files[str(film.parent)]]
    for name, files in list(folders.files.items()):
        folder = PurePosixPath(name)
        if folder.parent == film.parent and folder.name.casefold() in _SUBTITLE_FOLDERS:
            near += [(path, is_alone) for path in files]
        if folder.name == film.stem and folder.parent.parent == film.parent:
            near += [(path, True) for path in files if folder.parent.name.casefold() in _SUBTITLE_FOLDERS]
    found = {}
    for path, may_be_nameless in near:
        tokens = _tokens(path, film.stem, may_be_nameless)
        if path.suffix.lower() in suffixes and tokens is not None:
            found[str(path)] = tokens
    return dict(sorted(found.items()))


def _tokens(path: PurePosixPath, stem: str, may_be_nameless: bool) -> str | None:
    """What the subtitle file's name says beyond the film's; None when it is not this film's."""
    name, film = path.stem, stem.casefold()
    if name.casefold() == film or name.casefold().startswith((film + ".", film + "_", film + "-", film + " ")):
        return name[len(stem) :]
    return name if may_be_nameless else None


def _best_versions(finds: list[Find], sizes: Mapping[str, int]) -> tuple[list[Find], list[Skipped]]:
    """One find of each film and episode: of several versions the tallest, then the largest."""
    versions: dict[object, list[Find]] = defaultdict(list)
    for find in finds:
        versions[_identity(find)].append(find)
    best = {
        key: max(same, key=lambda find: (height_in(find.path), sizes.get(find.path, 0), find.path))
        for key, same in versions.items()
    }
    doubles = [
        Skipped(path=find.path, reason=f"another version of the same film was taken: {best[key].path}")
        for key, same in versions.items()
        for find in same
        if find is not best[key]
    ]
    return [find for find in finds if best[_identity(find)] is find], doubles


def _identity(find: Find) -> object:
    known = find.metadata
    if known.episode is not None:
        return (plain(known.show), known.show_year, known.season, known.episode)
    folder = PurePosixPath(find.path).parent
    in_own_folder = known.year is not None and plain(read_name(folder.name)[0]) == plain(known.title)
    return (str(folder), plain(known.title), known.year) if in_own_folder else find.path
