"""The posters' typefaces for tests."""

from __future__ import annotations

import pytest
from tests.typefaces import find_typefaces

from matinee.catalog.lettering import Fonts


@pytest.fixture
def fonts() -> Fonts:
    return find_typefaces()
