"""Confined children: real ones that hang, hoard, shout, dial out, and lose their parents."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matinee.base.errors import Unavailable
from matinee.base.process import (
    CannotStart,
    Killed,
    Limits,
    OutOfMemory,
    OutputTooLarge,
    Stopped,
    TimedOut,
    capabilities,
    run_confined,
    shown,
)

PYTHON = sys.executable
LIMITS = Limits(cpu_s=20, wall_s=60, memory_bytes=2**32, output_bytes=2**20)


def limits(**changes: float) -> Limits:
    return Limits(**{field: changes.get(field, getattr(LIMITS, field)) for field in Limits.__struct_fields__})


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def eventually(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.02)
    return False


def test_a_child_that_ends_by_itself_is_answered_whole() -> None:
    code = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('so'); sys.exit(3)"
    finished = run_confined([PYTHON, "-c", code], limits=LIMITS, stdin=b"film " * 50_000)
    assert finished.returncode == 3
    assert finished.stdout == b"FILM " * 50_000
    assert finished.stderr_tail == "so"


def test_lines_are_passed_on_as_they_come() -> None:
    lines: list[str] = []
    code = "import sys\nprint('frame=1', flush=True); sys.stdin.read(1); print('\\nframe=2'); print('end', end='')"
    run_confined([PYTHON, "-c", code], limits=LIMITS, stdin=[b"x"], on_line=lines.append)
    assert lines == ["frame=1", "frame=2", "end"]


def test_a_stream_longer_than_the_limit_goes_through_in_blocks() -> None:
    total = 0

    def count(block: bytes) -> None:
        nonlocal total
        total += len(block)

    source = (bytes(100_000) for _ in range(50))
    run_confined(["/bin/cat"], limits=LIMITS, stdin=source, on_block=count)
    assert total == 5_000_000 > LIMITS.output_bytes


def test_only_the_end_of_a_long_complaint_is_kept() -> None:
    code = "import sys; sys.stderr.write('x' * 1_000_000 + 'the last word'); sys.exit(1)"
    tail = run_confined([PYTHON, "-c", code], limits=LIMITS).stderr_tail
    assert tail.endswith("the last word") and len(tail) < 20_000


def test_a_child_that_sleeps_too_long_is_ended() -> None:
    with pytest.raises(TimedOut, match=r"sleep used more than 0.3 s of time") as caught:
        run_confined(["/bin/sleep", "1000"], limits=limits(wall_s=0.3))
    assert caught.value.what == "time"


def test_a_child_that_computes_too_long_is_ended() -> None:
    with pytest.raises(TimedOut, match="1 s of CPU time"):
        run_confined([PYTHON, "-c", "while True: pass"], limits=limits(cpu_s=1))


def test_a_child_that_catches_the_signal_for_it_has_still_used_too_much() -> None:
    code = "import signal, sys; signal.signal(signal.SIGXCPU, lambda *_: sys.exit(255))\nwhile True: pass"
    with pytest.raises(TimedOut, match="CPU time"):
        run_confined([PYTHON, "-c", code], limits=limits(cpu_s=1))


def test_a_child_that_hoards_memory_is_refused_it() -> None:
    with pytest.raises(OutOfMemory, match="of 512 MiB that it may have") as caught:
        run_confined([PYTHON, "-c", "bytearray(2**30)"], limits=limits(memory_bytes=2**29))
    assert isinstance(caught.value, Unavailable), "it may have been the machine that had none left"


def test_a_child_cannot_write_a_file_beyond_the_limit(tmp_path: Path) -> None:
    code = "open('big', 'wb', buffering=0).write(bytes(2**21)); open('big', 'ab', buffering=0).write(b'x')"
    with pytest.raises(OutputTooLarge):
        run_confined([PYTHON, "-c", code], limits=LIMITS, folder=tmp_path)
    assert (tmp_path / "big").stat().st_size <= LIMITS.output_bytes


def test_a_child_cannot_fill_our_memory_through_the_pipe() -> None:
    with pytest.raises(OutputTooLarge):
        run_confined([PYTHON, "-c", "while True: print('x' * 10_000)"], limits=LIMITS)


def test_a_child_has_no_network() -> None:
    if not capabilities().has_no_network:
        pytest.skip("this kernel lets nobody take the network away")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        finished = run_confined([PYTHON, "-c", code], limits=LIMITS)
    assert finished.returncode != 0 and "Error" in finished.stderr_tail


def test_a_child_sees_no_environment_and_no_open_file_of_ours(tmp_path: Path) -> None:
    code = "import os; print(sorted(os.environ)); print(sorted(os.listdir('/proc/self/fd')))"
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        finished = run_confined([PYTHON, "-c", code], limits=LIMITS, environment={"GIVEN": "1"})
    assert finished.stdout.decode().splitlines() == ["['GIVEN', 'LC_ALL', 'PATH']", "['0', '1', '2', '3']"]


def test_a_child_can_write_into_a_folder_of_ours(tmp_path: Path) -> None:
    run_confined([PYTHON, "-c", "open('made', 'w').write('x')"], limits=LIMITS, folder=tmp_path)
    made = tmp_path / "made"
    assert made.read_text() == "x" and made.stat().st_uid == os.getuid()


def test_a_child_keeps_nothing_of_roots_power_but_access_to_files() -> None:
    finished = run_confined(["/bin/grep", "-E", "Cap(Eff|Bnd)|NoNewPrivs", "/proc/self/status"], limits=LIMITS)
    said = dict(line.split(":") for line in finished.stdout.decode().splitlines())
    assert int(said["CapEff"], 16) & ~0b110 == 0
    assert said["NoNewPrivs"].strip() == "1"


def test_a_child_is_stopped_when_its_result_is_not_wanted() -> None:
    asked = iter([False, False, True])
    with pytest.raises(Stopped, match="sleep was stopped"):
        run_confined(["/bin/sleep", "1000"], limits=LIMITS, stop=lambda: next(asked))


def test_nothing_of_a_child_is_left_although_it_ignores_the_signal_and_has_children(tmp_path: Path) -> None:
    code = (
        "import os, signal, subprocess, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(os.getpid(), subprocess.Popen(['/bin/sleep', '1000']).pid, flush=True); time.sleep(1000)"
    )
    pids: list[int] = []
    with pytest.raises(Stopped):
        run_confined(
            [PYTHON, "-c", code],
            limits=LIMITS,
            stop=lambda: bool(pids),
            on_line=lambda line: pids.extend(map(int, line.split())),
        )
    assert len(pids) == 2
    assert eventually(lambda: not any(map(is_alive, pids)))


def test_a_grandchild_that_holds_the_pipe_open_is_not_waited_for() -> None:
    finished = run_confined(["/bin/sh", "-c", "sleep 1000 & echo $!"], limits=LIMITS)
    assert finished.returncode == 0
    assert eventually(lambda: not is_alive(int(finished.stdout)))


def test_what_on_line_raises_ends_the_child() -> None:
    def refuse(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError) as caught:
        run_confined(["/bin/sh", "-c", "echo $$; sleep 1000"], limits=LIMITS, on_line=refuse)
    pid = int(str(caught.value))
    assert eventually(lambda: not is_alive(pid))


def test_a_child_that_something_else_kills_says_so() -> None:
    with pytest.raises(Killed, match="SIGKILL") as caught:
        run_confined([PYTHON, "-c", "import os; os.kill(os.getpid(), 9)"], limits=LIMITS)
    assert caught.value.signal_name == "SIGKILL"


def test_a_program_that_is_missing_says_so() -> None:
    with pytest.raises(CannotStart, match="/no/such/program"):
        run_confined(["/no/such/program"], limits=LIMITS)


def test_many_threads_run_children_at_once() -> None:
    def echo(number: int) -> bytes:
        return run_confined(["/bin/echo", str(number)], limits=LIMITS).stdout

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(echo, range(200))) == [f"{number}\n".encode() for number in range(200)]
    assert threading.active_count() < 50


def test_a_child_dies_with_a_parent_that_is_killed() -> None:
    code = (
        "from matinee.base.process import Limits, run_confined\n"
        f"limits = Limits(cpu_s=20, wall_s=600, memory_bytes={2**32}, output_bytes={2**20})\n"
        "run_confined(['/bin/sh', '-c', 'echo $$; exec sleep 1000'], limits=limits,\n"
        "             on_line=lambda line: print(line, flush=True))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen([PYTHON, "-c", code], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        os.kill(parent.pid, signal.SIGKILL)
    assert eventually(lambda: not is_alive(child))


def test_its_errors_keep_their_data_on_the_way_from_a_worker() -> None:
    error = pickle.loads(pickle.dumps(TimedOut("ffmpeg", 60, "time", "last words")))
    assert (type(error), error.limit_s, error.stderr_tail) == (TimedOut, 60, "last words")
    assert str(error) == str(TimedOut("ffmpeg", 60, "time"))


def test_a_command_line_is_shown_so_that_it_can_be_pasted() -> None:
    assert shown(["ffmpeg", "-i", "a film.mkv"]) == "ffmpeg -i 'a film.mkv'"
