"""What programs said of a task, as its title's report shows it: bounded, and without paths of the machine. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

LINES_MAX = 20
"""Of a task: the last lines, which are the ones about how it ended."""
CHARS_MAX = 300
"""Of a line."""
_TOLD = re.compile(r"\[(?:warning|error|fatal|panic)\] ")
_PROGRESS = re.compile(r"\[(?:verbose|debug|trace)\] ")
_OF_OURS = (
    "not on whitelist", "failed to open codec in avformat_find_stream_info", "guessed channel layout",
)  # fmt: skip
"""What FFmpeg always warns of because we let it have few decoders, and of sound that does not name its layout."""
_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")
_PATH = re.compile(r"(?<![\w.])/(?:[^\s/'\":,]+/)+")


def last_words(stderr_tail: str, folders: Sequence[str] = ()) -> tuple[str, ...]:
    """The last lines of what a program said that failed; `folders` are the machine's, also those with spaces."""
    lines = [line for line in _lines(stderr_tail) if not _PROGRESS.search(line)]
    return tuple(_shown(line, folders) for line in lines[-LINES_MAX:])


def warnings_in(stderr_tail: str, folders: Sequence[str] = ()) -> tuple[str, ...]:
    """What a program warned of that did not fail, each thing once."""
    lines = [_shown(line, folders) for line in _lines(stderr_tail) if _TOLD.search(line)]
    return tuple(dict.fromkeys(lines))[-LINES_MAX:]


def _lines(stderr_tail: str) -> list[str]:
    return [
        line for line in stderr_tail.splitlines() if line.strip() and not any(one in line.lower() for one in _OF_OURS)
    ]


def _shown(line: str, folders: Sequence[str]) -> str:
    for folder in folders:
        line = line.replace(f"{folder.rstrip('/')}/", "")
    return _ADDRESS.sub("", _PATH.sub("", line)).strip()[:CHARS_MAX]
