"""The master at hand: what a worker whose store is no folder fetches once, and not again for every task of a title."""

from __future__ import annotations

import atexit
import threading
from pathlib import Path

from matinee.base import objects as store
from matinee.base.objects import Objects
from matinee.base.scratch import Scratch


class MasterAtHand:
    """The last master that this process fetched. Safe in any thread.

    It lies in a locked folder below the scratch root, so that a sweep leaves it alone while the process lives and
    removes it afterwards, however the process ended.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._name: tuple[str, str, Path] | None = None
        self._folder: Scratch | None = None

    def linked(self, objects_url: str, objects: Objects, key: str, scratch: Path) -> Path:
        """A file with the master's bytes, for a task that works in `scratch`, a folder below the scratch root.

        In a folder it is the object itself. A fetched one is linked into `scratch`: the task keeps its bytes although
        another title's may take its place meanwhile. Raises FileNotFoundError.
        """
        if store.folder_of(objects) is not None:
            return store.local_copy(objects, key, scratch)
        link = scratch / "master"
        with self._turn:
            if not link.exists():
                link.hardlink_to(self._fetched(objects_url, objects, key, scratch.parent))
        return link

    def drop(self) -> None:
        """Remove what was fetched."""
        if self._folder is not None:
            self._folder.close()
        self._name = self._folder = None

    def _fetched(self, objects_url: str, objects: Objects, key: str, root: Path) -> Path:
        if self._name != (objects_url, key, root) or self._folder is None:
            self.drop()  # first: two masters may be more than the disk takes
            self._folder = Scratch(root)
            store.local_copy(objects, key, self._folder.folder)
            self._name = (objects_url, key, root)
        return self._folder.folder / key


AT_HAND = MasterAtHand()
atexit.register(AT_HAND.drop)
