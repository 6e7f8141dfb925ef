"""The tables' history: one line of Alembic revisions for each kind of relational state."""

from __future__ import annotations

import asyncio

from matinee.app.migrations.upgrade import upgrade
from matinee.app.settings import Settings


async def migrate(settings: Settings) -> None:
    """Bring the databases that `settings` name to their newest revisions, before anything uses them."""
    await asyncio.to_thread(upgrade, settings.database_url, settings.home)
