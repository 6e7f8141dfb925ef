"""Objects: whole or not at all, under keys that we made, with errors that say what to do."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from matinee.base import objects as store
from matinee.base.objects import Objects, open_objects

NOBODY = 65_534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a folder"


@pytest.fixture
def objects(folder: Path) -> Objects:
    return open_objects(folder.as_uri())


@pytest.mark.parametrize("key", ["a", "masters/0f", "work/a_b/00001.mp4", "renditions/k-1/media.m3u8"])
def test_keys_of_ours_are_keys(key: str) -> None:
    assert store.check_key(key) == key


@pytest.mark.parametrize(
    "key",
    ["", "/a", "a/", "a//b", "../a", "a/../b", "a/..b", "A", "a b", "a\n", "a#1", "é", ".a", "a/.b", "a%2e"],
)
def test_nothing_else_is_a_key(key: str) -> None:
    with pytest.raises(ValueError, match="not an object key"):
        store.check_key(key)


@given(key=st.text(max_size=30))
def test_no_key_leads_out_of_the_store(key: str) -> None:
    try:
        path = Path("/store") / store.check_key(key)
    except ValueError:
        return
    assert path.is_relative_to("/store")
    assert ".." not in path.parts


def test_what_is_written_is_read(objects: Objects) -> None:
    assert not store.exists(objects, "a/b")
    store.write(objects, "a/b", b"one")
    store.write(objects, "a/b", b"two")
    assert store.exists(objects, "a/b")
    assert store.read(objects, "a/b") == b"two"
    assert store.keys_under(objects, "a") == {"a/b": 3}


def test_what_is_not_there_is_not_found(objects: Objects) -> None:
    with pytest.raises(FileNotFoundError):
        store.read(objects, "a/b")
    with pytest.raises(FileNotFoundError):
        store.local_copy(objects, "a/b", Path("/nowhere"))
    store.delete(objects, "a/b")
    store.delete_under(objects, "a")


def test_a_file_is_moved_into_a_folder_on_the_same_disk(objects: Objects, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    number = path.stat().st_ino
    store.write_file(objects, "a/b", path)
    assert not path.exists()
    assert (folder / "a" / "b").stat().st_ino == number, "moved, not copied"
    assert store.read(objects, "a/b") == b"content"


def test_a_local_copy_in_a_folder_is_the_object_itself(objects: Objects, folder: Path, tmp_path: Path) -> None:
    store.write(objects, "a/b", b"content")
    assert store.local_copy(objects, "a/b", tmp_path / "scratch") == folder / "a" / "b"


def test_where_objects_are_not_files_they_are_copied(tmp_path: Path) -> None:
    away: Objects = MemoryStore()
    path = tmp_path / "file"
    path.write_bytes(b"content")
    store.write_file(away, "a/b", path)
    copy = store.local_copy(away, "a/b", tmp_path / "scratch")
    assert copy.read_bytes() == b"content"
    assert [one.name for one in copy.parent.iterdir()] == ["b"], "nothing temporary is left"
    assert store.folder_of(away) is None
    assert store.sweep_temporaries(away, time.time()) == 0


def test_deleting_below_a_prefix_leaves_the_rest_and_no_empty_folder(objects: Objects, folder: Path) -> None:
    for key in ("work/a/1", "work/a/b/2", "work/ab/3"):
        store.write(objects, key, b"x")
    store.delete_under(objects, "work/a")
    assert set(store.keys_under(objects, "")) == {"work/ab/3"}
    assert not (folder / "work" / "a").exists()


def test_only_what_killed_writers_left_is_swept(objects: Objects, folder: Path) -> None:
    store.write(objects, "a/b", b"x")
    for name in ("b#1", "c#23"):
        (folder / "a" / name).write_bytes(b"half")
    (folder / "a" / "notes#draft").write_bytes(b"somebody's")
    assert store.sweep_temporaries(objects, time.time() + 1) == 2
    assert {path.name for path in (folder / "a").iterdir()} == {"b", "notes#draft"}


def test_a_file_that_is_being_written_is_not_swept(objects: Objects, folder: Path) -> None:
    (folder / "masters").mkdir()
    incoming, recent = folder / "masters" / "incoming_01#1", folder / "masters" / "put#1"
    recent.write_bytes(b"half")
    with incoming.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert store.sweep_temporaries(objects, time.time() - 60) == 0
    assert store.sweep_temporaries(objects, time.time() - 60) == 1, "its writer is gone, however short a time ago"
    assert {path.name for path in (folder / "masters").iterdir()} == {"put#1"}


def in_a_child(program: str, folder: Path) -> str:
    """What `program` prints, with `objects` the store in `folder` and `store` the module; it need not be root."""
    head = """
        import datetime, os, resource, sys  # obstore looks for datetime when it lists
        from pathlib import Path
        from matinee.base import objects as store
        objects = store.open_objects(Path(sys.argv[1]).as_uri())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(program), str(folder)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    return done.stdout.strip()


def test_a_full_disk_is_told_as_one_and_leaves_nothing(folder: Path) -> None:
    said = in_a_child(
        """
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            store.write(objects, "a/b", b"x" * 100_000)
        except store.StorageFull as full:
            print(full.code, full.message)
        """,
        folder,
    )
    assert said.startswith("storage_full the storage is full: a/b")
    assert "free some space" in said
    assert not (folder / "a" / "b").exists()


DROP_ROOT = f"""
if os.getuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
"""


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that another user may reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("write", ['store.write(objects, "a/b", b"x")', 'store.write_file(objects, "a/b", made)'])
def test_a_folder_that_may_not_be_written_is_told_as_one(write: str, public_folder: Path) -> None:
    (public_folder / "a").mkdir()
    (public_folder / "a").chmod(0o555)
    program = f"""
import tempfile
{DROP_ROOT}
made = Path(tempfile.mkdtemp()) / "file"
made.write_bytes(b"x")
try:
    {write}
except store.StorageUnwritable as error:
    print(error.code, error.message)
"""
    said = in_a_child(program, public_folder)
    assert said.startswith("storage_unwritable the storage cannot be written: a/b")
    assert "write access" in said


def test_a_rendition_loses_what_says_that_it_is_whole_before_anything_else(public_folder: Path) -> None:
    media = public_folder / "renditions" / "k" / "media"
    media.mkdir(parents=True)
    (media / "part").write_bytes(b"x")
    (media.parent / "rendition.json").write_bytes(b"{}")
    media.parent.chmod(0o777)
    media.chmod(0o555)  # what is in it cannot be deleted: as if the process were killed there
    program = f"""
{DROP_ROOT}
try:
    store.delete_under(objects, "renditions/k")
except Exception as error:
    print(repr(error))
"""
    assert "ermission" in in_a_child(program, public_folder)
    assert (media / "part").exists()
    assert not (media.parent / "rendition.json").exists()
