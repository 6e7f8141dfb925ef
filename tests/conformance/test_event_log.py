"""What every event log does, whatever it is made of: order, offsets, duplicates, durability."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from matinee.adapters.embedded.log import SqliteEventLog
from matinee.base.database import open_engine
from matinee.base.errors import Unavailable
from matinee.insight.events import PlaybackProgressed, Telemetry, WatchingRemoved
from matinee.insight.log import EventLog, Logged


@asynccontextmanager
async def sqlite_log(folder: Path) -> AsyncIterator[EventLog]:
    engine = open_engine(f"sqlite+aiosqlite:///{folder / 'events.db'}")
    try:
        log = SqliteEventLog(engine)
        await log.prepare()
        yield log
    finally:
        await engine.dispose()


LOGS: dict[str, Callable[[Path], AbstractAsyncContextManager[EventLog]]] = {"sqlite": sqlite_log}
"""Each opens the log that lies in a folder: the same folder again is the same log."""


@pytest.fixture(params=LOGS)
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], AbstractAsyncContextManager[EventLog]]:
    """Opens the same log each time."""
    return lambda: LOGS[request.param](tmp_path)


@pytest.fixture
async def log(opens: Callable[[], AbstractAsyncContextManager[EventLog]]) -> AsyncIterator[EventLog]:
    async with opens() as opened:
        yield opened


def progressed(name: str, position_s: float = 1.0) -> PlaybackProgressed:
    return PlaybackProgressed(
        event_id=name,
        at=100.0,
        account_id="account_1",
        title_id="title_1",
        session_id="play_1",
        position_s=position_s,
        duration_s=60.0,
        state="playing",
    )


def names(found: object) -> list[str]:
    assert isinstance(found, list | tuple)
    return [one.event.event_id for one in found if isinstance(one, Logged)]


async def test_events_are_read_as_they_were_appended(log: EventLog) -> None:
    events: list[Telemetry] = [
        progressed("event_1"),
        WatchingRemoved(event_id="event_2", at=1.0, account_id="a", title_id="Æ\n\x00“"),
    ]
    await log.append(events)
    assert [one.event for one in await log.read(0, 10)] == events


async def test_a_new_log_is_empty(log: EventLog) -> None:
    assert list(await log.read(0, 10)) == []


async def test_appending_nothing_is_no_error(log: EventLog) -> None:
    await log.append([])
    assert list(await log.read(0, 10)) == []


async def test_order_is_that_of_appending_not_of_time_or_name(log: EventLog) -> None:
    await log.append([progressed("c"), progressed("a")])
    await log.append([progressed("b")])
    assert names(await log.read(0, 10)) == ["c", "a", "b"]


async def test_offsets_grow_and_a_reader_goes_on_after_the_last_one_that_it_saw(log: EventLog) -> None:
    await log.append([progressed(f"event_{n}") for n in range(7)])
    seen: list[Logged] = []
    while found := await log.read(seen[-1].offset if seen else 0, 3):
        assert len(found) <= 3
        seen += found
    assert names(seen) == [f"event_{n}" for n in range(7)]
    offsets = [one.offset for one in seen]
    assert offsets == sorted(set(offsets))
    assert offsets[0] > 0


async def test_fewer_than_asked_for_are_read_only_at_the_end(log: EventLog) -> None:
    await log.append([progressed(f"event_{n}") for n in range(5)])
    assert [len(await log.read(0, limit)) for limit in (1, 4, 5, 6)] == [1, 4, 5, 5]


async def test_an_event_that_is_in_the_log_already_is_not_added_again(log: EventLog) -> None:
    await log.append([progressed("event_1", 1.0)])
    await log.append([progressed("event_1", 2.0), progressed("event_2")])
    await log.append([progressed("event_3"), progressed("event_3")])
    found = await log.read(0, 10)
    assert names(found) == ["event_1", "event_2", "event_3"]
    assert found[0].event == progressed("event_1", 1.0), "the first one stands"


async def test_a_reader_misses_nothing_because_of_duplicates(log: EventLog) -> None:
    await log.append([progressed("event_1")])
    (first,) = await log.read(0, 10)
    for _ in range(3):
        await log.append([progressed("event_1")])
    await log.append([progressed("event_2")])
    assert names(await log.read(first.offset, 10)) == ["event_2"]


async def test_the_log_outlives_who_opened_it(
    opens: Callable[[], AbstractAsyncContextManager[EventLog]],
) -> None:
    async with opens() as log:
        await log.append([progressed("event_1")])
        (before,) = await log.read(0, 10)
    async with opens() as log:
        await log.append([progressed("event_1"), progressed("event_2")])
        found = await log.read(0, 10)
    assert names(found) == ["event_1", "event_2"]
    assert found[0] == before


async def test_many_writers_at_once_lose_nothing_and_mix_no_batches(
    opens: Callable[[], AbstractAsyncContextManager[EventLog]],
) -> None:
    async with opens() as one, opens() as other:
        await asyncio.gather(
            *(
                log.append([progressed(f"{writer}-{batch}-{n}") for n in range(3)])
                for writer, log in (("one", one), ("other", other))
                for batch in range(10)
            )
        )
        found = names(await one.read(0, 1_000))
        assert found == names(await other.read(0, 1_000))
    assert len(set(found)) == len(found) == 60
    for first in range(0, 60, 3):
        assert [name.rpartition("-")[2] for name in found[first : first + 3]] == ["0", "1", "2"]
        assert len({name.rpartition("-")[0] for name in found[first : first + 3]}) == 1


async def test_a_reader_that_polls_while_others_write_sees_every_event_once(
    opens: Callable[[], AbstractAsyncContextManager[EventLog]],
) -> None:
    async with opens() as log, opens() as reader:
        writers = asyncio.gather(*(log.append([progressed(f"event_{n}")]) for n in range(40)))
        seen: list[Logged] = []
        while True:
            is_over = writers.done()
            found = await reader.read(seen[-1].offset if seen else 0, 7)
            seen += found
            if is_over and not found:
                break
        await writers
    assert sorted(names(seen)) == sorted(f"event_{n}" for n in range(40))


_WRITER = """
    import asyncio, os, sys
    from pathlib import Path
    from tests.conformance.test_event_log import LOGS, progressed

    async def main() -> None:
        async with LOGS[sys.argv[1]](Path(sys.argv[2])) as log:
            for n in range(100_000):
                await log.append([progressed(f"event_{n}")])
                os.write(1, b"%d\\n" % n)

    asyncio.run(main())
