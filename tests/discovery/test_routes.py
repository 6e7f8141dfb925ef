"""The pages of discovery and the changes of the catalogue, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import AsyncTestClient

from matinee.base.clock import system_clock
from matinee.base.database import MAIN, open_engine, writing
from matinee.base.objects import open_objects
from matinee.catalog import routes as catalog_routes
from matinee.catalog.removal import Removal
from matinee.catalog.service import Catalog
from matinee.catalog.title import Metadata, Person, Published, Source, Title
from matinee.discovery import routes as discovery_routes
from matinee.discovery.service import Discovery
from matinee.members.account import Account
from matinee.playback.position import Position
from matinee.work.job import Job


@dataclass
class Site:
    """The routes on a catalogue of one film and one show."""

    catalog: Catalog
    client: AsyncTestClient[Litestar]
    film: Title
    episodes: list[Title]
    positions: dict[str, Position]


def provided(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'main.db'}")
    async with writing(engine) as connection:
        await connection.run_sync(MAIN.create_all)
    catalog, positions = Catalog(engine, system_clock), dict[str, Position]()

    async def positions_of(account_id: str) -> Mapping[str, Position]:
        return positions if account_id == "account_1" else {}

    async def encodes() -> Sequence[Job]:
        return []

    async def dispose(title: Title) -> None:
        positions.pop(title.id, None)

    people = (Person(name="Ana Vik", role="director"),)
    told = Metadata(title="The Lighthouse", year=1955, genres=("Drama",), people=people, tagline="Wait.")
    film = await catalog.add(told, Source(sha256="0", name="0", size_bytes=1))
    episodes = [
        await catalog.add(
            Metadata(show="Harbour", season=1, episode=n, title=f"Part {n}"),
            Source(sha256=str(n), name="", size_bytes=1),
        )
        for n in (1, 2)
    ]
    for title in (film, *episodes):
        await catalog.mark_published(
            title.id, Published(duration_s=100.0, height=720, audio=("en",), subtitles=("de",))
        )
    account = Account(id="account_1", name="Ada")
    dependencies: dict[str, Any] = {
        "catalog": catalog,
        "removal": Removal(catalog, open_objects((tmp_path / "objects").as_uri()), dispose),
        "discovery": Discovery(catalog, positions_of, encodes, system_clock),
        "account": account,
    }
    app = Litestar(
        [*discovery_routes.HANDLERS, *catalog_routes.HANDLERS],
        dependencies={name: provided(value) for name, value in dependencies.items()},
    )
    async with AsyncTestClient(app) as client:
        yield Site(catalog, client, film, episodes, positions)
    await engine.dispose()


async def read(site: Site, path: str) -> Any:
    answer = await site.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_home_has_a_hero_rows_and_what_is_preparing(site: Site) -> None:
    site.positions[site.episodes[0].id] = Position(position_s=50.0, duration_s=100.0, updated=1.0)
    home = await read(site, "/v1/home")
    assert [row["id"] for row in home["rows"]] == ["continue", "new"]
    begun = home["rows"][0]["items"][0]
    assert (begun["id"], begun["show_title"], begun["progress"], begun["position_s"]) == (
        site.episodes[0].id,
        "Harbour",
        0.5,
        50.0,
    )
    assert home["hero"]["id"] in {site.film.id, site.film.show_id, site.episodes[0].show_id}
    assert (home["preparing"], home["coming"]) == ([], 0)


async def test_titles_are_listed_by_kind_and_genre(site: Site) -> None:
    assert {card["title"] for card in (await read(site, "/v1/titles?sort=title"))["items"]} == {
        "The Lighthouse",
        "Harbour",
    }
    assert [card["title"] for card in (await read(site, "/v1/titles?kind=show"))["items"]] == ["Harbour"]
    assert [card["title"] for card in (await read(site, "/v1/titles?genre=drama"))["items"]] == ["The Lighthouse"]
    assert (await site.client.get("/v1/titles?kind=play")).status_code == 400


async def test_a_show_s_page_has_its_seasons_and_an_episode_s_the_next_one(site: Site) -> None:
    show = await read(site, f"/v1/titles/{site.episodes[0].show_id}")
    assert [season["number"] for season in show["seasons"]] == [1]
    assert [card["title"] for card in show["seasons"][0]["episodes"]] == ["Part 1", "Part 2"]
    assert show["title"]["play_id"] == site.episodes[0].id
    episode = await read(site, f"/v1/titles/{site.episodes[0].id}")
    assert episode["next"]["id"] == site.episodes[1].id
    assert episode["languages"] == {"audio": ["en"], "subtitles": ["de"]}


async def test_search_says_why_and_what_else(site: Site) -> None:
    result = await read(site, "/v1/search?q=ana")
    assert [(card["id"], card["reason"]) for card in result["items"]] == [(site.film.id, "Directed by Ana Vik")]
    assert await read(site, "/v1/search?q=") == {"items": [], "suggestions": ["Drama"]}


async def test_an_edit_is_seen_at_once(site: Site) -> None:
    answer = await site.client.patch(f"/v1/titles/{site.film.id}", json={"title": "The Beacon", "genres": ["Sea"]})
    assert answer.status_code == 200
    page = await read(site, f"/v1/titles/{site.film.id}")
    assert (page["title"]["title"], page["title"]["genres"], page["tagline"]) == ("The Beacon", ["Sea"], "Wait.")
    assert [card["title"] for card in (await read(site, "/v1/search?q=beacon"))["items"]] == ["The Beacon"]
    assert (await site.client.patch(f"/v1/titles/{site.film.id}", json={"year": 1})).status_code == 400


async def test_a_removed_title_is_gone_everywhere(site: Site) -> None:
    site.positions[site.film.id] = Position(position_s=50.0, duration_s=100.0, updated=1.0)
    assert (await site.client.delete(f"/v1/titles/{site.film.id}")).status_code == 204
    assert site.positions == {}
    assert [card["title"] for card in (await read(site, "/v1/titles"))["items"]] == ["Harbour"]
    assert [row["id"] for row in (await read(site, "/v1/home"))["rows"]] == ["new"]
