"""The workers of a scheduler as a control sees them, and all of them together: who is there, and what each is doing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

SHOWN_MAX = 256
"""Workers that are told of by name, the busy ones first; all are counted."""
CREW_SILENT_S = 15.0
"""What a control said of its workers longer ago is not believed."""
MEMORY, CORES = "memory", "cores"
"""Resources that every worker offers: bytes of memory for one task, and threads."""


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """One worker: a process with one slot. `doing` is `<subject> <stage>` of its task, empty while it waits for one."""

    name: str
    host: str
    cores: int
    memory_bytes: int = 0
    encoders: tuple[str, ...] = ()
    """Hardware encoders of its machine."""
    is_leaving: bool = False
    """Whether it takes no new task."""
    doing: str = ""
    since_s: float = 0.0
    """For how long it has been at its task."""


class Crew(msgspec.Struct, frozen=True, kw_only=True):
    """All workers of one scheduler at the Unix time `at`; `workers` are at most `SHOWN_MAX` of them."""

    scheduler: str
    at: float
    total: int = 0
    busy: int = 0
    waiting: int = 0
    """Tasks that no worker has begun."""
    workers: tuple[Worker, ...] = ()


def crew_of(scheduler: str, at: float, workers: Iterable[Worker], waiting: int) -> Crew:
    """The crew of a scheduler, busy ones first."""
    ranked = sorted(workers, key=lambda one: (not one.doing, one.host, one.name))
    return Crew(
        scheduler=scheduler,
        at=at,
        total=sum(not one.is_leaving for one in ranked),
        busy=sum(bool(one.doing) for one in ranked),
        waiting=waiting,
        workers=tuple(ranked[:SHOWN_MAX]),
    )


def merged(crews: Iterable[Crew], now: float) -> Crew:
    """One crew of all: several controls may tell of one scheduler, of which the last word counts."""
    latest: dict[str, Crew] = {}
    for crew in sorted(crews, key=lambda crew: crew.at):
        if crew.at > now - CREW_SILENT_S:
            latest[crew.scheduler] = crew
    known = latest.values()
    workers = [worker for crew in known for worker in crew.workers]
    both = crew_of("", max((crew.at for crew in known), default=0.0), workers, sum(crew.waiting for crew in known))
    return msgspec.structs.replace(both, total=sum(crew.total for crew in known), busy=sum(crew.busy for crew in known))


def worker_of(
    name: str, host: str, cores: int, offers: Mapping[str, Any], *, is_leaving: bool, doing: str, since_s: float
) -> Worker:
    """A worker by what it offers as resources: memory and cores by name, every other is a hardware encoder."""
    return Worker(
        name=name,
        host=host,
        cores=cores,
        memory_bytes=int(offers.get(MEMORY, 0)),
        encoders=tuple(sorted(set(offers) - {MEMORY, CORES})),
        is_leaving=is_leaving,
        doing=doing,
        since_s=since_s,
    )
