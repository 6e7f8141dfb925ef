"""The roles of the program: `up` runs them all in one place, the others one each, on as many machines as needed."""

from __future__ import annotations

from matinee.app.roles.one import control, edge, scheduler, serve, work
from matinee.app.roles.up import up

__all__ = ["control", "edge", "scheduler", "serve", "up", "work"]
