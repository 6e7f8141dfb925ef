"""Child programs that read other people's files: confined, limited, and never outliving who started them.

A child gets its own session and process group, no environment but what it is given, no open files but its three
streams, limits on CPU, memory and file size, no new privileges, no network where the kernel lets us take it away (its
own empty network namespace), as little of root's power as reading and writing files needs, and a signal that kills it
when the thread that started it dies.
"""

from __future__ import annotations

import ctypes
import functools
import os
import resource
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path

import msgspec

from matinee.base.errors import Conflict, Invalid, Unavailable
from matinee.base.pipes import Conversation, Lines, Whole

GRACE_S = 1.0  # between SIGTERM and SIGKILL when a child is told to stop
CPU_COUNTED = 0.9  # of its CPU limit: a child that has used this much and failed has caught SIGXCPU, as FFmpeg does
WORDS_MAX = 8  # children of a thread whose last words are kept until somebody takes them
POLL_S = 0.1  # how often a waiting parent asks whether to stop

_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded here: after a fork it would be too late
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 24, 38  # linux/prctl.h
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
_CAPABILITIES = 64  # more than there are: dropping one that does not exist is an error without effect
_KEPT_CAPABILITIES = frozenset({1, 2})  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: root in a container reads media
_NO_MEMORY = ("cannot allocate memory", "out of memory", "memoryerror", "bad_alloc", "allocation failed", "enomem")
_TOO_LARGE = "file too large"
_METER = threading.local()


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a child may use: seconds of CPU and of time, bytes of address space and of any file it writes."""

    cpu_s: int
    wall_s: float
    memory_bytes: int
    output_bytes: int


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A child that ended by itself; `stdout` is empty when its lines went elsewhere."""

    returncode: int
    stdout: bytes
    stderr_tail: str
    wall_s: float
    cpu_s: float


class Capabilities(msgspec.Struct, frozen=True):
    """What this kernel lets us take away from a child; the rest holds everywhere."""

    has_no_network: bool
    dies_with_parent: bool


class Stopped(Conflict):
    """The caller's `stop` said so."""

    code = "child_stopped"

    def __init__(self, program: str) -> None:
        super().__init__(f"{program} was stopped, because its result is not wanted any more")
        self.program = program


class TimedOut(Invalid):
    """It used more CPU or time than it may."""

    code = "child_timed_out"

    def __init__(self, program: str, limit_s: float, what: str, stderr_tail: str = "") -> None:
        super().__init__(f"{program} used more than {limit_s:g} s of {what}; the file is damaged or too demanding")
        self.program, self.limit_s, self.what, self.stderr_tail = program, limit_s, what, stderr_tail


class OutOfMemory(Unavailable):
    """It asked for more memory than it may have, or than the machine had left: which of the two, it does not say."""

    code = "child_out_of_memory"

    def __init__(self, program: str, limit_bytes: int, stderr_tail: str = "") -> None:
        super().__init__(
            f"{program} got no more memory, of {limit_bytes / 2**20:.0f} MiB that it may have; see whether the machine "
            "is short of memory and try again; if it is not, the file is damaged or too demanding"
        )
        self.program, self.limit_bytes, self.stderr_tail = program, limit_bytes, stderr_tail


class OutputTooLarge(Invalid):
    """It wrote more than it may into one file, or into our pipe."""

    code = "child_output_too_large"

    def __init__(self, program: str, limit_bytes: int, stderr_tail: str = "") -> None:
        super().__init__(f"{program} wrote more than {limit_bytes} bytes; the file is damaged or too demanding")
        self.program, self.limit_bytes, self.stderr_tail = program, limit_bytes, stderr_tail


class Killed(Unavailable):
    """A signal that we did not send ended it: the kernel short of memory, a person, a crash of its own."""

    code = "child_killed"

    def __init__(self, program: str, signal_name: str, stderr_tail: str = "") -> None:
        super().__init__(f"{program} was ended by {signal_name}; see whether the machine is short of memory, try again")
        self.program, self.signal_name, self.stderr_tail = program, signal_name, stderr_tail


class CannotStart(Unavailable):
    """The program is missing, or not one."""

    code = "child_cannot_start"

    def __init__(self, program: str, why: str) -> None:
        super().__init__(f"{program} cannot be started: {why}; check the setting that names it")
        self.program, self.why = program, why


def never() -> bool:
    """The `stop` of a caller that never wants to."""
    return False


