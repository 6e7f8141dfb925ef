"""What a path in a library says, the way media people lay it out: film or episode, title, year, number, ids.

`Movies/Title (Year)/Title (Year).mkv`, `Shows/Title (Year)/Season 01/Title S01E02 Name.mkv`, `Title.Year.1080p.mkv`;
sidecars as `film.en.sdh.srt`. Paths are relative to the library, with `/`.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import msgspec

from matinee.base.language import UNKNOWN, language_tag, subtitle_label
from matinee.catalog.title import Metadata, plain

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".divx", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
    | {".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"}
)
SUBTITLE_SUFFIXES = frozenset({".ass", ".dfxp", ".srt", ".ssa", ".ttml", ".vtt"})
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_PARTIAL = frozenset([".part", ".!qb", ".!ut", ".crdownload", ".download", ".partial", ".tmp", ".aria2"])
_EXTRAS = frozenset(
    {"extras", "extra", "featurettes", "featurette", "behind the scenes", "deleted scenes", "interviews", "trailers"}
    | {"trailer", "sample", "samples", "bonus", "backdrops", "theme music", "bloopers"}
)
_EXTRAS_IN_A_FILM = frozenset({"shorts", "scenes", "other", "clips", "interview", "special features"})
_EXTRA_NAME = re.compile(
    r"(?:^|[-._])(sample|trailer)$|-(behindthescenes|deleted|featurette|interview|scene|short|other|clip)$", re.I
)
_SHELVES = frozenset(
    {"movies", "movie", "films", "film", "shows", "tv", "tv shows", "tv series", "series", "serien", "filme"}
    | {"video", "videos", "media", "anime", "downloads", "documentaries", "kids", "library"}
)

_ID = re.compile(r"[\[{(](imdb|tmdb|tvdb|eidr)(?:id)?[-=: ]([A-Za-z0-9./-]+)[\]})]", re.I)
_BRACED = re.compile(r"\{[^{}]*\}")
_SEASON_EPISODE = re.compile(
    r"(?<![a-z0-9])s(\d{1,4})[ ._-]?e(\d{1,4})((?:[ ._-]?e\d{1,4}|-\d{1,3})*)(?![0-9a-z])", re.I
)
_CROSS = re.compile(r"(?<![a-z0-9])(\d{1,2})x(\d{2,3})((?:-(?:\d{1,2}x)?\d{2,3})*)(?![0-9a-z])", re.I)
_SEASON_FOLDER = re.compile(r"(?:season|series|staffel|saison|temporada|stagione|s)[ ._-]*(\d{1,4})", re.I)
_BARE_EPISODE = re.compile(r"(?:episode|ep|e)?[ ._-]*(\d{1,3})(?=$|[ ._-])", re.I)
_YEAR_IN_BRACKETS = re.compile(r"[(\[](\d{4})[)\]]")
_BARE_YEAR = re.compile(r"(?<![a-z0-9])((?:19|20)\d{2})(?![a-z0-9])", re.I)
_QUALITY = re.compile(
    r"(?<![a-z0-9])(\d{3,4}[pi]|[48]k|uhd|hdr(?:10)?|[xh]\.?26[45]|hevc|av1|xvid|divx|web-?(?:dl|rip)|blu-?ray|"
    r"b[dr]rip|bdremux|remux|dvd(?:rip|scr)?|hdtv|hdrip|10bit|dts(?:-hd)?|ac3|aac\d?)(?![a-z0-9])",
    re.I,
)


class SubtitleName(msgspec.Struct, frozen=True, kw_only=True):
    """What the name of a subtitle file says of it."""

    language: str = UNKNOWN
    is_sdh: bool = False
    is_forced: bool = False

    @property
    def label(self) -> str:
        """What a player's menu calls it: `English (SDH)`."""
        return subtitle_label(self.language, is_sdh=self.is_sdh, is_forced=self.is_forced)


def why_ignored(path: str) -> str | None:
    """Why a file is none of the library's films, in a few words; None when it may be one."""
    parts = PurePosixPath(path)
    if any(part.startswith((".", "@", "$")) or part == "lost+found" for part in parts.parts):
        return "hidden"
    if parts.suffix.lower() in _PARTIAL:
        return "a download that has not finished"
    for folder, above in zip(parts.parts[:-1], ("", *parts.parts), strict=False):
        if plain(folder) in _EXTRAS or (plain(folder) in _EXTRAS_IN_A_FILM and _YEAR_IN_BRACKETS.search(above)):
            return f"in the folder of extras {folder!r}"
    if parts.suffix.lower() in VIDEO_SUFFIXES and _EXTRA_NAME.search(parts.stem):
        return "a sample, a trailer or an extra"
    return None


def is_video(path: str) -> bool:
    """Whether the name is one of a film."""
    return PurePosixPath(path).suffix.lower() in VIDEO_SUFFIXES


def read_path(path: str) -> Metadata:
    """What the path of a film or an episode says; `show` and `episode` are set for an episode."""
    parts = PurePosixPath(path)
    ids = ids_in(path)
    numbers = _numbers(parts)
    if numbers is not None:
        return msgspec.structs.replace(_episode(parts, numbers), ids=ids)
    title, year = read_name(parts.stem)
    folder_title, folder_year = read_name(parts.parent.name)
    if year is None and folder_year is not None and not _is_shelf(parts.parent.name):
        title, year = folder_title, folder_year
    return Metadata(title=title, year=year, ids=ids)


