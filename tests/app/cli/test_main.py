"""The command line as a person meets it: words, exit codes, and one JSON document."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from matinee.app.cli import main
from matinee.app.cli.machine import setting_rows
from matinee.app.roles.home import held, make_home, server_of, write_server
from matinee.app.settings import NAMES, Settings

FILM = b"\x1a\x45\xdf\xa3"
"""How Matroska begins: enough to be taken for a film until it is looked into."""

SOURCES = Path(main.__file__).parents[3]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in NAMES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MATINEE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class Ran:
    """What a command answered."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def document(self) -> Any:
        return msgspec.json.decode(self.out)


@pytest.fixture
def matinee(capfdbinary: pytest.CaptureFixture[bytes]) -> Any:
    def run(*arguments: str) -> Ran:
        code = main.run(arguments)
        out, err = capfdbinary.readouterr()
        return Ran(code, out.decode(), err.decode())

    return run


def in_its_own_process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "matinee", *arguments],
        env={**os.environ, "PYTHONPATH": str(SOURCES), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


_FILMS = ("add", "import", "list", "show", "remove", "jobs", "encode")
_ROLES = ("up", "serve", "edge", "work", "control")
COMMANDS = (*_FILMS, *_ROLES, "doctor", "password", "settings")


def test_the_help_names_every_command_and_loads_none_of_them() -> None:
    shown = in_its_own_process("--help")
    assert shown.returncode == 0
    assert all(f" {command} " in shown.stdout for command in COMMANDS)
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, matinee.app.cli.main; print(*sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"sqlalchemy", "litestar", "distributed", "numpy", "PIL", "obstore", "asyncio"} & set(loaded)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, matinee: Any) -> None:
    ran = matinee(command, "--help")
    assert ran.code == 0
    assert "Usage: matinee" in ran.out


@pytest.mark.parametrize("arguments", [["nothing"], ["add"], ["add", "x", "--year", "12"], ["show"]])
def test_a_command_that_is_not_understood_ends_with_2(arguments: list[str], matinee: Any) -> None:
    assert matinee(*arguments).code == 2


def test_a_language_that_is_none_is_a_usage_error(matinee: Any, tmp_path: Path) -> None:
    ran = matinee("add", str(tmp_path / "film.mkv"), "--language", "klingon!")
    assert (ran.code, "no language we know" in ran.err) == (2, True)


def test_a_failure_is_one_sentence_with_a_remedy_and_no_traceback(matinee: Any, tmp_path: Path) -> None:
    ran = matinee("add", str(tmp_path / "nothing.mkv"))
    assert (ran.code, ran.out) == (1, "")
    assert "there is no file" in ran.err
    assert "check the path" in ran.err
    assert "Traceback" not in ran.err


def test_with_json_a_failure_is_the_document(matinee: Any, tmp_path: Path) -> None:
    ran = matinee("add", str(tmp_path), "--json")
    assert ran.code == 1
    assert ran.document["error"]["code"] == "unusable_file"


