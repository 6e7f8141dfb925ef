"""Whom we answer, and what browsers are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar import get
from tests.app.application import build_web, running

from matinee.app.shield import LOOPBACK, host_of, hosts_of, script_hashes

PAGE = {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("public_url", "is_local", "hosts"),
    [
        ("", True, LOOPBACK),
        ("", False, frozenset()),
        ("https://films.example", False, LOOPBACK | {"films.example"}),
        ("https://films.example:8443/", True, LOOPBACK | {"films.example"}),
        ("http://[2001:db8::1]:8000", False, LOOPBACK | {"[2001:db8::1]"}),
    ],
)
def test_the_names_that_are_answered(public_url: str, is_local: bool, hosts: frozenset[str]) -> None:
    assert hosts_of(public_url, is_local=is_local) == hosts


def test_a_host_is_compared_with_its_port() -> None:
    assert host_of("https://Films.example:8443/x") == "films.example:8443"
    assert host_of("") == ""


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:1"])
async def test_this_machines_own_names_are_answered(tmp_path: Path, host: str) -> None:
    async with running(tmp_path) as it:
        assert (await it.client.get("/v1/session", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000", "a b", ""])
async def test_a_name_that_was_pointed_at_this_machine_is_not(tmp_path: Path, host: str) -> None:
    async with running(tmp_path) as it:
        answer = await it.client.get("/v1/session", headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (421, "unknown_host")


async def test_a_probe_of_health_may_come_under_any_name(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        assert (await it.client.get("/health", headers={"Host": "10.0.0.7:8000"})).status_code == 200


async def test_a_server_that_all_may_reach_answers_to_any_name_that_is_one(tmp_path: Path) -> None:
    async with running(tmp_path, is_local=False) as it:
        assert (await it.client.get("/v1/session", headers={"Host": "tv.local"})).status_code == 200
        assert (await it.client.get("/v1/session", headers={"Host": "x;script-src *"})).status_code == 421


def test_every_inline_script_is_allowed_by_its_hash_and_no_other() -> None:
    page = b'<script>start()</script><script src="/a.js"></script><SCRIPT type=module>\n more() </SCRIPT>'
    assert set(script_hashes([page])) == {
        "'sha256-DIm7WJS6ZKDYe5qFLPy+h4JFI9Bol5QmYC57mt3Fb00='",
        "'sha256-TdQ9p7C9PUIvBm6nKFYTlGcajSbtVaOOt3Xl/UfYfn4='",
    }


async def test_a_page_may_play_media_from_the_edges_and_nowhere_else(tmp_path: Path) -> None:
    build_web(tmp_path)
    async with running(tmp_path, is_local=False, edges=("https://edge.example", ":8080")) as it:
        answer = await it.client.get("/", headers=PAGE | {"Host": "tv.local:8000"})
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        edges = "https://edge.example http://tv.local:8080"
        assert policy["media-src"] == f"'self' blob: {edges}"
        assert policy["connect-src"] == f"'self' {edges}"
        assert policy["frame-ancestors"] == "'none'"
        assert policy["script-src"].startswith("'self' 'sha256-")
        assert "unsafe" not in policy["script-src"]


async def test_every_answer_carries_the_headers_and_is_not_kept(tmp_path: Path) -> None:
    @get("/v1/broken", opt={"access": "public"})
    async def read_broken() -> None:
        raise RuntimeError

    async with running(tmp_path, [read_broken]) as it:
        for path in ("/v1/session", "/v1/broken", "/v1/nothing", "/images/x", "/"):
            headers = (await it.client.get(path, headers=PAGE)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert "camera=()" in headers["permissions-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["cache-control"] == "no-store"


async def test_a_page_that_has_not_changed_keeps_its_policy(tmp_path: Path) -> None:
    build_web(tmp_path)
    async with running(tmp_path) as it:
        page = await it.client.get("/", headers=PAGE)
        again = await it.client.get("/", headers=PAGE | {"If-None-Match": page.headers["etag"]})
        assert again.status_code == 304
        assert "content-security-policy" not in again.headers  # it would replace the page's (RFC 9111 3.2)


async def test_data_is_not_a_page(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        policy = (await it.client.get("/v1/session")).headers["content-security-policy"]
        assert policy == "default-src 'none'; frame-ancestors 'none'"
