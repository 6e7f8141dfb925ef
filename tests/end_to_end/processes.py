"""The processes of a running Matinee, found by its data folder, and ways to wait for what becomes of them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

TIMEOUT_S = 60.0
GONE_MAX_S = 10.0
LOOK_S = 0.1
Kind = Literal["up", "web", "edge", "control", "worker", "ffmpeg"]
_MARKS: dict[Kind, tuple[str, ...]] = {
    "up": (" -m matinee up",),
    "web": ("roles.child web",),
    "edge": ("roles.child edge",),
    "control": ("roles.child control",),
    "worker": ("multiprocessing.spawn",),
    "ffmpeg": ("ffmpeg",),
}
_T = TypeVar("_T")


def hear_ctrl_c() -> None:
    """Before a program is started: tests that run in a shell's background were told to ignore SIGINT, and it would."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def processes(home: Path) -> dict[int, str]:
    """The command line of every process that works on `home`, by its number; those that are only left to be reaped
    do not count, nor do those that the tests forked."""
    own, found = _command(Path("/proc/self")), {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        try:
            command = _command(folder)
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        is_ours = f"MATINEE_HOME={home}".encode() in variables or f"{home}/" in command
        if command and is_ours and command != own:
            found[int(folder.name)] = command
    return found


def of_kind(home: Path, kind: Kind) -> list[int]:
    """The processes of `home` that are of this kind, the oldest first, without those that they forked themselves."""
    found = [pid for pid, command in processes(home).items() if any(mark in command for mark in _MARKS[kind])]
    return sorted((pid for pid in found if int(_stat(pid)[1]) not in found), key=lambda pid: int(_stat(pid)[19]))


def kill(pid: int) -> bool:
    """Pull its plug; answers whether it was there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def until(answer: Callable[[], _T | None], what: str, timeout_s: float = TIMEOUT_S) -> _T:
    """The first answer that is true of something. Fails when there is none in `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := answer():
            return found
        time.sleep(LOOK_S)
    raise AssertionError(f"not within {timeout_s:.0f} s: {what}")


def all_gone(home: Path) -> None:
    """Wait until nothing works on `home` any more."""
    until(lambda: not processes(home), f"no process of {home} is left", GONE_MAX_S)


def _command(folder: Path) -> str:
    return (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def _stat(pid: int) -> list[str]:
    """What /proc/<pid>/stat says from its third field on (proc(5)); zeros for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 20
