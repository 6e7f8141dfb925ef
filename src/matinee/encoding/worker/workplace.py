"""Where a worker works: what its machine brings, what a task has in its hands, and whose fault a failure is."""

from __future__ import annotations

import functools
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVarTuple

import msgspec

from matinee.base import objects as store
from matinee.base.errors import Invalid, MatineeError, Unavailable
from matinee.base.objects import Objects, folder_of, open_objects
from matinee.base.process import Finished, Limits, child_cpu_s, run_confined, shown, take_last_words
from matinee.base.scratch import Scratch
from matinee.encoding.plan import (
    Plan,
    Rendition,
)
from matinee.encoding.source import FilmRefused, Inspection
from matinee.encoding.worker.masters import AT_HAND
from matinee.encoding.worker.said import last_words, warnings_in
from matinee.work.compute import is_cancelled

Args = TypeVarTuple("Args")

ENCODE_LIMITS = Limits(cpu_s=4 * 3_600, wall_s=8 * 3_600, memory_bytes=12 * 2**30, output_bytes=64 * 2**30)
"""Generous for 30 s of 2160p at a slow preset; a decoder that spins or swells is ended all the same."""
ROOM_MIN_BYTES = 256 << 20
"""What tasks leave free: the databases and the log must still be able to say that the disk is full."""
_FREE_SPACE = "free some space and retry the job: it goes on where it stopped"
_REASON = re.compile(r"\[(?:error|fatal)\] (.+)")
_NO_ROOM = ("no space left on device", "disk quota exceeded")  # ENOSPC, EDQUOT
_MACHINE = (
    "cannot allocate memory", "too many open files", "stale file handle", "permission denied", "read-only file system",
    "connection timed out", "transport endpoint", "no such device", "resource temporarily unavailable",
)  # fmt: skip
"""How the errno of a machine in trouble reads in FFmpeg's log: ENOMEM, EMFILE, ESTALE, EACCES, EROFS, ETIMEDOUT ..."""
_BLOCK_BYTES = 1 << 20
_READ_ERROR = "input/output error"  # EIO: of a disk, and of some demuxers whose file ends early
_DATA = (
    "invalid data found", "not yet implemented in ffmpeg", "matches no streams", "does not contain any stream",
    "decode error rate", _READ_ERROR,
)  # fmt: skip
"""What FFmpeg says when the bytes are to blame: a demuxer or decoder that cannot make anything of them."""
_NOTHING = ("received no packets", "could not open encoder before eof")
"""What it says when nothing came out: of bytes that say nothing, or of an encoder or a filter that did not begin."""
_NOT_BEGUN = (
    "error while opening encoder", "error initializing", "error reinitializing", "error setting", "error applying",
    "unrecognized option", "no such filter", "unknown encoder", "task finished with error code",
)  # fmt: skip


class Workplace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a worker works: the object store, a folder for scratch, and the FFmpeg with its build's hash."""

    objects_url: str
    scratch: str
    ffmpeg: str
    build: str


_SAID = "said"
HERE = ("MATINEE_WORKER_SCRATCH", "MATINEE_WORKER_FFMPEG", "MATINEE_WORKER_BUILD")
"""Where a worker of a cluster is told what differs on its own machine: scratch, FFmpeg, and its build's hash."""


def on_this_machine(place: Workplace) -> Workplace:
    """`place` with what this machine has."""
    if not all(name in os.environ for name in HERE):
        return place
    scratch, path, build = (os.environ[name] for name in HERE)
    return msgspec.structs.replace(place, scratch=scratch, ffmpeg=path, build=build)


class Metered(msgspec.Struct, frozen=True, kw_only=True):
    """What a task made, the CPU seconds that it took, its own and its programs', and what those warned of."""

    made: str
    cpu_s: float
    warnings: tuple[str, ...]


def metered(task: Callable[[Workplace, *Args], str], place: Workplace, *args: *Args) -> Metered:
    """Do `task`. An error that it raises has what its last program said, as `said_of` answers."""
    take_last_words()
    before = time.thread_time() + child_cpu_s()
    try:
        made = task(place, *args)
    except MatineeError as error:
        vars(error)[_SAID] = [line for tail in take_last_words()[-1:] for line in last_words(tail, _folders(place))]
        raise
    heard = "\n".join(take_last_words())
    cpu_s = time.thread_time() + child_cpu_s() - before
    return Metered(made=made, cpu_s=cpu_s, warnings=warnings_in(heard, _folders(place)))


def said_of(error: BaseException) -> Sequence[str]:
    """What the program said by which a task failed."""
    return tuple(vars(error).get(_SAID, ()))


def _folders(place: Workplace) -> Sequence[str]:
    place, objects = on_this_machine(place), folder_of(open_objects(place.objects_url))
    return (place.scratch, str(Path(place.ffmpeg).parent), *([str(objects)] if objects is not None else []))


class EncoderDiffers(Unavailable):
    """This worker has another FFmpeg than the one the plan was made for; its bytes would not join the others'."""

    code = "encoder_differs"


class FfmpegFailed(Invalid):
    """FFmpeg's demuxer or decoder blames the film's bytes; `command` can be pasted into a shell."""

    code = "ffmpeg_failed"

    def __init__(self, what: str, command: str, stderr_tail: str) -> None:
        reason = reason_in(stderr_tail)
        super().__init__(f"{what}: FFmpeg says {reason!r}; the file is damaged here, or too unusual to encode")
        self.command, self.stderr_tail = command, stderr_tail


