"""What programs said is told in few lines, and says nothing of the machine."""

from __future__ import annotations

import sys

import msgspec
import pytest

from matinee.base.errors import Invalid
from matinee.base.process import WORDS_MAX, Limits, run_confined, take_last_words
from matinee.encoding.worker.said import CHARS_MAX, LINES_MAX, last_words, warnings_in
from matinee.encoding.worker.workplace import Workplace, metered, said_of

TAIL = """\
[verbose] Opening '/srv/my films/objects/masters/abc' for reading
[mov,mp4 @ 0x55d0c0ffee] [warning] DTS 12 < 13 out of order
[mov,mp4 @ 0x55d0c0ffff] [warning] DTS 12 < 13 out of order
[in#0/mov @ 0x1] [error] Error opening input /srv/my films/objects/masters/abc: Invalid data found

[h264 @ 0x2] [error] Codec (h264) not on whitelist 'aac'
[error] /tmp/scratch/x/out.mp4: No such file
[info] at 24000/1001 fps, N/A
"""
LIMITS = Limits(cpu_s=20, wall_s=60, memory_bytes=2**33, output_bytes=2**20)


def test_of_a_failure_the_last_lines_are_told_without_paths_and_addresses() -> None:
    assert last_words(TAIL, ["/srv/my films/objects"]) == (
        "[mov,mp4] [warning] DTS 12 < 13 out of order",
        "[mov,mp4] [warning] DTS 12 < 13 out of order",
        "[in#0/mov] [error] Error opening input masters/abc: Invalid data found",
        "[error] out.mp4: No such file",
        "[info] at 24000/1001 fps, N/A",
    )


def test_of_a_success_each_warning_is_told_once() -> None:
    assert warnings_in(TAIL, ["/srv/my films/objects/"]) == (
        "[mov,mp4] [warning] DTS 12 < 13 out of order",
        "[in#0/mov] [error] Error opening input masters/abc: Invalid data found",
        "[error] out.mp4: No such file",
    )
    assert warnings_in("[info] all is well\nno level at all") == ()


def test_it_is_bounded() -> None:
    tail = "\n".join(f"[error] {number} {'x' * 5_000}" for number in range(1_000))
    for told in (last_words(tail), warnings_in(tail)):
        assert len(told) == LINES_MAX and max(map(len, told)) == CHARS_MAX
        assert told[-1].startswith("[error] 999 ")


def say(text: str, times: int = 1) -> None:
    for _ in range(times):
        run_confined([sys.executable, "-c", f"import sys; sys.stderr.write({text!r})"], limits=LIMITS)


def _warn(_: Workplace, text: str) -> str:
    say(text, WORDS_MAX + 1)
    return "made"


def _fail(_: Workplace, text: str) -> str:
    say("[error] of one before")
    say(text)
    raise Invalid("it failed")


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    folder = tmp_path_factory.mktemp("place")
    return Workplace(
        objects_url=(folder / "objects").as_uri(), scratch=str(folder / "scratch"), ffmpeg="/bin/ffmpeg", build="0"
    )


def test_a_task_answers_what_its_programs_warned_of_and_an_error_what_the_last_said(place: Workplace) -> None:
    say("[error] of another task")
    done = metered(_warn, place, f"[warning] {place.scratch}/out is odd\n[info] fine")
    assert (done.made, done.warnings) == ("made", ("[warning] out is odd",))
    with pytest.raises(Invalid) as failed:
        metered(_fail, place, "[info] then\n[error] broken")
    assert said_of(failed.value) == ("[info] then", "[error] broken")
    assert said_of(Invalid("of a task that ran no program")) == ()
    assert take_last_words() == ()
    assert msgspec.json.decode(msgspec.json.encode(done))["warnings"] == ["[warning] out is odd"]
