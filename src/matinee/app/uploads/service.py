"""Uploads: begin, continue, tell how far, cancel, and hand over what has arrived whole.

Bytes go from the socket to the file a block at a time. An answer to a PATCH is given once what it acknowledges has
been forced to the disk; on the way that is done every `SYNC_BYTES`, so that the end is not long in coming.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeAlias, TypeVar

import msgspec

from matinee.app.uploads import part as parts
from matinee.app.uploads.part import BLOCK_BYTES, Part, open_part
from matinee.app.uploads.upload import (
    UPLOADS_MAX,
    BadUploadHeader,
    NoUpload,
    OffsetMismatch,
    TooManyUploads,
    Upload,
    UploadBusy,
    check_size,
    clean_filename,
    expires_at,
    trusted_length,
)
from matinee.base.clock import Clock
from matinee.base.ids import new_id
from matinee.base.objects import StorageFull

OnComplete: TypeAlias = Callable[[Upload], Awaitable[None]]
"""Takes over a whole file (`Uploads.path_of`): enqueues its job. Idempotent: it may be called again for an upload."""

SYNC_BYTES = 256 << 20  # at most this much waits in memory to be forced to the disk
FREE_BYTES_MIN = 1 << 30  # left for everything else that writes to the disk
STRAY_S = 3_600.0  # files without a record are left alone this long: one may be about to appear
_P = ParamSpec("_P")
_R = TypeVar("_R")


def free_bytes_of(folder: Path) -> int:
    """The space that is left on the disk of `folder`."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class Uploads:
    """The uploads under `folder`. What is in memory is never needed to go on: any process may continue any upload."""

    folder: Path
    clock: Clock
    limit_bytes: int
    on_complete: OnComplete
    free_bytes: Callable[[Path], int] = free_bytes_of
    boot: Callable[[], str] = parts.boot

    async def create(self, account_id: str, size_bytes: int, metadata: Mapping[str, str]) -> Upload:
        """Begin an upload.

        Raises BadUploadHeader, UploadTooLarge, TooManyUploads, StorageFull and StorageUnwritable.
        """
        check_size(size_bytes, self.limit_bytes)
        now = self.clock()
        upload = Upload(
            id=new_id("upload"),
            account_id=account_id,
            size_bytes=size_bytes,
            filename=clean_filename(metadata.get("filename", "")),
            metadata=dict(metadata),
            created=now,
            updated=now,
            synced_bytes=0,
            boot=self.boot(),
        )
        await _to_the_end(self._create, upload)
        return upload

    def path_of(self, upload_id: str) -> Path:
        """Where the bytes of an upload lie, for the job that takes them away. Raises NoUpload for a malformed id."""
        return parts.part_path(self.folder, upload_id)

    async def find(self, upload_id: str, account_id: str) -> tuple[Upload, int]:
        """The upload and how many of its bytes have arrived. Raises NoUpload."""
        return await asyncio.to_thread(self._find, upload_id, account_id)

    async def append(self, upload_id: str, account_id: str, offset: int, body: AsyncIterator[bytes]) -> Upload:
        """Continue at `offset` until `body` ends or breaks off; `synced_bytes` is how many bytes there are then.

        A whole file is handed over before this returns. Raises NoUpload, UploadBusy, OffsetMismatch, StorageFull and
        StorageUnwritable.
        """
        with open_part(self.folder, upload_id) as part:
            upload, length = await self._checked(part, upload_id, account_id)
            if offset != length:
                raise OffsetMismatch(offset, length)
            try:
                async for block in _blocks(body, upload.size_bytes - offset):
                    await _to_the_end(part.append, block)
                    if part.length - upload.synced_bytes >= SYNC_BYTES:
                        upload = await self._checkpoint(part, upload)
            finally:
                upload = await self._checkpoint(part, upload)
            return await self._hand_over(upload)

    async def cancel(self, upload_id: str, account_id: str) -> None:
        """Forget an upload and its bytes. Raises NoUpload, and UploadBusy while it is written to."""
        await self.find(upload_id, account_id)
        with open_part(self.folder, upload_id):
            await _to_the_end(parts.remove, self.folder, upload_id)

    async def discard(self, upload_id: str) -> None:
        """Let go of a handed-over file, whether or not it has been moved away: its job is done."""
        await _to_the_end(parts.remove_part, self.folder, upload_id)

    async def sweep(self) -> None:
        """Hand over what is whole and was not taken, and remove what has expired: at start, and every hour."""
        for upload in await asyncio.to_thread(parts.records, self.folder):
            if expires_at(upload) <= self.clock():
                await self._remove_expired(upload)
            elif not upload.is_handed_over:
                await self._take_up(upload)
        await _to_the_end(parts.remove_strays, self.folder, self.clock() - STRAY_S)

    async def _remove_expired(self, upload: Upload) -> None:
        try:
            with open_part(self.folder, upload.id):
                await _to_the_end(parts.remove, self.folder, upload.id)
        except UploadBusy:
            return
        except NoUpload:  # the bytes are gone already
            await _to_the_end(parts.remove, self.folder, upload.id)

    async def _take_up(self, upload: Upload) -> None:
        """Hand a whole file over that nobody took: the process was killed, or the queue away, at that moment."""
        try:
            with open_part(self.folder, upload.id) as part:
                upload, length = await self._checked(part, upload.id, upload.account_id)
                if length == upload.size_bytes:
                    await self._hand_over(await self._checkpoint(part, upload))
        except (UploadBusy, NoUpload):
            return

    async def _hand_over(self, upload: Upload) -> Upload:
        if upload.synced_bytes < upload.size_bytes or upload.is_handed_over:
            return upload
        await self.on_complete(upload)
        handed_over = msgspec.structs.replace(upload, is_handed_over=True, updated=self.clock())
        await _to_the_end(parts.write_record, self.folder, handed_over)
        return handed_over

    async def _checked(self, part: Part, upload_id: str, account_id: str) -> tuple[Upload, int]:
        """The upload and its trusted length, to which the part is cut: what lies beyond may never have been written."""
        upload = await asyncio.to_thread(self._owned, upload_id, account_id)
        length = trusted_length(upload, part.length, self.boot())
        if length < part.length:
            await _to_the_end(part.cut, length)
        if upload.boot != self.boot():
            upload = await self._checkpoint(part, upload)
        return upload, length

    async def _checkpoint(self, part: Part, upload: Upload) -> Upload:
        length = part.length
        synced = msgspec.structs.replace(upload, synced_bytes=length, boot=self.boot(), updated=self.clock())
        await _to_the_end(part.sync)
        await _to_the_end(parts.write_record, self.folder, synced)
        return synced

    def _create(self, upload: Upload) -> None:
        parts.make_folder(self.folder)
        unfinished = [other for other in parts.records(self.folder) if not other.is_handed_over]
        if len(unfinished) >= UPLOADS_MAX:
            raise TooManyUploads
        self._check_space(upload.size_bytes, unfinished)
        parts.create(self.folder, upload)

    def _check_space(self, size_bytes: int, unfinished: list[Upload]) -> None:
        """Every unfinished upload has a claim on the disk, not only the one that is about to begin."""
        claimed = sum(other.size_bytes - other.synced_bytes for other in unfinished)
        needed, free = size_bytes + claimed + FREE_BYTES_MIN, self.free_bytes(self.folder)
        if needed > free:
            raise StorageFull(
                f"the file has {size_bytes / 1e9:.1f} GB and the disk has no room for it "
                f"({free / 1e9:.1f} GB free, {claimed / 1e9:.1f} GB promised to other uploads); free some space"
            )

    def _find(self, upload_id: str, account_id: str) -> tuple[Upload, int]:
        upload = self._owned(upload_id, account_id)
        if upload.is_handed_over:
            return upload, upload.size_bytes
        return upload, trusted_length(upload, parts.length_of(self.folder, upload_id), self.boot())

    def _owned(self, upload_id: str, account_id: str) -> Upload:
        upload = parts.read_record(self.folder, upload_id)
        if upload.account_id != account_id or expires_at(upload) <= self.clock():
            raise NoUpload(upload_id)
        return upload


async def _blocks(body: AsyncIterator[bytes], limit_bytes: int) -> AsyncIterator[bytes]:
    """`body` in blocks that are worth a write. Raises BadUploadHeader for more than `limit_bytes`, having given those.

    What has arrived is given also when `body` breaks off.
    """
    waiting = bytearray()
    async for chunk in body:
        waiting += chunk
        while len(waiting) >= BLOCK_BYTES and limit_bytes >= BLOCK_BYTES:
            yield bytes(waiting[:BLOCK_BYTES])
            del waiting[:BLOCK_BYTES]
            limit_bytes -= BLOCK_BYTES
        if len(waiting) > limit_bytes:
            break
    if waiting:
        yield bytes(waiting[:limit_bytes])
    if len(waiting) > limit_bytes:
        raise BadUploadHeader("the body goes on beyond the Upload-Length that the upload was created with")


async def _to_the_end(function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Run a blocking call in a thread and wait for it even when cancelled: its file must not be closed under it."""
    running = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
