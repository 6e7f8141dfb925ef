"""The outbox: events arrive at least once and in order, and one that cannot arrive holds nothing up for ever."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import matinee.insight.tables  # noqa: F401 - the table is made from what is imported
from matinee.base.database import writing
from matinee.insight.events import AssetPublished, AssetRefused, Change
from matinee.insight.outbox import BATCH_MAX, TRIES_MAX, Dispatcher, put


def published(number: int, at: float | None = None) -> AssetPublished:
    return AssetPublished(
        event_id=f"event_{number:04}",
        at=float(number) if at is None else at,
        title_id="title_1",
        asset_id=f"asset_{number}",
        number=number,
        duration_s=30.0,
        height=360,
        still="",
        is_complete=False,
    )


@dataclass
class Listener:
    """A subscriber that keeps what it is told, and fails so often for each event that `fails` names."""

    fails: dict[str, int] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    events: list[Change] = field(default_factory=list)

    async def __call__(self, event: Change) -> None:
        self.heard.append(event.event_id)
        if self.fails.get(event.event_id, 0) > 0:
            self.fails[event.event_id] -= 1
            raise RuntimeError("not now")
        self.events.append(event)


async def tell(engine: AsyncEngine, *events: Change) -> None:
    async with writing(engine) as connection:
        for event in events:
            await put(connection, event)


def later() -> Callable[[], float]:
    """A clock that is an hour on whenever it is looked at: every event is due again."""
    hours = itertools.count()
    return lambda: next(hours) * 3_600.0


async def test_events_arrive_whole_in_order_of_time_and_once(main_engine: AsyncEngine) -> None:
    refused = AssetRefused(event_id="event_r", at=2.5, title_id="title_2", reason="it is “empty”")
    await tell(main_engine, published(3), published(1), refused, published(2))
    listener = Listener()
    dispatcher = Dispatcher(main_engine, (listener,), now=later())
    assert await dispatcher.drain() == 4
    assert listener.events == [published(1), published(2), refused, published(3)]
    assert await dispatcher.drain() == 0
    assert len(listener.events) == 4


async def test_an_event_of_a_change_that_is_rolled_back_never_happened(main_engine: AsyncEngine) -> None:
    with pytest.raises(RuntimeError):
        async with writing(main_engine) as connection:
            await put(connection, published(1))
            raise RuntimeError("the change failed")
    listener = Listener()
    assert await Dispatcher(main_engine, (listener,)).drain() == 0
    assert listener.heard == []


async def test_an_event_whose_delivery_failed_is_delivered_again_and_holds_up_no_other(
    main_engine: AsyncEngine,
) -> None:
    await tell(main_engine, published(1), published(2))
    listener = Listener(fails={"event_0001": 2})
    dispatcher = Dispatcher(main_engine, (listener,), now=later())
    assert [await dispatcher.drain() for _ in range(4)] == [1, 0, 1, 0]
    assert listener.heard == ["event_0001", "event_0002", "event_0001", "event_0001"]
    assert [event.event_id for event in listener.events] == ["event_0002", "event_0001"]


async def test_every_subscriber_is_told_and_again_where_one_of_them_failed(main_engine: AsyncEngine) -> None:
    await tell(main_engine, published(1))
    first, second = Listener(), Listener(fails={"event_0001": 1})
    dispatcher = Dispatcher(main_engine, (first, second), now=later())
    assert [await dispatcher.drain() for _ in range(3)] == [0, 1, 0]
    assert (len(first.events), len(second.events)) == (2, 1), "at least once"


async def test_what_a_dispatcher_did_not_get_to_the_next_one_delivers(main_engine: AsyncEngine) -> None:
    await tell(main_engine, published(1))
    await Dispatcher(main_engine, (Listener(fails={"event_0001": 1}),)).drain()
    listener = Listener()
    assert await Dispatcher(main_engine, (listener,)).drain() == 1
    assert listener.events == [published(1)]


async def test_an_event_that_nobody_can_take_is_given_up_loudly(
    main_engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    await tell(main_engine, published(1))
    listener = Listener(fails={"event_0001": TRIES_MAX})
    dispatcher = Dispatcher(main_engine, (listener,), now=later())
    with caplog.at_level(logging.ERROR):
        for _ in range(TRIES_MAX + 2):
            await dispatcher.drain()
    assert len(listener.heard) == TRIES_MAX
    assert listener.events == []
    assert f"try {TRIES_MAX} of {TRIES_MAX}" in caplog.text
    assert "event_0001" in caplog.text


async def test_more_events_than_a_batch_are_delivered_in_several(main_engine: AsyncEngine) -> None:
    await tell(main_engine, *(published(n) for n in range(BATCH_MAX + 5)))
    listener = Listener()
    dispatcher = Dispatcher(main_engine, (listener,), now=later())
    assert [await dispatcher.drain() for _ in range(3)] == [BATCH_MAX, 5, 0]
    assert [event.event_id for event in listener.events] == [f"event_{n:04}" for n in range(BATCH_MAX + 5)]


async def test_events_of_the_same_moment_arrive_in_order_of_their_ids(main_engine: AsyncEngine) -> None:
    await tell(main_engine, *(published(n, at=7.0) for n in (3, 1, 2)))
    listener = Listener()
    await Dispatcher(main_engine, (listener,)).drain()
    assert listener.heard == ["event_0001", "event_0002", "event_0003"]


async def test_an_event_that_failed_waits_longer_each_time(main_engine: AsyncEngine) -> None:
    await tell(main_engine, published(1))
    listener = Listener(fails={"event_0001": 2})
    hand = 1_000.0
    dispatcher = Dispatcher(main_engine, (listener,), now=lambda: hand)
    assert await dispatcher.drain() == 0
    assert await dispatcher.drain() == 0
    assert len(listener.heard) == 1, "it is not due yet"
    hand += 0.6
    assert await dispatcher.drain() == 0
    hand += 0.6
    assert await dispatcher.drain() == 0
    assert len(listener.heard) == 2, "the second wait is longer"
    hand += 1.0
    assert await dispatcher.drain() == 1