def run_confined(
    argv: Sequence[str],
    *,
    limits: Limits,
    stop: Callable[[], bool] = never,
    on_line: Callable[[str], None] | None = None,
    on_block: Callable[[bytes], None] | None = None,
    stdin: bytes | Iterable[bytes] = b"",
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run `argv` to its end and answer how it ended; blocks, and is safe in any thread.

    Its standard output goes to `on_line` line by line, or to `on_block` as it comes (an empty block is the end), or
    else is kept whole in `Finished.stdout`, up to `limits.output_bytes`. A returncode that is not 0 is an answer, not
    an error. Raises Stopped, TimedOut, OutOfMemory, OutputTooLarge, Killed and CannotStart, and what `on_line` raises.
    Nothing of the child is left when it returns or raises.
    """
    started = time.monotonic()
    whole = Whole(limits.output_bytes)
    sink = on_block or (Lines(on_line) if on_line else whole)
    child = _spawn(argv, limits, folder, environment or {})
    conversation = Conversation(child, (stdin,) if isinstance(stdin, bytes) else stdin, sink)
    try:
        ended_by = _converse(child, conversation, whole, stop, started + limits.wall_s)
    finally:
        used_cpu_s = _end_group(child)
        _METER.child_cpu_s = child_cpu_s() + used_cpu_s
        _METER.last_words = (*_last_words(), conversation.tail)[-WORDS_MAX:]
        conversation.close()
    finished = Finished(
        returncode=child.returncode,
        stdout=bytes(whole.content),
        stderr_tail=conversation.tail,
        wall_s=time.monotonic() - started,
        cpu_s=used_cpu_s,
    )
    _raise_for(ended_by, finished, Path(argv[0]).name, limits)
    return finished


def child_cpu_s() -> float:
    """The CPU seconds that children of this thread have used so far, however they ended."""
    used: float = getattr(_METER, "child_cpu_s", 0.0)
    return used


def take_last_words() -> Sequence[str]:
    """What children of this thread said on stderr since this was asked last: the end of it, of the last WORDS_MAX."""
    words, _METER.last_words = _last_words(), ()
    return words


def _last_words() -> tuple[str, ...]:
    words: tuple[str, ...] = getattr(_METER, "last_words", ())
    return words


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when the thread that started it dies; end at once if `parent` has already."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


@functools.cache
def capabilities() -> Capabilities:
    """What of the confinement this kernel grants, found out with a child."""
    limits = Limits(cpu_s=10, wall_s=20, memory_bytes=2**33, output_bytes=2**20)
    interfaces = run_confined(["/bin/cat", "/proc/net/dev"], limits=limits).stdout.decode()
    names = {line.partition(":")[0].strip() for line in interfaces.splitlines() if ":" in line}
    return Capabilities(has_no_network=names <= {"lo"}, dies_with_parent=sys.platform == "linux")


def shown(argv: Sequence[str]) -> str:
    """`argv` as a line for the log that can be pasted into a shell."""
    return shlex.join(argv)


def _spawn(
    argv: Sequence[str], limits: Limits, folder: Path | None, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment},
            close_fds=True,
            start_new_session=True,
            preexec_fn=functools.partial(_confine, os.getpid(), limits),  # noqa: PLW1509 - it only makes system calls
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotStart(argv[0], str(error)) from error


def _confine(parent: int, limits: Limits) -> None:
    """Runs in the child between fork and exec: system calls only, no locks, no imports."""
    die_with_parent(parent)
    _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _LIBC.unshare(_CLONE_NEWNET) != 0:
        _LIBC.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    for capability in range(_CAPABILITIES):
        if capability not in _KEPT_CAPABILITIES:
            _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output_bytes, limits.output_bytes))


class _Ended(Enum):
    BY_ITSELF, BY_STOP, BY_TIME, BY_OUTPUT = range(4)


def _converse(
    child: subprocess.Popen[bytes],
    conversation: Conversation,
    whole: Whole,
    stop: Callable[[], bool],
    deadline: float,
) -> _Ended:
    while not _has_ended(child):
        if stop():
            _terminate(child)
            return _Ended.BY_STOP
        if time.monotonic() > deadline:
            return _Ended.BY_TIME
        if whole.is_too_large:
            return _Ended.BY_OUTPUT
        if conversation.is_over:
            time.sleep(POLL_S / 10)  # it has closed its streams and is about to end
        else:
            conversation.turn(POLL_S)
    os.killpg(child.pid, signal.SIGKILL)  # what it started and did not wait for
    conversation.drain()
    return _Ended.BY_OUTPUT if whole.is_too_large else _Ended.BY_ITSELF


def _has_ended(child: subprocess.Popen[bytes]) -> bool:
    # Without reaping it: until it is reaped, its number cannot become that of another process group.
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _terminate(child: subprocess.Popen[bytes]) -> None:
    os.killpg(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while not _has_ended(child) and time.monotonic() < deadline:
        time.sleep(POLL_S / 10)


def _end_group(child: subprocess.Popen[bytes]) -> float:
    """Kill what is left of the child and its own children, reap it; answers the seconds of CPU that it used."""
    os.killpg(child.pid, signal.SIGKILL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def _raise_for(ended_by: _Ended, child: Finished, program: str, limits: Limits) -> None:
    match ended_by:
        case _Ended.BY_STOP:
            raise Stopped(program)
        case _Ended.BY_TIME:
            raise TimedOut(program, limits.wall_s, "time", child.stderr_tail)
        case _Ended.BY_OUTPUT:
            raise OutputTooLarge(program, limits.output_bytes, child.stderr_tail)
        case _Ended.BY_ITSELF if child.returncode != 0:
            _raise_for_failure(child, program, limits)


def _raise_for_failure(child: Finished, program: str, limits: Limits) -> None:
    said = child.stderr_tail.lower()
    if child.returncode == -signal.SIGXCPU or child.cpu_s >= limits.cpu_s * CPU_COUNTED:
        raise TimedOut(program, limits.cpu_s, "CPU time", child.stderr_tail)
    if any(words in said for words in _NO_MEMORY):
        raise OutOfMemory(program, limits.memory_bytes, child.stderr_tail)
    if child.returncode == -signal.SIGXFSZ or _TOO_LARGE in said:  # EFBIG, where the signal is ignored
        raise OutputTooLarge(program, limits.output_bytes, child.stderr_tail)
    if child.returncode < 0:
        raise Killed(program, signal.Signals(-child.returncode).name, child.stderr_tail)
