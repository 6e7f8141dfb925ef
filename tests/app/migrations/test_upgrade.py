"""Databases reach the newest revision from nothing, together, and once; what they get is what the code expects."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url

from matinee.app.migrations.history import metadata_of, migrate
from matinee.app.migrations.upgrade import (
    STATES,
    VERSIONS,
    DatabaseAway,
    NewerDatabase,
    NoRevisions,
    newest_revision,
    schema_name,
    stored_revision,
    upgrade,
    upgrade_state,
)


def engine_on(url: str, schema: str) -> Engine:
    if url.startswith("sqlite"):
        return create_engine(make_url(url).set(drivername="sqlite"))
    return create_engine(url, connect_args={"options": f"-csearch_path={schema}"})


def index_shape(index: Any) -> str:
    options = {name: str(option) for name, option in index.get("dialect_options", {}).items()}
    return str({**index, "dialect_options": options})


def shape(engine: Engine) -> dict[str, Any]:
    """Everything that a database says of its tables."""
    seen = inspect(engine)
    return {
        table: {
            "columns": [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in seen.get_columns(table)],
            "key": seen.get_pk_constraint(table),
            "indexes": sorted(map(index_shape, seen.get_indexes(table))),
            "unique": sorted(map(str, seen.get_unique_constraints(table))),
            "foreign": sorted(map(str, seen.get_foreign_keys(table))),
            "checks": sorted(map(str, seen.get_check_constraints(table))),
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


@pytest.mark.parametrize("state", STATES)
def test_migrated_tables_are_those_of_the_code(state: str, database_url: str, tmp_path: Path) -> None:
    assert upgrade_state(state, database_url) is True
    metadata = metadata_of(state)
    migrated = engine_on(database_url, schema_name(state))
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []

    made_url = database_url
    if database_url.startswith("sqlite"):
        made_url = f"sqlite:///{tmp_path / 'made.db'}"
    else:
        with migrated.begin() as connection:
            connection.execute(text("CREATE SCHEMA made"))
    made = engine_on(made_url, "made")
    metadata.create_all(made)
    assert shape(migrated) == shape(made)
    assert set(shape(made)) == {table.name for table in metadata.sorted_tables}
    migrated.dispose()
    made.dispose()


@pytest.mark.parametrize("state", STATES)
def test_revisions_are_one_line_whose_end_their_names_tell(state: str) -> None:
    scripts = ScriptDirectory(str(VERSIONS), version_locations=[str(VERSIONS / state)])
    assert list(scripts.get_heads()) == [newest_revision(state)]


def test_a_database_that_is_at_the_newest_revision_is_left_alone(database_url: str) -> None:
    assert stored_revision("jobs", database_url) is None
    assert upgrade_state("jobs", database_url) is True
    assert stored_revision("jobs", database_url) == newest_revision("jobs")
    assert upgrade_state("jobs", database_url) is False
    migrate("jobs", database_url)  # what a process does that saw the old revision and then waited for the lock
    assert stored_revision("jobs", database_url) == newest_revision("jobs")


def test_both_states_live_in_one_postgresql_without_touching_each_other(postgres_url: str, tmp_path: Path) -> None:
    plain = postgres_url.replace("postgresql+psycopg", "postgresql")
    assert upgrade(plain, tmp_path) == list(STATES)
    assert upgrade(plain, tmp_path) == []
    for state in STATES:
        engine = engine_on(postgres_url, schema_name(state))
        assert set(shape(engine)) == {table.name for table in metadata_of(state).sorted_tables}
        engine.dispose()


def test_embedded_states_are_files_of_their_own(tmp_path: Path) -> None:
    home = tmp_path / "not" / "yet"
    assert upgrade("", home) == list(STATES)
    assert {path.name for path in home.glob("*.db")} == {"main.db", "jobs.db"}
    assert upgrade("", home) == []


def test_several_processes_that_start_at_once_all_find_it_migrated(database_url: str) -> None:
    code = (
        "import sys; from matinee.app.migrations.upgrade import STATES, upgrade_state\n"
        "sys.stdin.read(1)\n"
        "print(upgrade_state('jobs', sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, database_url],
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    ended = [process.communicate("x", timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, ended
    assert stored_revision("jobs", database_url) == newest_revision("jobs")


def test_a_migration_that_fails_half_way_leaves_nothing_behind(database_url: str) -> None:
    engine = engine_on(database_url, schema_name("jobs"))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"CREATE SCHEMA {schema_name('jobs')}"))
        connection.execute(
            text("CREATE TABLE schedules (unexpected INTEGER)")
        )  # the last that the first revision makes
    with pytest.raises(Exception, match="already exists"):
        upgrade_state("jobs", database_url)
    assert set(shape(engine)) == {"schedules"}
    assert stored_revision("jobs", database_url) is None
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database_url: str) -> None:
    upgrade_state("jobs", database_url)
    engine = engine_on(database_url, schema_name("jobs"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'jobs_9999'"))
    engine.dispose()
    with pytest.raises(NewerDatabase, match="at revision jobs_9999"):
        upgrade_state("jobs", database_url)


def test_a_server_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAway, match="see that it runs"):
        upgrade(f"postgresql://postgres@/nothing?host={tmp_path}", tmp_path)


def test_a_warm_start_does_not_import_alembic(tmp_path: Path) -> None:
    upgrade("", tmp_path)
    code = (
        "import sys; from pathlib import Path; from matinee.app.migrations.upgrade import upgrade\n"
        "print(upgrade('', Path(sys.argv[1])), 'alembic' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[] False"


def test_an_installation_without_its_revisions_says_so() -> None:
    with pytest.raises(NoRevisions, match="install Matinee again"):
        newest_revision("nothing")
