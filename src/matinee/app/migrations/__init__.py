"""Migrations."""
from matinee.app.settings import Settings
from matinee.base.database import JOBS, MAIN, database_url, open_engine
import matinee.catalog.tables, matinee.encoding.tables, matinee.insight.tables, matinee.members.tables, matinee.work.tables  # noqa
async def migrate(settings: Settings) -> None:
    for name, meta in (("main", MAIN), ("jobs", JOBS)):
        e = open_engine(database_url(settings.database_url, settings.home, name))
        async with e.begin() as c:
            await c.run_sync(meta.create_all)
        await e.dispose()
