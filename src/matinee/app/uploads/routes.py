"""The tus 1.0.0 protocol (https://tus.io/protocols/resumable-upload) at /v1/uploads.

Core, creation, creation-with-upload, expiration and termination. Bodies are read from the ASGI channel as they
come; a line that falls silent or breaks ends the request, and what came over it is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeAlias

from litestar import Request, Response, delete, patch, post, route
from litestar.params import FromPath
from litestar.types import ASGIApp, ControllerRouterHandler, Message, Receive, Scope, Send

from matinee.app.uploads.service import Uploads
from matinee.app.uploads.upload import (
    BODY_MEDIA_TYPE,
    TUS_EXTENSIONS,
    TUS_VERSION,
    BadUploadHeader,
    NotAnUploadBody,
    UnknownTusVersion,
    Upload,
    check_size,
    expires_header,
    read_metadata,
    read_number,
)
from matinee.base.given import Given
from matinee.members.account import Account

SILENCE_MAX_S = 20.0  # a line that is dead without saying so keeps the upload locked no longer than this
_UNTIMED = {"access": "owner", "timeout_s": 0}  # gigabytes take hours; silence is what ends them
HttpRequest: TypeAlias = Request[Account, Any, Any]


def tus_headers(app: ASGIApp) -> ASGIApp:
    """Middleware: every answer names the version of the protocol, errors too (tus 1.0.0, core: Tus-Resumable)."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                version = TUS_VERSION.encode()
                message["headers"] = [*message["headers"], (b"tus-resumable", version), (b"tus-version", version)]
            await send(message)

        await app(scope, receive, send_with_version)

    return answer


@route("/v1/uploads", http_method=["OPTIONS"], opt={"access": "public"}, status_code=204, middleware=[tus_headers])
async def describe_uploads(uploads: Given[Uploads]) -> Response[None]:
    """What this server speaks (tus 1.0.0, core: OPTIONS)."""
    headers = {"Tus-Extension": TUS_EXTENSIONS, "Tus-Max-Size": str(uploads.limit_bytes)}
    return Response(None, status_code=204, headers=headers)


@post("/v1/uploads", opt=_UNTIMED, request_max_body_size=None, middleware=[tus_headers])
async def create_upload(request: HttpRequest, uploads: Given[Uploads], account: Given[Account]) -> Response[bytes]:
    """Begin an upload, with its first bytes if the request carries some (tus 1.0.0, creation)."""
    _check_version(request)
    size_bytes = check_size(read_number("Upload-Length", request.headers.get("upload-length")), uploads.limit_bytes)
    metadata = read_metadata(request.headers.get("upload-metadata", ""))
    upload = await uploads.create(account.id, size_bytes, metadata)
    if request.headers.get("content-type") == BODY_MEDIA_TYPE:
        upload = await uploads.append(upload.id, account.id, 0, _body(request))
    headers = _progress(upload) | {"Location": f"/v1/uploads/{upload.id}"}
    return Response(b"", status_code=201, media_type="text/plain", headers=headers)


@route(
    "/v1/uploads/{upload_id:str}",
    http_method=["HEAD"],
    opt={"access": "owner"},
    status_code=200,
    middleware=[tus_headers],
)
async def read_upload(
    request: HttpRequest, upload_id: FromPath[str], uploads: Given[Uploads], account: Given[Account]
) -> Response[None]:
    """How many bytes have arrived (tus 1.0.0, core: HEAD)."""
    _check_version(request)
    upload, length = await uploads.find(upload_id, account.id)
    headers = {"Upload-Offset": str(length), "Upload-Length": str(upload.size_bytes)}
    return Response(None, headers=headers | {"Upload-Expires": expires_header(upload), "Cache-Control": "no-store"})


@patch("/v1/uploads/{upload_id:str}", opt=_UNTIMED, request_max_body_size=None, middleware=[tus_headers])
async def continue_upload(
    request: HttpRequest, upload_id: FromPath[str], uploads: Given[Uploads], account: Given[Account]
) -> Response[None]:
    """Send more bytes, from where the upload ends (tus 1.0.0, core: PATCH)."""
    _check_version(request)
    media_type = request.headers.get("content-type", "")
    if media_type != BODY_MEDIA_TYPE:
        raise NotAnUploadBody(media_type)
    offset = read_number("Upload-Offset", request.headers.get("upload-offset"))
    await _check_announced(request, upload_id, offset, uploads, account)
    upload = await uploads.append(upload_id, account.id, offset, _body(request))
    return Response(None, status_code=204, headers=_progress(upload))


@delete("/v1/uploads/{upload_id:str}", opt={"access": "owner"}, middleware=[tus_headers])
async def cancel_upload(
    request: HttpRequest, upload_id: FromPath[str], uploads: Given[Uploads], account: Given[Account]
) -> None:
    """Give an upload up (tus 1.0.0, termination)."""
    _check_version(request)
    await uploads.cancel(upload_id, account.id)


HANDLERS: Sequence[ControllerRouterHandler] = (
    describe_uploads,
    create_upload,
    read_upload,
    continue_upload,
    cancel_upload,
)


def _check_version(request: HttpRequest) -> None:
    version = request.headers.get("tus-resumable", "")
    if version != TUS_VERSION:
        raise UnknownTusVersion(version)


async def _check_announced(
    request: HttpRequest, upload_id: str, offset: int, uploads: Uploads, account: Account
) -> None:
    """Refuse a body that says beforehand that it goes beyond the file's end."""
    upload, _ = await uploads.find(upload_id, account.id)
    announced = int(request.headers.get("content-length", "0"))
    if offset + announced > upload.size_bytes:
        raise BadUploadHeader(f"the body ends at byte {offset + announced} of a file of {upload.size_bytes}")


def _progress(upload: Upload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.synced_bytes), "Upload-Expires": expires_header(upload)}


async def _body(request: HttpRequest) -> AsyncIterator[bytes]:
    """The body as it comes; ends where the line breaks or falls silent."""
    has_more = True
    while has_more:
        try:
            async with asyncio.timeout(SILENCE_MAX_S):
                message = await request.receive()
        except TimeoutError:
            return
        if message["type"] != "http.request":  # http.disconnect
            return
        yield message["body"]
        has_more = message["more_body"]
