"""Where the opening and the closing credits of an episode are: what the episodes of a season have in common. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from matinee.encoding.tracks.fingerprint import HOP_S, Fingerprint, common_run

KIND = "marks"
"""The kind of the jobs that compare episodes; their subject is a show."""
PRIORITY = -1
"""No film waits for marks."""
SHORTEST_S = 10.0
"""What is shorter is a jingle, or chance; openings last from 15 s to two minutes."""
LONGEST_S = 180.0
"""What two episodes share for longer is a scene of both, or the same episode twice."""
WITHIN_S = 600.0
"""An opening is looked for in the first ten minutes, credits in the last; never past the middle."""
NEIGHBOURS = 3
"""Each episode is compared with so many that follow: a season's opening may change, and each comparison costs."""
TO_THE_END_S = 15.0
"""Credits that stop so near the end last to the end: what follows is a logo."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a title, in seconds from its start; `end_s` is exclusive."""

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s:
            raise ValueError(f"a part of a film cannot last from {self.start_s} s to {self.end_s} s")

    @property
    def lasts_s(self) -> float:
        return self.end_s - self.start_s


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """An episode's opening and credits. `is_edited`: a person said so, and nothing that is found changes it."""

    intro: Span | None = None
    credits: Span | None = None
    is_edited: bool = False


@dataclass(frozen=True)
class Heard:
    """An episode as it is compared."""

    title_id: str
    duration_s: float
    items: Fingerprint


def marks_of(season: Sequence[Heard]) -> dict[str, Marks]:
    """The marks of each episode of a season, in order: the longest that it shares with any of its neighbours."""
    found = {one.title_id: Marks() for one in season}
    for first, second in _pairs(season):
        for title_id, marks in _shared(first, second):
            best = found[title_id]
            found[title_id] = Marks(
                intro=_longer(best.intro, marks.intro), credits=_longer(best.credits, marks.credits)
            )
    return found


def _pairs(season: Sequence[Heard]) -> Iterator[tuple[Heard, Heard]]:
    for at, first in enumerate(season):
        yield from itertools.product([first], season[at + 1 : at + 1 + NEIGHBOURS])


def _longer(known: Span | None, other: Span | None) -> Span | None:
    return max((span for span in (known, other) if span is not None), key=lambda span: span.lasts_s, default=None)


def _shared(first: Heard, second: Heard) -> list[tuple[str, Marks]]:
    """The marks that two episodes give each other."""
    sides = [_within(one) for one in (first, second)]
    intros = _spans(first, second, 0, 0, sides)
    closing = _spans(first, second, len(first.items) - sides[0], len(second.items) - sides[1], sides)
    return [
        (one.title_id, Marks(intro=intro, credits=_to_the_end(end, one.duration_s)))
        for one, intro, end in zip((first, second), intros, closing, strict=True)
    ]


def _within(one: Heard) -> int:
    """How many items of either side are looked at."""
    return min(len(one.items) // 2, round(WITHIN_S / HOP_S))


def _spans(first: Heard, second: Heard, at: int, other: int, sizes: Sequence[int]) -> list[Span | None]:
    """What is common from item `at` of the first and item `other` of the second on: where it is in each."""
    run = common_run(
        first.items[at : at + sizes[0]],
        second.items[other : other + sizes[1]],
        shortest_s=SHORTEST_S,
        longest_s=LONGEST_S,
    )
    if run is None:
        return [None, None]
    starts = ((first, at * HOP_S + run.first_s), (second, other * HOP_S + run.second_s))
    return [_span(start_s, start_s + run.lasts_s, one.duration_s) for one, start_s in starts]


def _span(start_s: float, end_s: float, duration_s: float) -> Span:
    return Span(start_s=round(start_s, 1), end_s=round(min(end_s, duration_s), 1))


def _to_the_end(span: Span | None, duration_s: float) -> Span | None:
    if span is None or duration_s - span.end_s > TO_THE_END_S:
        return span
    return Span(start_s=span.start_s, end_s=duration_s)
