"""The master at hand: fetched once, replaced by the next one, and never taken from a task that has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from obstore.store import MemoryStore

from matinee.base import objects as store
from matinee.base.objects import Objects, open_objects
from matinee.base.scratch import Scratch, sweep
from matinee.encoding.worker.masters import MasterAtHand

URL = "s3://films"


@pytest.fixture
def away() -> Objects:
    objects: Objects = MemoryStore()
    for name in ("one", "two"):
        store.write(objects, f"masters/{name}", name.encode())
    return objects


def kept(root: Path) -> set[str]:
    """The masters that are stored below the scratch root, but for what tasks have."""
    return {path.name for path in root.glob("*/masters/*")}


def test_every_task_of_a_title_uses_what_the_first_one_fetched(away: Objects, tmp_path: Path) -> None:
    at_hand = MasterAtHand()
    with Scratch(tmp_path) as task:
        assert at_hand.linked(URL, away, "masters/one", task).read_bytes() == b"one"
    store.delete(away, "masters/one")
    with Scratch(tmp_path) as task:
        first, again = (at_hand.linked(URL, away, "masters/one", task) for _ in range(2))
        assert first == again and first.read_bytes() == b"one"


def test_one_master_is_kept_and_a_task_keeps_the_one_it_has(away: Objects, tmp_path: Path) -> None:
    at_hand = MasterAtHand()
    with Scratch(tmp_path) as task, Scratch(tmp_path) as other:
        mine = at_hand.linked(URL, away, "masters/one", task)
        assert at_hand.linked(URL, away, "masters/two", other).read_bytes() == b"two"
        assert kept(tmp_path) == {"two"}
        assert mine.read_bytes() == b"one"


def test_a_sweep_leaves_it_alone_until_it_is_dropped(away: Objects, tmp_path: Path) -> None:
    at_hand = MasterAtHand()
    with Scratch(tmp_path) as task:
        at_hand.linked(URL, away, "masters/one", task)
    assert sweep(tmp_path) == 0
    assert kept(tmp_path) == {"one"}
    at_hand.drop()
    assert list(tmp_path.iterdir()) == []


def test_a_master_that_could_not_be_fetched_is_fetched_the_next_time(away: Objects, tmp_path: Path) -> None:
    at_hand = MasterAtHand()
    with Scratch(tmp_path) as task:
        with pytest.raises(FileNotFoundError):
            at_hand.linked(URL, away, "masters/three", task)
        store.write(away, "masters/three", b"three")
        assert at_hand.linked(URL, away, "masters/three", task).read_bytes() == b"three"
    assert len(list(tmp_path.iterdir())) == 1


def test_in_a_folder_the_master_is_the_object_itself(tmp_path: Path) -> None:
    objects = open_objects((tmp_path / "objects").as_uri())
    store.write(objects, "masters/one", b"one")
    path = MasterAtHand().linked("file:///", objects, "masters/one", tmp_path / "scratch")
    assert path == tmp_path / "objects" / "masters" / "one"
