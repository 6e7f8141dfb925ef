"""Events as they are stored: named with their version, and read back as they were."""

from __future__ import annotations

import msgspec
import pytest

from matinee.insight.events import AssetPublished, AssetRefused, Change, PlaybackProgressed, Telemetry, WatchingRemoved

PUBLISHED = AssetPublished(
    event_id="event_1",
    at=1.5,
    title_id="title_1",
    asset_id="asset_1",
    number=1,
    duration_s=30.0,
    height=360,
    still="a.webp",
    is_complete=True,
)
REFUSED = AssetRefused(event_id="event_2", at=1.5, title_id="title_1", reason="no")
PROGRESSED = PlaybackProgressed(
    event_id="event_3",
    at=1.5,
    account_id="account_1",
    title_id="title_1",
    session_id="play_1",
    position_s=3.0,
    duration_s=30.0,
    state="playing",
)
REMOVED = WatchingRemoved(event_id="event_4", at=1.5, account_id="account_1", title_id="title_1")


@pytest.mark.parametrize(("event", "kind"), [(PUBLISHED, "asset.published.1"), (REFUSED, "asset.refused.1")])
def test_a_change_is_stored_under_its_kind_and_version(event: Change, kind: str) -> None:
    document = msgspec.to_builtins(event)
    assert document["kind"] == kind
    assert msgspec.convert(document, Change) == event


@pytest.mark.parametrize(("event", "kind"), [(PROGRESSED, "playback.progressed.1"), (REMOVED, "playback.removed.1")])
def test_telemetry_is_stored_under_its_kind_and_version(event: Telemetry, kind: str) -> None:
    stored = msgspec.json.encode(event)
    assert msgspec.json.decode(stored)["kind"] == kind
    assert msgspec.json.decode(stored, type=Telemetry) == event


def test_an_event_with_a_field_that_we_do_not_know_yet_is_read_all_the_same() -> None:
    later = {**msgspec.to_builtins(PROGRESSED), "device": "tv"}
    assert msgspec.convert(later, Telemetry) == PROGRESSED
