"""How a handler in a `routes.py` asks for a service: `catalog: Given[Catalog]`, by the parameter's name.

Litestar would otherwise look into the type of what is given, to validate it, and a service is no data.
"""

from __future__ import annotations

from typing import TypeAlias, TypeVar

from litestar.di import NamedDependency
from litestar.params import SkipValidation

_T = TypeVar("_T")
Given: TypeAlias = NamedDependency[SkipValidation[_T]]
"""A parameter that the assembly of the application fills in."""
