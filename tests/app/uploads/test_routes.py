"""The tus 1.0.0 protocol as transcripts (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.app.application import running

from matinee.app.uploads import routes
from matinee.app.uploads.service import Uploads
from matinee.app.uploads.upload import Upload
from matinee.base.clock import system_clock

TUS = {"Tus-Resumable": "1.0.0"}
BODY = {"Content-Type": "application/offset+octet-stream"}


class Service:
    """A client of the owner's, and what was handed over."""

    def __init__(self, client: httpx.AsyncClient, folder: Path) -> None:
        self.client, self.taken = client, list[Upload]()
        self.uploads = Uploads(folder, system_clock, 1_000, self._take)

    async def _take(self, upload: Upload) -> None:
        self.taken.append(upload)

    async def create(self, size_bytes: int = 11) -> str:
        """A fresh upload's address."""
        answer = await self.client.post("/v1/uploads", headers=TUS | {"Upload-Length": str(size_bytes)})
        assert answer.status_code == 201
        location: str = answer.headers["location"]
        return location

    async def send(self, location: str, offset: int, body: bytes) -> httpx.Response:
        """Bytes at an offset."""
        headers = TUS | BODY | {"Upload-Offset": str(offset)}
        return await self.client.patch(location, headers=headers, content=body)


@asynccontextmanager
async def _service(folder: Path) -> AsyncIterator[Service]:
    service = Service(httpx.AsyncClient(), folder / "uploads")
    async with running(folder, routes.HANDLERS, {"uploads": service.uploads}) as it:
        await it.sign_in()
        service.client = it.client
        yield service


async def test_a_client_learns_what_the_server_speaks(tmp_path: Path) -> None:
    async with _service(tmp_path) as service:
        answer = await service.client.options("/v1/uploads")
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert answer.headers["tus-max-size"] == "1000"
        assert answer.headers["tus-extension"] == "creation,creation-with-upload,expiration,termination"


async def test_a_file_arrives_in_pieces(tmp_path: Path) -> None:
    async with _service(tmp_path) as service:
        metadata = f"filename {base64.b64encode(b'film.mkv').decode()},year {base64.b64encode(b'1922').decode()}"
        headers = TUS | {"Upload-Length": "11", "Upload-Metadata": metadata}
        made = await service.client.post("/v1/uploads", headers=headers)
        location = made.headers["location"]
        assert (made.status_code, made.content, made.headers["upload-offset"]) == (201, b"", "0")
        first = await service.send(location, 0, b"hello ")
        assert (first.status_code, first.content, first.headers["upload-offset"]) == (204, b"", "6")
        asked = await service.client.head(location, headers=TUS)
        assert (asked.status_code, asked.headers["upload-offset"], asked.headers["upload-length"]) == (200, "6", "11")
        assert asked.headers["cache-control"] == "no-store"
        assert asked.headers["upload-expires"].endswith("GMT")
        assert service.taken == []
        last = await service.send(location, 6, b"world")
        assert (last.status_code, last.headers["upload-offset"]) == (204, "11")
        (taken,) = service.taken
        assert (taken.filename, taken.metadata["year"]) == ("film.mkv", "1922")
        assert service.uploads.path_of(taken.id).read_bytes() == b"hello world"


async def test_a_file_may_come_with_its_creation(tmp_path: Path) -> None:
    async with _service(tmp_path) as service:
        headers = TUS | BODY | {"Upload-Length": "11"}
        made = await service.client.post("/v1/uploads", headers=headers, content=b"hello world")
        assert (made.status_code, made.headers["upload-offset"]) == (201, "11")
        assert len(service.taken) == 1


