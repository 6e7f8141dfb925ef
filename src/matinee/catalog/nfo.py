"""Kodi's `.nfo` files (movie, tvshow, episodedetails) read as metadata; hostile XML is refused, nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from matinee.base.errors import Invalid
from matinee.base.language import language_tag
from matinee.base.text import decoded
from matinee.catalog.title import Metadata, Person, Role, tidied

NFO_MAX_BYTES = 1 << 20  # a show with hundreds of actors has some 200 KB
_DEPTH_MAX = 32
_ROOTS = ("movie", "tvshow", "episodedetails")
_CATALOGUES = ("imdb", "tmdb", "tvdb", "eidr")
_CREDITS: dict[str, Role] = {"director": "director", "credits": "writer", "producer": "producer"}
_IMDB = re.compile(r"\btt\d{5,10}\b")


class BadNfo(Invalid):
    """The description beside a film cannot be used; the film can."""

    code = "bad_nfo"


@dataclass
class _Element:
    name: str
    attributes: dict[str, str]
    children: list[_Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()

    def all(self, name: str) -> Iterator[_Element]:
        return (child for child in self.children if child.name == name)

    def first(self, *names: str) -> str:
        return next((child.text for name in names for child in self.all(name) if child.text), "")


def read_nfo(content: bytes) -> Metadata:
    """What the file says of a film, a show (`show` is its name) or an episode. Raises BadNfo.

    A file that holds nothing but a link to IMDb, which Kodi takes too, gives the id in it.
    """
    if len(content) > NFO_MAX_BYTES:
        raise BadNfo(f"the .nfo has {len(content)} bytes; at most {NFO_MAX_BYTES} are read")
    text = decoded(content)
    root = _parsed(_first_document(text)) if "<" in text else None
    if root is None:
        return Metadata(ids={"imdb": found[0]} if (found := _IMDB.search(text)) else {})
    if root.name not in _ROOTS:
        raise BadNfo(f"the .nfo begins with <{root.name}>; Kodi's begin with <movie>, <tvshow> or <episodedetails>")
    return tidied(_metadata(root))


def _metadata(root: _Element) -> Metadata:
    is_show, is_episode = root.name == "tvshow", root.name == "episodedetails"
    name, year = root.first("title", "originaltitle"), _year(root)
    return Metadata(
        title="" if is_show else name,
        show=name if is_show else root.first("showtitle") if is_episode else "",
        year=None if is_show else year,
        show_year=year if is_show else None,
        synopsis=root.first("plot", "outline"),
        tagline=root.first("tagline"),
        genres=tuple(part.strip() for genre in root.all("genre") for part in genre.text.split("/")),
        language=_language(root),
        people=tuple(_people(root)),
        ids=dict(_ids(root)),
        season=_number(root.first("season")) if is_episode else None,
        episode=_number(root.first("episode")) if is_episode else None,
    )


def _year(root: _Element) -> int | None:
    return _number(root.first("year", "premiered", "releasedate", "aired")[:4])


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else None


def _language(root: _Element) -> str:
    """The language of the first audio stream that a media centre found in the file."""
    for name in ("fileinfo", "streamdetails", "audio"):
        root = next(root.all(name), _Element("", {}))
    return language_tag(root.first("language")) or ""


def _people(root: _Element) -> Iterator[Person]:
    for element in root.children:
        if element.name in _CREDITS:
            for name in element.text.split(" / "):
                yield Person(name=name.strip(), role=_CREDITS[element.name])
    for actor in root.all("actor"):
        yield Person(name=actor.first("name"), role="cast", character=actor.first("role"))


def _ids(root: _Element) -> Iterator[tuple[str, str]]:
    if found := _IMDB.fullmatch(root.first("id")):
        yield "imdb", found[0]
    for element in root.all("uniqueid"):
        catalogue = element.attributes.get("type", "").lower()
        if catalogue in _CATALOGUES and re.fullmatch(r"[A-Za-z0-9./-]{1,64}", element.text):
            yield catalogue, element.text


def _first_document(text: str) -> str:
    """The text up to the end of its first root element: a link or further episodes may follow it."""
    ends = [match.end() for root in _ROOTS if (match := re.search(rf"</{root}\s*>", text))]
    return text[text.index("<") : min(ends, default=len(text))]


def _parsed(text: str) -> _Element:
    top = _Element("", {})
    path = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(path) > _DEPTH_MAX:
            raise BadNfo(f"the .nfo is nested more than {_DEPTH_MAX} deep")
        element = _Element(name.lower(), attributes)
        path[-1].children.append(element)
        path.append(element)

    def end(_: str) -> None:
        path.pop()

    def collect(data: str) -> None:
        path[-1].pieces.append(data)

    def refuse(*_: object) -> None:
        # No document type means no entities: nothing outside can be named, nothing inside can be multiplied.
        raise BadNfo("the .nfo declares a document type or entities, which are not read; delete its <!DOCTYPE ...>")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = collect
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise BadNfo(f"the .nfo is no well-formed XML: {error}") from error
    return top.children[0]
