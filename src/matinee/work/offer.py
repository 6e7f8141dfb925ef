"""What a machine offers as Dask resources: memory for one task a worker, cores, and hardware encoders that work."""

from __future__ import annotations

from collections.abc import Collection

from matinee.work.crew import CORES, MEMORY

GIB = 2**30
SLOT_BYTES = 1 * GIB
"""What every worker is taken to have: a task that needs no more goes anywhere, one that needs more says so."""
USABLE = 0.9
"""Of a machine's memory: the rest is for its kernel and for the server."""


def slots(cores: int, memory_bytes: int, wanted: int = 0) -> int:
    """How many workers a machine has: as many as were `wanted`, else one a core, each with `SLOT_BYTES`."""
    return wanted or max(1, min(cores, int(memory_bytes * USABLE) // SLOT_BYTES))


def offered(workers: int, memory_bytes: int, encoders: Collection[str] = ()) -> dict[str, float]:
    """What each of `workers` on one machine offers. An encoder is named as FFmpeg names it."""
    return {MEMORY: memory_bytes * USABLE // workers, CORES: 1, **dict.fromkeys(sorted(encoders), 1)}
