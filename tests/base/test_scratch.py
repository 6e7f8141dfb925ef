"""Scratch folders: removed by their owner, or by anyone once the owner is dead, and never before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from matinee.base.scratch import Scratch, sweep

_HOLDER = """
import sys, time
from pathlib import Path
from matinee.base.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]))
(scratch.folder / "half-written").write_bytes(b"x")
print(scratch.folder, flush=True)
time.sleep(60)
"""


def test_a_scratch_folder_is_there_and_then_it_is_not(tmp_path: Path) -> None:
    with Scratch(tmp_path) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_bytes(b"x")
        assert folder.parent == tmp_path
    assert not folder.exists()


def test_two_scratch_folders_of_a_process_are_two(tmp_path: Path) -> None:
    with Scratch(tmp_path) as one, Scratch(tmp_path) as other:
        assert one != other


def test_nothing_that_is_in_use_is_swept(tmp_path: Path) -> None:
    with Scratch(tmp_path) as folder:
        assert sweep(tmp_path) == 0
        assert folder.exists()


def test_a_folder_is_never_swept_away_while_it_is_being_made(tmp_path: Path) -> None:
    is_over = threading.Event()

    def keep_sweeping() -> None:
        while not is_over.is_set():
            sweep(tmp_path)

    sweeper = threading.Thread(target=keep_sweeping)
    sweeper.start()
    try:
        for _ in range(300):
            with Scratch(tmp_path) as folder:
                assert (folder / ".lock").exists()
    finally:
        is_over.set()
        sweeper.join()


def test_what_a_killed_process_left_is_swept_and_not_before(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    assert holder.stdout is not None
    folder = Path(holder.stdout.readline().decode().strip())
    assert (folder / "half-written").exists()
    assert sweep(tmp_path) == 0, "it lives"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert folder.exists()
    assert sweep(tmp_path) == 1
    assert not folder.exists()
    assert sweep(tmp_path) == 0


def test_there_is_nothing_to_sweep_where_nobody_ever_worked(tmp_path: Path) -> None:
    assert sweep(tmp_path / "missing") == 0


def test_what_is_no_scratch_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    assert sweep(tmp_path) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"other", "file"}
