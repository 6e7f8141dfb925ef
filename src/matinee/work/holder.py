"""Who holds a lease: a name that tells whether the process behind it is dead, where that can be known.

`control@<machine>/<pid>.<start>`: `machine` is this boot of this kernel and this space of process ids (two containers
on one machine have two), `start` the process's start in clock ticks since boot, so that a reused pid is not mistaken.
"""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path


def this_holder(name: str) -> str:
    """The name of this process as the holder of leases."""
    pid = os.getpid()
    return f"{name}@{_machine()}/{pid}.{_start_ticks(pid)}"


def is_dead(holder: str) -> bool:
    """Whether the process behind `holder` ran on this machine and is gone; False when that cannot be known."""
    machine, _, process = holder.rpartition("@")[2].partition("/")
    pid, _, start = process.partition(".")
    if machine != _machine() or not pid.isdecimal() or not start.isdecimal():
        return False
    return _start_ticks(int(pid)) != int(start)


@functools.cache
def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return hashlib.sha256(f"{boot} {Path('/proc/self/ns/pid').readlink()}".encode()).hexdigest()[:16]
    except OSError:
        return "unknown"


def _start_ticks(pid: int) -> int | None:
    """Field 22 of /proc/<pid>/stat (proc(5)); None when there is no such process, or only what is left of one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])