def read_name(name: str) -> tuple[str, int | None]:
    """Title and year in the name of a folder, or of a file without its suffix."""
    text = _BRACED.sub("", _ID.sub("", name)).strip()
    is_dotted = " " not in text
    bracketed = [match for match in _YEAR_IN_BRACKETS.finditer(text) if match.start() > 0]
    if bracketed:
        return _words(text[: bracketed[-1].start()], is_dotted), int(bracketed[-1][1])
    quality = _QUALITY.search(text, 1)
    head = text[: quality.start()] if quality else text
    years = [match for match in _BARE_YEAR.finditer(head) if match.start() > 0]
    if years and (is_dotted or (quality and not head[years[-1].end() :].strip(" ._-([{"))):
        return _words(head[: years[-1].start()], is_dotted), int(years[-1][1])
    return _words(head, is_dotted) or text, None


def read_subtitle(tokens: str) -> SubtitleName:
    """What stands between a film's name and the suffix of a subtitle file: `en`, `eng.sdh`, `pt-BR.forced`."""
    language, is_sdh, is_forced = UNKNOWN, False, False
    for token in re.split(r"[ .()\[\]]+", tokens.replace("_", "-")):
        word = token.strip("-").casefold()
        if word in ("sdh", "cc") or (word == "hi" and language != UNKNOWN):  # alone, hi is Hindi
            is_sdh = True
        elif word in ("forced", "foreign"):
            is_forced = True
        elif language == UNKNOWN:
            language = language_tag(word) or language_tag(word.split("-")[-1]) or UNKNOWN
    return SubtitleName(language=language, is_sdh=is_sdh, is_forced=is_forced)


def season_of(folder: str) -> int | None:
    """The season that a folder is for: `Season 01`, `S1`, `Specials` (0); None when it is not one."""
    if plain(folder) in ("specials", "special"):
        return 0
    match = _SEASON_FOLDER.fullmatch(_YEAR_IN_BRACKETS.sub("", folder).strip())
    return int(match[1]) if match else None


def height_in(name: str) -> int:
    """The picture height that a name claims (`1080p`, `4K`), 0 when it claims none."""
    heights = {"4k": 2160, "uhd": 2160, "8k": 4320}
    claims = [match[1].lower() for match in _QUALITY.finditer(name)]
    lines = [int(claim[:-1]) for claim in claims if re.fullmatch(r"\d{3,4}[pi]", claim)]
    return max([heights.get(claim, 0) for claim in claims] + lines, default=0)


def show_folder(path: str) -> str | None:
    """The folder of the show that an episode's path lies in, None when it lies in none of its own."""
    folder = PurePosixPath(path).parent
    if season_of(folder.name) is not None:
        folder = folder.parent
    return None if folder.name == "" or _is_shelf(folder.name) else str(folder)


def ids_in(path: str) -> dict[str, str]:
    """Other catalogues' ids in a path: `{imdb-tt0062622}`, `[tmdbid-62]`."""
    return {match[1].lower(): match[2] for match in _ID.finditer(path)}


class _Numbers(msgspec.Struct, frozen=True):
    season: int
    episode: int
    last: int | None
    start: int
    end: int


def _numbers(parts: PurePosixPath) -> _Numbers | None:
    stem = _ID.sub("", parts.stem)
    match = _SEASON_EPISODE.search(stem) or _CROSS.search(stem)
    if match:
        more = [int(number) for number in re.findall(r"\d+(?!\d*x)", match[3], re.I)]
        last = max(more, default=0)
        episode = int(match[2])
        return _Numbers(int(match[1]), episode, last if last > episode else None, match.start(), match.end())
    season = season_of(parts.parent.name)
    bare = _BARE_EPISODE.match(stem) if season is not None else None
    if season is None or bare is None:
        return None
    return _Numbers(season, int(bare[1]), None, 0, bare.end())


def _episode(parts: PurePosixPath, numbers: _Numbers) -> Metadata:
    stem = _ID.sub("", parts.stem)
    in_name, year_in_name = read_name(stem[: numbers.start].strip(" ._-"))
    show, year = in_name, year_in_name
    folder = show_folder(str(parts))
    if folder is not None:
        name, folder_year = read_name(PurePosixPath(folder).name)
        if season_of(parts.parent.name) is not None or _is_same(name, in_name):
            show, year = name, folder_year or year_in_name
    name = _BRACED.sub("", stem[numbers.end :])
    quality = _QUALITY.search(name)
    return Metadata(
        title=_words(name[: quality.start()] if quality else name, " " not in stem),
        show=show,
        show_year=year,
        season=numbers.season,
        episode=numbers.episode,
        last_episode=numbers.last,
    )


def _is_same(folder: str, name: str) -> bool:
    one, other = plain(folder), plain(name)
    return not other or one.startswith(other) or other.startswith(one)


def _is_shelf(folder: str) -> bool:
    return plain(folder) in _SHELVES


def _words(text: str, is_dotted: bool) -> str:
    """The words of a name; dots stand for spaces where the name has none, and stay where it has: `Dr. Mabuse`."""
    if is_dotted:
        text = re.sub(r"[._]+", " ", text)
    return " ".join(text.split()).lstrip(" _-–").rstrip(" _-–([{")
