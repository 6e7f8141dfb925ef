"""A film file becomes a master: read once, hashed on the way, kept in the object store under its SHA-256.

The master is a copy: the file stays its owner's, who may change or delete it later. A file that changes or vanishes
while it is read is refused, and nothing half-made stays.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from matinee.base import objects as store
from matinee.base.errors import Conflict, Invalid
from matinee.base.ids import new_id
from matinee.base.objects import Objects, OnBytes, StorageFull, StorageUnwritable
from matinee.encoding.formats.container import HEAD_BYTES, demuxer_of

BLOCK_BYTES = 4 << 20  # few calls for 50 GB, and an interrupt is noticed within milliseconds
KEEP_FREE_BYTES = 1 << 30  # encoding needs room to work in, the databases room to write
_ZEROS = bytes(BLOCK_BYTES)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class UnusableFile(Invalid):
    """The path does not lead to a file that can be read as a film."""

    code = "unusable_file"


class FileChanged(Conflict):
    """The file was written to, replaced or removed while it was read."""

    code = "file_changed"


class Master(msgspec.Struct, frozen=True, kw_only=True):
    """A film in the object store: `key` is `masters/<sha256>`; `name` is what its file was called."""

    sha256: str
    size_bytes: int
    key: str
    name: str


class Seen(msgspec.Struct, frozen=True):
    """What tells that a file is still the one that was looked at."""

    size_bytes: int
    mtime_ns: int
    inode: int


def master_key(sha256: str) -> str:
    """Where the master with this SHA-256 is kept."""
    return f"masters/{sha256}"


def seen(path: Path) -> Seen:
    """How the file at `path` looks now. Raises UnusableFile."""
    with _opened(path) as file:
        return _seen(file)


def check_head(path: Path) -> None:
    """Whether the first bytes are those of a film: what is none is refused before it is copied.

    Raises FileEmpty, NotAFilm and UnusableFile.
    """
    with _opened(path) as file:
        demuxer_of(file.read(HEAD_BYTES))


def hash_of(path: Path) -> str:
    """The SHA-256 of a film, which names its master. Raises UnusableFile and FileChanged."""
    with _opened(path) as file:
        return _hashed(file, path, _seen(file), lambda _: None)


def store_master(
    path: Path, objects: Objects, on_bytes: OnBytes, *, limit_bytes: int = 0, is_ours: bool = False
) -> Master:
    """Keep the film at `path` in `objects`. Blocking: run it in a thread; `on_bytes` may raise to stop it.

    `limit_bytes`: what the store may hold in all (0: as much as the disk). `is_ours`: nobody writes to the file any
    more, so on the same disk it need not be copied. Raises UnusableFile, FileChanged, StorageFull, StorageUnwritable.
    """
    with _opened(path) as file:
        before = _seen(file)
        folder = store.folder_of(objects)
        _check_room(objects, folder, before.size_bytes, limit_bytes)
        if folder is None:
            sha256 = _hashed(file, path, before, on_bytes)
            store.write_file(objects, master_key(sha256), path)
            _check_unchanged(file, path, before)
        elif is_ours and path.stat().st_dev == folder.stat().st_dev:
            sha256 = _hashed(file, path, before, on_bytes)
            with _incoming(folder) as incoming:
                os.link(path, incoming)
                _settle(incoming, folder / master_key(sha256))
        else:
            sha256 = _copied(file, path, before, folder, on_bytes)
    return Master(sha256=sha256, size_bytes=before.size_bytes, key=master_key(sha256), name=path.name)


def masters_before(objects: Objects, before: float) -> list[str]:
    """The SHA-256 of every master that was stored before `before` (Unix seconds)."""
    old = store.keys_before(objects, "masters", before)
    return [path.removeprefix("masters/") for path in old if re.fullmatch(r"masters/[0-9a-f]{64}", path)]


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The open file, if it is one that holds something."""
    try:
        # Without O_NONBLOCK, opening a named pipe waits for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise UnusableFile(f"there is no file {path}; check the path") from error
    except PermissionError as error:
        raise UnusableFile(f"{path} may not be read by this user; give it read access and try again") from error
    except OSError as error:
        raise UnusableFile(f"{path} cannot be opened ({error.strerror}); check the path and the disk") from error
    try:
        _check_kind(path, os.fstat(descriptor))
    except UnusableFile:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        yield file


