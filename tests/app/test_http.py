"""The assembled application: its rules hold for every endpoint that it has."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar, get, post
from litestar.handlers import HTTPRouteHandler
from tests.app.application import Application, running

import matinee
from matinee.app.access import handlers_of
from matinee.app.http import server_config
from matinee.base.database import open_engine
from matinee.base.given import Given
from matinee.members import routes as members_routes
from matinee.members.account import Account

HEADERS = {"X-Matinee": "1"}


def _handlers() -> list[HTTPRouteHandler]:
    """The handlers of every module under matinee that has some for others to put together."""
    names = [module.name for module in pkgutil.walk_packages(matinee.__path__, "matinee.")]
    modules = [importlib.import_module(name) for name in names if name.endswith((".routes", ".activity"))]
    own = {members_routes.__name__}
    return [handler for module in modules if module.__name__ not in own for handler in module.HANDLERS]


def _services(handlers: list[HTTPRouteHandler]) -> dict[str, object]:
    """Something under every name that a handler asks for: nobody gets as far as to use it."""
    parameters = (each for handler in handlers for each in inspect.signature(handler.fn).parameters.values())
    names = {each.name for each in parameters if str(each.annotation).startswith("Given[")}
    return {name: object() for name in names - {"account"}}


@asynccontextmanager
async def _whole(folder: Path) -> AsyncIterator[Application]:
    handlers = _handlers()
    async with running(folder, handlers, _services(handlers)) as it:
        yield it


def _endpoints(app: Litestar) -> list[tuple[str, str, str]]:
    return [
        (method, path, handler.opt["access"]) for path, handler in handlers_of(app) for method in handler.http_methods
    ]


async def test_exactly_these_endpoints_are_open_to_everybody(tmp_path: Path) -> None:
    async with _whole(tmp_path) as it:
        public = {(method, path) for method, path, access in _endpoints(it.app) if access == "public"}
    assert {each for each in public if not each[1].startswith("/schema")} == {
        ("GET", "/v1/session"),
        ("POST", "/v1/session"),
        ("DELETE", "/v1/session"),
        ("POST", "/v1/setup"),
        ("POST", "/v1/tokens"),
        ("OPTIONS", "/v1/uploads"),
        ("GET", "/health"),
        ("HEAD", "/health"),
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/{path:path}"),
        ("HEAD", "/{path:path}"),
    }


async def test_nobody_gets_anything_that_is_not_public(tmp_path: Path) -> None:
    async with _whole(tmp_path) as it:
        for method, path, access in _endpoints(it.app):
            if access != "public":
                answer = await it.client.request(method, re.sub(r"\{.*?\}", "x", path), headers=HEADERS)
                assert answer.status_code == 401, (method, path)


async def test_a_made_up_token_is_nobodys(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.sign_in()
        it.client.cookies.clear()
        for headers in ({"Authorization": "Bearer made-up"}, {"Cookie": "matinee_session=made-up"}):
            assert (await it.client.get("/images/x", headers=headers)).status_code == 401


async def test_a_program_comes_in_with_a_bearer_token(tmp_path: Path) -> None:
    @get("/v1/me", opt={"access": "signed_in"})
    async def read_me(account: Given[Account]) -> Account:
        return account

    async with running(tmp_path, [read_me]) as it:
        await it.sign_in()
        it.client.cookies.clear()
        made = await it.client.post("/v1/tokens", json={"name": "ada", "password": "correct horse"})
        assert "set-cookie" not in made.headers
        answer = await it.client.get("/v1/me", headers={"Authorization": f"Bearer {made.json()['token']}"})
        assert answer.json()["name"] == "Ada"


async def test_a_handler_without_a_rule_refuses_to_start(tmp_path: Path) -> None:
    @get("/v1/secrets")
    async def read_secrets() -> str:
        return "secret"

    with pytest.raises(ValueError, match=r"/v1/secrets: read_secrets needs opt"):
        async with running(tmp_path, [read_secrets]):
            pass


@pytest.mark.filterwarnings("ignore:.*Inferred dependency")
async def test_a_handler_that_takes_a_service_as_data_refuses_to_start(tmp_path: Path) -> None:
    @get("/v1/films", opt={"access": "owner"})
    async def list_films(films: list[str]) -> list[str]:
        return films

    with pytest.raises(ValueError, match=r"list_films must take `films: Given\[...\]`"):
        async with running(tmp_path, [list_films], {"films": []}):
            pass


async def test_the_way_of_the_first_owner(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        client = it.client
        assert (await client.get("/v1/session")).json() == {"signed_in": False, "needs_setup": True, "name": None}
        body = {"token": await it.members.first_run_token(), "name": "Ada", "password": "correct horse"}
        made = await client.post("/v1/setup", json=body, headers=HEADERS)
        assert made.status_code == 201
        assert "HttpOnly" in made.headers["set-cookie"]
        assert (await client.get("/v1/session")).json() == {"signed_in": True, "needs_setup": False, "name": "Ada"}
        assert (await client.delete("/v1/session", headers=HEADERS)).status_code == 204
        assert (await client.get("/v1/session")).json() == {"signed_in": False, "needs_setup": False, "name": None}
        wrong = await client.post("/v1/session", json={"name": "Ada", "password": "x"}, headers=HEADERS)
        assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_password")
        right = await client.post("/v1/session", json={"name": "Ada", "password": "correct horse"}, headers=HEADERS)
        assert right.json() == {"signed_in": True, "needs_setup": False, "name": "Ada"}
        assert (await client.delete("/v1/sessions", headers=HEADERS)).status_code == 204
        assert not (await client.get("/v1/session")).json()["signed_in"]


async def test_the_cookie_is_for_https_only_where_people_come_by_https(tmp_path: Path) -> None:
    async with running(tmp_path, public_url="https://films.example") as it:
        body = {"token": await it.members.first_run_token(), "name": "Ada", "password": "correct horse"}
        assert "; Secure" in (await it.client.post("/v1/setup", json=body, headers=HEADERS)).headers["set-cookie"]


async def test_guessing_passwords_is_answered_with_when_to_try_again(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        for _ in range(10):
            await it.client.post("/v1/session", json={"name": "Ada", "password": "x"}, headers=HEADERS)
        claims = HEADERS | {"X-Forwarded-For": "203.0.113.9"}
        answer = await it.client.post("/v1/session", json={"name": "Ada", "password": "x"}, headers=claims)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 900


async def test_a_body_has_a_limit(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        body = {"name": "a" * (1 << 20), "password": "x"}
        answer = await it.client.post("/v1/session", json=body, headers=HEADERS)
        assert (answer.status_code, answer.json()["code"]) == (413, "request_entity_too_large")


async def test_health_tells_that_the_database_answers(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        assert (await it.client.get("/health")).json() == {"status": "ok"}


async def test_health_tells_that_the_database_does_not_answer(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'no such folder' / 'main.db'}")
    async with running(tmp_path, dependencies={"engine": engine}) as it:
        answer = await it.client.get("/health")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_the_openapi_document_describes_every_endpoint_of_the_api(tmp_path: Path) -> None:
    async with _whole(tmp_path) as it:
        document: dict[str, Any] = (await it.client.get("/schema/openapi.json")).json()
        described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
        api = {
            (method, re.sub(r":\w+\}", "}", path))
            for method, path, _ in _endpoints(it.app)
            if path.startswith(("/v1", "/health"))
        }
        assert document["openapi"] == "3.1.0"
        assert described == api
        ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
        assert len(set(ids)) == len(ids)
        assert "sign_in" in ids


async def test_our_pages_load_no_script_of_another_site_to_show_the_schema(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        assert (await it.client.get("/schema")).headers["content-type"].startswith("application/")


async def test_services_reach_handlers_under_their_names(tmp_path: Path) -> None:
    @post("/v1/films", opt={"access": "owner"})
    async def add_film(films: Given[list[str]], account: Given[Account]) -> list[str]:
        return [*films, account.name]

    async with running(tmp_path, [add_film], {"films": ["Nosferatu"]}) as it:
        await it.sign_in()
        assert (await it.client.post("/v1/films")).json() == ["Nosferatu", "Ada"]


def test_the_server_believes_no_claims_about_addresses() -> None:
    config = server_config(Litestar([]), host="127.0.0.1", port=0)
    assert not config.proxy_headers
