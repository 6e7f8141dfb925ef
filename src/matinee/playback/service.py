"""Pressing play: a session on the newest version of a title, its manifests with signed links, the viewer's place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from matinee.base.clock import Clock
from matinee.base.errors import Invalid, NotFound
from matinee.base.ids import new_id
from matinee.catalog.service import Catalog
from matinee.catalog.title import Title
from matinee.delivery.token import SigningKey, sign
from matinee.encoding.asset import Asset
from matinee.encoding.pertitle.ladder import Codec
from matinee.encoding.service import Assets
from matinee.encoding.tracks.marks import Marks
from matinee.insight.events import PlaybackProgressed, WatchingRemoved
from matinee.insight.log import EventLog
from matinee.playback import dash, hls
from matinee.playback.device import DeviceKind, offered, profile_of
from matinee.playback.position import Position, resume_s
from matinee.playback.session import Session, expires_at
from matinee.playback.state import PlaybackState


class NoSession(NotFound):
    """The session has ended, or was never this account's."""

    code = "no_playback_session"

    def __init__(self, session_id: str) -> None:
        super().__init__(f"playback session {session_id} has ended; press play again, it goes on where you were")


class NothingToPlay(Invalid):
    """A show is not played, its episodes are."""

    code = "nothing_to_play"


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """What pressing play gave: the session, what it plays, and where to begin."""

    session: Session
    title: Title
    next: Title | None
    asset: Asset
    marks: Marks
    resume_s: float


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What a player tells every 10 s, at pause and at leave."""

    event_id: str
    position_s: float
    state: str
    rung_height: int = 0
    buffer_s: float = 0.0
    throughput_bps: int = 0
    dropped_frames: int = 0
    rebuffer_s: float = 0.0
    startup_ms: int = 0


@dataclass(frozen=True)
class Playback:
    """Sessions and positions of viewers."""

    catalog: Catalog
    assets: Assets
    state: PlaybackState
    log: EventLog
    key: Callable[[], SigningKey]
    clock: Clock

    async def start(
        self, account_id: str, title_id: str, device: DeviceKind = "web", codecs: tuple[Codec, ...] = ()
    ) -> Started:
        """Begin to play a film or an episode. Raises UnknownTitle, NothingToPlay and NoAsset."""
        title = await self.catalog.get(title_id)
        if title.kind == "show":
            raise NothingToPlay(f"{title.title} is a show; play one of its episodes")
        asset = await self.assets.latest(title_id)
        now = self.clock()
        session = Session(
            id=new_id("play"),
            account_id=account_id,
            title_id=title_id,
            asset_id=asset.id,
            duration_s=asset.duration_s,
            created=now,
            expires=expires_at(now, asset.duration_s),
            device=device,
            codecs=codecs,
        )
        await self.state.put_session(session)
        position = (await self.positions(account_id)).get(title_id)
        following = (await self.catalog.snapshot()).next_episode(title)
        marks = await self.assets.marks(title_id)
        return Started(
            session=session, title=title, next=following, asset=asset, marks=marks, resume_s=resume_s(position)
        )

    async def hls(self, account_id: str, session_id: str, edge: str) -> str:
        """The master playlist of a session, its links signed, on the edge at the URL `edge`. Raises NoSession."""
        session, asset = await self._playing(account_id, session_id)
        return hls.master_playlist(asset, self._locate(session, edge))

    async def dash(self, account_id: str, session_id: str, edge: str) -> str:
        """The same as an MPD. Raises NoSession."""
        session, asset = await self._playing(account_id, session_id)
        return dash.mpd(asset, self._locate(session, edge))

    async def progress(self, account_id: str, session_id: str, told: Progress) -> None:
        """Keep where the viewer is: durable as an event first, then quick to read. Raises NoSession."""
        session = await self._session(account_id, session_id)
        now = self.clock()
        place = session.duration_s if told.state == "ended" else min(max(told.position_s, 0.0), session.duration_s)
        event = PlaybackProgressed(
            at=now,
            account_id=account_id,
            title_id=session.title_id,
            session_id=session_id,
            duration_s=session.duration_s,
            **{**msgspec.structs.asdict(told), "position_s": place},
        )
        await self.log.append([event])
        position = Position(position_s=place, duration_s=session.duration_s, updated=now)
        await self.state.put_position(account_id, session.title_id, position)

    async def positions(self, account_id: str) -> Mapping[str, Position]:
        """Where the account is, by title."""
        return await self.state.positions(account_id, self.clock())

    async def forget(self, account_id: str, title_id: str) -> None:
        """Take a title out of Continue Watching."""
        event = WatchingRemoved(event_id=new_id("event"), at=self.clock(), account_id=account_id, title_id=title_id)
        await self.log.append([event])
        await self.state.forget(account_id, title_id)

    def _locate(self, session: Session, edge: str) -> Callable[[str], str]:
        key = self.key()

        def locate(rendition: str) -> str:
            return edge + sign(key, session=session.id, rendition=rendition, expires=session.expires)

        return locate

    async def _playing(self, account_id: str, session_id: str) -> tuple[Session, Asset]:
        session = await self._session(account_id, session_id)
        asset = await self.assets.get(session.asset_id)
        return session, offered(asset, profile_of(session.device, session.codecs))

    async def _session(self, account_id: str, session_id: str) -> Session:
        session = await self.state.session(session_id, self.clock())
        if session is None or session.account_id != account_id:
            raise NoSession(session_id)
        return session
