"""Numbers that carry their unit in their type where they cross a function."""

from __future__ import annotations

from typing import NewType

Seconds = NewType("Seconds", float)
Bytes = NewType("Bytes", int)
BitsPerSecond = NewType("BitsPerSecond", int)
