"""What the architecture tests look at: the files of the checkout, the modules among them, and tables in Markdown."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "matinee"
_CODE = re.compile(r"`([^`]+)`")


@cache
def files() -> tuple[Path, ...]:
    """Every file that is tracked or would be, relative to the checkout, and that is there."""
    argv = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(argv, capture_output=True, check=True, text=True).stdout.split("\0")
    return tuple(sorted(Path(name) for name in set(names) if name and (ROOT / name).is_file()))


@cache
def text_of(path: Path) -> str:
    """The text of a file of the checkout; empty for one that is not text."""
    content = (ROOT / path).read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", errors="replace")


@cache
def tree_of(path: Path) -> ast.Module:
    """A Python file of the checkout, parsed."""
    return ast.parse(text_of(path), str(path))


def python_files(folder: str) -> Sequence[Path]:
    """The Python files below `folder`."""
    return [path for path in files() if path.suffix == ".py" and path.is_relative_to(folder)]


def rows(document: str) -> Iterator[list[str]]:
    """The cells of every row of every table in a Markdown text, without headings and rulers."""
    lines = document.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        is_row = line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line)
        if is_row and not re.fullmatch(r"\|[|\s:-]+", following):
            yield [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def in_code(text: str) -> list[str]:
    """What stands between backticks in `text`."""
    return _CODE.findall(text)
