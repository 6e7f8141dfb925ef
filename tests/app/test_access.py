"""Who may call what: cross-site requests, rules, deadlines."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from litestar import get, post
from tests.app.application import running

from matinee.app.access import ForeignRequest, check_origin


@pytest.mark.parametrize(
    ("headers", "public_host"),
    [
        ({b"x-matinee": b"1"}, ""),
        ({b"x-matinee": b"1", b"host": b"tv.local:8000", b"origin": b"http://tv.local:8000"}, ""),
        ({b"x-matinee": b"1", b"host": b"inner:8000", b"origin": b"https://films.example"}, "films.example"),
    ],
)
def test_our_own_pages_and_programs_may_change_things(headers: dict[bytes, bytes], public_host: str) -> None:
    check_origin(headers, public_host)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"x-matinee": b"0"},
        {b"host": b"tv.local", b"origin": b"http://tv.local"},
        {b"x-matinee": b"1", b"host": b"tv.local", b"origin": b"http://evil.example"},
        {b"x-matinee": b"1", b"host": b"tv.local", b"origin": b"http://tv.local:81"},
        {b"x-matinee": b"1", b"host": b"tv.local", b"origin": b"null"},
        {b"x-matinee": b"1", b"origin": b""},
    ],
)
def test_a_request_that_another_site_may_have_sent_is_refused(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(ForeignRequest):
        check_origin(headers, "")


async def test_a_cookie_alone_changes_nothing(tmp_path: Path) -> None:
    changed = []

    @post("/v1/change", opt={"access": "signed_in"})
    async def change_it() -> None:
        changed.append(1)

    async with running(tmp_path, [change_it]) as it:
        await it.sign_in()
        del it.client.headers["X-Matinee"]
        answer = await it.client.post("/v1/change")
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_request")
        assert not changed


async def test_a_bearer_token_needs_no_further_proof(tmp_path: Path) -> None:
    @post("/v1/change", opt={"access": "owner"})
    async def change_it() -> None:
        """Nothing."""

    async with running(tmp_path, [change_it]) as it:
        token = (await it.sign_in()).token
        it.client.cookies.clear()
        del it.client.headers["X-Matinee"]
        answer = await it.client.post("/v1/change", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 201


async def test_a_handler_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    stopped = asyncio.Event()

    @get("/v1/slow", opt={"access": "public", "timeout_s": 0.01})
    async def read_slowly() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.set()
            raise

    async with running(tmp_path, [read_slowly]) as it:
        answer = await it.client.get("/v1/slow")
        assert (answer.status_code, answer.json()["code"]) == (503, "took_too_long")
        assert stopped.is_set()


async def test_a_time_limit_of_the_handlers_own_is_not_taken_for_ours(tmp_path: Path) -> None:
    @get("/v1/impatient", opt={"access": "public"})
    async def read_impatiently() -> None:
        raise TimeoutError

    async with running(tmp_path, [read_impatiently]) as it:
        assert (await it.client.get("/v1/impatient")).status_code == 500
