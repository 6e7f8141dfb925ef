"""What a webhook says: a name that others rely on, and what happened, as one JSON document. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from matinee.insight.events import Event
from matinee.work.job import Job

NAMES: Mapping[str, str] = {"asset.published.1": "title.published", "asset.held.1": "title.held"}
"""What each kind of event is called outside; one that is not here is nobody's business but ours."""
FAILED, TEST = "title.failed", "matinee.test"
_INTERNAL = ("kind", "event_id", "at")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. `id` stays the same however often it is sent: who has seen it drops the second."""

    id: str
    name: str
    at: float
    data: dict[str, Any] = {}


def message_of(event: Event, title: str) -> Message | None:
    """What is told of an event that is about a title of this name; None for an event that is not told."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    name = NAMES.get(str(fields.get("kind", "")))
    if name is None:
        return None
    data = {key: value for key, value in fields.items() if key not in _INTERNAL}
    return Message(id=event.event_id, name=name, at=event.at, data={**data, "title": title})


def failure_of(job: Job, title: str) -> Message:
    """What is told of a title's job that failed: once for each time that it does."""
    data = {"title_id": job.subject, "title": title, "job_id": job.id, "reason": job.reason, "remedy": job.remedy}
    return Message(id=f"{job.id}.{job.attempt}", name=FAILED, at=job.updated, data=data)


def body_of(message: Message) -> bytes:
    """The document that is sent: type, timestamp (ISO 8601, UTC) and data, as Standard Webhooks 1.0 has it."""
    stamp = datetime.fromtimestamp(message.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return msgspec.json.encode({"type": message.name, "timestamp": stamp, "data": message.data})
