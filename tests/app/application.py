"""An application for tests: the real assembly on a fresh SQLite file, with handlers of the test's own."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
from argon2 import PasswordHasher
from litestar import Litestar
from litestar.types import ControllerRouterHandler
from PIL import Image

from matinee.app.http import Parts, build_app
from matinee.base.clock import system_clock
from matinee.base.database import MAIN, open_engine
from matinee.base.objects import Objects, open_objects
from matinee.members.service import Members, SignedIn

PASSWORD = "correct horse"
BUILT_PAGE = b"<!doctype html><script>start()</script><script src=/_app/a.js></script>"


@dataclass
class Application:
    """A running application; `client` is a browser that nobody has signed in with yet."""

    app: Litestar
    client: httpx.AsyncClient
    members: Members
    objects: Objects

    async def sign_in(self) -> SignedIn:
        """Make the owner, and let the client be theirs; it sends the header that our pages send."""
        signed_in = await self.members.set_up(await self.members.first_run_token(), "Ada", PASSWORD)
        self.client.cookies.set("matinee_session", signed_in.token)
        self.client.headers["X-Matinee"] = "1"
        return signed_in


@asynccontextmanager
async def running(
    folder: Path,
    handlers: Sequence[ControllerRouterHandler] = (),
    dependencies: Mapping[str, object] | None = None,
    *,
    public_url: str = "",
    is_local: bool = True,
    edges: tuple[str, ...] = (),
) -> AsyncIterator[Application]:
    """The application over `folder`; the web app is what lies in `folder/web`."""
    engine = open_engine(f"sqlite+aiosqlite:///{folder / 'main.db'}")
    try:
        async with engine.begin() as connection:
            await connection.run_sync(MAIN.create_all)
        objects = open_objects((folder / "objects").as_uri())
        members = Members(engine, system_clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        parts = Parts(
            members=members,
            engine=engine,
            objects=objects,
            resize=resize,
            web=folder / "web",
            handlers=handlers,
            dependencies=dependencies or {},
            public_url=public_url,
            is_local=is_local,
            edges=edges,
        )
        app = build_app(parts)
        transport = httpx.ASGITransport(app=cast(Any, app), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            yield Application(app, client, members, objects)
    finally:
        await engine.dispose()


def build_web(folder: Path) -> None:
    """A web app as SvelteKit builds it, in small."""
    (folder / "web" / "_app" / "immutable").mkdir(parents=True)
    (folder / "web" / "index.html").write_bytes(BUILT_PAGE)
    (folder / "web" / "_app" / "immutable" / "start.js").write_bytes(b"export {}")
    (folder / "web" / "icon.svg").write_bytes(b"<svg/>")


def resize(content: bytes, width: int) -> bytes:
    """A picture of that width."""
    with Image.open(io.BytesIO(content)) as picture:
        smaller = picture.resize((width, round(picture.height * width / picture.width)))
    return webp(smaller)


def webp(picture: Image.Image) -> bytes:
    """The picture's bytes as WebP."""
    out = io.BytesIO()
    picture.save(out, "WEBP")
    return out.getvalue()
