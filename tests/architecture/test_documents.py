"""The documents tell the truth: settings, requirements, figures and links in them are those of the project."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from tests.architecture import figures
from tests.architecture.checkout import ROOT, files, in_code, python_files, rows, text_of, tree_of

from matinee.app.settings import NAMES

GUIDE = Path("docs/operator-guide.md")
REQUIREMENTS = Path("docs/requirements.md")
RULES = [f"{group}{n}" for group, last in zip("VECDPF", (12, 3, 5, 6, 5, 7), strict=True) for n in range(1, last + 1)]
OF_TESTS = {"MATINEE_TEST_MEDIA", "MATINEE_PICTURES", "MATINEE_SERVICES_FOLDER"}
STATES = {"works", "partly", "not yet"}
PATH = re.compile(r"^[\w.()\[\]+-]+(/[\w.()\[\]+-]+)*/?(::\w+)?$")
LINK = re.compile(r"\[[^\]]*\]\((?!https?://|#|mailto:)([^)#\s]+)[^)]*\)")
DOCUMENTS = [path for path in files() if path.suffix == ".md"]
BENCHES = [path for path in python_files("bench") if '__name__ == "__main__"' in text_of(path)]


def requirement_rows() -> list[list[str]]:
    """Rule, words, state, files and tests of every row."""
    return [row for row in rows(text_of(REQUIREMENTS)) if re.fullmatch(r"[VECDPF]\d+", row[0])]


def is_there(name: str) -> bool:
    """Whether a file, a folder or a test function (`path::test`) is in the checkout."""
    path, _, test = name.partition("::")
    if not (ROOT / path).exists():
        return False
    if not test:
        return True
    walked = ast.walk(tree_of(Path(path)))
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == test for node in walked)


def test_every_setting_is_in_the_operator_guide_and_nothing_else_is() -> None:
    documented = [in_code(row[0])[0] for row in rows(text_of(GUIDE)) if re.fullmatch(r"`[A-Z][A-Z_]+`", row[0])]
    assert sorted(documented) == sorted(NAMES.values())


def test_every_setting_that_a_document_speaks_of_exists() -> None:
    known = {*NAMES.values(), *OF_TESTS}
    spoken = {(path, name) for path in DOCUMENTS for name in re.findall(r"\bMATINEE_[A-Z_]+\b", text_of(path))}
    assert {(path, name) for path, name in spoken if name not in known} == set()


def test_every_rule_has_one_row() -> None:
    assert [row[0] for row in requirement_rows()] == RULES


@pytest.mark.parametrize("row", requirement_rows(), ids=lambda row: row[0])
def test_a_rule_that_is_said_to_work_names_the_files_and_tests_that_keep_it(row: list[str]) -> None:
    _, _, state, kept_by, tested_by = row
    assert state in STATES
    named = [name for cell in (kept_by, tested_by) for name in in_code(cell) if PATH.match(name) and "/" in name]
    assert [name for name in named if not is_there(name)] == []
    if state != "not yet":
        assert in_code(kept_by), "no file keeps it"
        assert in_code(tested_by), "no test keeps it"


def test_links_lead_somewhere() -> None:
    broken = [
        f"{path}: {target}"
        for path in DOCUMENTS
        for target in LINK.findall(text_of(path))
        if not (ROOT / path.parent / target).exists()
    ]
    assert broken == []


def test_every_figure_of_a_benchmark_is_the_one_in_its_result_file() -> None:
    shown = list(figures.quoted(text_of(Path("docs/benchmarks.md"))))
    assert shown
    assert [(file, path, figure) for file, path, figure in shown if figures.measured(file, path) != figure] == []


def test_no_figure_stands_outside_the_rows_that_name_their_source() -> None:
    document = text_of(Path("docs/benchmarks.md"))
    results = [row for row in rows(document) if re.search(r"\d", row[1])]
    assert len(results) == len(list(figures.quoted(document)))


@pytest.mark.parametrize("bench", BENCHES, ids=lambda path: path.stem)
def test_a_benchmark_says_what_it_measures_keeps_its_result_and_is_documented(bench: Path) -> None:
    assert ast.get_docstring(tree_of(bench))
    assert (ROOT / "bench" / "results" / f"{bench.stem}.json").is_file()
    assert str(bench) in text_of(Path("docs/benchmarks.md"))
