"""Uploads against a model: whatever breaks, the offset is true and the file arrives as it was sent."""

from __future__ import annotations

import asyncio
import random
import resource
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matinee.app.uploads.part import BLOCK_BYTES, open_part, read_record
from matinee.app.uploads.service import FREE_BYTES_MIN, Uploads
from matinee.app.uploads.upload import (
    LIFETIME_S,
    RECEIVED_LIFETIME_S,
    UPLOADS_MAX,
    BadUploadHeader,
    NoUpload,
    OffsetMismatch,
    TooManyUploads,
    Upload,
    UploadBusy,
    UploadTooLarge,
)
from matinee.base.objects import StorageFull
from matinee.base.units import Seconds

ME = "account_me"
LIMIT_BYTES = 10 * BLOCK_BYTES
Break = Literal["line", "kill", "power"]


@dataclass
class Machine:
    """The machine that uploads run on: its clock, its kernel's name, and what was handed over."""

    folder: Path
    now: float = 1_800_000_000.0
    boot: str = "boot 0"
    taken: list[str] = field(default_factory=list)
    is_refusing: bool = False

    def start(self) -> Uploads:
        """A fresh process: nothing in memory."""
        return Uploads(
            self.folder,
            lambda: Seconds(self.now),
            LIMIT_BYTES,
            self._take,
            free_bytes=lambda _: 100 * FREE_BYTES_MIN,
            boot=lambda: self.boot,
        )

    async def _take(self, upload: Upload) -> None:
        if self.is_refusing:
            raise RuntimeError("the queue is away")
        self.taken.append(upload.id)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "uploads")


