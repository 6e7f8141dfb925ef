"""The file with the signing keys: `{"keys": {"<key id>": "<secret, base64url>"}}`, read again when it changes."""

from __future__ import annotations

import os
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

import msgspec

from matinee.base.errors import Invalid

SECRET_BYTES_MIN = 16
"""A shorter secret could be guessed; make them of 32 random bytes."""


class UnusableKeys(Invalid):
    """The key file does not hold keys."""

    code = "unusable_keys"


class _Document(msgspec.Struct):
    keys: dict[str, str]


def decode_keys(content: bytes) -> dict[str, bytes]:
    """The keys that the file's `content` holds. Raises UnusableKeys."""
    try:
        texts = msgspec.json.decode(content, type=_Document).keys
        keys = {name: urlsafe_b64decode(text + "=" * (-len(text) % 4)) for name, text in texts.items()}
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnusableKeys(f"the key file cannot be read: {error}; write it anew") from error
    for name, secret in keys.items():
        if len(secret) < SECRET_BYTES_MIN:
            raise UnusableKeys(f"key {name!r} has {len(secret)} bytes; give it at least {SECRET_BYTES_MIN}")
    return keys


def encode_keys(keys: Mapping[str, bytes]) -> bytes:
    """The content of a key file with `keys`."""
    return msgspec.json.encode(
        _Document({name: urlsafe_b64encode(secret).rstrip(b"=").decode() for name, secret in keys.items()})
    )


def write_keys(path: Path, keys: Mapping[str, bytes]) -> None:
    """Put `keys` into the file at once, readable by this user only. Edges follow within a second."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.touch(0o600)
    with partial.open("wb") as file:
        file.write(encode_keys(keys))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


class KeyFile:
    """The keys in a file, as they were when it was last readable: a broken file changes nothing (and is told once)."""

    def __init__(self, path: Path) -> None:
        self.keys: dict[str, bytes] = {}
        self._path = path
        self._seen: tuple[int, int, int] | None = None

    def refresh(self) -> bool:
        """Read the file again if it is another one than last time; whether the keys are other ones now."""
        try:
            status = self._path.stat()
            seen = (status.st_ino, status.st_size, status.st_mtime_ns)
            if seen == self._seen:
                return False
            self._seen = seen
            fresh = decode_keys(self._path.read_bytes())
        except (OSError, UnusableKeys) as error:
            self._complain(error)
            return False
        is_changed = fresh != self.keys
        self.keys = fresh
        return is_changed

    def _complain(self, error: Exception) -> None:
        if isinstance(error, OSError):
            if self._seen is None:
                return  # said already, or not there yet: the edge may be started before its keys
            self._seen = None
        sys.stderr.write(f"edge: {error}; going on with {len(self.keys)} key(s)\n")
