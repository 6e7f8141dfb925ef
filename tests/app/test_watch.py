"""The watched folder: what has arrived whole is taken once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.app.platform import Intake, intake

from matinee.app.ingest import INGEST
from matinee.app.watch import SETTLED_S, Sight, Watch, arrived, looked_at
from matinee.base.units import Seconds

FILM = b"\x1a\x45\xdf\xa3"
"""How Matroska begins: enough to be taken for a film until it is looked into."""


def test_a_file_arrives_when_it_has_not_changed_for_a_while() -> None:
    sights = looked_at({}, {"a": (10, 1), "b": (10, 1), "empty": (0, 1)}, 100.0)
    sights = looked_at(sights, {"a": (10, 1), "b": (20, 2), "empty": (0, 1)}, 100.0 + SETTLED_S)
    assert arrived(sights, 100.0 + SETTLED_S) == ["a"]
    assert looked_at(sights, {"b": (20, 2)}, 200.0) == {"b": Sight(20, 2, 100.0 + SETTLED_S)}


@given(st.lists(st.tuples(st.floats(0, 4), st.integers(1, 3)), min_size=1, max_size=20))
def test_a_file_that_grows_never_arrives_too_soon(looks: list[tuple[float, int]]) -> None:
    now, changed, size, sights = 0.0, 0.0, 0, dict[str, Sight]()
    for pause, growth in looks:
        now += pause
        if growth > 1:
            size, changed = size + growth, now
        sights = looked_at(sights, {"a": (size, 1)}, now)
        if arrived(sights, now):
            assert now - changed >= SETTLED_S


class Scene:
    """A watched folder, and a clock that the test sets."""

    def __init__(self, platform: Intake, folder: Path) -> None:
        self.now = 1_000.0
        self.folder = folder / "watched"
        self.folder.mkdir()
        self.platform = platform
        self.watch = self.another()

    def another(self) -> Watch:
        return Watch(self.folder, self.platform.catalog, self.platform.jobs, lambda: Seconds(self.now))

    async def after(self, seconds: float) -> int:
        self.now += seconds
        return await self.watch.look()


async def test_films_are_taken_once_also_by_another_process(tmp_path: Path) -> None:
    async with intake(tmp_path) as platform:
        scene = Scene(platform, tmp_path)
        (scene.folder / "Fog (1999).mkv").write_bytes(FILM)
        (scene.folder / "Fog (1999).mkv.part").write_bytes(FILM)
        (scene.folder / "notes.txt").write_bytes(b"text")
        assert [await scene.after(seconds) for seconds in (0.0, SETTLED_S, SETTLED_S)] == [0, 1, 0]
        scene.watch = scene.another()
        assert [await scene.after(seconds) for seconds in (0.0, SETTLED_S)] == [0, 0]
        jobs = await platform.jobs.list(kind=INGEST)
        assert [job.payload["name"] for job in jobs] == ["Fog (1999).mkv"]


async def test_a_film_that_was_replaced_is_taken_again(tmp_path: Path) -> None:
    async with intake(tmp_path) as platform:
        scene = Scene(platform, tmp_path)
        path = scene.folder / "Fog (1999).mkv"
        path.write_bytes(FILM)
        assert [await scene.after(seconds) for seconds in (0.0, SETTLED_S)] == [0, 1]
        path.write_bytes(FILM + b"better")
        assert [await scene.after(seconds) for seconds in (0.0, SETTLED_S)] == [0, 1]


async def test_a_folder_that_is_away_is_waited_for(tmp_path: Path) -> None:
    async with intake(tmp_path) as platform:
        stop = asyncio.Event()
        watch = Watch(tmp_path / "gone", platform.catalog, platform.jobs, platform.jobs.clock)
        running = asyncio.create_task(watch.run(stop))
        await asyncio.sleep(0.05)
        assert not running.done()
        stop.set()
        await running
