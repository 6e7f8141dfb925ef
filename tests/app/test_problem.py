"""Errors as problem details."""

from __future__ import annotations

import logging
from http import HTTPStatus
from pathlib import Path

import msgspec
import pytest
from litestar import get, post
from litestar.params import FromQuery, JSONBody
from tests.app.application import running

from matinee.app.problem import Problem, body_of, problem_of
from matinee.app.uploads.upload import UploadTooLarge
from matinee.base.errors import (
    Conflict,
    Forbidden,
    Invalid,
    MatineeError,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from matinee.base.objects import StorageFull

HEADERS = {"X-Matinee": "1"}


class _TooDark(Invalid):
    code = "too_dark"

    def __init__(self, lux: float) -> None:
        super().__init__(f"{lux} lux are too few; open a curtain")
        self.lux = lux
        self.status = "a member that must not hide the standard's"
        self._inner = "nobody's business"


class _Film(msgspec.Struct):
    title: str
    year: int


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("x"), 404),
        (Unauthenticated("x"), 401),
        (Forbidden("x"), 403),
        (Conflict("x"), 409),
        (TooMany("x"), 429),
        (Unavailable("x"), 503),
        (Invalid("x"), 400),
        (_TooDark(1.0), 400),
        (StorageFull("x"), 507),
        (UploadTooLarge(2, 1), 413),
    ],
)
def test_a_kind_of_error_has_a_status(error: MatineeError, status: int) -> None:
    assert problem_of(error).status == status


def test_an_errors_public_attributes_are_members_and_its_private_ones_are_not() -> None:
    assert msgspec.json.decode(body_of(problem_of(_TooDark(0.5)))) == {
        "type": "urn:matinee:too_dark",
        "title": "Bad Request",
        "status": 400,
        "detail": "0.5 lux are too few; open a curtain",
        "code": "too_dark",
        "lux": 0.5,
    }


def test_a_member_that_json_does_not_know_is_told_as_text() -> None:
    problem = Problem(status=HTTPStatus.CONFLICT, code="x", detail="y", data={"where": Path("folder")})
    assert msgspec.json.decode(body_of(problem))["where"] == "folder"


async def test_an_unforeseen_error_tells_nothing_but_where_the_log_tells_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    @get("/v1/broken", opt={"access": "public"})
    async def read_broken() -> None:
        raise RuntimeError("the secret of the house")

    async with running(tmp_path, [read_broken]) as it:
        with caplog.at_level(logging.ERROR):
            answer = await it.client.get("/v1/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert answer.json()["request_id"] in caplog.text
    assert "the secret of the house" in caplog.text


async def test_a_body_of_the_wrong_shape_is_told_field_by_field(tmp_path: Path) -> None:
    @post("/v1/films", opt={"access": "public"})
    async def add_film(data: JSONBody[_Film]) -> None:
        """Nothing."""

    async with running(tmp_path, [add_film]) as it:
        answer = await it.client.post("/v1/films", json={"title": "Nosferatu", "year": "old"}, headers=HEADERS)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"] == [{"message": "Expected `int`, got `str`", "key": "year", "source": "body"}]
        broken = await it.client.post("/v1/films", content=b"{", headers=HEADERS)
        assert (broken.status_code, broken.json()["code"]) == (400, "invalid")


async def test_a_parameter_of_the_wrong_shape_is_told(tmp_path: Path) -> None:
    @get("/v1/films", opt={"access": "public"})
    async def list_films(year: FromQuery[int]) -> int:
        return year

    async with running(tmp_path, [list_films]) as it:
        answer = await it.client.get("/v1/films?year=old")
        assert (answer.status_code, answer.json()["errors"][0]["key"]) == (400, "year")


async def test_what_is_not_there_and_what_cannot_be_done_are_problems(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        missing = await it.client.get("/v1/nothing", headers={"Accept": "text/html"})
        assert (missing.status_code, missing.json()["detail"]) == (404, "there is nothing at /v1/nothing")
        refused = await it.client.put("/v1/session", headers=HEADERS)
        assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")
        assert set(refused.headers["allow"].split(", ")) == {"GET", "POST", "DELETE", "OPTIONS"}
