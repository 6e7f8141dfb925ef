"""Brings the databases to the newest revision before anything uses them; a warm start costs one small query.

Revisions are files `versions/<state>/<state>_0001_<what>.py`, one line without branches, so that the newest is known
from their names alone. Only where a database is behind is Alembic imported and run: in one transaction, under a lock,
so that of several processes that start at once one migrates, the others wait, and a kill leaves the old tables.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from sqlalchemy.engine import make_url

from matinee.base.database import database_url
from matinee.base.errors import Unavailable

STATES = ("main", "jobs")
"""Each is a file `HOME/<state>.db` on SQLite, and a schema `matinee_<state>` on PostgreSQL."""
VERSIONS = Path(__file__).parent / "versions"
_REVISION = re.compile(r"([a-z]+_\d{4})_\w+\.py")


class NewerDatabase(Unavailable):
    """A newer Matinee has been here."""

    code = "newer_database"

    def __init__(self, state: str, stored: str, newest: str) -> None:
        super().__init__(
            f"the database of {state} is at revision {stored}, and this Matinee knows up to {newest}: "
            "start the newer version, or restore the backup that was made before it"
        )
        self.state, self.stored, self.newest = state, stored, newest


class NoRevisions(Unavailable):
    """The files that say how a database is laid out are not there."""

    code = "no_revisions"

    def __init__(self, state: str) -> None:
        super().__init__(f"this installation lacks the revisions in {VERSIONS / state}; install Matinee again")
        self.state = state


class DatabaseAway(Unavailable):
    """The server does not answer, or does not let us in."""

    code = "database_away"

    def __init__(self, why: str) -> None:
        super().__init__(f"the database cannot be reached: {why}; see that it runs and that DATABASE_URL names it")
        self.why = why


def upgrade(url: str, home: Path) -> list[str]:
    """Bring every state's database (`DATABASE_URL`, or files under `home`) to its newest revision.

    Answers the states that were behind. Raises NewerDatabase, NoRevisions and DatabaseAway.
    """
    return [state for state in STATES if upgrade_state(state, database_url(url, home, state))]


def upgrade_state(state: str, url: str) -> bool:
    """Bring one state's database to its newest revision; answers whether it was behind."""
    newest = newest_revision(state)
    stored = stored_revision(state, url)
    if stored == newest:
        return False
    if stored is not None and stored not in revisions(state):
        raise NewerDatabase(state, stored, newest)
    from matinee.app.migrations.history import migrate  # noqa: PLC0415 - half a second that a warm start does not pay

    migrate(state, url)
    return True


def schema_name(state: str) -> str:
    """The PostgreSQL schema of `state`."""
    return f"matinee_{state}"


def revisions(state: str) -> list[str]:
    """The names of all revisions of `state`, the oldest first."""
    found = (_REVISION.fullmatch(path.name) for path in (VERSIONS / state).glob("*.py"))
    return sorted(match[1] for match in found if match)


def newest_revision(state: str) -> str:
    """The name of the newest revision of `state`. Raises NoRevisions."""
    known = revisions(state)
    if not known:
        raise NoRevisions(state)
    return known[-1]


def stored_revision(state: str, url: str) -> str | None:
    """The revision that the database says it is at; None for one that was never used."""
    if url.startswith("sqlite"):
        return _stored_in_file(Path(make_url(url).database or ""))
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return _stored_in_schema(plain, schema_name(state))


def _stored_in_file(path: Path) -> str | None:
    if not path.exists():
        return None
    connection = sqlite3.connect(path)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise DatabaseAway(f"{path}: {error}") from error
    finally:
        connection.close()
    return None if row is None else str(row[0])


def _stored_in_schema(url: str, schema: str) -> str | None:
    import psycopg  # noqa: PLC0415 - a twentieth of a second that SQLite does not pay

    try:
        with psycopg.connect(url) as connection:
            query = psycopg.sql.SQL("SELECT version_num FROM {}.alembic_version")
            row = connection.execute(query.format(psycopg.sql.Identifier(schema))).fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    except psycopg.OperationalError as error:
        raise DatabaseAway(str(error).strip()) from error
    return None if row is None else str(row[0])
