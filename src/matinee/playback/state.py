"""The port to the playback state: what must be quick to read and write while somebody is watching."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from matinee.base.units import Seconds
from matinee.playback.position import Position
from matinee.playback.session import Session


class PlaybackState(Protocol):
    """Sessions and positions.

    A write that returned survives the loss of this process. Writes to one (account, title) are ordered by the
    position's `updated`: an older one never replaces a newer one, whichever arrives last. Entries vanish on their own:
    sessions `session.AFTER_S` after they expire, positions after `position.KEPT_S`. Raises `Unavailable` when the store
    is away; nothing is half-written then.
    """

    async def put_session(self, session: Session) -> None:
        """Keep a session until it expires."""

    async def session(self, session_id: str, now: Seconds) -> Session | None:
        """The session of that id, None when there is none or it has expired."""

    async def playing(self, now: Seconds) -> Collection[str]:
        """The ids of the asset versions that a session names some link of which may still open at `now`."""

    async def put_position(self, account_id: str, title_id: str, position: Position) -> None:
        """Keep where the account is in the title, unless something newer is known."""

    async def positions(self, account_id: str, now: Seconds) -> Mapping[str, Position]:
        """Where the account is, by title."""

    async def forget(self, account_id: str, title_id: str) -> None:
        """Forget the account's position in the title; one that is not there is no error."""
