"""The architecture is a contract that a program checks: imports go downward, only wiring knows the back ends."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import Any

import pytest
from tests.architecture.checkout import PACKAGE, ROOT

CONFIGURATION = ROOT / "pyproject.toml"


@pytest.fixture(scope="module")
def contracts() -> list[dict[str, Any]]:
    """The contracts as pyproject.toml states them."""
    document = tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = document["tool"]["importlinter"]["contracts"]
    return found


def protected(contracts: list[dict[str, Any]]) -> set[str]:
    """The modules that only some may import."""
    return {
        module for contract in contracts if contract["type"] == "protected" for module in contract["protected_modules"]
    }


def test_the_contracts_hold() -> None:
    argv = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    # In a process of its own: it silences every logger that there is.
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["tables", "routes"])
def test_the_tables_and_routes_of_every_domain_are_protected(contracts: list[dict[str, Any]], name: str) -> None:
    domains = {path.parent.name for path in PACKAGE.glob(f"*/{name}.py")} - {"app"}
    assert {f"matinee.{domain}.{name}" for domain in domains} <= protected(contracts)


def test_every_package_has_its_place_in_the_layers(contracts: list[dict[str, Any]]) -> None:
    layers = next(contract for contract in contracts if contract["type"] == "layers")
    placed = {name.strip() for layer in layers["layers"] for name in layer.split("|")}
    assert placed == {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert layers["exhaustive"] is True
