"""The catalogue: titles come in once, shows are found again, changes are seen."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from matinee.base.clock import system_clock
from matinee.base.units import Seconds
from matinee.catalog.service import Catalog, NamelessTitle, UnknownTitle
from matinee.catalog.snapshot import BadCursor
from matinee.catalog.title import Edit, Metadata, Person, Picture, Published, Sidecar, Source


@pytest.fixture
def catalog(main_engine: AsyncEngine) -> Catalog:
    return Catalog(engine=main_engine, clock=system_clock)


def source(number: int) -> Source:
    return Source(sha256=f"{number:064x}", name=f"{number}.mkv", size_bytes=number)


PUBLISHED = Published(duration_s=30.0, height=720, audio=("en",), subtitles=("en", "de"))


async def test_a_film_keeps_all_that_is_known_of_it(catalog: Catalog) -> None:
    metadata = Metadata(
        title="The Lighthouse",
        year=1955,
        genres=("Drama",),
        people=(Person(name="Ana Vik", role="director"),),
        ids={"imdb": "tt1"},
        language="nb",
    )
    title = await catalog.add_film(metadata, source(1))
    assert (title.kind, title.state, title.source_name, title.source_size_bytes) == ("film", "processing", "1.mkv", 1)
    assert (title.title, title.year, title.genres, title.people) == (
        metadata.title,
        metadata.year,
        metadata.genres,
        metadata.people,
    )
    assert await catalog.get(title.id) == title


async def test_the_same_file_again_is_the_same_title(catalog: Catalog) -> None:
    first = await catalog.add_film(Metadata(title="One"), source(1))
    again = await catalog.add_film(Metadata(title="Another name"), source(1))
    assert again == first
    assert len((await catalog.snapshot()).titles) == 1


async def test_a_film_without_a_name_is_refused(catalog: Catalog) -> None:
    with pytest.raises(NamelessTitle):
        await catalog.add_film(Metadata(title=" \x00 "), source(1))
    assert not (await catalog.snapshot()).titles


async def test_episodes_find_their_show_by_name_and_year(catalog: Catalog) -> None:
    first = await catalog.add(Metadata(show="Déjà Vu!", show_year=2020, season=1, episode=1), source(1))
    second = await catalog.add(Metadata(show="deja vu", show_year=2020, season=1, episode=2), source(2))
    yearless = await catalog.add(Metadata(show="Deja Vu", season=1, episode=3), source(3))
    other = await catalog.add(Metadata(show="Deja Vu", show_year=1999, season=1, episode=1), source(4))
    assert first.show_id == second.show_id == yearless.show_id != other.show_id
    assert first.title == "Episode 1"
    assert [episode.id for episode in await catalog.episodes(first.show_id or "")] == [first.id, second.id, yearless.id]


async def test_a_show_is_completed_with_what_its_own_description_says(catalog: Catalog) -> None:
    episode = await catalog.add(Metadata(show="Harbour", season=1, episode=1, synopsis="Of the episode."), source(1))
    show = await catalog.add_show(Metadata(show="Harbour", synopsis="Of the show.", genres=("Crime",)))
    assert show.id == episode.show_id
    assert (show.synopsis, show.genres) == ("Of the show.", ("Crime",))
    assert (await catalog.get(episode.id)).synopsis == "Of the episode."


async def test_only_what_can_be_played_is_listed(catalog: Catalog) -> None:
    film = await catalog.add_film(Metadata(title="Film"), source(1))
    episode = await catalog.add(Metadata(show="Show", season=1, episode=1), source(2))
    assert (await catalog.list()).items == ()
    await catalog.mark_published(film.id, PUBLISHED)
    await catalog.mark_published(episode.id, PUBLISHED)
    assert {title.title for title in (await catalog.list()).items} == {"Film", "Show"}
    assert [title.title for title in (await catalog.list(kind="show")).items] == ["Show"]


async def test_publishing_says_what_the_version_offers(catalog: Catalog) -> None:
    film = await catalog.add_film(Metadata(title="Film"), source(1))
    still = Picture(name="a.webp", width=16, height=9)
    await catalog.mark_published(film.id, msgspec.structs.replace(PUBLISHED, still=still))
    ready = await catalog.get(film.id)
    assert (ready.state, ready.height, ready.duration_s, ready.still) == ("ready", 720, 30.0, still)
    assert ready.subtitles == ("en", "de")
    given = msgspec.structs.replace(PUBLISHED, still=Picture(name="b.webp", width=16, height=9))
    assert (await catalog.mark_published(film.id, given)).still == still


async def test_a_failure_keeps_what_could_be_played_before(catalog: Catalog) -> None:
    fresh = await catalog.add_film(Metadata(title="Fresh"), source(1))
    playing = await catalog.add_film(Metadata(title="Playing"), source(2))
    await catalog.mark_published(playing.id, PUBLISHED)
    assert (await catalog.mark_failed(fresh.id, "no video")).state == "failed"
    assert (await catalog.mark_failed(playing.id, "disk full")).state == "ready"
    assert (await catalog.mark_processing(fresh.id)).state == "processing"
    assert [title.id for title in await catalog.unfinished()] == [fresh.id]


async def test_an_edit_changes_only_what_it_names(catalog: Catalog) -> None:
    film = await catalog.add_film(Metadata(title="Film", synopsis="Long", year=2001), source(1))
    edited = await catalog.edit(film.id, Edit(title="Better", year=None))
    assert (edited.title, edited.year, edited.synopsis) == ("Better", None, "Long")
    with pytest.raises(UnknownTitle):
        await catalog.edit("title_nothing", Edit(title="Better"))


async def test_a_show_goes_with_its_episodes_and_with_its_last_one(catalog: Catalog) -> None:
    one = await catalog.add(Metadata(show="Show", season=1, episode=1), source(1))
    two = await catalog.add(Metadata(show="Show", season=1, episode=2), source(2))
    assert [title.id for title in await catalog.delete(one.id)] == [one.id]
    assert {title.id for title in await catalog.delete(two.id)} == {two.id, two.show_id}
    three = await catalog.add(Metadata(show="Show", season=1, episode=3), source(3))
    assert len(await catalog.delete(three.show_id or "")) == 2
    assert not (await catalog.snapshot()).titles


async def test_sidecars_are_kept_with_their_title(catalog: Catalog) -> None:
    film = await catalog.add_film(Metadata(title="Film"), source(1))
    sidecar = Sidecar(key="masters/b", original_key="masters/a", language="en", label="English", is_sdh=True)
    await catalog.add_sidecar(film.id, sidecar)
    await catalog.add_sidecar(film.id, msgspec.structs.replace(sidecar, label="English (SDH)"))
    assert [track.label for track in await catalog.sidecars(film.id)] == ["English (SDH)"]
    await catalog.delete(film.id)
    assert not await catalog.sidecars(film.id)


async def test_another_process_s_change_is_seen_after_a_moment(catalog: Catalog) -> None:
    now = 1000.0
    reader = Catalog(engine=catalog.engine, clock=lambda: Seconds(now))
    assert not (await reader.snapshot()).titles
    await catalog.add_film(Metadata(title="Film"), source(1))
    assert not (await reader.snapshot()).titles
    now += 1.0
    assert len((await reader.snapshot()).titles) == 1
    before = await reader.snapshot()
    now += 1.0
    assert await reader.snapshot() is before


async def test_pages_hold_every_title_once(catalog: Catalog) -> None:
    for number in range(130):
        film = await catalog.add_film(Metadata(title=f"Film {number}"), source(number))
        await catalog.mark_published(film.id, PUBLISHED)
    for sort in ("new", "title"):
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = await catalog.list(sort="title" if sort == "title" else "new", cursor=cursor)
            seen += [title.id for title in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 130
    with pytest.raises(BadCursor):
        await catalog.list(cursor="%%")


async def test_a_file_is_known_again_until_it_changes(catalog: Catalog) -> None:
    await catalog.remember_file("/films/a.mkv", 10, 1, "aa")
    await catalog.remember_file("/films/a.mkv", 12, 2, "bb")
    assert await catalog.file_taken("/films/a.mkv", 12, 2) == "bb"
    assert await catalog.file_taken("/films/a.mkv", 10, 1) is None
    assert await catalog.file_taken("/films/b.mkv", 12, 2) is None
    assert await catalog.last_taken("/films/a.mkv") == "bb"
    assert await catalog.last_taken("/films/b.mkv") is None


async def test_two_processes_that_add_a_file_at_once_make_one_title(catalog: Catalog) -> None:
    other = Catalog(engine=catalog.engine, clock=system_clock)
    made = await asyncio.gather(
        *(each.add_film(Metadata(title="Film"), source(1)) for each in (catalog, other) for _ in range(4))
    )
    assert len({title.id for title in made}) == 1
