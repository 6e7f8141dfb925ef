"""Titles for tests: built whole, so that pure policy needs no database."""

from __future__ import annotations

from typing import Any

from matinee.catalog.snapshot import Snapshot, snapshot_of
from matinee.catalog.title import Title


def film(title_id: str, **known: Any) -> Title:
    """A film that can be played, unless `known` says otherwise."""
    made: dict[str, Any] = {
        "id": title_id,
        "kind": "film",
        "title": title_id,
        "state": "ready",
        "height": 720,
        "duration_s": 100.0,
        "source": title_id,
        "created": 1000.0,
        "updated": 1000.0,
    }
    return Title(**{**made, **known})


def show(title_id: str, **known: Any) -> Title:
    """A show, of which nothing can be played without `episode`s."""
    return film(title_id, kind="show", height=0, duration_s=0.0, **known)


def episode(title_id: str, show_id: str, season: int, number: int, **known: Any) -> Title:
    """An episode of a show."""
    return film(title_id, kind="episode", show_id=show_id, season=season, episode=number, **known)


def library(*titles: Title) -> Snapshot:
    """The catalogue that holds `titles`."""
    return snapshot_of(titles)
