"""Errors as problem details (RFC 9457): the one place where a kind of error becomes an HTTP status.

A problem's `code` is stable and for programs, its `detail` is for people, and the error's public attributes are
members beside them. What nobody foresaw is told as a 500 with the name of its entry in the log, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from matinee.app.uploads.upload import NotAnUploadBody, UnknownTusVersion, UploadBusy, UploadTooLarge
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
from matinee.base.ids import new_id
from matinee.base.objects import StorageFull

MEDIA_TYPE = "application/problem+json"
STATUSES: Mapping[type[MatineeError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    Conflict: HTTPStatus.CONFLICT,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    Invalid: HTTPStatus.BAD_REQUEST,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    UploadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,  # tus 1.0.0, creation
    UploadBusy: HTTPStatus.LOCKED,
    UnknownTusVersion: HTTPStatus.PRECONDITION_FAILED,  # tus 1.0.0, core: Tus-Resumable
    NotAnUploadBody: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,  # tus 1.0.0, core: PATCH
}
"""A kind's status; a class of its own stands here where a standard gives it a status of its own."""

_CODES = {404: NotFound.code, 401: Unauthenticated.code, 400: Invalid.code, 503: Unavailable.code, 429: TooMany.code}
_log = logging.getLogger(__name__)
HttpRequest: TypeAlias = Request[Any, Any, Any]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong with a request: `data` are the members beyond those of RFC 9457 3.1."""

    status: HTTPStatus
    code: str
    detail: str
    data: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


def problem_of(error: MatineeError) -> Problem:
    """The problem that `error` is to a client."""
    data = {name: value for name, value in vars(error).items() if not name.startswith("_")}
    return Problem(
        status=next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES),
        code=error.code,
        detail=error.message,
        data=data,
        headers=_headers(error),
    )


def body_of(problem: Problem) -> bytes:
    """The JSON document of a problem; what `data` holds never hides a member of the standard."""
    standard = {
        "type": f"urn:matinee:{problem.code}",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
        "code": problem.code,
    }
    return msgspec.json.encode(standard | dict(problem.data) | standard, enc_hook=str)


def exception_handlers() -> ExceptionHandlersMap:
    """Litestar's handlers for every exception there is."""
    return {MatineeError: _answer_error, HTTPException: _answer_http, Exception: _answer_unforeseen}


def _answer_error(_: HttpRequest, error: MatineeError) -> Response[bytes]:
    return _response(problem_of(error))


def _answer_http(request: HttpRequest, error: HTTPException) -> Response[bytes]:
    if error.status_code >= 500:
        return _answer_unforeseen(request, error)
    status = HTTPStatus(error.status_code)
    code = _CODES.get(status, status.name.lower())
    data = {"errors": error.extra} if isinstance(error, ValidationException) else {}
    detail = _details(request, error)
    return _response(Problem(status=status, code=code, detail=detail, data=data, headers=error.headers or {}))


def _answer_unforeseen(request: HttpRequest, error: Exception) -> Response[bytes]:
    request_id = new_id("request")
    _log.error("%s %s failed as %s", request.method, request.url.path, request_id, exc_info=error)
    detail = f"something went wrong on the server; its log tells more under {request_id}"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _response(Problem(status=status, code="internal", detail=detail, data={"request_id": request_id}))


def _details(request: HttpRequest, error: HTTPException) -> str:
    path = request.url.path
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return f"there is nothing at {path}"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return f"{path} does not know {request.method}; it knows {(error.headers or {}).get('allow', '')}"
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return f"the body is larger than {path} takes"
        case _:
            return error.detail


def _headers(error: MatineeError) -> dict[str, str]:
    if isinstance(error, TooMany) and error.retry_after_s is not None:
        return {"Retry-After": str(error.retry_after_s)}  # RFC 9110 10.2.3
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}  # RFC 9110 11.6.1
    return {}


def _response(problem: Problem) -> Response[bytes]:
    headers = dict(problem.headers)
    return Response(body_of(problem), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)
