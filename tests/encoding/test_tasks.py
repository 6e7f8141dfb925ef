"""Tasks on a disk that is full: they say so, spare what is left, and are done once there is room."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.encoding.workshop import workshop
from tests.media.generate import Clip, make_numbered

from matinee.base.objects import StorageFull
from matinee.encoding import tasks


async def test_a_task_begins_only_where_there_is_room_and_the_job_goes_on_when_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = make_numbered(tmp_path / "film.mkv", Clip(frames=60))
    async with workshop(tmp_path / "home") as place:
        order = place.take(film)
        before = place.stored()
        with monkeypatch.context() as full:
            full.setattr(tasks, "ROOM_MIN_BYTES", 1 << 62)
            with pytest.raises(StorageFull, match="free some space and retry the job"):
                await place.encode(order)
        assert place.stored() == before
        assert not list((place.folder / "scratch").glob("*"))
        await place.encode(order)
        assert len(await place.versions()) == 1
