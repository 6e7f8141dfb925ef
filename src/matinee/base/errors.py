"""The closed family of errors: seven kinds, each with data; HTTP maps a kind to a status in one place.

A domain subclasses one kind and gives it a `code` (stable, for programs) and a message that says what was
wrong, with the value, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class MatineeError(Exception):
    """Base of all errors that a person or a client is meant to read."""

    code: ClassVar[str] = "error"

    @property
    def message(self) -> str:
        return str(self)

    def __reduce__(self) -> tuple[Callable[..., MatineeError], tuple[Any, ...]]:
        # A worker process raises it, the server reads it: its data comes along, and `__init__` is not run again.
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(kind: type[MatineeError], args: tuple[Any, ...], data: dict[str, Any]) -> MatineeError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(data)
    return error


class NotFound(MatineeError):
    """It does not exist, or the caller may not know that it does."""

    code = "not_found"


class Unauthenticated(MatineeError):
    """Nobody is signed in, or the proof has expired."""

    code = "unauthenticated"


class Forbidden(MatineeError):
    """Somebody is signed in, and may not do this."""

    code = "forbidden"


class Conflict(MatineeError):
    """The state is no longer what the caller believed it was."""

    code = "conflict"


class TooMany(MatineeError):
    """A named limit was reached; `retry_after_s` says when to try again, where that helps."""

    code = "too_many"

    def __init__(self, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unavailable(MatineeError):
    """Something that this needs is away: a server, a disk, a program. Trying again later may help."""

    code = "unavailable"


class Invalid(MatineeError):
    """The input cannot be used, and trying again without changing it will not help."""

    code = "invalid"
