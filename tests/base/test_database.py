"""What every database of ours does: a disk that is full is told as such, and nothing half-written stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from matinee.base.database import DatabaseFull, open_engine, reading, writing

PAGES = 20


async def test_a_full_disk_is_told_and_what_was_written_before_stays(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    try:
        async with writing(engine) as connection:
            await connection.execute(text(f"PRAGMA max_page_count = {PAGES}"))
            await connection.execute(text("CREATE TABLE words (word TEXT)"))
            await connection.execute(text("INSERT INTO words VALUES ('kept')"))
        with pytest.raises(DatabaseFull, match="free some space"):
            async with writing(engine) as connection:
                await connection.execute(text(f"PRAGMA max_page_count = {PAGES}"))
                await connection.execute(text("INSERT INTO words VALUES (zeroblob(1000000))"))
        async with reading(engine) as connection:
            assert (await connection.execute(text("SELECT word FROM words"))).scalars().all() == ["kept"]
    finally:
        await engine.dispose()
