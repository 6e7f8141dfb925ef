"""Renditions held open: a descriptor, a size and the fields of their answers, so that a request costs no open()."""

from __future__ import annotations

import os
import stat
from collections import OrderedDict
from pathlib import Path

from matinee.delivery.edge.response import Representation, represent

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


class OpenFile:
    """A file as it was when it was opened. Its descriptor is closed with the last reference to it.

    So a file that leaves the cache while it is being sent stays open until the last connection is done with it,
    and one that is replaced on the disk is never sent half old, half new.
    """

    __slots__ = ("checked", "fd", "identity", "representation")

    def __init__(self, fd: int, rendition: str, file: str, checked: float) -> None:
        self.fd = fd
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise FileNotFoundError(file)
        self.identity = _identity(status)
        self.checked = checked
        self.representation: Representation = represent(rendition, file, status.st_size)

    def __del__(self) -> None:
        os.close(self.fd)


class FileCache:
    """The `size` files that were used last. A file is looked at on the disk once every `fresh_s` seconds of use."""

    def __init__(self, folder: Path, *, size: int, fresh_s: float) -> None:
        self._folder = folder
        self._size = size
        self._fresh_s = fresh_s
        self._files: OrderedDict[tuple[str, str], OpenFile] = OrderedDict()

    def get(self, rendition: str, file: str, now: float) -> OpenFile:
        """The file `<folder>/<rendition>/<file>` as it is now (`now`: a monotonic clock). Raises OSError."""
        name = (rendition, file)
        known = self._files.get(name)
        if known is not None:
            if now - known.checked < self._fresh_s or self._is_current(known, name, now):
                self._files.move_to_end(name)
                return known
            del self._files[name]
        return self._open(name, now)

    def release(self) -> None:
        """Let go of every file: what is being sent stays open until it is done."""
        self._files.clear()

    def _open(self, name: tuple[str, str], now: float) -> OpenFile:
        fresh = OpenFile(os.open(self._folder.joinpath(*name), _FLAGS), *name, now)
        self._files[name] = fresh
        if len(self._files) > self._size:
            self._files.popitem(last=False)
        return fresh

    def _is_current(self, known: OpenFile, name: tuple[str, str], now: float) -> bool:
        try:
            is_same = _identity(os.stat(self._folder.joinpath(*name), follow_symlinks=False)) == known.identity  # noqa: PTH116
        except OSError:
            return False
        known.checked = now
        return is_same


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
