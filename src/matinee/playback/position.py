"""Where a viewer is in a title, and where playing begins again."""

from __future__ import annotations

import msgspec

FINISHED_FROM = 0.95
"""Beyond this share of a title only credits are left: playing it again begins at the start."""
KEPT_S = 30 * 86_400.0
"""How long the playback state keeps a position; the event log keeps it for good."""
REWIND_S = 2.0
"""Playing resumes a little earlier, so that a viewer finds back in."""


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds into a title of `duration_s`, as of `updated` (Unix seconds)."""

    position_s: float
    duration_s: float
    updated: float


def resume_s(position: Position | None) -> float:
    """Where to begin: at the start when nothing is known or it was finished, else a little before the place."""
    if position is None or position.duration_s <= 0 or position.position_s / position.duration_s > FINISHED_FROM:
        return 0.0
    return max(0.0, position.position_s - REWIND_S)
