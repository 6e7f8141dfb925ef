"""What an edge answers: a request, the keys and the files in; what to send out. Knows HTTP, but no sockets."""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import msgspec

from matinee.base.errors import MatineeError
from matinee.base.units import Seconds
from matinee.delivery.edge import response
from matinee.delivery.edge.files import FileCache, OpenFile
from matinee.delivery.edge.http import Refusal, Request
from matinee.delivery.edge.keys import KeyFile
from matinee.delivery.edge.limits import Limits
from matinee.delivery.edge.ranges import Span, UnsatisfiableRangeError, is_known, is_range_wanted, resolve_range
from matinee.delivery.token import SKEW, Grant, check_expiry, verify

HEALTH = "/health"
_MISSING = response.Problem(404, "no_such_file", "this edge does not have the file; another one may")
_UNREADABLE = response.Problem(503, "unreadable", "the file cannot be read now")


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What to send: `head` (with a small body behind it), then `size` bytes of `file` from `first`."""

    status: int
    head: bytes
    is_last: bool = False
    """Whether the connection is closed after it."""
    file: OpenFile | None = None
    first: int = 0
    size: int = 0
    grant: Grant | None = None


class Health(msgspec.Struct, frozen=True):
    """What `/health` tells of the worker that answers it."""

    status: str
    connections: int
    requests: int
    keys: int = 0


class Site:
    """The renditions under `folder`, for those who hold a token signed with one of the keys."""

    def __init__(self, folder: Path, keys_file: Path, limits: Limits) -> None:
        self._advice = {405: response.ALLOW, 503: response.retry_after(limits.retry_after_s)}
        self._keys = KeyFile(keys_file)
        self.files = FileCache(folder, size=limits.open_files, fresh_s=limits.file_fresh_s)
        self._verified = lru_cache(limits.verified_tokens)(self._verify)
        self._date_second, self._date = 0, b""
        self.refresh_keys()

    def refresh_keys(self) -> None:
        """Take over the keys of a key file that changed; what old keys had signed is checked anew."""
        if self._keys.refresh():
            self._verified.cache_clear()

    def answer(self, request: Request | Refusal, now: Seconds, moment: float, health: Callable[[], Health]) -> Reply:
        """The answer to `request` at `now` (Unix time) and `moment` (a monotonic clock)."""
        date = self._date_line(now)
        if isinstance(request, Refusal):
            return self._refuse(request, date)
        if request.method == "OPTIONS":
            return Reply(204, response.preflight_head(date, request.is_last), request.is_last)
        if request.path == HEALTH:
            head, body = response.small(
                200, msgspec.structs.replace(health(), keys=len(self._keys.keys)), date, is_last=request.is_last
            )
            return Reply(200, head if request.method == "HEAD" else head + body, request.is_last)
        try:
            grant = self._verified(request.path)
            if now >= grant.expires + SKEW:
                check_expiry(grant, now)
            file = self.files.get(grant.rendition, grant.file, moment)
        except MatineeError as error:
            return self._refuse_request(request, response.problem_of(error), date)
        except OSError as error:
            return self._refuse_file(request, error, date)
        return self._send(request, grant, file, date)

    def _refuse(self, refusal: Refusal, date: bytes) -> Reply:
        """An answer after which the connection is closed, because what was said on it cannot be trusted."""
        extra = self._advice.get(refusal.status, b"")
        problem = response.Problem(refusal.status, "request_refused", refusal.reason)
        head, body = response.refuse(problem, date, is_last=True, extra=extra)
        return Reply(refusal.status, head + body, True)

    def _send(self, request: Request, grant: Grant, file: OpenFile, date: bytes) -> Reply:
        shape = file.representation
        if request.if_none_match and is_known(request.if_none_match, shape.etag):
            return Reply(304, response.not_modified_head(shape, date, request.is_last), request.is_last, grant=grant)
        if request.method == "HEAD":  # RFC 9110 14.2: Range is defined for GET alone
            return Reply(200, response.whole_head(shape, date, request.is_last), request.is_last, grant=grant)
        try:
            span = self._span(request, file)
        except UnsatisfiableRangeError:
            extra = response.unsatisfied_range(shape.size)
            problem = response.Problem(416, "unsatisfiable_range", f"the file has {shape.size} bytes")
            return self._refuse_request(request, problem, date, extra)
        if span is None:
            head = response.whole_head(shape, date, request.is_last)
            return Reply(200, head, request.is_last, file, 0, shape.size, grant)
        head = response.partial_head(shape, date, request.is_last, span)
        return Reply(206, head, request.is_last, file, span.first, span.size, grant)

    @staticmethod
    def _span(request: Request, file: OpenFile) -> Span | None:
        if not request.range or not is_range_wanted(request.if_range, file.representation.etag):
            return None
        return resolve_range(request.range, file.representation.size)

    @staticmethod
    def _refuse_request(request: Request, problem: response.Problem, date: bytes, extra: bytes = b"") -> Reply:
        head, body = response.refuse(problem, date, is_last=request.is_last, extra=extra)
        return Reply(problem.status, head if request.method == "HEAD" else head + body, request.is_last)

    def _refuse_file(self, request: Request, error: OSError, date: bytes) -> Reply:
        if isinstance(error, FileNotFoundError | NotADirectoryError) or error.errno == errno.ELOOP:
            return self._refuse_request(request, _MISSING, date)
        if error.errno in (errno.EMFILE, errno.ENFILE):
            self.files.release()
        return self._refuse_request(request, _UNREADABLE, date, self._advice[503])

    def _verify(self, path: str) -> Grant:
        return verify(path, self._keys.keys)

    def _date_line(self, now: Seconds) -> bytes:
        second = int(now)
        if second != self._date_second:
            self._date_second, self._date = second, response.date_line(second)
        return self._date
