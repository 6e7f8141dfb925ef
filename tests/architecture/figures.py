"""The figures in docs/benchmarks.md: each row of a table names the value of a result file that it shows.

`python -m tests.architecture.figures` writes the figures anew, after a benchmark was run again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.architecture.checkout import ROOT

DOCUMENT = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "bench" / "results"
_ROW = re.compile(
    r"^(?P<start>\|[^|]*\| )(?P<figure>[^|]*)(?P<end> \| `(?P<file>\w+\.json): (?P<path>[^`]+)` \|)$", re.M
)
_GROUP_FROM = 10_000


def quoted(document: str) -> Iterator[tuple[str, str, str]]:
    """(result file, path in it, figure) of every row that shows a figure."""
    for row in _ROW.finditer(document):
        yield row["file"], row["path"], row["figure"].strip()


def measured(file: str, path: str) -> str:
    """The value at `path` (keys with ` > ` between) of a result file, as the document writes it."""
    value: Any = json.loads((RESULTS / file).read_text(encoding="utf-8"))
    for key in path.split(" > "):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return f"{value:,}" if isinstance(value, int) and value >= _GROUP_FROM else str(value)


def renewed(document: str) -> str:
    """`document` with the figures that the result files have now."""
    return _ROW.sub(lambda row: row["start"] + measured(row["file"], row["path"]) + row["end"], document)


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