def test_a_typo_in_a_setting_names_the_nearest_one(matinee: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_PROT", "1")
    ran = matinee("list")
    assert (ran.code, "MATINEE_PORT" in ran.err) == (1, True)


def test_what_nobody_expected_is_one_line_and_a_log(matinee: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the unexpected")

    monkeypatch.setattr("matinee.app.cli.catalogue.titles_in", fail)
    ran = matinee("list")
    log = home / "logs" / "cli.log"
    assert (ran.code, str(log) in ran.err.replace("\n", "")) == (1, True)
    assert "Traceback" not in ran.err
    assert "Traceback" in log.read_text()


def test_being_interrupted_ends_with_130(matinee: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("matinee.app.cli.adding.add_one", interrupt)
    ran = matinee("add", str(tmp_path / "film.mkv"))
    assert (ran.code, "run the same command again" in ran.err) == (130, True)


def test_an_empty_catalogue_says_what_to_do(matinee: Any) -> None:
    assert "matinee add" in matinee("list").out
    assert matinee("list", "--json").document == []
    assert matinee("jobs", "--json").document == []


def test_a_film_is_added_listed_shown_and_removed(matinee: Any, tmp_path: Path, home: Path) -> None:
    film = tmp_path / "Fog (1999).mkv"
    film.write_bytes(FILM)
    added = matinee("add", str(film), "--no-wait", "--genre", "Noir", "--genre", "War", "--json")
    assert added.code == 0
    title_id = added.document["title_id"]
    assert (added.document["title"], added.document["state"], added.document["url"]) == ("Fog", "processing", None)
    listed = matinee("list", "--json").document
    assert [(each["id"], each["genres"]) for each in listed] == [(title_id, ["Noir", "War"])]
    assert "Fog" in matinee("list").out
    assert "Noir, War" in matinee("show", title_id).out
    assert matinee("show", title_id, "--json").document["job"]["state"] == "queued"
    assert "Fog" in matinee("jobs").out
    assert matinee("jobs", "cancel", added.document["job_id"]).code == 0
    assert matinee("jobs", "retry", added.document["job_id"], "--json").document["state"] == "queued"
    assert matinee("remove", title_id, "--yes", "--json").document["removed"][0]["id"] == title_id
    assert matinee("list", "--json").document == []
    assert not [path for path in (home / "objects").rglob("*") if path.is_file()]
    assert film.exists()


@pytest.mark.parametrize(
    ("said", "codecs"), [((), "efficient"), (("--codecs", "all"), "all"), (("--codecs", "compat"), "compat")]
)
def test_a_server_that_runs_decides_what_a_film_is_made_into_unless_one_is_told(
    matinee: Any, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, said: tuple[str, ...], codecs: str
) -> None:
    theirs = Settings(home=home, codecs="efficient", ladder="quality")
    write_server(make_home(home), server_of(theirs, "http://localhost:8000"))
    monkeypatch.setenv("MATINEE_CODECS", "all")
    monkeypatch.setenv("MATINEE_LADDER", "fast")
    (tmp_path / "Fog (1999).mkv").write_bytes(FILM)
    assert matinee("add", str(tmp_path / "Fog (1999).mkv"), "--no-wait", *said).code == 0
    (job,) = matinee("jobs", "--json").document
    assert (job["payload"].get("codecs", "compat"), job["payload"]["ladder"]) == (codecs, "quality")


def test_without_a_server_the_own_settings_decide_what_a_film_is_made_into(
    matinee: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATINEE_CODECS", "all")
    (tmp_path / "Fog (1999).mkv").write_bytes(FILM)
    assert matinee("add", str(tmp_path / "Fog (1999).mkv"), "--no-wait").code == 0
    (job,) = matinee("jobs", "--json").document
    assert job["payload"]["codecs"] == "all"


def test_a_folder_is_imported_past_its_bad_files(matinee: Any, tmp_path: Path) -> None:
    library = tmp_path / "library"
    for path, content in {
        "Movies/Fog (1999)/Fog (1999).mkv": b"fog",
        "Movies/Empty (2000).mkv": b"",
        "Movies/sample.mkv": b"sample",
        "Shows/Harbour (2021)/Season 01/Harbour S01E01 Part 1.mkv": b"part 1",
    }.items():
        (library / path).parent.mkdir(parents=True, exist_ok=True)
        (library / path).write_bytes(FILM + content if content else b"")
    planned = matinee("import", str(library), "--dry-run", "--json")
    assert (planned.code, len(planned.document["finds"])) == (0, 3)
    ran = matinee("import", str(library), "--no-wait", "--json")
    assert (ran.code, ran.document["failed"]) == (1, 1)
    outcomes = {outcome["path"]: outcome for outcome in ran.document["taken"]}
    assert "is empty" in outcomes["Movies/Empty (2000).mkv"]["error"]
    assert outcomes["Movies/Fog (1999)/Fog (1999).mkv"]["state"] == "processing"
    assert [skip["path"] for skip in ran.document["skipped"]] == ["Movies/sample.mkv"]
    shown = matinee("import", str(library), "--no-wait")
    assert (shown.code, "Harbour S1 E1 Part 1" in shown.out, "1 failed" in shown.out) == (1, True, True)
    assert len(matinee("list", "--json").document) == 3


def test_a_folder_that_is_none_is_an_error(matinee: Any, tmp_path: Path) -> None:
    assert "does not exist" in matinee("import", str(tmp_path / "gone")).err
    (tmp_path / "film.mkv").write_bytes(FILM)
    assert "matinee add" in matinee("import", str(tmp_path / "film.mkv")).err


def test_a_folder_without_films_says_what_is_in_it_and_fails(matinee: Any, tmp_path: Path) -> None:
    ran = matinee("import", str(tmp_path))
    assert (ran.code, "no films in" in ran.err, "check the path" in ran.err) == (1, True, True)
    (tmp_path / "sample.mkv").write_bytes(FILM)
    (tmp_path / "trailer.mkv").write_bytes(FILM)
    ran = matinee("import", str(tmp_path), "--json")
    assert (ran.code, ran.document["error"]["code"]) == (1, "no_films")
    assert "sample.mkv is left out (a sample, a trailer or an extra), and 1 more" in ran.document["error"]["message"]


def test_an_import_into_a_log_says_which_film_it_is_at(matinee: Any, tmp_path: Path) -> None:
    (tmp_path / "Fog (1999).mkv").write_bytes(FILM)
    (tmp_path / "Empty (2000).mkv").write_bytes(b"")
    said = matinee("import", str(tmp_path), "--no-wait").err.splitlines()
    assert said[0] == "Empty (2000): begun"
    assert said[1].startswith("Empty (2000): failed: ")
    assert said[2:] == ["Fog (1999): begun"]
    assert matinee("import", str(tmp_path), "--no-wait", "--json").err == ""


def test_a_job_that_cannot_be_changed_says_why_and_where_to_look(matinee: Any, tmp_path: Path) -> None:
    film = tmp_path / "Fog (1999).mkv"
    film.write_bytes(FILM)
    job_id = matinee("add", str(film), "--no-wait", "--json").document["job_id"]
    refused = matinee("jobs", "retry", job_id, "--json")
    assert (refused.code, refused.document["error"]["code"]) == (1, "job_state")
    assert f"{job_id} is queued, and only a failed or cancelled job can be retried" in refused.err
    matinee("jobs", "cancel", job_id)
    refused = matinee("jobs", "cancel", job_id)
    assert (refused.code, "is cancelled, and only a queued, running or paused job can be cancelled" in refused.err) == (
        1,
        True,
    )
    for change in ("retry", "cancel"):
        unknown = matinee("jobs", change, "job_none")
        assert (unknown.code, "no job job_none; `matinee jobs` lists" in unknown.err) == (1, True)


@pytest.mark.parametrize(("answer", "said"), [("", "--yes` does not ask"), ("n\n", "Nothing was removed.")])
def test_a_title_is_not_removed_without_a_yes(
    matinee: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, said: str
) -> None:
    film = tmp_path / "Fog (1999).mkv"
    film.write_bytes(FILM)
    title_id = matinee("add", str(film), "--no-wait", "--json").document["title_id"]
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    ran = matinee("remove", title_id)
    assert (ran.code, said in ran.err) == (1, True)
    assert len(matinee("list", "--json").document) == 1
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert matinee("remove", title_id).code == 0


def test_a_second_up_fails_unless_one_that_runs_will_do(matinee: Any, home: Path) -> None:
    with held(make_home(home)):
        refused, content = matinee("up"), matinee("up", "--or-running")
    assert (refused.code, content.code) == (1, 0)
    for ran in (refused, content):
        assert (ran.out, "already" in ran.err, len(ran.err.splitlines())) == ("", True, 1)


def test_names_cannot_write_to_the_terminal(matinee: Any, tmp_path: Path) -> None:
    film = tmp_path / "\x1b[2J[red]Fog (1999).mkv"
    film.write_bytes(b"")
    ran = matinee("import", str(tmp_path), "--no-wait")
    assert "\x1b" not in ran.out + ran.err
    assert "[red]" in ran.out


def test_settings_say_where_they_are_from_and_keep_secrets() -> None:
    settings = Settings(port=9000, database_url="postgresql://me:secret@db/matinee")
    rows = {name: (value, origin) for name, value, origin in setting_rows(settings, {"MATINEE_PORT": "9000"})}
    assert set(rows) == set(NAMES.values())
    assert rows["MATINEE_PORT"] == ("9000", "environment")
    assert rows["MATINEE_DEMO"] == ("true", "default")
    assert rows["DATABASE_URL"][0] == "postgresql://me:***@db/matinee"


def test_settings_are_printed_as_one_document(matinee: Any) -> None:
    assert {row["name"] for row in matinee("settings", "--json").document} == set(NAMES.values())


def test_a_check_up_reports_every_check(matinee: Any) -> None:
    found = matinee("doctor", "--json")
    checks = found.document["checks"]
    assert checks
    assert all(check["state"] in ("ok", "warning", "failed") for check in checks)
    assert all(check["remedy"] for check in checks if check["state"] == "failed")
    assert found.code == int(any(check["state"] == "failed" for check in checks))
