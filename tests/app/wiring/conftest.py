"""The services of one process, wired as in production, on an empty data folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from matinee.app.migrations import migrate
from matinee.app.settings import Settings
from matinee.app.wiring import Platform, open_platform


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    """The services on an empty data folder."""
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir()
    await migrate(settings)
    async with open_platform(settings) as platform:
        yield platform
