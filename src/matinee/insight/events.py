"""What happened, as versioned values. Telemetry goes to the event log, changes between domains through the outbox."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Base of all events; `event_id` is made by who saw it, and consumers drop the second of its kind."""

    event_id: str
    at: float


class AssetPublished(Event, frozen=True, kw_only=True, tag="asset.published.1"):
    """A title can be watched, or can now be watched in a better quality: `height` is of its top rung's 16:9 box."""

    title_id: str
    asset_id: str
    number: int
    duration_s: float
    height: int
    still: str
    is_complete: bool


class AssetRefused(Event, frozen=True, kw_only=True, tag="asset.refused.1"):
    """Nothing can be made of what was handed in for a title; nothing of it was kept."""

    title_id: str
    reason: str


class AssetHeld(Event, frozen=True, kw_only=True, tag="asset.held.1"):
    """Something that was made for a title is not published until a person has looked at it."""

    title_id: str
    reason: str


class PlaybackProgressed(Event, frozen=True, kw_only=True, tag="playback.progressed.1"):
    """Where a viewer is in a title, and how playing went since the last time (every 10 s, at pause and at leave)."""

    account_id: str
    title_id: str
    session_id: str
    position_s: float
    duration_s: float
    state: str
    rung_height: int = 0
    buffer_s: float = 0.0
    throughput_bps: int = 0
    dropped_frames: int = 0
    rebuffer_s: float = 0.0
    startup_ms: int = 0


class WatchingRemoved(Event, frozen=True, kw_only=True, tag="playback.removed.1"):
    """A viewer took a title out of Continue Watching."""

    account_id: str
    title_id: str


Change = AssetPublished | AssetRefused | AssetHeld
"""Events that change another domain."""
Telemetry = PlaybackProgressed | WatchingRemoved
"""Events of the log."""