class MachineFailed(Unavailable):
    """A program failed for a reason that is not in the film's bytes, as far as it says."""

    code = "machine_failed"

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(
            f"{what}: {reason!r}, which does not blame the film; "
            "see whether this machine has disk, memory and open files enough, then retry the job"
        )
        self.what, self.reason = what, reason


class InspectionFailed(Unavailable):
    """The probe ended without a verdict on the film."""

    code = "inspection_failed"

    def __init__(self, status: int, stderr_tail: str) -> None:
        super().__init__(
            f"the film's structure could not be read: the reader ended with {status} ({reason_in(stderr_tail)}); "
            "if it does so again, the file is damaged: copy or export it again"
        )
        self.status, self.stderr_tail = status, stderr_tail


class FramesMissing(Invalid):
    """Frames that the container lists could not be decoded."""

    code = "frames_missing"

    def __init__(self, at_s: float, missing: int) -> None:
        super().__init__(
            f"{missing} frame(s) after second {at_s:.1f} cannot be decoded: the film is damaged there; "
            "copy or export it again, or add it with --accept-damaged to publish it with those frames held"
        )
        self.at_s, self.missing = at_s, missing


VERDICTS = (FilmRefused, FfmpegFailed, FramesMissing)
"""What says that nothing can be made of the film's bytes, on any machine, however often it is tried."""


@contextmanager
def workroom(place: Workplace, makes: str) -> Iterator[Path]:
    """A folder of the task's own, for as long as it makes something, on a disk that has room. Raises StorageFull."""
    with store.disk_errors(makes), Scratch(Path(place.scratch)) as scratch:
        if shutil.disk_usage(scratch).free < ROOM_MIN_BYTES:
            raise store.StorageFull(f"the disk is full: less than {ROOM_MIN_BYTES >> 20} MiB are left; {_FREE_SPACE}")
        yield scratch


@functools.lru_cache(maxsize=4)
def load_plan(objects_url: str, name: str) -> Plan:
    """The plan that the control wrote; a worker meets the same one hundreds of times."""
    return msgspec.msgpack.decode(store.read(open_objects(objects_url), name), type=Plan)


@functools.lru_cache(maxsize=2)
def load_inspection(objects_url: str, name: str) -> Inspection:
    """What `inspect` made; tens of megabytes for the longest film, so that few are kept."""
    return msgspec.msgpack.decode(store.read(open_objects(objects_url), name), type=Inspection)


class Bench(msgspec.Struct, frozen=True):
    """All that a task has in its hands."""

    place: Workplace
    objects: Objects
    plan: Plan
    scratch: Path

    @property
    def ffmpeg(self) -> Path:
        return Path(self.place.ffmpeg)

    def master(self) -> Path:
        """The film, as a file of this task's own."""
        return AT_HAND.linked(self.place.objects_url, self.objects, self.plan.order.master, self.scratch)

    def rendition(self, key: str) -> Rendition:
        """The rendition of the plan that has this key."""
        plan = self.plan
        return next(one for one in (*plan.video, *plan.audio, *plan.subtitles) if one.key == key)


def need_build(place: Workplace, build: str) -> None:
    """Raises EncoderDiffers where this worker has another FFmpeg build than `build`."""
    if place.build != build:
        raise EncoderDiffers(f"the plan was made for FFmpeg build {build[:12]}, this worker has {place.build[:12]}")


def run_ffmpeg(
    argv: Sequence[str], what: str, master: Path, folder: Path | None = None, *, limits: Limits = ENCODE_LIMITS
) -> Finished:
    """Run FFmpeg. Raises FfmpegFailed where it blames the master's bytes, else StorageFull or MachineFailed."""
    done = run_confined(argv, limits=limits, stop=is_cancelled, folder=folder)
    if done.returncode != 0:
        said = errors_in(done.stderr_tail)
        clear_machine(what, said, master)
        if not blames_film(said):
            raise MachineFailed(what, f"{reason_in(done.stderr_tail)} (exit status {done.returncode})")
        raise FfmpegFailed(what, shown(argv), done.stderr_tail)
    return done


def clear_machine(what: str, said: Iterable[str], file: Path) -> None:
    """Raises StorageFull or MachineFailed where one of the errors in `said`, about `file`, is the machine's."""
    lines = tuple(said)
    if _names(lines, _NO_ROOM):
        raise store.StorageFull(f"the disk is full; {_FREE_SPACE}")
    reason = _names(lines, _MACHINE)
    if not reason and (unread := _names(lines, (_READ_ERROR,))) and not _can_be_read(file):
        reason = unread
    if reason:
        raise MachineFailed(what, reason[:200])


def blames_film(said: Sequence[str]) -> bool:
    """Whether FFmpeg's errors say that the film's bytes are the reason, and not what was to be done with them."""
    return bool(_names(said, _DATA)) or bool(_names(said, _NOTHING) and not _names(said, _NOT_BEGUN))


def _names(lines: Iterable[str], errors: Sequence[str]) -> str:
    """The first line that names one of the errors; empty when none does."""
    return next((line for line in lines if any(error in line.lower() for error in errors)), "")


def _can_be_read(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            while content.read(_BLOCK_BYTES):
                pass
    except OSError:
        return False
    return True


def errors_in(stderr_tail: str) -> list[str]:
    """The errors that FFmpeg told."""
    return _REASON.findall(stderr_tail)


def reason_in(stderr_tail: str) -> str:
    """The first error that a program told, or its last line."""
    reasons = errors_in(stderr_tail) or stderr_tail.strip().splitlines()[-1:] or ["it said nothing"]
    return str(reasons[0])[:200]