async def _body(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def _film(seed: int, size_bytes: int) -> bytes:
    """Noise and zeros in turns."""
    chance, film = random.Random(seed), bytearray()
    while len(film) < size_bytes:
        length = chance.randrange(1, 2 * BLOCK_BYTES)
        film += chance.randbytes(length) if chance.random() < 0.5 else bytes(length)
    return bytes(film[:size_bytes])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    size_bytes=st.integers(1, 4 * BLOCK_BYTES),
    breaks=st.lists(st.tuples(st.integers(0, 2 * BLOCK_BYTES), st.sampled_from(["line", "kill", "power"])), max_size=6),
)
def test_whatever_breaks_the_file_arrives_as_it_was_sent(
    seed: int, size_bytes: int, breaks: list[tuple[int, Break]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_send_with_breaks(Machine(Path(folder)), _film(seed, size_bytes), breaks))


async def _send_with_breaks(machine: Machine, film: bytes, breaks: list[tuple[int, Break]]) -> None:
    uploads = machine.start()
    upload_id = (await uploads.create(ME, len(film), {})).id
    expected = 0
    for length, kind in breaks:
        if expected == len(film):
            break
        expected = await _send_until(machine, upload_id, film[expected : expected + length], expected, kind)
        uploads = machine.start()
        assert (await uploads.find(upload_id, ME))[1] == expected
    await uploads.append(upload_id, ME, expected, _body(film[expected:]))
    assert uploads.path_of(upload_id).read_bytes() == film
    assert machine.taken == [upload_id]


async def _send_until(machine: Machine, upload_id: str, sent: bytes, at: int, kind: Break) -> int:
    """Send until something breaks; answers where the upload must then go on."""
    if kind == "line":
        await machine.start().append(upload_id, ME, at, _body(*_chunks(sent)))
        return at + len(sent)
    await machine.start().append(upload_id, ME, at, _body())
    with open_part(machine.folder, upload_id) as part:  # the process ends between a write and its checkpoint
        for chunk in _chunks(sent):
            part.append(chunk)
    if kind == "kill":
        return at + len(sent)
    machine.boot += "'"  # the file's length may now claim what never reached the disk
    return at


def _chunks(sent: bytes) -> Iterator[bytes]:
    return (sent[start : start + 65_536] for start in range(0, len(sent), 65_536))


async def test_after_a_power_cut_the_files_length_is_believed_again_from_the_first_byte(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 4, {})
    machine.boot = "boot 1"

    async def looking() -> AsyncIterator[bytes]:
        assert read_record(machine.folder, upload.id).boot == "boot 1"  # so that a kill from here on loses nothing
        yield b"1234"

    await uploads.append(upload.id, ME, 0, looking())
    assert machine.taken == [upload.id]


async def test_bytes_at_another_offset_are_refused_with_the_right_one(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 10, {})
    await uploads.append(upload.id, ME, 0, _body(b"1234"))
    for offset in (0, 3, 5, 2**40):
        with pytest.raises(OffsetMismatch) as caught:
            await uploads.append(upload.id, ME, offset, _body(b"x"))
        assert caught.value.expected_offset == 4
    assert uploads.path_of(upload.id).read_bytes() == b"1234"


async def test_a_body_that_goes_on_beyond_the_file_is_cut_off_and_refused(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 4, {})
    with pytest.raises(BadUploadHeader):
        await uploads.append(upload.id, ME, 0, _body(b"12", b"345"))
    assert uploads.path_of(upload.id).read_bytes() == b"1234"


async def test_of_two_at_once_one_is_refused_and_the_other_not_disturbed(machine: Machine) -> None:
    uploads, has_begun, may_end = machine.start(), asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"12"
        has_begun.set()
        await may_end.wait()
        yield b"34"

    upload = await uploads.create(ME, 4, {})
    first = asyncio.create_task(uploads.append(upload.id, ME, 0, slow()))
    await has_begun.wait()
    with pytest.raises(UploadBusy):
        await uploads.append(upload.id, ME, 0, _body(b"xxxx"))
    with pytest.raises(UploadBusy):
        await uploads.cancel(upload.id, ME)
    await machine.start().sweep()
    may_end.set()
    await first
    assert uploads.path_of(upload.id).read_bytes() == b"1234"


async def test_a_cancelled_request_keeps_what_arrived(machine: Machine) -> None:
    uploads, has_begun = machine.start(), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * BLOCK_BYTES
        has_begun.set()
        await asyncio.Event().wait()

    upload = await uploads.create(ME, 2 * BLOCK_BYTES, {})
    request = asyncio.create_task(uploads.append(upload.id, ME, 0, endless()))
    await has_begun.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert (await uploads.find(upload.id, ME))[1] == BLOCK_BYTES
    await uploads.append(upload.id, ME, BLOCK_BYTES, _body(b"y" * BLOCK_BYTES))


async def test_a_full_disk_keeps_what_arrived(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 2 * BLOCK_BYTES, {})
    with _files_of_at_most(BLOCK_BYTES + 5), pytest.raises(StorageFull):
        await uploads.append(upload.id, ME, 0, _body(b"x" * 2 * BLOCK_BYTES))
    assert (await uploads.find(upload.id, ME))[1] == BLOCK_BYTES + 5
    await uploads.append(upload.id, ME, BLOCK_BYTES + 5, _body(b"x" * (BLOCK_BYTES - 5)))
    assert machine.taken == [upload.id]


async def test_a_disk_too_full_for_the_record_is_said_to_be_full(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 20, {})
    with _files_of_at_most(8), pytest.raises(StorageFull):
        await uploads.append(upload.id, ME, 0, _body(b"x" * 20))
    assert (await uploads.find(upload.id, ME))[1] == 8
    await uploads.append(upload.id, ME, 8, _body(b"x" * 12))
    assert machine.taken == [upload.id]


@contextmanager
def _files_of_at_most(size_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_file_that_is_too_large_is_refused_before_it_is_sent(machine: Machine) -> None:
    with pytest.raises(UploadTooLarge):
        await machine.start().create(ME, LIMIT_BYTES + 1, {})
    assert not list(machine.folder.glob("*"))


async def test_a_file_that_the_disk_has_no_room_for_is_refused(machine: Machine) -> None:
    uploads = replace(machine.start(), free_bytes=lambda _: FREE_BYTES_MIN + 150)
    await uploads.create(ME, 100, {})
    with pytest.raises(StorageFull, match="promised to other uploads"):
        await uploads.create(ME, 100, {})
    await uploads.create(ME, 50, {})


async def test_unfinished_uploads_are_limited_in_number(machine: Machine) -> None:
    uploads = machine.start()
    for _ in range(UPLOADS_MAX):
        await uploads.create(ME, 1, {})
    with pytest.raises(TooManyUploads):
        await uploads.create(ME, 1, {})


async def test_an_upload_is_its_owners_alone(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 4, {})
    for attempt in (
        uploads.find(upload.id, "account_other"),
        uploads.append(upload.id, "account_other", 0, _body(b"1234")),
        uploads.cancel(upload.id, "account_other"),
    ):
        with pytest.raises(NoUpload):
            await attempt
    assert (await uploads.find(upload.id, ME))[1] == 0


async def test_a_cancelled_upload_leaves_nothing(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 4, {})
    await uploads.cancel(upload.id, ME)
    assert list(machine.folder.iterdir()) == []
    with pytest.raises(NoUpload):
        await uploads.find(upload.id, ME)


async def test_an_upload_that_nobody_continues_expires_and_is_removed(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 4, {})
    machine.now += LIFETIME_S - 1
    await uploads.append(upload.id, ME, 0, _body(b"1"))
    machine.now += LIFETIME_S - 1
    await uploads.sweep()
    assert (await uploads.find(upload.id, ME))[1] == 1
    machine.now += 1
    with pytest.raises(NoUpload):
        await uploads.find(upload.id, ME)
    await uploads.sweep()
    assert list(machine.folder.iterdir()) == []


async def test_what_could_not_be_handed_over_is_handed_over_later_and_once(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 4, {})
    machine.is_refusing = True
    with pytest.raises(RuntimeError):
        await uploads.append(upload.id, ME, 0, _body(b"1234"))
    assert (await uploads.find(upload.id, ME))[1] == 4
    machine.is_refusing = False
    await machine.start().sweep()
    await machine.start().sweep()
    assert machine.taken == [upload.id]


async def test_a_client_that_missed_the_last_answer_may_ask_again(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 4, {})
    await uploads.append(upload.id, ME, 0, _body(b"1234"))
    await uploads.append(upload.id, ME, 4, _body())
    assert machine.taken == [upload.id]


async def test_a_whole_file_waits_for_its_job_and_goes_when_the_job_is_done(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 4, {"filename": "../film.mkv"})
    await uploads.append(upload.id, ME, 0, _body(b"1234"))
    machine.now += RECEIVED_LIFETIME_S - 1
    await uploads.sweep()
    path = uploads.path_of(upload.id)
    assert path.read_bytes() == b"1234"
    assert path.parent == machine.folder
    await uploads.discard(upload.id)
    assert not path.exists()
    machine.now += 1
    await uploads.sweep()
    assert list(machine.folder.iterdir()) == []


async def test_a_client_that_missed_the_last_answer_need_not_send_it_all_again(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 4, {})
    await uploads.append(upload.id, ME, 0, _body(b"1234"))
    uploads.path_of(upload.id).unlink()  # the job has moved it away
    await uploads.discard(upload.id)
    await machine.start().sweep()
    assert (await machine.start().find(upload.id, ME))[1] == 4
    assert machine.taken == [upload.id]


async def test_a_file_that_was_whole_when_the_process_was_killed_is_handed_over(machine: Machine) -> None:
    upload = await machine.start().create(ME, 4, {})
    with open_part(machine.folder, upload.id) as part:
        part.append(b"1234")
    await machine.start().sweep()
    assert machine.taken == [upload.id]


async def test_a_record_without_a_file_expires(machine: Machine) -> None:
    uploads = machine.start()
    upload = await uploads.create(ME, 4, {})
    uploads.path_of(upload.id).unlink()
    await uploads.sweep()
    machine.now += LIFETIME_S
    await uploads.sweep()
    assert list(machine.folder.iterdir()) == []


async def test_a_sweep_before_the_first_upload_does_nothing(machine: Machine) -> None:
    await machine.start().sweep()
    assert machine.taken == []
