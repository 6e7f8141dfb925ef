"""The web app: static files, read into memory once, so that a request's path is a key and never a path on the disk.

Every address that is not a file's is a page of the app, which routes in the browser: it gets `index.html`.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, route
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from matinee.base.errors import NotFound
from matinee.base.given import Given

FALLBACK = "/index.html"
IMMUTABLE = "public, max-age=31536000, immutable"  # RFC 8246
REVALIDATED = "no-cache"  # kept, but asked about each time
_OF_PROGRAMS = {"v1", "images", "schema", "health"}
_IMMUTABLE_PREFIX = "/_app/immutable/"
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Matinee</title>
<h1>The web app has not been built</h1><p>Run <code>make web</code> and start Matinee again. The API works without it.
"""


class WebFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the web app as it is sent."""

    content: bytes
    media_type: str
    etag: str
    cache_control: str


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """The files of the web app under the paths that they are asked for by; none where it has not been built."""

    files: Mapping[str, WebFile]

    @property
    def pages(self) -> Iterable[bytes]:
        return (file.content for path, file in self.files.items() if path.endswith(".html"))


def read_site(folder: Path) -> Site:
    """The web app that was built into `folder`; an empty site where the folder is not there."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return Site(files={f"/{path.relative_to(folder).as_posix()}": _read(path, folder) for path in paths})


@route(["/", "/{path:path}"], http_method=["GET", "HEAD"], opt={"access": "public"}, include_in_schema=False)
async def read_web(request: Request[Any, Any, Any], site: Given[Site], path: FromPath[str] = "/") -> Response[bytes]:
    """A file of the web app, or the app itself for an address that a person opens."""
    file = site.files.get(path)
    if file is None and _is_a_page(path) and _is_for_a_person(request):
        file = site.files.get(FALLBACK)
        if file is None:
            return Response(_NOT_BUILT.encode(), status_code=503, media_type="text/html")
    if file is None:
        raise NotFound(f"there is nothing at {path}")
    headers = {"ETag": file.etag, "Cache-Control": file.cache_control}
    if file.etag in request.headers.get("if-none-match", ""):  # RFC 9110 13.1.2
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)


HANDLERS: Sequence[ControllerRouterHandler] = (read_web,)


def _read(path: Path, folder: Path) -> WebFile:
    content = path.read_bytes()
    is_immutable = f"/{path.relative_to(folder).as_posix()}".startswith(_IMMUTABLE_PREFIX)
    return WebFile(
        content=content,
        media_type=_media_type(path.name),
        etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        cache_control=IMMUTABLE if is_immutable else REVALIDATED,
    )


def _media_type(name: str) -> str:
    if name.endswith((".js", ".mjs")):  # the machine's own table may call it something that browsers refuse to run
        return "text/javascript"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _is_a_page(path: str) -> bool:
    """Whether the app may have a page there: programs' addresses are not the app's."""
    return path.split("/")[1] not in _OF_PROGRAMS


def _is_for_a_person(request: Request[Any, Any, Any]) -> bool:
    return "text/html" in request.headers.get("accept", "")
