"""Pressing play: where it begins, what its links open, whose heartbeats count."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.playback.asset_sample import ASSET, rung

import matinee.catalog.tables
import matinee.encoding.tables
import matinee.insight.tables  # noqa: F401 - the tables are made from what is imported
from matinee.adapters.embedded.log import SqliteEventLog
from matinee.adapters.embedded.state import SqlitePlaybackState
from matinee.base import objects as store
from matinee.base.database import MAIN, open_engine
from matinee.base.objects import open_objects
from matinee.base.units import Seconds
from matinee.catalog.service import Catalog
from matinee.catalog.title import Metadata, Source
from matinee.delivery.token import SKEW, SigningKey, TokenExpired, check
from matinee.encoding.asset import Asset, rendition_keys
from matinee.encoding.service import Assets, NoAsset
from matinee.playback.position import FINISHED_FROM, REWIND_S, Position, resume_s
from matinee.playback.service import NoSession, Playback, Progress
from matinee.playback.session import LINKS_S

KEY = SigningKey("k1", b"secret")
EDGE = "http://edge.example:8080"
replace = msgspec.structs.replace
ME, OTHER = "account_1", "account_2"


@dataclass
class Hand:
    """A clock whose hand a test moves."""

    now: float = 1_700_000_000.0

    def __call__(self) -> Seconds:
        return Seconds(self.now)


@dataclass(frozen=True)
class Cinema:
    playback: Playback
    clock: Hand
    title_id: str
    asset: Asset


@pytest.fixture
async def cinema(tmp_path: Path) -> AsyncIterator[Cinema]:
    """One published film, and everything that playing it needs."""
    names = ("main", "state", "events")
    main, state_db, events = (open_engine(f"sqlite+aiosqlite:///{tmp_path / name}.db") for name in names)
    async with main.begin() as connection:
        await connection.run_sync(MAIN.create_all)
    clock = Hand()
    state, log = SqlitePlaybackState(state_db), SqliteEventLog(events)
    await state.prepare()
    await log.prepare()
    catalog = Catalog(engine=main, clock=clock)
    assets = Assets(main, open_objects((tmp_path / "objects").as_uri()), clock)
    title = await catalog.add_film(Metadata(title="A film"), Source(sha256="0" * 64, name="a.mkv", size_bytes=1))
    asset = await assets.publish(msgspec.structs.replace(ASSET, title_id=title.id), "0" * 64)
    yield Cinema(Playback(catalog, assets, state, log, lambda: KEY, clock), clock, title.id, asset)
    for engine in (main, state_db, events):
        await engine.dispose()


def told(position_s: float, state: str = "playing", event: str = "event_0001") -> Progress:
    return Progress(event_id=event, position_s=position_s, state=state)


@given(position_s=st.floats(0, 7200), duration_s=st.floats(0, 7200))
def test_playing_begins_inside_the_film_and_never_after_the_place(position_s: float, duration_s: float) -> None:
    begins = resume_s(Position(position_s=position_s, duration_s=duration_s, updated=0.0))
    assert 0 <= begins <= position_s
    if duration_s and position_s / duration_s <= FINISHED_FROM:
        assert begins == max(0.0, position_s - REWIND_S)
    else:
        assert begins == 0


async def test_a_film_goes_on_a_little_before_the_place(cinema: Cinema) -> None:
    first = await cinema.playback.start(ME, cinema.title_id)
    assert (first.resume_s, first.asset) == (0.0, cinema.asset)
    await cinema.playback.progress(ME, first.session.id, told(12.0))
    assert (await cinema.playback.start(ME, cinema.title_id)).resume_s == 12.0 - REWIND_S
    assert (await cinema.playback.start(OTHER, cinema.title_id)).resume_s == 0.0


async def test_a_film_that_ended_is_finished_and_begins_again(cinema: Cinema) -> None:
    started = await cinema.playback.start(ME, cinema.title_id)
    await cinema.playback.progress(ME, started.session.id, told(3.0, "ended"))
    (position,) = (await cinema.playback.positions(ME)).values()
    assert position.position_s == cinema.asset.duration_s
    assert (await cinema.playback.start(ME, cinema.title_id)).resume_s == 0.0


async def test_a_place_beyond_the_end_is_the_end(cinema: Cinema) -> None:
    started = await cinema.playback.start(ME, cinema.title_id)
    await cinema.playback.progress(ME, started.session.id, told(99_999.0))
    (position,) = (await cinema.playback.positions(ME)).values()
    assert position.position_s == cinema.asset.duration_s


async def test_nobody_elses_session_can_be_used(cinema: Cinema) -> None:
    session = (await cinema.playback.start(ME, cinema.title_id)).session.id
    with pytest.raises(NoSession):
        await cinema.playback.progress(OTHER, session, told(5.0))
    with pytest.raises(NoSession):
        await cinema.playback.hls(OTHER, session, EDGE)
    with pytest.raises(NoSession):
        await cinema.playback.dash(OTHER, session, EDGE)
    assert dict(await cinema.playback.positions(OTHER)) == {}
    assert list(await cinema.playback.log.read(0, 10)) == []


async def test_a_session_ends_when_its_links_do(cinema: Cinema) -> None:
    session = (await cinema.playback.start(ME, cinema.title_id)).session
    cinema.clock.now = session.expires
    with pytest.raises(NoSession):
        await cinema.playback.progress(ME, session.id, told(5.0))


async def test_every_rendition_is_linked_and_its_link_opens_it_until_the_session_ends(cinema: Cinema) -> None:
    session = (await cinema.playback.start(ME, cinema.title_id)).session
    for manifest in (
        await cinema.playback.hls(ME, session.id, EDGE),
        await cinema.playback.dash(ME, session.id, EDGE),
    ):
        paths = re.findall(re.escape(EDGE) + r"(/[^\s\"<]+)", manifest)
        grants = [check(path, {KEY.id: KEY.secret}, cinema.clock()) for path in paths]
        assert {grant.rendition for grant in grants} == set(rendition_keys(cinema.asset))
        assert {grant.session for grant in grants} == {session.id}
        with pytest.raises(TokenExpired):
            check(paths[0], {KEY.id: KEY.secret}, Seconds(session.expires + 120))


async def test_a_session_keeps_its_version_when_a_newer_one_is_published(cinema: Cinema) -> None:
    session = (await cinema.playback.start(ME, cinema.title_id)).session.id
    before = await cinema.playback.hls(ME, session, EDGE)
    better = msgspec.structs.replace(cinema.asset, video=(*cinema.asset.video, rung("v1080", "1080p", 1080, 8_000_000)))
    newer = await cinema.playback.assets.publish(better, "0" * 64)
    assert await cinema.playback.hls(ME, session, EDGE) == before
    assert (await cinema.playback.start(ME, cinema.title_id)).asset == newer


async def test_a_heartbeat_sent_twice_is_logged_once(cinema: Cinema) -> None:
    session = (await cinema.playback.start(ME, cinema.title_id)).session.id
    for _ in range(2):
        await cinema.playback.progress(ME, session, told(5.0))
    assert len(await cinema.playback.log.read(0, 10)) == 1


async def test_a_forgotten_title_begins_at_the_start(cinema: Cinema) -> None:
    session = (await cinema.playback.start(ME, cinema.title_id)).session.id
    await cinema.playback.progress(ME, session, told(12.0))
    await cinema.playback.forget(ME, cinema.title_id)
    assert (await cinema.playback.start(ME, cinema.title_id)).resume_s == 0.0


async def test_a_film_without_a_version_cannot_be_played_yet(cinema: Cinema) -> None:
    source = Source(sha256="1" * 64, name="b.mkv", size_bytes=1)
    title = await cinema.playback.catalog.add_film(Metadata(title="Coming"), source)
    with pytest.raises(NoAsset):
        await cinema.playback.start(ME, title.id)


async def test_a_superseded_version_stays_while_a_link_to_it_opens_and_goes_when_the_last_is_shut(
    cinema: Cinema,
) -> None:
    playback, clock, assets = cinema.playback, cinema.clock, cinema.playback.assets
    newer = replace(cinema.asset, id="", video=(rung("v480", "480p", 480, 2_000_000),), still="")
    for key in (*rendition_keys(cinema.asset), "v480"):
        store.write(assets.objects, f"renditions/{key}/media.mp4", b"x")
    started = await playback.start(ME, cinema.title_id)
    link = re.findall(rf"{EDGE}(/\S+/v360/media)", await playback.hls(ME, started.session.id, EDGE))[0] + ".mp4"
    clock.now += 600
    await assets.publish(newer, "s")

    async def collected() -> int:
        async def playing() -> Collection[str]:
            return await playback.state.playing(clock())

        return await assets.collect(playing, nobody, LINKS_S)

    async def nobody() -> set[str]:
        return set()

    clock.now = started.session.expires + SKEW - 1
    assert check(link, {KEY.id: KEY.secret}, clock()).rendition == "v360", "a late edge opens it still"
    assert await collected() == 0
    assert store.exists(assets.objects, "renditions/v360/media.mp4")
    assert (await playback.start(ME, cinema.title_id)).asset.video[0].key == "v480"
    clock.now = started.session.expires + LINKS_S
    with pytest.raises(TokenExpired):
        check(link, {KEY.id: KEY.secret}, clock())
    assert await collected() == 1
    left = {key.split("/")[1] for key in store.keys_under(assets.objects, "renditions")}
    assert left == set(rendition_keys(newer)), "what the newest version shares with it stays"
    assert (await assets.latest(cinema.title_id)).number == 2


async def test_a_session_keeps_its_version_however_long_ago_that_was_superseded(cinema: Cinema) -> None:
    playback, clock = cinema.playback, cinema.clock
    started = await playback.start(ME, cinema.title_id)
    await playback.state.put_session(replace(started.session, expires=Seconds(clock.now + 10 * LINKS_S)))
    newer = replace(cinema.asset, id="", video=(rung("v480", "480p", 480, 2_000_000),))
    await playback.assets.publish(newer, "s")
    clock.now += 9 * LINKS_S

    async def playing() -> Collection[str]:
        return await playback.state.playing(clock())

    async def nobody() -> set[str]:
        return set()

    assert await playback.assets.collect(playing, nobody, LINKS_S) == 0
    clock.now += 2 * LINKS_S
    assert await playback.assets.collect(playing, nobody, LINKS_S) == 1
