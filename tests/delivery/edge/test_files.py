"""Open files are kept, looked at again, and closed when nobody sends them any more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from matinee.delivery.edge.files import FileCache


@pytest.fixture
def cache(tmp_path: Path) -> FileCache:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "media.mp4").write_bytes(name.encode())
    return FileCache(tmp_path, size=2, fresh_s=1.0)


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_a_file_is_opened_once(cache: FileCache) -> None:
    first = cache.get("a", "media.mp4", 0.0)
    assert cache.get("a", "media.mp4", 0.5) is first
    assert cache.get("a", "media.mp4", 5.0) is first


def test_the_least_recently_used_is_closed_unless_it_is_being_sent(cache: FileCache) -> None:
    sending = cache.get("a", "media.mp4", 0.0)
    idle = cache.get("b", "media.mp4", 0.0).fd
    cache.get("a", "media.mp4", 0.1)
    cache.get("c", "media.mp4", 0.2)
    assert not is_open(idle)
    cache.get("b", "media.mp4", 0.3)  # a leaves the cache
    assert os.pread(sending.fd, 1, 0) == b"a"
    fd = sending.fd
    del sending
    assert not is_open(fd)


def test_a_replaced_file_is_noticed_after_a_while(cache: FileCache, tmp_path: Path) -> None:
    old = cache.get("a", "media.mp4", 0.0)
    (tmp_path / "new").write_bytes(b"other")
    (tmp_path / "new").replace(tmp_path / "a" / "media.mp4")
    assert cache.get("a", "media.mp4", 0.9) is old
    assert cache.get("a", "media.mp4", 1.1).representation.size == 5
    assert os.pread(old.fd, 9, 0) == b"a"


def test_a_file_that_was_deleted_is_gone_after_a_while(cache: FileCache, tmp_path: Path) -> None:
    cache.get("a", "media.mp4", 0.0)
    (tmp_path / "a" / "media.mp4").unlink()
    with pytest.raises(FileNotFoundError):
        cache.get("a", "media.mp4", 2.0)


def test_links_and_folders_and_pipes_are_not_files(cache: FileCache, tmp_path: Path) -> None:
    (tmp_path / "a" / "media.vtt").symlink_to(tmp_path / "b" / "media.mp4")
    (tmp_path / "a" / "index.json").mkdir()
    os.mkfifo(tmp_path / "a" / "media.m3u8")
    for name in ("media.vtt", "index.json", "media.m3u8"):
        with pytest.raises(OSError):
            cache.get("a", name, 0.0)


def test_all_can_be_let_go(cache: FileCache) -> None:
    fd = cache.get("a", "media.mp4", 0.0).fd
    cache.release()
    assert not is_open(fd)
