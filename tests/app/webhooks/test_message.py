"""What is told outside of what happened inside."""

from __future__ import annotations

import msgspec
from tests.app.webhooks.test_service import published

from matinee.app.webhooks.message import NAMES, Message, body_of, message_of
from matinee.insight.events import AssetRefused


def test_only_events_with_a_name_outside_are_told() -> None:
    refused = AssetRefused(event_id="event_2", at=1.0, title_id="title_1", reason="no film")
    assert message_of(refused, "Fog") is None
    message = message_of(published("title_1"), "Fog")
    assert message is not None and message.name in NAMES.values()
    assert not {"kind", "event_id", "at"} & set(msgspec.json.decode(body_of(message))["data"])
    assert Message(id="a", name="b", at=0.0).data == {}
