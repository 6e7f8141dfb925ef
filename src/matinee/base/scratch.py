"""Scratch folders: one a process, held by a lock that dies with it, so that what a killed process left can be told
from what a live one is using, whatever became of its process number."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from matinee.base.ids import new_id

_LOCK = ".lock"


class Scratch:
    """A folder of this process's own; `close` removes it, and so does anyone's `sweep` after the process is gone."""

    def __init__(self, root: Path) -> None:
        while not self._make(root / new_id("scratch")):
            os.close(self._lock)

    def _make(self, folder: Path) -> bool:
        """Make `folder` and lock it; False where a sweep came in between, which took it for a dead one's."""
        folder.mkdir(parents=True)
        self.folder, self._lock = folder, os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return (folder / _LOCK).exists()

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    def __enter__(self) -> Path:
        return self.folder

    def __exit__(self, *_: object) -> None:
        self.close()


def sweep(root: Path) -> int:
    """Remove the folders below `root` whose process is gone; answers how many."""
    if not root.is_dir():
        return 0
    return sum(_remove_if_dead(folder) for folder in root.iterdir() if folder.is_dir())


def _remove_if_dead(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False  # it is being made, or being removed
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(lock)
