"""A removal leaves nothing behind that was only the title's."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from matinee.base import objects as store
from matinee.base.clock import system_clock
from matinee.base.objects import open_objects
from matinee.catalog.removal import Removal
from matinee.catalog.service import Catalog
from matinee.catalog.title import Metadata, Picture, Sidecar, Source, Title

SHARED, OWN = "5" * 32, "6" * 32


async def test_what_other_titles_use_stays(main_engine: AsyncEngine, tmp_path: Path) -> None:
    catalog, objects = Catalog(main_engine, system_clock), open_objects((tmp_path / "objects").as_uri())
    disposed: list[str] = []

    async def dispose(title: Title) -> None:
        disposed.append(title.id)

    films = [await catalog.add_film(Metadata(title=n), Source(sha256=n, name=n, size_bytes=1)) for n in ("a", "b")]
    for film in films:
        poster = Picture(name=f"{SHARED}.webp", width=2, height=3)
        still = Picture(name=f"{OWN}.webp", width=2, height=3) if film is films[0] else None
        await catalog.set_pictures(film.id, poster=poster, still=still)
    own = Sidecar(key="subtitles/own.vtt", original_key="subtitles/own.original", language="en", label="English")
    await catalog.add_sidecar(films[0].id, own)
    names = [f"images/{SHARED}.webp", f"images/{OWN}.webp", f"images/{OWN}-320.webp", own.key, own.original_key]
    for key in names:
        store.write(objects, key, b"x")

    gone = await Removal(catalog, objects, dispose).remove(films[0].id)

    assert [title.id for title in gone] == disposed == [films[0].id]
    assert list(store.keys_under(objects, "")) == [f"images/{SHARED}.webp"]