def _check_kind(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise UnusableFile(f"{path} is a folder; use `matinee import` for a folder of films")
    if not stat.S_ISREG(status.st_mode):
        raise UnusableFile(f"{path} is a device, a pipe or a socket, not a file; copy the film into a file first")
    if status.st_size == 0:
        raise UnusableFile(f"{path} is empty; copy the film again")


def _seen(file: BinaryIO) -> Seen:
    status = os.fstat(file.fileno())
    return Seen(status.st_size, status.st_mtime_ns, status.st_ino)


def _check_unchanged(file: BinaryIO, path: Path, before: Seen) -> None:
    try:
        status = path.stat()
    except OSError as error:
        raise FileChanged(f"{path} vanished while it was read; put it back and run it again") from error
    now = Seen(status.st_size, status.st_mtime_ns, status.st_ino)
    if now != before or _seen(file) != before:
        raise FileChanged(f"{path} changed while it was read; wait until it is written whole and run it again")


def _check_room(objects: Objects, folder: Path | None, size_bytes: int, limit_bytes: int) -> None:
    if limit_bytes and sum(store.keys_under(objects, "").values()) + size_bytes > limit_bytes:
        raise StorageFull(
            f"the film has {_gb(size_bytes)} and the storage may hold {_gb(limit_bytes)} in all; "
            "remove titles or raise MATINEE_STORAGE_LIMIT_GB, and run it again"
        )
    free_bytes = shutil.disk_usage(folder).free if folder is not None else None
    if free_bytes is not None and size_bytes + KEEP_FREE_BYTES > free_bytes:
        raise StorageFull(
            f"the film has {_gb(size_bytes)} and the storage has {_gb(free_bytes)} left, of which "
            f"{_gb(KEEP_FREE_BYTES)} stay free; free some space and run it again"
        )


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"


def _blocks(file: BinaryIO, path: Path, on_bytes: OnBytes) -> Iterator[bytes]:
    done = 0
    while True:
        try:
            block = file.read(BLOCK_BYTES)
        except OSError as error:
            raise FileChanged(
                f"{path} could not be read to its end ({error.strerror}); check its disk and run it again"
            ) from error
        if not block:
            return
        done += len(block)
        on_bytes(done)
        yield block


def _hashed(file: BinaryIO, path: Path, before: Seen, on_bytes: OnBytes) -> str:
    digest = hashlib.sha256()
    for block in _blocks(file, path, on_bytes):
        digest.update(block)
    _check_unchanged(file, path, before)
    return digest.hexdigest()


def _copied(file: BinaryIO, path: Path, before: Seen, folder: Path, on_bytes: OnBytes) -> str:
    digest = hashlib.sha256()
    with _incoming(folder) as incoming:
        with incoming.open("xb") as out:
            fcntl.flock(out, fcntl.LOCK_EX)  # nobody sweeps it away while we live
            for block in _blocks(file, path, on_bytes):
                digest.update(block)
                if block == _ZEROS[: len(block)]:
                    out.seek(len(block), os.SEEK_CUR)  # a hole stays a hole
                else:
                    out.write(block)
            out.truncate(before.size_bytes)
        _check_unchanged(file, path, before)
        _settle(incoming, folder / master_key(digest.hexdigest()))
    return digest.hexdigest()


@contextmanager
def _incoming(folder: Path) -> Iterator[Path]:
    """A path for a file on its way in, called as the store calls its own temporaries; nothing stays of a failure."""
    incoming = folder / "masters" / f"{new_id(store.INCOMING)}#1"
    try:
        incoming.parent.mkdir(parents=True, exist_ok=True)
        yield incoming
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("the storage is full; free some space and run it again: it goes on") from error
        if error.errno in _FORBIDDEN:
            raise StorageUnwritable(
                f"{folder} cannot be written by this user; give it write access and run it again"
            ) from error
        raise
    finally:
        with suppress(OSError):
            incoming.unlink()


def _settle(incoming: Path, target: Path) -> None:
    """Force the file to the disk and give it its name, unless the same film is there already."""
    with incoming.open("rb") as file:
        os.fsync(file.fileno())
    os.utime(incoming)  # its age counts from now: a title is about to name it
    if target.exists():
        os.utime(target)
    else:
        incoming.rename(target)
        descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
