"""Search as you type: every word of the query is the beginning of a word of the title, its people, genre or synopsis.

Ranking: title before person before genre before synopsis; a whole word before a beginning before a near miss (one
letter wrong, missing, doubled or swapped, in words of four letters or more). Each result says why it is here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Literal, TypeAlias

import msgspec

from matinee.catalog.snapshot import Snapshot
from matinee.catalog.title import Title, plain

Field: TypeAlias = Literal["title", "person", "genre", "synopsis"]

RESULTS_MAX = 48
QUERY_WORDS_MAX = 8
QUERY_MAX = 100  # characters; what is beyond them is not looked at
TYPO_WORD_MIN = 4  # in shorter words one letter changes the meaning
_WEIGHTS: Mapping[Field, float] = {"title": 1000.0, "person": 100.0, "genre": 10.0, "synopsis": 1.0}
_WHOLE, _BEGINNING, _NEAR = 1.0, 0.8, 0.3  # a near miss in the title still goes before a person's name


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A found title, how well it fits, and why it is here."""

    title_id: str
    score: float
    reason: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The hits, best first, and words that the viewer may have meant."""

    hits: tuple[Hit, ...]
    suggestions: tuple[str, ...]


class _Place(msgspec.Struct, frozen=True):
    """Where a word stands: in which field of which title, and the text a person reads there."""

    title_id: str
    field: Field
    text: str


class _Match(msgspec.Struct, frozen=True):
    place: _Place
    score: float
    word: str
    is_near: bool


@dataclass(frozen=True)
class Index:
    """The words of a catalogue, sorted, with the places where each stands."""

    words: Sequence[str]
    places: Mapping[str, Sequence[_Place]]
    order: Mapping[str, int]
    """The rank of each title where scores are equal: the newest first."""

    def search(self, query: str) -> Found:
        """The titles in which every word of `query` is found."""
        words = plain(query[:QUERY_MAX]).split()[:QUERY_WORDS_MAX]
        if not words:
            return Found(hits=(), suggestions=())
        by_word = [self._best_of_each(word) for word in words]
        in_all = set.intersection(*(set(matches) for matches in by_word))
        hits = [_hit(title_id, [matches[title_id] for matches in by_word]) for title_id in in_all]
        hits.sort(key=lambda hit: (-hit.score, self.order[hit.title_id]))
        near = [_meant(word, matches) for word, matches in zip(words, by_word, strict=True)]
        meant = " ".join(near)
        return Found(hits=tuple(hits[:RESULTS_MAX]), suggestions=(meant,) if near != words and hits else ())

    def _best_of_each(self, word: str) -> dict[str, _Match]:
        """The best match of `word` in every title that has one."""
        best: dict[str, _Match] = {}
        for match in self._matches(word):
            known = best.get(match.place.title_id)
            if known is None or match.score > known.score:
                best[match.place.title_id] = match
        return best

    def _matches(self, word: str) -> Iterator[_Match]:
        onwards = islice(self.words, bisect_left(self.words, word), None)
        for found in takewhile(lambda known: known.startswith(word), onwards):
            yield from self._at(found, _WHOLE if found == word else _BEGINNING, is_near=False)
        if len(word) >= TYPO_WORD_MIN:
            for known in self.words:
                if not known.startswith(word) and is_near(word, known):
                    yield from self._at(known, _NEAR, is_near=True)

    def _at(self, word: str, quality: float, *, is_near: bool) -> Iterator[_Match]:
        for place in self.places[word]:
            yield _Match(place, _WEIGHTS[place.field] * quality, word, is_near)


def index_of(snapshot: Snapshot) -> Index:
    """The index of what viewers are shown; what is said of an episode finds its show."""
    places: dict[str, list[_Place]] = defaultdict(list)
    for title in snapshot.shelf:
        for part in (title, *snapshot.playable(title.id)):
            for field, text, reason in _texts(part, title):
                for word in dict.fromkeys(plain(text).split()):
                    places[word].append(_Place(title.id, field, reason))
    order = {title.id: rank for rank, title in enumerate(snapshot.shelf)}
    return Index(words=sorted(places), places=places, order=order)


def is_near(query: str, word: str) -> bool:
    """Whether `query` is at most one edit away from `word` or a beginning of it (Damerau: a swap is one edit)."""
    same = 0
    for one, other in zip(query, word, strict=False):
        if one != other:
            break
        same += 1
    rest, other = query[same:], word[same:]
    if not rest:
        return True
    # Who gets the first letter wrong must give the whole word: else `elan` would find `lantern`.
    fits = str.startswith if same else str.__eq__
    return (
        fits(other, rest[1:])  # a letter too many
        or fits(other[1:], rest)  # a letter missing
        or (bool(other) and fits(other[1:], rest[1:]))  # a wrong letter
        or (len(rest) > 1 and other[:2] == rest[1] + rest[0] and fits(other[2:], rest[2:]))  # a swap
    )


def _texts(part: Title, title: Title) -> Iterable[tuple[Field, str, str]]:
    """Every searchable text of a title with its field and, for a person to read, what a match in it means."""
    if part.id != title.id:
        yield "title", part.title, f"Episode: {part.title}"
    else:
        yield "title", part.title, "Title"
    for person in part.people:
        as_character = f" as {person.character}" if person.character else ""
        said = {"director": "Directed by {}", "writer": "Written by {}", "cast": "With {}" + as_character}
        yield "person", person.name, said.get(person.role, "{}").format(person.name)
    for genre in part.genres:
        yield "genre", genre, f"Genre: {genre}"
    yield "synopsis", f"{part.synopsis} {part.tagline}", "In the synopsis"


def _hit(title_id: str, matches: Sequence[_Match]) -> Hit:
    """The score is that of the mean word; the reasons are those of its words, the weightiest first."""
    best_first = sorted(matches, key=lambda match: -match.score)
    reasons = dict.fromkeys(_reason(match) for match in best_first)
    return Hit(
        title_id=title_id, score=sum(match.score for match in matches) / len(matches), reason=" · ".join(reasons)
    )


def _reason(match: _Match) -> str:
    about = f": “{match.word}”" if match.place.field == "synopsis" else ""
    return f"Close to “{match.word}” ({match.place.text})" if match.is_near else match.place.text + about


def _meant(word: str, matches: Mapping[str, _Match]) -> str:
    """The word that was found instead of `word`; `word` itself when that was found."""
    best = max(matches.values(), key=lambda match: match.score, default=None)
    exact = any(not match.is_near for match in matches.values())
    return word if best is None or exact else best.word
