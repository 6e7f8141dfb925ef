"""How many durable jobs a second: enqueue, and the whole life of one (claim, finish), against a plain INSERT.

`python -m bench.jobs` measures SQLite and a PostgreSQL of its own (services/postgres).

The baseline commits one row of the same size in each transaction, on the same file or server in the same run: what is
left is what leases, fences and idempotence cost. Writes `bench/results/jobs.json`.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, Table, Text, insert
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateSchema

from bench.machine import machine, write_result
from matinee.base.clock import system_clock
from matinee.base.database import JOBS, open_engine, writing
from matinee.work.service import Jobs

OPERATIONS = 1_000
SCHEMA = "bench_jobs"
POSTGRES = Path(__file__).parents[1] / "services" / "postgres"
PAYLOAD = {"title": "title_01hq0000000000000000000000", "rungs": [360, 480, 720, 1080]}

_plain = Table("plain", MetaData(), Column("id", Integer, primary_key=True), Column("content", Text))


async def per_second(operation: Callable[[int], Awaitable[object]]) -> float:
    """How many times a second `operation` runs, one after the other."""
    started = time.perf_counter()
    for number in range(OPERATIONS):
        await operation(number)
    return OPERATIONS / (time.perf_counter() - started)


async def measure(engine: AsyncEngine) -> dict[str, float]:
    """Operations a second, and what part of the baseline's that is."""
    jobs = Jobs(engine, system_clock)

    async def plain(number: int) -> None:
        async with writing(engine) as connection:
            await connection.execute(insert(_plain).values(id=number, content="x" * 400))

    async def run(_: int) -> None:
        job = await jobs.claim(["encode"], "bench", 30)
        assert job is not None
        await jobs.finish(job)

    inserts = await per_second(plain)
    enqueues = await per_second(lambda number: jobs.enqueue("encode", f"title_{number}", PAYLOAD))
    lives = await per_second(run)
    idle = await per_second(lambda _: jobs.claim(["encode"], "bench", 30))
    return {
        "plain_inserts_per_s": round(inserts),
        "enqueues_per_s": round(enqueues),
        "enqueues_of_inserts": round(enqueues / inserts, 2),
        "claim_and_finish_per_s": round(lives),
        "claim_and_finish_of_two_inserts": round(lives / (inserts / 2), 2),
        "idle_polls_per_s": round(idle),
    }


async def on_sqlite() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite+aiosqlite:///{folder}/jobs.db")
        async with engine.begin() as connection:
            await connection.run_sync(JOBS.create_all)
            await connection.run_sync(_plain.metadata.create_all)
        measured = await measure(engine)
        await engine.dispose()
        return measured


async def on_postgres(url: str) -> dict[str, float]:
    engine = open_engine(str(make_url(url).set(drivername="postgresql+psycopg")), schema=SCHEMA)
    async with engine.begin() as connection:
        await connection.execute(CreateSchema(SCHEMA))
        await connection.run_sync(JOBS.create_all)
        await connection.run_sync(_plain.metadata.create_all)
    try:
        return await measure(engine)
    finally:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"DROP SCHEMA {SCHEMA} CASCADE")
        await engine.dispose()


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a server that is there for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # root starts the server as somebody else
        environment = {**os.environ, "MATINEE_SERVICES_FOLDER": folder}
        try:
            started = subprocess.run([POSTGRES, "start"], env=environment, check=True, capture_output=True, text=True)
            yield started.stdout.strip()
        finally:
            subprocess.run([POSTGRES, "stop"], env=environment, check=True, capture_output=True)


async def main(postgres_url: str) -> None:
    """Measure, print, write."""
    before = machine()
    results: dict[str, object] = {
        "operations": OPERATIONS,
        "machine": before,
        "sqlite, synchronous=FULL": await on_sqlite(),
        "postgresql, fsync=off (services/postgres)": await on_postgres(postgres_url),
    }
    print(json.dumps(results, indent=2))
    print(f"written to {write_result('jobs', results)}")


if __name__ == "__main__":
    with postgres() as url:
        asyncio.run(main(url))
