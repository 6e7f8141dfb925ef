"""Wiring: the one place where services, back ends and roles are put together. Split by role."""

from __future__ import annotations

from matinee.app.wiring.platform import Platform, open_platform

__all__ = ["Platform", "open_platform"]
