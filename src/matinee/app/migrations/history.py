"""Runs revisions and writes new ones, with Alembic; revisions only go forward (going back is restoring a backup)."""

from __future__ import annotations

import fcntl
import importlib
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateSchema

import matinee
from matinee.app.migrations.upgrade import VERSIONS, revisions, schema_name
from matinee.base.database import JOBS, MAIN

_METADATA = {"main": MAIN, "jobs": JOBS}

_TEMPLATE = '''"""{message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {previous}
branch_labels = None
depends_on = None


def upgrade() -> None:
    {body}
'''


def metadata_of(state: str) -> MetaData:
    """All tables of `state`: every `tables.py` of the package is imported for it."""
    package = Path(matinee.__file__).parent
    for path in sorted(package.glob("*/tables.py")):
        importlib.import_module(".".join(["matinee", *path.relative_to(package).with_suffix("").parts]))
    return _METADATA[state]


def migrate(state: str, url: str) -> None:
    """Run the revisions that the database at `url` lacks, in one transaction, while no other process does."""
    with _locked(state, url) as connection:
        scripts = ScriptDirectory(str(VERSIONS), version_locations=[str(VERSIONS / state)])

        def plan(stored: Any, context: MigrationContext) -> Any:
            return scripts._upgrade_revs("head", stored)  # as alembic's own `upgrade` command has it

        with EnvironmentContext(Config(), scripts, fn=plan) as environment:
            environment.configure(connection=connection, target_metadata=None)
            environment.run_migrations()


def write_revision(state: str, url: str, message: str) -> Path | None:
    """Write the revision that leads from the database at `url` to the tables in the code; None when there is none.

    The database has to be at the newest revision. Alembic overlooks an index on an expression (`desc(...)`) on SQLite;
    the test that compares migrated tables with the code's finds it.
    """
    metadata = metadata_of(state)
    with _locked(state, url) as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata, "compare_type": True})
        operations = produce_migrations(context, metadata).upgrade_ops
        if operations is None or operations.is_empty():
            return None
        rendered = render_python_code(operations, migration_context=context, render_as_batch=True)
    body = re.sub(r"^ *# ###.*\n?", "", rendered, flags=re.MULTILINE).strip()
    known = revisions(state)
    revision = f"{state}_{len(known) + 1:04}"
    slug = re.sub(r"\W+", "_", message.lower()).strip("_")
    path = VERSIONS / state / f"{revision}_{slug}.py"
    previous = f'"{known[-1]}"' if known else "None"
    path.write_text(_TEMPLATE.format(message=message, revision=revision, previous=previous, body=body))
    return path


@contextmanager
def _locked(state: str, url: str) -> Iterator[Connection]:
    """A transaction on the database that no other process migrates meanwhile."""
    if url.startswith("sqlite"):
        file = Path(make_url(url).database or "")
        file.parent.mkdir(parents=True, exist_ok=True)
        with _locked_file(file.with_suffix(".migrating")), _sqlite(url) as connection:
            yield connection
    else:
        with _postgres(url, schema_name(state)) as connection:
            yield connection


@contextmanager
def _locked_file(path: Path) -> Iterator[None]:
    # Not only BEGIN IMMEDIATE: the very first connections would collide when they turn the file to WAL.
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _sqlite(url: str) -> Iterator[Connection]:
    engine = create_engine(make_url(url).set(drivername="sqlite"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")
    engine.dispose()


@contextmanager
def _postgres(url: str, schema: str) -> Iterator[Connection]:
    options = {"options": f"-csearch_path={schema}"}
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), connect_args=options)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": zlib.crc32(schema.encode())})
        connection.execute(CreateSchema(schema, if_not_exists=True))
        yield connection
    engine.dispose()
