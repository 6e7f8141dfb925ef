"""What every playback state does, whatever it is made of: newest wins, entries vanish, writes that returned stay."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest

from matinee.adapters.embedded.state import SqlitePlaybackState
from matinee.base.database import open_engine
from matinee.base.errors import Unavailable
from matinee.base.units import Seconds
from matinee.playback.position import KEPT_S, Position
from matinee.playback.session import AFTER_S, Session
from matinee.playback.state import PlaybackState

Opens: TypeAlias = Callable[[], AbstractAsyncContextManager[PlaybackState]]
NOW = Seconds(1_700_000_000.0)
replace = msgspec.structs.replace


@asynccontextmanager
async def sqlite_state(folder: Path) -> AsyncIterator[PlaybackState]:
    engine = open_engine(f"sqlite+aiosqlite:///{folder / 'state.db'}")
    try:
        state = SqlitePlaybackState(engine)
        await state.prepare()
        yield state
    finally:
        await engine.dispose()


STATES: dict[str, Callable[[Path], AbstractAsyncContextManager[PlaybackState]]] = {"sqlite": sqlite_state}
"""Each opens the state that lies in a folder: the same folder again is the same state."""


@pytest.fixture(params=STATES)
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Opens:
    """Opens the same state each time."""
    return lambda: STATES[request.param](tmp_path)


@pytest.fixture
async def state(opens: Opens) -> AsyncIterator[PlaybackState]:
    async with opens() as opened:
        yield opened


def session(name: str, *, expires: float = NOW + 100, created: float = NOW) -> Session:
    return Session(
        id=name,
        account_id="account_1",
        title_id="title_1",
        asset_id="asset_1",
        duration_s=60.0,
        created=Seconds(created),
        expires=Seconds(expires),
    )


def at(position_s: float, updated: float = NOW) -> Position:
    return Position(position_s=position_s, duration_s=60.0, updated=updated)


# Sessions


async def test_a_session_is_read_as_it_was_put(state: PlaybackState) -> None:
    await state.put_session(session("play_1"))
    assert await state.session("play_1", NOW) == session("play_1")


async def test_versions_are_played_until_the_last_link_of_their_sessions_is_shut(state: PlaybackState) -> None:
    await state.put_session(replace(session("play_1", expires=NOW + 100), asset_id="asset_1"))
    await state.put_session(replace(session("play_2", expires=NOW + 500), asset_id="asset_2"))
    assert set(await state.playing(NOW)) == {"asset_1", "asset_2"}
    assert await state.session("play_1", Seconds(NOW + 100)) is None, "it has expired, and an edge may be late"
    await state.put_session(session("play_3", created=NOW + 100 + AFTER_S - 1, expires=NOW + 101))
    assert "asset_1" in await state.playing(Seconds(NOW + 100 + AFTER_S - 0.5))
    assert set(await state.playing(Seconds(NOW + 101 + AFTER_S))) == {"asset_2"}
    assert not await state.playing(Seconds(NOW + 500 + AFTER_S))


async def test_a_session_that_was_never_put_is_none(state: PlaybackState) -> None:
    assert await state.session("play_1", NOW) is None


async def test_a_session_vanishes_when_it_expires(state: PlaybackState) -> None:
    await state.put_session(session("play_1", expires=NOW + 100))
    assert await state.session("play_1", Seconds(NOW + 99.9)) is not None
    assert await state.session("play_1", Seconds(NOW + 100)) is None


async def test_sessions_do_not_disturb_each_other(state: PlaybackState) -> None:
    await state.put_session(session("play_1", expires=NOW + 10))
    await state.put_session(session("play_2", created=NOW + 50, expires=NOW + 100))
    assert await state.session("play_1", Seconds(NOW + 50)) is None
    assert await state.session("play_2", Seconds(NOW + 50)) is not None


async def test_putting_a_session_again_is_no_error(state: PlaybackState) -> None:
    await state.put_session(session("play_1"))
    await state.put_session(session("play_1", expires=NOW + 200))
    assert await state.session("play_1", Seconds(NOW + 150)) is not None


# Positions


async def test_an_account_that_watched_nothing_has_no_positions(state: PlaybackState) -> None:
    assert dict(await state.positions("account_1", NOW)) == {}


async def test_positions_are_kept_by_account_and_title(state: PlaybackState) -> None:
    await state.put_position("account_1", "title_1", at(1))
    await state.put_position("account_1", "title_2", at(2))
    await state.put_position("account_2", "title_1", at(3))
    assert dict(await state.positions("account_1", NOW)) == {"title_1": at(1), "title_2": at(2)}
    assert dict(await state.positions("account_2", NOW)) == {"title_1": at(3)}


async def test_an_older_position_never_replaces_a_newer_one(state: PlaybackState) -> None:
    await state.put_position("account_1", "title_1", at(30, NOW + 10))
    await state.put_position("account_1", "title_1", at(10, NOW))
    assert (await state.positions("account_1", NOW))["title_1"] == at(30, NOW + 10)
    await state.put_position("account_1", "title_1", at(20, NOW + 20))
    assert (await state.positions("account_1", NOW))["title_1"] == at(20, NOW + 20), "further back, and newer"


@pytest.mark.parametrize("seed", range(3))
async def test_the_newest_position_stands_whatever_order_writers_come_in(opens: Opens, seed: int) -> None:
    order = list(range(30))
    random.Random(seed).shuffle(order)
    async with opens() as one, opens() as other:
        await asyncio.gather(
            *((one if n % 2 else other).put_position("account_1", "title_1", at(float(n), NOW + n)) for n in order)
        )
        assert dict(await one.positions("account_1", NOW)) == {"title_1": at(29.0, NOW + 29)}
        assert await other.positions("account_1", NOW) == await one.positions("account_1", NOW)


async def test_a_position_vanishes_after_it_was_kept_long_enough(state: PlaybackState) -> None:
    await state.put_position("account_1", "title_1", at(1))
    assert "title_1" in await state.positions("account_1", Seconds(NOW + KEPT_S - 1))
    assert "title_1" not in await state.positions("account_1", Seconds(NOW + KEPT_S + 1))


async def test_a_position_that_vanished_does_not_come_back(state: PlaybackState) -> None:
    await state.put_position("account_1", "title_1", at(1))
    later = NOW + KEPT_S + 10
    await state.put_position("account_1", "title_2", at(2, later))
    assert dict(await state.positions("account_1", Seconds(later))) == {"title_2": at(2, later)}


async def test_a_forgotten_position_is_gone_and_another_may_follow(state: PlaybackState) -> None:
    await state.put_position("account_1", "title_1", at(1))
    await state.put_position("account_1", "title_2", at(2))
    await state.put_position("account_2", "title_1", at(3))
    await state.forget("account_1", "title_1")
    assert dict(await state.positions("account_1", NOW)) == {"title_2": at(2)}
    assert dict(await state.positions("account_2", NOW)) == {"title_1": at(3)}
    await state.put_position("account_1", "title_1", at(4, NOW + 1))
    assert (await state.positions("account_1", NOW))["title_1"] == at(4, NOW + 1)


async def test_forgetting_what_is_not_there_is_no_error(state: PlaybackState) -> None:
    await state.forget("account_1", "title_1")


async def test_what_was_written_outlives_who_wrote_it(opens: Opens) -> None:
    async with opens() as state:
        await state.put_session(session("play_1"))
        await state.put_position("account_1", "title_1", at(1))
    async with opens() as state:
        assert await state.session("play_1", NOW) == session("play_1")
        assert dict(await state.positions("account_1", NOW)) == {"title_1": at(1)}


async def test_a_state_that_is_away_says_so(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"this is no database, and a long way from being one " * 100)
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}")
    try:
        state = SqlitePlaybackState(engine)
        with pytest.raises(Unavailable):
            await state.put_session(session("play_1"))
        with pytest.raises(Unavailable):
            await state.session("play_1", NOW)
        with pytest.raises(Unavailable):
            await state.put_position("account_1", "title_1", at(1))
        with pytest.raises(Unavailable):
            await state.positions("account_1", NOW)
        with pytest.raises(Unavailable):
            await state.forget("account_1", "title_1")
    finally:
        await engine.dispose()
