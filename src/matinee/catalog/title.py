"""What a title is: a film, a show or an episode, with its people and pictures, and the questions asked of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

Kind: TypeAlias = Literal["film", "show", "episode"]
State: TypeAlias = Literal["processing", "ready", "failed"]
Role: TypeAlias = Literal["director", "writer", "cast", "producer", "composer"]

TITLE_MAX = 200  # the longest film title on record has 168 characters
SYNOPSIS_MAX = 4_000
TAGLINE_MAX = 300
NAME_MAX = 120
GENRES_MAX = 12  # more than these is tagging
GENRE_MAX = 40
PEOPLE_MAX = 200  # cast lists end somewhere; beyond this nobody scrolls
FIRST_YEAR = 1870  # the first photographs of motion are of 1874

TitleText: TypeAlias = Annotated[str, Meta(min_length=1, max_length=TITLE_MAX)]
Synopsis: TypeAlias = Annotated[str, Meta(max_length=SYNOPSIS_MAX)]
Tagline: TypeAlias = Annotated[str, Meta(max_length=TAGLINE_MAX)]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
Year: TypeAlias = Annotated[int, Meta(ge=FIRST_YEAR, le=2200)]
Genre: TypeAlias = Annotated[str, Meta(min_length=1, max_length=GENRE_MAX)]
Genres: TypeAlias = Annotated[tuple[Genre, ...], Meta(max_length=GENRES_MAX)]
LanguageTag: TypeAlias = Annotated[str, Meta(pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$", max_length=35)]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who made the title or is seen in it; `character` is only known of the cast."""

    name: Name
    role: Role = "cast"
    character: Annotated[str, Meta(max_length=NAME_MAX)] = ""


People: TypeAlias = Annotated[tuple[Person, ...], Meta(max_length=PEOPLE_MAX)]


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """An image of ours, at `/images/<name>`; `focus` is the point (0..1 each way) that cropping keeps."""

    name: str
    width: int
    height: int
    thumbhash: str = ""
    focus: tuple[float, float] = (0.5, 0.5)


class Sidecar(msgspec.Struct, frozen=True, kw_only=True):
    """A subtitle file that came beside a film: `original_key` as it was given, `key` the clean WebVTT made of it."""

    key: str
    original_key: str
    language: str
    label: str
    is_sdh: bool = False
    is_forced: bool = False


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The file a title was made from; its SHA-256 is its identity, wherever it lay and however it was called."""

    sha256: str
    name: str
    size_bytes: int


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a title before it is in the catalogue; empty fields are not known."""

    title: str = ""
    year: int | None = None
    synopsis: str = ""
    tagline: str = ""
    genres: tuple[str, ...] = ()
    language: str = ""
    people: tuple[Person, ...] = ()
    ids: dict[str, str] = {}
    show: str = ""
    show_year: int | None = None
    season: int | None = None
    episode: int | None = None
    last_episode: int | None = None


class Title(msgspec.Struct, frozen=True, kw_only=True):
    """A film, a show or an episode of one, as the catalogue knows it; times are Unix seconds, UTC.

    `state` is of the pipeline: a title is `ready` as soon as its lowest rung can be played; `height` is of the
    16:9 box of the top rung that can be played now (0: none). `ids` are other catalogues' (imdb, tmdb, tvdb, eidr).
    """

    id: str
    kind: Kind
    title: str
    year: int | None = None
    synopsis: str = ""
    tagline: str = ""
    genres: tuple[str, ...] = ()
    language: str = ""
    people: tuple[Person, ...] = ()
    ids: dict[str, str] = {}
    show_id: str | None = None
    season: int | None = None
    episode: int | None = None
    last_episode: int | None = None
    state: State = "processing"
    reason: str = ""
    duration_s: float = 0.0
    height: int = 0
    poster: Picture | None = None
    still: Picture | None = None
    audio: tuple[str, ...] = ()
    subtitles: tuple[str, ...] = ()
    source: str
    source_name: str = ""
    source_size_bytes: int = 0
    created: float
    updated: float


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of an asset version that the catalogue shows; languages per BCP 47."""

    duration_s: float
    height: int
    audio: tuple[str, ...] = ()
    subtitles: tuple[str, ...] = ()
    still: Picture | None = None


class Edit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an editor changes of a title; a field that is not given stays."""

    title: TitleText | UnsetType = UNSET
    year: Year | UnsetType | None = UNSET
    synopsis: Synopsis | UnsetType = UNSET
    tagline: Tagline | UnsetType = UNSET
    genres: Genres | UnsetType = UNSET
    language: LanguageTag | UnsetType = UNSET
    people: People | UnsetType = UNSET


