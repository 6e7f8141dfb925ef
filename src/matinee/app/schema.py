"""`python -m matinee.app.schema` prints the OpenAPI document of the whole API: the web app's types are made from it."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import msgspec

from matinee.app.settings import Settings
from matinee.app.wiring import open_platform
from matinee.app.wiring.web import web_app


async def document() -> bytes:
    """The OpenAPI document as JSON, indented, its keys in order."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        async with open_platform(settings) as platform:
            schema = web_app(platform, settings.edge_port).openapi_schema.to_schema()
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2)


if __name__ == "__main__":
    sys.stdout.buffer.write(asyncio.run(document()) + b"\n")
