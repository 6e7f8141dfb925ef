"""Names, words and lock files: what every file of the project keeps to."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.architecture.checkout import PACKAGE, ROOT, files, python_files, text_of, tree_of

REGISTRIES = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("yarnpkg", "com"),
    ("crates", "io"),
    ("golang", "org"),
    ("debian", "org"),
    ("ubuntu", "com"),
    ("docker", "io"),
)
HOSTS = tuple(".".join(parts) for parts in REGISTRIES)
HOME_FOLDER = re.compile(r"(?<![\w.*?}])/(?:home|root|Users)/\w")
REFERENCES = re.compile(r"\bissues? #?\d|\bPR #?\d|\bpull request \d", re.I)
SHAPELESS = {"utils", "util", "helpers", "helper", "common", "misc", "stuff", "tools"}
SHAPELESS_CLASS = re.compile(r"(Manager|Helper|Handler|Processor|Impl)$")
MORE_THAN_A_DOCSTRING = {
    "src/matinee/__init__.py": "the version",
    "src/matinee/app/migrations/__init__.py": "the one thing that others ask of it, without loading Alembic",
    "src/matinee/app/roles/__init__.py": "the roles",
    "src/matinee/app/wiring/__init__.py": "the platform",
}
FOLDERS_WITHOUT_MIRROR = {"architecture", "browser", "conformance", "end_to_end", "media", "simulation"}
WITHOUT_MIRROR = {"tests/app/uploads/test_server.py": "all of uploads together, behind a real server process"}
REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)")


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """`file:line` wherever `pattern` is found."""
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("host", HOSTS)
def test_no_file_names_the_host_of_a_package_registry(host: str) -> None:
    assert lines_with(re.compile(rf"(?<![\w-]){re.escape(host)}\b", re.I)) == []


def test_no_file_names_a_place_of_the_machine_that_it_was_written_on() -> None:
    assert lines_with(HOME_FOLDER) == []
    if len(ROOT.parts) > 2:  # a checkout right below the root has too common a name
        assert lines_with(re.compile(rf"(?<![\w.]){re.escape(str(ROOT))}\b")) == []


def test_the_project_speaks_of_itself_alone() -> None:
    assert lines_with(REFERENCES) == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements/*.txt")), ids=lambda path: path.name)
def test_every_requirement_is_pinned_with_its_hash_and_no_index_is_named(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    assert not re.search(r"^\s*--(?:index-url|extra-index-url|find-links)|https?://", content, re.M)
    stated = [line for line in content.replace("\\\n", " ").splitlines() if line and not line.lstrip().startswith("#")]
    assert stated
    for line in stated:
        assert REQUIREMENT.match(line), line
        assert "--hash=sha256:" in line, line


def test_every_package_of_the_web_build_is_pinned_with_its_hash() -> None:
    packages = json.loads(text_of(Path("web/package-lock.json")))["packages"]
    own = {name: entry for name, entry in packages.items() if name and not entry.get("link")}
    assert own
    assert [name for name, entry in own.items() if not entry.get("integrity")] == []
    assert [name for name, entry in own.items() if "resolved" in entry] == []


def test_files_are_named_after_nouns() -> None:
    code = [path for path in files() if path.suffix in {".py", ".ts", ".svelte"}]
    assert [str(path) for path in code if path.name.partition(".")[0].removeprefix("test_") in SHAPELESS] == []
    assert [str(path) for path in code if SHAPELESS & set(path.parts[:-1])] == []


def test_classes_are_named_after_what_they_are() -> None:
    named = [
        f"{path}: {node.name}"
        for folder in ("src", "tests", "bench")
        for path in python_files(folder)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef) and SHAPELESS_CLASS.search(node.name)
    ]
    assert named == []


def test_a_package_says_what_it_is_and_holds_nothing_else() -> None:
    packages = [path for path in python_files("src/matinee") if path.name == "__init__.py"]
    holding = {str(path) for path in packages if len(tree_of(path).body) > 1}
    assert holding == set(MORE_THAN_A_DOCSTRING)


def undocumented(path: Path) -> Iterator[str]:
    """Public modules, functions, classes and methods in a file that say nothing of themselves; not properties."""
    tree = tree_of(path)
    if not ast.get_docstring(tree):
        yield str(path)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield f"{path}: {node.name}"
        for method in node.body if isinstance(node, ast.ClassDef) else []:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_plain(method):
                yield f"{path}: {node.name}.{method.name}"


def _is_plain(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    is_property = any(isinstance(one, ast.Name) and one.id == "property" for one in method.decorator_list)
    return method.name.startswith("_") or is_property or ast.get_docstring(method) is not None


def test_everything_public_says_what_it_is() -> None:
    shipped = [path for path in python_files("src") if "versions" not in path.parts]
    assert [name for path in shipped for name in undocumented(path)] == []


def test_every_file_of_python_says_what_it_is() -> None:
    others = [path for folder in ("tests", "bench") for path in python_files(folder)]
    assert [str(path) for path in others if not ast.get_docstring(tree_of(path))] == []


def test_a_test_file_mirrors_a_source_file() -> None:
    sources = {path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py")}
    tests = [path for path in python_files("tests") if path.name.startswith("test_")]
    alone = [
        str(path) for path in tests if path.parts[1] not in FOLDERS_WITHOUT_MIRROR and _mirrored(path) not in sources
    ]
    assert set(alone) == set(WITHOUT_MIRROR)


def _mirrored(test: Path) -> Path:
    inside = test.relative_to("tests")
    return inside.with_name(inside.stem.removeprefix("test_"))
