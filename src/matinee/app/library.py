"""A folder of films on the disk: its files, and the finds among them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from matinee.base.errors import Invalid
from matinee.catalog.library import Library, read_library

FILES_MAX = 500_000  # ten large libraries; more is somebody's whole disk


class UnusableFolder(Invalid):
    """The path does not lead to a folder of films."""

    code = "unusable_folder"


def library_at(folder: Path) -> Library:
    """What the folder holds. Blocking. Raises UnusableFolder."""
    return read_library({path: status.st_size for path, status in files_under(folder).items()})


def files_under(folder: Path) -> Mapping[str, os.stat_result]:
    """The regular files below `folder`, by their path in it; links to folders are not followed."""
    if not folder.is_dir():
        what = "is a file; use `matinee add`" if folder.exists() else "does not exist; check the path"
        raise UnusableFolder(f"{folder} {what}")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise UnusableFolder(f"{folder} may not be read by this user; give it read access and try again")
    found: dict[str, os.stat_result] = {}
    for below, _, names in os.walk(folder):
        for name in names:
            path = Path(below, name)
            if path.is_file():
                found[path.relative_to(folder).as_posix()] = path.stat()
        if len(found) > FILES_MAX:
            raise UnusableFolder(f"{folder} has more than {FILES_MAX} files; import its folders of films one by one")
    return found
