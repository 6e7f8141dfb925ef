"""The web app's types are those of the API that the code has today."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from matinee.app.schema import document

WEB = Path(__file__).parents[2] / "web"


async def test_the_web_app_s_types_are_made_from_today_s_api(tmp_path: Path) -> None:
    if not (WEB / "node_modules" / "openapi-typescript").is_dir():
        message = "the web app's packages are not installed; run make web"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    made, described = tmp_path / "schema.ts", tmp_path / "openapi.json"
    described.write_bytes(await document())
    argv = [str(WEB / "with-node"), "npx", "openapi-typescript", str(described), "--output", str(made)]
    done = subprocess.run(argv, cwd=WEB, capture_output=True, text=True, check=False)  # noqa: ASYNC221 - nothing else runs
    assert done.returncode == 0, done.stderr
    known = (WEB / "src" / "lib" / "api" / "schema.ts").read_text(encoding="utf-8")
    assert made.read_text(encoding="utf-8") == known, "run `make types` and look at what changed"