"""


@pytest.mark.parametrize("kind", LOGS)
async def test_what_was_acknowledged_survives_a_killed_writer(kind: str, tmp_path: Path) -> None:
    writer = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs here
        [sys.executable, "-c", textwrap.dedent(_WRITER), kind, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    assert writer.stdout is not None
    for _ in range(20):
        assert writer.stdout.readline(), "it writes"
    writer.send_signal(signal.SIGKILL)
    acknowledged = 20 + len(writer.stdout.read().splitlines())
    writer.wait()
    writer.stdout.close()
    async with LOGS[kind](tmp_path) as log:
        found = names(await log.read(0, 200_000))
    assert found[:acknowledged] == [f"event_{n}" for n in range(acknowledged)]
    assert len(found) <= acknowledged + 1


async def test_a_log_that_cannot_take_events_says_so(tmp_path: Path) -> None:
    async with sqlite_log(tmp_path) as log:
        await log.append([progressed("event_1")])
    for name in ("events.db-wal", "events.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "events.db").write_bytes(b"this is no database, and a long way from being one " * 100)
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'events.db'}")
    try:
        broken = SqliteEventLog(engine)
        with pytest.raises(Unavailable):
            await broken.append([progressed("event_2")])
        with pytest.raises(Unavailable):
            await broken.read(0, 1)
    finally:
        await engine.dispose()
