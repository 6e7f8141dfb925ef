"""The data folder: made, checked and held by one `up` at a time; `server.json` says where it is reached."""

from __future__ import annotations

import fcntl
import logging
import logging.handlers
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from matinee.app.settings import Settings
from matinee.base.errors import Conflict, Unavailable
from matinee.encoding.pertitle.ladder import CodecSet, LadderKind

LOG_BYTES = 5_000_000
LOG_FILES = 3


class HomeUnwritable(Unavailable):
    """The data folder cannot be used."""

    code = "home_unwritable"


class AlreadyUp(Conflict):
    """Another `matinee up` runs on this data folder."""

    code = "already_up"


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where a running server is reached, and what it makes of a film when nobody says."""

    url: str
    pid: int
    ladder: LadderKind
    codecs: CodecSet


def server_of(settings: Settings, url: str) -> Server:
    """This process, as the server that runs with `settings`."""
    return Server(url=url, pid=os.getpid(), ladder=settings.ladder, codecs=settings.codecs)


def make_home(home: Path) -> Path:
    """The data folder, made if it is missing, for this user alone. Raises HomeUnwritable."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = home / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise HomeUnwritable(
            f"the data folder {home} cannot be written ({error.strerror}); give this user write access, "
            "or name another one in MATINEE_HOME"
        ) from error
    return home.resolve()


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Hold the data folder against a second `up`. Raises AlreadyUp."""
    with (home / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            running = read_server(home)
            where = f" at {running.url} (process {running.pid})" if running else ""
            raise AlreadyUp(f"Matinee runs on {home} already{where}; stop it first, or set MATINEE_HOME") from error
        yield


def write_server(home: Path, server: Server) -> None:
    """Say where the server is reached."""
    partial = home / "server.json.part"
    partial.write_bytes(msgspec.json.encode(server))
    partial.replace(home / "server.json")


def read_server(home: Path) -> Server | None:
    """The server that runs on this data folder; None when none does, also where a killed one left its file."""
    try:
        server = msgspec.json.decode((home / "server.json").read_bytes(), type=Server)
        os.kill(server.pid, 0)
    except PermissionError:
        return server  # it lives, and is another user's
    except (OSError, msgspec.MsgspecError):
        return None
    return server


def log_to(home: Path, role: str) -> Path:
    """Write this process's log to `HOME/logs/<role>.log`, some megabytes of it."""
    folder = home / "logs"
    folder.mkdir(exist_ok=True)
    path = folder / f"{role}.log"
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    return path
