"""What a machine offers as Dask resources: memory for one task a worker, cores, and hardware encoders that work."""

from __future__ import annotations

from collections.abc import Collection

from matinee.work.crew import CORES, MEMORY

GIB = 2**30
SLOT_BYTES = 1 * GIB
"""What every worker is taken to have: a task that needs no more goes anywhere, one that needs more says so."""
WIDE_BYTES = 13 * GIB // 4
"""What the largest task takes: a machine whose workers do not all have it has some that do, if it can."""
USABLE = 0.9
"""Of a machine's memory: the rest is for its kernel and for the server."""


def slots(cores: int, memory_bytes: int, wanted: int = 0) -> int:
    """How many workers a machine has: as many as were `wanted`, else one a core, each with `SLOT_BYTES`."""
    return wanted or max(1, min(cores, int(memory_bytes * USABLE) // SLOT_BYTES))


def offered(workers: int, memory_bytes: int, encoders: Collection[str] = ()) -> list[dict[str, float]]:
    """What each of `workers` on one machine offers, the widest first. An encoder is named as FFmpeg names it."""
    others = {CORES: 1, **dict.fromkeys(sorted(encoders), 1)}
    return [{MEMORY: share, **others} for share in _shares(workers, memory_bytes * USABLE)]


def _shares(workers: int, usable_bytes: float) -> list[float]:
    """Equal ones where each suffices for every task; else what SLOT_BYTES for each leaves goes to a few."""
    equal, spare = usable_bytes // workers, usable_bytes - workers * SLOT_BYTES
    if equal >= WIDE_BYTES or spare <= 0:
        return [equal] * workers
    wide = max(1, int(spare // (WIDE_BYTES - SLOT_BYTES)))
    return [SLOT_BYTES + spare // wide] * wide + [float(SLOT_BYTES)] * (workers - wide)
