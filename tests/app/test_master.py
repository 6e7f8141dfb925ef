"""A file becomes a master, or a clear error and nothing else."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matinee.app import master
from matinee.app.master import FileChanged, UnusableFile, master_key, masters_before, seen, store_master
from matinee.base import objects as store
from matinee.base.objects import Objects, StorageFull, StorageUnwritable, open_objects

CONTENT = os.urandom(1 << 16)


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return open_objects((tmp_path / "objects").as_uri())


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mkv"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master, "BLOCK_BYTES", 1 << 12)


def ignore(_: int) -> None:
    """Nobody wants to know how far it is."""


def test_the_master_is_a_copy_under_its_hash(film: Path, objects: Objects) -> None:
    told: list[int] = []
    made = store_master(film, objects, told.append)
    assert made.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (made.size_bytes, made.key, made.name) == (len(CONTENT), master_key(made.sha256), "film.mkv")
    assert told[-1] == len(CONTENT)
    film.write_bytes(b"another film")
    assert store.read(objects, made.key) == CONTENT


def test_the_same_film_is_kept_once(film: Path, objects: Objects, tmp_path: Path) -> None:
    other = tmp_path / "copy.mkv"
    other.write_bytes(CONTENT)
    assert store_master(film, objects, ignore).key == store_master(other, objects, ignore).key
    assert len(store.keys_under(objects, "")) == 1


def test_a_file_of_ours_is_not_copied(film: Path, objects: Objects) -> None:
    made = store_master(film, objects, ignore, is_ours=True)
    folder = store.folder_of(objects)
    assert folder is not None
    assert (folder / made.key).stat().st_ino == film.stat().st_ino
    assert film.exists()


def test_holes_stay_holes(objects: Objects, tmp_path: Path) -> None:
    path = tmp_path / "sparse.mkv"
    with path.open("wb") as file:
        file.truncate(64 << 20)
        file.seek(10 << 20)
        file.write(b"film")
    made = store_master(path, objects, ignore)
    folder = store.folder_of(objects)
    assert folder is not None
    assert (folder / made.key).stat().st_blocks * 512 < 16 << 20
    assert hashlib.sha256(store.read(objects, made.key)).hexdigest() == made.sha256


def make_nothing(path: Path) -> None:
    """There is no such file."""


def make_empty(path: Path) -> None:
    path.touch()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_dangling_link(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (make_nothing, "check the path"),
        (make_empty, "is empty"),
        (Path.mkdir, "matinee import"),
        (make_pipe, "not a file"),
        (make_dangling_link, "check the path"),
    ],
)
def test_what_is_no_file_is_refused_with_a_remedy(
    make: Callable[[Path], Any], says: str, objects: Objects, tmp_path: Path
) -> None:
    path = tmp_path / "x.mkv"
    make(path)
    with pytest.raises(UnusableFile, match=says):
        store_master(path, objects, ignore)
    assert not store.keys_under(objects, "")


def test_a_file_that_may_not_be_read_is_refused(film: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UnusableFile, match="read access"):
        store_master(film, objects, ignore)


def grow(film: Path) -> None:
    with film.open("ab") as file:
        file.write(b"more")


def rewrite(film: Path) -> None:
    film.write_bytes(CONTENT[::-1])
    os.utime(film, ns=(1, 1))


def replace(film: Path) -> None:
    other = film.with_suffix(".new")
    other.write_bytes(CONTENT)
    other.replace(film)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("change", [Path.unlink, grow, rewrite, replace])
@pytest.mark.parametrize("is_ours", [False, True])
def test_a_file_that_changes_while_it_is_read_is_refused_and_leaves_nothing(
    change: Callable[[Path], Any], is_ours: bool, film: Path, objects: Objects
) -> None:
    changed: list[int] = []

    def on_bytes(done: int) -> None:
        if not changed:
            changed.append(done)
            change(film)

    with pytest.raises(FileChanged, match="run it again"):
        store_master(film, objects, on_bytes, is_ours=is_ours)
    folder = store.folder_of(objects)
    assert folder is not None
    assert not [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.usefixtures("small_blocks")
def test_stopping_leaves_nothing(film: Path, objects: Objects) -> None:
    def stop(_: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        store_master(film, objects, stop)
    assert not store.keys_under(objects, "")


def test_a_storage_that_holds_enough_takes_no_more(film: Path, objects: Objects) -> None:
    store.write(objects, "masters/other", b"x" * 10)
    with pytest.raises(StorageFull, match="MATINEE_STORAGE_LIMIT_GB"):
        store_master(film, objects, ignore, limit_bytes=len(CONTENT) + 9)
    assert list(store.keys_under(objects, "")) == ["masters/other"]
    store_master(film, objects, ignore, limit_bytes=len(CONTENT) + 10)


def test_a_disk_without_room_for_the_film_is_full(
    film: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(master, "KEEP_FREE_BYTES", 1 << 60)
    with pytest.raises(StorageFull, match="free some space"):
        store_master(film, objects, ignore)


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EROFS, StorageUnwritable)]
)
def test_a_disk_that_fails_while_it_is_written_says_what_to_do(
    number: int, kind: type[Exception], film: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(kind, match="run it again"):
        store_master(film, objects, ignore)
    assert not store.keys_under(objects, "")


def test_old_masters_are_found(film: Path, objects: Objects) -> None:
    made = store_master(film, objects, ignore)
    store.write(objects, "masters/not-a-hash", b"x")
    assert masters_before(objects, 4e9) == [made.sha256]
    assert masters_before(objects, 0.0) == []


def test_a_file_is_known_by_size_time_and_inode(film: Path) -> None:
    before = seen(film)
    assert seen(film) == before
    grow(film)
    assert seen(film) != before