def is_playable(title: Title) -> bool:
    """Whether pressing play on this very title starts something (a show is played by its episodes)."""
    return title.kind != "show" and title.state == "ready" and title.height > 0


def credits(title: Title, *roles: Role) -> tuple[str, ...]:
    """The names of the people of `title` in any of `roles`, in the order of the credits."""
    return tuple(person.name for person in title.people if person.role in roles)


def episode_code(title: Title) -> str:
    """`S1 E2` of an episode (`S1 E2–3` of a double one), empty for anything else."""
    if title.season is None or title.episode is None:
        return ""
    last = f"–{title.last_episode}" if title.last_episode and title.last_episode != title.episode else ""
    return f"S{title.season} E{title.episode}{last}"


def show_source(name: str, year: int | None) -> str:
    """The identity of a show: its name without case, accents and punctuation, and its first year."""
    return f"show:{plain(name)}:{year or ''}"


_ARTICLES = ("the ", "a ", "an ")


def sort_name(title: str) -> str:
    """What a title is sorted by: plain text, without a leading English article."""
    text = plain(title)
    for article in _ARTICLES:
        if text.startswith(article) and len(text) > len(article):
            return text[len(article) :]
    return text


_LETTERS_ALONE = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th"})


def plain(text: str) -> str:
    """`text` without case, accents and punctuation, its words separated by one space."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS_ALONE)
    kept = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"['’`]", "", kept)))


def merged(*sources: Metadata) -> Metadata:
    """One description out of several, the earlier ones first: a field comes from the first that knows it."""
    fields: dict[str, Any] = {}
    for source in reversed(sources):
        fields.update({name: value for name in source.__struct_fields__ if (value := getattr(source, name))})
        if source.season is not None:  # season 0, the specials, is known too
            fields["season"] = source.season
    return Metadata(**fields)


def tidied(metadata: Metadata) -> Metadata:
    """`metadata` fit for the catalogue: no control characters, nothing twice, every field within its limit."""
    year = metadata.year if metadata.year is not None and FIRST_YEAR <= metadata.year <= 2200 else None
    return msgspec.structs.replace(
        metadata,
        title=one_line(metadata.title, TITLE_MAX),
        show=one_line(metadata.show, TITLE_MAX),
        year=year,
        synopsis=_paragraphs(metadata.synopsis)[:SYNOPSIS_MAX],
        tagline=one_line(metadata.tagline, TAGLINE_MAX),
        genres=_unique(one_line(genre, GENRE_MAX) for genre in metadata.genres)[:GENRES_MAX],
        people=_unique(_tidied_person(person) for person in metadata.people if person.name.strip())[:PEOPLE_MAX],
    )


def _tidied_person(person: Person) -> Person:
    return Person(
        name=one_line(person.name, NAME_MAX), role=person.role, character=one_line(person.character, NAME_MAX)
    )


def one_line(text: str, limit: int) -> str:
    """`text` on one line without control characters, at most `limit` characters long."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:limit].rstrip()


def _paragraphs(text: str) -> str:
    lines = [one_line(line, SYNOPSIS_MAX) for line in text.replace("\r", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


_T = TypeVar("_T")


def _unique(items: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(item for item in items if item))
