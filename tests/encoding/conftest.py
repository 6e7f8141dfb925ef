"""How Hypothesis runs here: the machine is small and shared, so nothing is timed."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("untimed", deadline=None, max_examples=60)
settings.load_profile("untimed")
