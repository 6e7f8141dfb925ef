"""The file that an upload grows in."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.app.uploads.test_upload import UPLOAD

from matinee.app.uploads import part as parts
from matinee.app.uploads.part import BLOCK_BYTES, Part, open_part
from matinee.app.uploads.upload import NoUpload, Upload, UploadBusy
from matinee.base.ids import new_id
from matinee.base.objects import StorageFull, StorageUnwritable


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    upload = msgspec.structs.replace(UPLOAD, id=new_id("upload"), synced_bytes=0)
    parts.create(tmp_path, upload)
    return upload


@given(st.lists(st.sampled_from([b"", b"film", bytes(4096), b"\x00" * 9 + b"x", bytes(BLOCK_BYTES)]), max_size=6))
def test_a_part_is_what_was_appended(tmp_path_factory: pytest.TempPathFactory, blocks: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("part") / "part"
    path.touch()
    descriptor = os.open(path, os.O_RDWR)
    part = Part(descriptor)
    for block in blocks:
        part.append(block)
    part.sync()
    os.close(descriptor)
    assert path.read_bytes() == b"".join(blocks)


def test_zeros_take_no_space(tmp_path: Path, upload: Upload) -> None:
    with open_part(tmp_path, upload.id) as part:
        for _ in range(64):
            part.append(bytes(BLOCK_BYTES))
        part.append(b"film")
    status = parts.part_path(tmp_path, upload.id).stat()
    assert status.st_size == 64 * BLOCK_BYTES + 4
    assert status.st_blocks * 512 < BLOCK_BYTES


def test_two_do_not_write_to_one_part(tmp_path: Path, upload: Upload) -> None:
    with open_part(tmp_path, upload.id), pytest.raises(UploadBusy), open_part(tmp_path, upload.id):
        pass
    with open_part(tmp_path, upload.id):
        """The lock ended with its holder."""


def test_a_full_disk_is_an_error_that_says_so() -> None:
    descriptor = os.open("/dev/full", os.O_RDWR)
    try:
        with pytest.raises(StorageFull, match="what arrived is kept"):
            Part(descriptor).append(b"film")
    finally:
        os.close(descriptor)


def test_a_folder_that_nobody_may_write_is_an_error_that_says_so(upload: Upload) -> None:
    with pytest.raises(StorageUnwritable, match="write access"):
        parts.create(Path("/sys/uploads"), upload)


def test_a_record_is_read_as_it_was_written(tmp_path: Path, upload: Upload) -> None:
    later = msgspec.structs.replace(upload, synced_bytes=10, is_handed_over=True)
    parts.write_record(tmp_path, later)
    assert parts.read_record(tmp_path, upload.id) == later
    assert parts.records(tmp_path) == [later]


def test_the_bytes_may_go_before_the_record(tmp_path: Path, upload: Upload) -> None:
    parts.remove_part(tmp_path, upload.id)
    parts.remove_part(tmp_path, upload.id)
    assert parts.records(tmp_path) == [upload]


def test_a_removed_upload_leaves_nothing(tmp_path: Path, upload: Upload) -> None:
    parts.remove(tmp_path, upload.id)
    assert list(tmp_path.iterdir()) == []
    parts.remove(tmp_path, upload.id)
    with pytest.raises(NoUpload):
        parts.read_record(tmp_path, upload.id)
    with pytest.raises(NoUpload), open_part(tmp_path, upload.id):
        pass


@pytest.mark.parametrize(
    "upload_id", ["", "..", "../main", "upload_1", "title_01m7yhm9ktdbtdsqmahgq4vsbp", "upload_/x"]
)
def test_only_our_own_ids_name_files(tmp_path: Path, upload_id: str) -> None:
    with pytest.raises(NoUpload):
        parts.part_path(tmp_path, upload_id)


def test_strays_are_removed_once_they_are_old(tmp_path: Path, upload: Upload) -> None:
    stray = parts.part_path(tmp_path, new_id("upload"))
    stray.touch()
    parts.remove_strays(tmp_path, before=stray.stat().st_mtime - 1)
    assert stray.exists()
    parts.remove_strays(tmp_path, before=stray.stat().st_mtime + 1)
    assert not stray.exists()
    assert parts.part_path(tmp_path, upload.id).exists()
