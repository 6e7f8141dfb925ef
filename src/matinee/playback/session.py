"""A playback session: who plays which version of which title, and until when its links open."""

from __future__ import annotations

import msgspec

from matinee.base.units import Seconds
from matinee.delivery.token import SKEW
from matinee.encoding.pertitle.ladder import Codec
from matinee.playback.device import DeviceKind

GRACE_S = 6 * 3600.0
"""A session's links live for the running time and this much: films are paused, and playlists are not reloaded."""

AFTER_S = SKEW + 1
"""How long after a session has expired an edge may still open its links: its clock is late, and 1 s of rounding."""
LINKS_S = GRACE_S + AFTER_S
"""How long after the running time the last link of a session may open."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One press of play. It keeps the asset version that it began with, whatever is published meanwhile."""

    id: str
    account_id: str
    title_id: str
    asset_id: str
    duration_s: float
    created: Seconds
    expires: Seconds
    device: DeviceKind = "web"
    codecs: tuple[Codec, ...] = ()
    """What the device says it decodes; empty where it left that to its kind."""


def expires_at(now: Seconds, duration_s: float) -> Seconds:
    """When the links of a session that begins `now` stop opening."""
    return Seconds(now + duration_s + GRACE_S)
