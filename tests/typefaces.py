"""Where tests find the posters' typefaces: the web build brings them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from matinee.catalog.lettering import FACES, Fonts

_FOLDER = Path(__file__).parent.parent / "web" / "build" / "fonts" / "posters"


def find_typefaces() -> Fonts:
    """The typefaces; the test is skipped loudly where the web app is not built, and fails in CI."""
    if all((_FOLDER / face.file).exists() for face in FACES.values()):
        return Fonts(_FOLDER)
    message = "the posters' typefaces are missing: build the web app first (make web)"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
