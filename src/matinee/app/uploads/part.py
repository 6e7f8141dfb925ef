"""The file that an upload grows in, and the record beside it. Blocking calls; the service runs them in threads.

`<id>.part` has the bytes, `<id>.json` the `Upload`. The record is replaced as a whole, and its appearance is what
makes an upload exist. A part is locked by the kernel (flock) while a request writes to it, so a killed process
leaves no lock behind.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from matinee.app.uploads.upload import NoUpload, Upload, UploadBusy
from matinee.base.ids import is_id
from matinee.base.objects import StorageFull, StorageUnwritable

BLOCK_BYTES = 1 << 20  # what is written at a time: a hop to a thread is then cheap, and a broken line loses nothing
_ZEROS = bytes(BLOCK_BYTES)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Part:
    """An open, locked part; it only ever grows by what really arrived."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def length(self) -> int:
        return os.fstat(self._descriptor).st_size

    def append(self, block: bytes) -> None:
        """Add at most `BLOCK_BYTES`; zeros become a hole in the file, which takes no space. Raises StorageFull."""
        at = self.length
        with _disk_errors():
            if block == _ZEROS[: len(block)]:
                os.ftruncate(self._descriptor, at + len(block))
                return
            left = memoryview(block)
            while left:
                written = os.pwrite(self._descriptor, left, at)
                at, left = at + written, left[written:]

    def cut(self, length: int) -> None:
        """Forget everything from byte `length` on."""
        os.ftruncate(self._descriptor, length)

    def sync(self) -> None:
        """Force what was appended to the disk. Raises StorageFull, which some disks only say now."""
        with _disk_errors():
            os.fsync(self._descriptor)


def part_path(folder: Path, upload_id: str) -> Path:
    """Where the bytes of an upload are. Raises NoUpload for what is not an upload's id."""
    if not is_id(upload_id, "upload"):
        raise NoUpload(upload_id[:64])
    return folder / f"{upload_id}.part"


@contextmanager
def open_part(folder: Path, upload_id: str) -> Iterator[Part]:
    """The part, locked until the end. Raises NoUpload and UploadBusy."""
    try:
        descriptor = os.open(part_path(folder, upload_id), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NoUpload(upload_id) from error
    try:
        _lock(descriptor, upload_id)
        yield Part(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make the folder of the uploads, if it is missing. Raises StorageFull and StorageUnwritable."""
    with _disk_errors():
        folder.mkdir(parents=True, exist_ok=True)


def create(folder: Path, upload: Upload) -> None:
    """Begin an upload: an empty part, then its record. Raises StorageFull and StorageUnwritable."""
    make_folder(folder)
    with _disk_errors():
        part_path(folder, upload.id).touch()
    write_record(folder, upload)


def write_record(folder: Path, upload: Upload) -> None:
    """Replace the record, at once or not at all, and force it to the disk. Raises StorageFull, StorageUnwritable."""
    path = _record_path(folder, upload.id)
    partial = path.with_suffix(".tmp")
    with _disk_errors():
        with partial.open("wb") as file:
            file.write(msgspec.json.encode(upload))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(folder)


def read_record(folder: Path, upload_id: str) -> Upload:
    """The record of an upload. Raises NoUpload."""
    try:
        return msgspec.json.decode(_record_path(folder, upload_id).read_bytes(), type=Upload)
    except FileNotFoundError as error:
        raise NoUpload(upload_id) from error


def length_of(folder: Path, upload_id: str) -> int:
    """The part's length on the disk. Raises NoUpload."""
    try:
        return part_path(folder, upload_id).stat().st_size
    except FileNotFoundError as error:
        raise NoUpload(upload_id) from error


def records(folder: Path) -> list[Upload]:
    """Every upload that there is."""
    found = []
    for path in sorted(folder.glob("*.json")):
        with suppress(NoUpload):  # it ended meanwhile
            found.append(read_record(folder, path.stem))
    return found


def remove_part(folder: Path, upload_id: str) -> None:
    """Let go of the bytes of an upload whose job is done. Its record stays for a client that missed the answer."""
    part_path(folder, upload_id).unlink(missing_ok=True)


def remove(folder: Path, upload_id: str) -> None:
    """End an upload without a trace: its record first, since that is what makes it exist."""
    record = _record_path(folder, upload_id)
    for path in (record, record.with_suffix(".tmp"), part_path(folder, upload_id)):
        path.unlink(missing_ok=True)


def remove_strays(folder: Path, before: float) -> None:
    """Remove what a process that was killed left without a record, if it was last touched before that time."""
    for path in (*folder.glob("*.part"), *folder.glob("*.tmp")):
        with suppress(FileNotFoundError):
            if not path.with_suffix(".json").exists() and path.stat().st_mtime < before:
                path.unlink()


def boot() -> str:
    """The name of the kernel's current run (Linux), or empty where it is not told."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Turns what a full or unwritable disk raises into an error that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("the disk is full; free some space and continue: what arrived is kept") from error
        if error.errno in _FORBIDDEN:
            raise StorageUnwritable(
                "the folder of the uploads cannot be written by this user; "
                "give it write access and continue: what arrived is kept"
            ) from error
        raise


def _lock(descriptor: int, upload_id: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UploadBusy(upload_id) from error


def _record_path(folder: Path, upload_id: str) -> Path:
    return part_path(folder, upload_id).with_suffix(".json")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
