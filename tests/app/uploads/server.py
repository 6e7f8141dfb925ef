"""A real server process for tests of uploads: `python -m tests.app.uploads.server FOLDER`.

Prints one JSON line once it listens: its port, and a token of its owner's. A whole file is put aside as
`FOLDER/received/<id>`. Killed and started again, it goes on over the same folder.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from functools import partial
from pathlib import Path

import uvicorn
from tests.app.application import PASSWORD, resize

from matinee.app.http import Parts, build_app, server_config
from matinee.app.uploads import routes
from matinee.app.uploads.part import part_path
from matinee.app.uploads.service import Uploads
from matinee.app.uploads.upload import Upload
from matinee.base.clock import system_clock
from matinee.base.database import MAIN, open_engine
from matinee.base.objects import open_objects
from matinee.members.service import Members

LIMIT_BYTES = 500 * 10**9


async def serve(folder: Path) -> None:
    """Serve uploads over `folder`, on a port that the system chooses, until killed."""
    engine = open_engine(f"sqlite+aiosqlite:///{folder / 'main.db'}")
    async with engine.begin() as connection:
        await connection.run_sync(MAIN.create_all)
    members = Members(engine, system_clock)
    uploads = Uploads(folder / "uploads", system_clock, LIMIT_BYTES, partial(receive, folder))
    parts = Parts(
        members=members,
        engine=engine,
        objects=open_objects((folder / "objects").as_uri()),
        resize=resize,
        web=folder / "web",
        handlers=routes.HANDLERS,
        dependencies={"uploads": uploads},
    )
    listener = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"port": listener.getsockname()[1], "token": await _token(members)}), flush=True)  # noqa: T201
    await uvicorn.Server(server_config(build_app(parts), host="127.0.0.1", port=0)).serve(sockets=[listener])


async def receive(folder: Path, upload: Upload) -> None:
    """Put a whole file aside, as the job of an upload does; again is no error."""
    await asyncio.to_thread(_move, part_path(folder / "uploads", upload.id), folder / "received" / upload.id)


def _move(part: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    if part.exists():
        part.rename(target)


async def _token(members: Members) -> str:
    if await members.is_set_up():
        return (await members.sign_in("Ada", PASSWORD, "127.0.0.1")).token
    return (await members.set_up(await members.first_run_token(), "Ada", PASSWORD)).token


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
