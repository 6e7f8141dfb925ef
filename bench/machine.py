"""Facts about the machine that a number was measured on, and where results are kept."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import msgspec

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """What a reader must know to compare: cores, processor, kernel, Python."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def write_result(name: str, result: dict[str, Any]) -> Path:
    """Keep `result` as `bench/results/<name>.json`."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
    return path


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
