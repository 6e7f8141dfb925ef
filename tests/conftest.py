"""Databases for tests: a fresh one a test, on SQLite and on a real PostgreSQL that the services scripts start.

A test that asks for `database_url` (or for an engine, below) runs once on each. Where PostgreSQL cannot be started,
its half is skipped loudly; with CI=true it fails.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateSchema

from matinee.base.database import JOBS, MAIN, open_engine

_SCRIPT = Path(__file__).parent.parent / "services" / "postgres"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL of this test run's own, as `libpq` reads it; its user may create databases."""
    folder = Path(tempfile.mkdtemp(prefix="matinee-pg-"))
    folder.chmod(0o755)  # the server runs as another user when the tests run as root
    try:
        yield _start_postgres(folder)
    finally:
        _postgres(folder, "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _start_postgres(folder: Path) -> str:
    for action in ("install", "start"):
        done = _postgres(folder, action)
        if done.returncode != 0:
            message = f"PostgreSQL is not to be had (services/postgres {action}): {done.stderr[-2000:]}"
            if os.environ.get("CI") == "true":
                pytest.fail(message)
            pytest.skip(message)
    return done.stdout.strip()


def _postgres(folder: Path, action: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MATINEE_SERVICES_FOLDER": str(folder)}
    return subprocess.run([_SCRIPT, action], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database, dropped afterwards."""
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield postgres_server.replace("postgresql://postgres@/postgres?", f"postgresql+psycopg://postgres@/{name}?")
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, empty database; a test that asks for it runs on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def main_engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine with the tables of MAIN that are imported so far, on SQLite and on PostgreSQL."""
    async for engine in _with_tables(database_url, MAIN, "matinee_main"):
        yield engine


@pytest.fixture
async def jobs_engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine with the tables of JOBS, on SQLite and on PostgreSQL."""
    async for engine in _with_tables(database_url, JOBS, "matinee_jobs"):
        yield engine


async def _with_tables(url: str, metadata: MetaData, schema: str) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(url, schema=schema)
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(CreateSchema(schema))
        await connection.run_sync(metadata.create_all)
    try:
        yield engine
    finally:
        await engine.dispose()
