"""Pictures: immutable objects named by their bytes, sent whole or in one of three widths, each made once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from litestar import Response, route
from litestar.params import FromPath, FromQuery
from litestar.types import ControllerRouterHandler

from matinee.base import objects as store
from matinee.base.errors import Invalid, NotFound
from matinee.base.given import Given
from matinee.base.objects import Objects

Resize: TypeAlias = Callable[[bytes, int], bytes]
"""The picture of these bytes in this width, as WebP."""

WIDTHS = (320, 640, 1280)  # a card, a card on a dense screen, a hero; any width would let a client fill the disk
RESIZES_AT_ONCE = 2  # each holds a decoded picture, tens of megabytes
_NAME = re.compile(r"([0-9a-f]{32})\.webp")
_CACHE = "private, max-age=31536000, immutable"  # private: pictures are for those who are signed in


class NoPicture(NotFound):
    """There is no picture of that name."""

    code = "no_picture"


@dataclass(frozen=True)
class Images:
    """The pictures under `images/`; variants lie beside the originals as `images/<stem>-<width>.webp`."""

    objects: Objects
    resize: Resize
    resizing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(RESIZES_AT_ONCE))

    async def read(self, name: str, width: int) -> bytes:
        """The picture, `width` pixels wide (0: as it is). Raises NoPicture and Invalid."""
        match = _NAME.fullmatch(name)
        if match is None:
            raise NoPicture(f"there is no picture {name}")
        if width == 0:
            return await self._read(f"images/{name}", name)
        if width not in WIDTHS:
            raise Invalid(f"pictures come in widths of {', '.join(map(str, WIDTHS))}, not {width}")
        variant = f"images/{match[1]}-{width}.webp"
        try:
            return await asyncio.to_thread(store.read, self.objects, variant)
        except FileNotFoundError:
            return await self._make(name, width, variant)

    async def _make(self, name: str, width: int, variant: str) -> bytes:
        async with self.resizing:
            original = await self._read(f"images/{name}", name)
            content = await asyncio.to_thread(self.resize, original, width)
            await asyncio.to_thread(store.write, self.objects, variant, content)
        return content

    async def _read(self, key: str, name: str) -> bytes:
        try:
            return await asyncio.to_thread(store.read, self.objects, key)
        except FileNotFoundError as error:
            raise NoPicture(f"there is no picture {name}") from error


@route("/images/{name:str}", http_method=["GET", "HEAD"], opt={"access": "signed_in"}, include_in_schema=False)
async def read_image(name: FromPath[str], images: Given[Images], w: FromQuery[int] = 0) -> Response[bytes]:
    """A poster, a still or a storyboard."""
    content = await images.read(name, w)
    return Response(content, media_type="image/webp", headers={"Cache-Control": _CACHE})


HANDLERS: Sequence[ControllerRouterHandler] = (read_image,)
