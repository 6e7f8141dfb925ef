"""HTTP of changing the catalogue: decode, call the service, encode. Reading it is discovery's: cards show progress."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import delete, patch
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from matinee.base.given import Given
from matinee.catalog.removal import Removal
from matinee.catalog.service import Catalog
from matinee.catalog.title import Edit, Title


@patch("/v1/titles/{title_id:str}", opt={"access": "owner"})
async def edit_title(title_id: FromPath[str], data: JSONBody[Edit], catalog: Given[Catalog]) -> Title:
    """Change what is said of a title; a field that is not given stays as it is."""
    return await catalog.edit(title_id, data)


@delete("/v1/titles/{title_id:str}", opt={"access": "owner"}, status_code=204)
async def remove_title(title_id: FromPath[str], removal: Given[Removal]) -> None:
    """Remove a title for good, a show with all its episodes."""
    await removal.remove(title_id)


HANDLERS: Sequence[ControllerRouterHandler] = (edit_title, remove_title)
