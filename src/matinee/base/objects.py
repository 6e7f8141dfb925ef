"""Objects: masters, chunks, renditions and images under keys, in a folder or in S3, through obstore.

Keys are made by us, of lower-case letters, digits, `-`, `_`, `.` and `/`; a client's text never becomes one.
obstore writes an object under a temporary name and renames it, so that a key either has its whole object or none.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore, ObjectStore, from_url

from matinee.base.errors import MatineeError, Unavailable

Objects: TypeAlias = ObjectStore
OnBytes: TypeAlias = Callable[[int], None]
"""Is told how many bytes have gone over so far."""

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")
INCOMING = "incoming"
"""What a file of ours on its way in is called; its writer holds a lock on it."""
_TEMPORARY = re.compile(r"#\d+$")  # how obstore names a file that it has not finished


def open_objects(url: str) -> Objects:
    """The store at `url` (`file:///folder`, `s3://bucket/prefix`); a folder is made when it is missing."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStore(unquote(parts.path), mkdir=True)
    store: Objects = from_url(url)
    return store


def check_key(key: str) -> str:
    """`key` itself, if it is one that we could have made. Raises ValueError."""
    if ".." in key or _KEY.fullmatch(key) is None:
        raise ValueError(f"not an object key: {key!r}")
    return key


def folder_of(objects: Objects) -> Path | None:
    """The folder behind `objects`, or None where they are not files on this machine."""
    if isinstance(objects, LocalStore):
        return Path(str(objects.prefix))
    return None


def exists(objects: Objects, key: str) -> bool:
    """Whether the object is there, whole."""
    try:
        objects.head(check_key(key))
    except FileNotFoundError:
        return False
    return True


def written(objects: Objects, key: str) -> float | None:
    """The Unix time at which the object was last written; None when there is none."""
    try:
        return float(objects.head(check_key(key))["last_modified"].timestamp())
    except FileNotFoundError:
        return None


def read(objects: Objects, key: str) -> bytes:
    """The whole of a small object. Raises FileNotFoundError."""
    return bytes(objects.get(check_key(key)).bytes())


def write(objects: Objects, key: str, content: bytes) -> None:
    """Store a small object under `key`, at once or not at all."""
    with disk_errors(key):
        objects.put(check_key(key), content)


def write_file(objects: Objects, key: str, path: Path) -> None:
    """Store the file at `path` under `key`, at once or not at all; on the same disk it is moved, not copied."""
    folder = folder_of(objects)
    with disk_errors(key):
        if folder is not None and _same_disk(path, folder):
            target = folder / check_key(key)
            target.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            path.replace(target)
            return
        objects.put(check_key(key), path)


def local_copy(objects: Objects, key: str, scratch: Path) -> Path:
    """A file on this machine with the object's bytes: the object itself, or a copy kept under `scratch`."""
    folder = folder_of(objects)
    if folder is not None:
        path = folder / check_key(key)
        if not path.exists():
            raise FileNotFoundError(key)
        return path
    path = scratch / check_key(key)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        with partial.open("wb") as out:
            for block in objects.get(key).stream():
                out.write(block)
        partial.replace(path)
    return path


def keys_under(objects: Objects, prefix: str) -> dict[str, int]:
    """Every key below `prefix`, with its size in bytes."""
    listed: Any = objects.list(prefix=prefix)
    return {meta["path"]: meta["size"] for page in listed for meta in page}


def keys_before(objects: Objects, prefix: str, before: float) -> set[str]:
    """The keys below `prefix` that were last written before the Unix time `before`."""
    listed: Any = objects.list(prefix=prefix)
    return {meta["path"] for page in listed for meta in page if meta["last_modified"].timestamp() < before}


def delete_under(objects: Objects, prefix: str) -> None:
    """Delete every object below `prefix`; one that is gone already is no error.

    In reverse order of their names: `rendition.json`, which says that a rendition is whole, goes before the rest of it.
    """
    for key in sorted(keys_under(objects, prefix), reverse=True):
        delete(objects, key)
    folder = folder_of(objects)
    if folder is not None:
        _remove_empty_folders(folder / prefix)


def delete(objects: Objects, key: str) -> None:
    """Delete one object; one that is gone already is no error."""
    try:
        objects.delete(check_key(key))
    except FileNotFoundError:
        return


def sweep_temporaries(objects: Objects, before: float) -> int:
    """Remove what writers that were killed left half-written in a folder; answers how many files that were.

    A file that somebody holds a lock on is being written. obstore takes none, so a file of its own counts as left
    when nothing was written to it since the Unix time `before`.
    """
    folder = folder_of(objects)
    if folder is None:
        return 0
    return sum(_remove_if_left(path, before) for path in folder.rglob("*#*") if _TEMPORARY.search(path.name))


def _remove_if_left(path: Path, before: float) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not path.name.startswith(INCOMING) and os.fstat(file.fileno()).st_mtime >= before:
                return False
            path.unlink(missing_ok=True)
    except OSError:  # it is locked, or gone
        return False
    return True


def _remove_empty_folders(folder: Path) -> None:
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()


def _same_disk(path: Path, folder: Path) -> bool:
    return path.stat().st_dev == folder.stat().st_dev


class StorageFull(Unavailable):
    """The object store cannot take another byte."""

    code = "storage_full"


class StorageUnwritable(Unavailable):
    """The object store may not be written by this process."""

    code = "storage_unwritable"


class disk_errors:  # noqa: N801 - reads as a statement where it is used
    """Turns what a full or unwritable disk raises into an error that says what to do."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, asyncio.CancelledError | MatineeError):
            return
        text = str(error).lower()
        if "no space left" in text or "disk quota" in text or "file too large" in text:
            raise StorageFull(
                f"the storage is full: {self.key} could not be written; "
                "free some space (or point STORAGE_URL at a larger disk) and run it again: it goes on where it stopped"
            ) from error
        if "permission denied" in text or "read-only file system" in text:
            raise StorageUnwritable(
                f"the storage cannot be written: {self.key}; give this user write access to it and run it again"
            ) from error
