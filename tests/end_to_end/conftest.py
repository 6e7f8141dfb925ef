"""One Matinee for a module of tests, and the folder of real films."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.end_to_end.server import Running, up


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server on an empty library."""
    with up(tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of real films that MATINEE_TEST_MEDIA names; in CI it must be there."""
    folder = os.environ.get("MATINEE_TEST_MEDIA", "")
    if folder and Path(folder).is_dir():
        return Path(folder)
    message = "MATINEE_TEST_MEDIA names no folder of real films"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
