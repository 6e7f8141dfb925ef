"""The web app as it is served."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.app.application import BUILT_PAGE, build_web, running

PAGE = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_web(tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", ["/", "/index.html", "/title/title_1", "/setup", "/search", "/deep/er/still"])
async def test_a_person_gets_the_app_at_every_address(folder: Path, path: str) -> None:
    async with running(folder) as it:
        answer = await it.client.get(path, headers=PAGE)
        assert (answer.status_code, answer.content) == (200, BUILT_PAGE)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/nothing", "/v1/session/more", "/images", "/schema/nothing", "/health/x/y"]
)
async def test_the_app_hides_no_mistake_of_a_program(folder: Path, path: str) -> None:
    async with running(folder) as it:
        answer = await it.client.get(path, headers=PAGE)
        assert answer.status_code == 404
        assert answer.content != BUILT_PAGE


async def test_a_missing_script_is_not_answered_with_a_page(folder: Path) -> None:
    async with running(folder) as it:
        answer = await it.client.get("/_app/immutable/old.js")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_what_never_changes_is_kept_for_ever(folder: Path) -> None:
    async with running(folder) as it:
        answer = await it.client.get("/_app/immutable/start.js")
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert (await it.client.get("/icon.svg")).headers["cache-control"] == "no-cache"


async def test_an_unchanged_page_is_not_sent_again(folder: Path) -> None:
    async with running(folder) as it:
        etag = (await it.client.get("/", headers=PAGE)).headers["etag"]
        again = await it.client.get("/", headers=PAGE | {"If-None-Match": f'"other", W/{etag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert (await it.client.get("/", headers=PAGE | {"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/_app/..%2f..%2fsecret.txt", "//etc/passwd"])
async def test_no_path_leads_out_of_the_app(folder: Path, path: str) -> None:
    (folder / "secret.txt").write_text("secret")
    async with running(folder) as it:
        answer = await it.client.get(f"http://localhost:8000{path}")
        assert answer.status_code == 404
        assert "secret" not in answer.text.replace("secret.txt", "")


async def test_without_a_web_app_a_person_is_told_what_to_do(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        answer = await it.client.get("/", headers=PAGE)
        assert answer.status_code == 503
        assert "make web" in answer.text
        assert (await it.client.get("/v1/session")).status_code == 200