async def test_a_wrong_offset_is_a_conflict_that_names_the_right_one(tmp_path: Path) -> None:
    async with _service(tmp_path) as service:
        location = await service.create()
        await service.send(location, 0, b"hello")
        answer = await service.send(location, 4, b"o")
        assert (answer.status_code, answer.json()["expected_offset"]) == (409, 5)
        assert answer.headers["tus-resumable"] == "1.0.0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (BODY | {"Upload-Offset": "0"}, 412),
        (BODY | {"Upload-Offset": "0", "Tus-Resumable": "0.2.2"}, 412),
        (TUS | {"Upload-Offset": "0"}, 415),
        (TUS | {"Upload-Offset": "0", "Content-Type": "application/octet-stream"}, 415),
        (TUS | BODY, 400),
        (TUS | BODY | {"Upload-Offset": "-1"}, 400),
        (TUS | BODY | {"Upload-Offset": "9"}, 400),  # would end at byte 14 of 11
    ],
)
async def test_a_malformed_patch_is_refused(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    async with _service(tmp_path) as service:
        location = await service.create()
        answer = await service.client.patch(location, headers=headers, content=b"hello")
        assert answer.status_code == status
        assert answer.headers["tus-version"] == "1.0.0"
        assert (await service.client.head(location, headers=TUS)).headers["upload-offset"] == "0"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": "11"}, 412, "unknown_tus_version"),
        (TUS, 400, "bad_upload_header"),
        (TUS | {"Upload-Length": "0"}, 400, "bad_upload_header"),
        (TUS | {"Upload-Defer-Length": "1"}, 400, "bad_upload_header"),
        (TUS | {"Upload-Length": "1001"}, 413, "upload_too_large"),
        (TUS | {"Upload-Length": "11", "Upload-Metadata": "filename ?"}, 400, "bad_upload_header"),
    ],
)
async def test_an_upload_that_cannot_be_is_refused(
    tmp_path: Path, headers: dict[str, str], status: int, code: str
) -> None:
    async with _service(tmp_path) as service:
        answer = await service.client.post("/v1/uploads", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not list((tmp_path / "uploads").glob("*"))


async def test_a_full_disk_is_told_before_the_first_byte(tmp_path: Path) -> None:
    async with running(tmp_path, routes.HANDLERS, {"uploads": _on_a_full_disk(tmp_path)}) as it:
        await it.sign_in()
        answer = await it.client.post("/v1/uploads", headers=TUS | {"Upload-Length": "11"})
        assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
        assert "free some space" in answer.json()["detail"]


def _on_a_full_disk(folder: Path) -> Uploads:
    async def take(_: Upload) -> None:
        raise AssertionError("nothing can arrive")

    return Uploads(folder / "uploads", system_clock, 1_000, take, free_bytes=lambda _: 10)


async def test_an_upload_is_given_up(tmp_path: Path) -> None:
    async with _service(tmp_path) as service:
        location = await service.create()
        assert (await service.client.delete(location, headers=TUS)).status_code == 204
        assert (await service.client.head(location, headers=TUS)).status_code == 404
        assert (await service.send(location, 0, b"hello")).status_code == 404


async def test_two_patches_at_once_are_one_too_many(tmp_path: Path) -> None:
    async with _service(tmp_path) as service:
        location, has_begun, may_end = await service.create(), asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            has_begun.set()
            await may_end.wait()
            yield b"hello world"

        headers = TUS | BODY | {"Upload-Offset": "0"}
        first = asyncio.create_task(service.client.patch(location, headers=headers, content=slow()))
        await has_begun.wait()
        answer = await service.send(location, 0, b"hello")
        assert (answer.status_code, answer.json()["code"]) == (423, "upload_busy")
        may_end.set()
        assert (await first).headers["upload-offset"] == "11"


async def test_a_line_that_falls_silent_ends_the_request_and_keeps_what_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "SILENCE_MAX_S", 0.01)

    async def silent() -> AsyncIterator[bytes]:
        yield b"hello"
        await asyncio.Event().wait()

    async with _service(tmp_path) as service:
        location = await service.create()
        answer = await service.client.patch(location, headers=TUS | BODY | {"Upload-Offset": "0"}, content=silent())
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, "5")


async def test_uploading_needs_the_header_that_our_pages_send(tmp_path: Path) -> None:
    async with _service(tmp_path) as service:
        del service.client.headers["X-Matinee"]
        answer = await service.client.post("/v1/uploads", headers=TUS | {"Upload-Length": "11"})
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_request")


@pytest.mark.parametrize("upload_id", ["..", "%2e%2e%2fmain.db", "upload_1", "x" * 200])
async def test_no_upload_id_leads_to_another_file(tmp_path: Path, upload_id: str) -> None:
    async with _service(tmp_path) as service:
        answer = await service.client.head(f"/v1/uploads/{upload_id}", headers=TUS)
        assert answer.status_code in {404, 405}
