"""HTTP of playback: decode, call the service, encode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from matinee.base.given import Given
from matinee.catalog.title import Picture, Title
from matinee.encoding.asset import Storyboard
from matinee.encoding.pertitle.ladder import Codec
from matinee.encoding.tracks.marks import Span
from matinee.members.account import Account
from matinee.playback.device import DeviceKind
from matinee.playback.marking import Comparison, Marking
from matinee.playback.service import Playback, Progress

HLS = "application/vnd.apple.mpegurl"  # RFC 8216 10
DASH = "application/dash+xml"  # ISO/IEC 23009-1 annex C
NO_STORE = {"Cache-Control": "no-store"}


class PlaybackRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to play, on which kind of device; `codecs` where it knows which it decodes."""

    title_id: Annotated[str, msgspec.Meta(max_length=64)]
    device: DeviceKind = "web"
    codecs: Annotated[tuple[Codec, ...], msgspec.Meta(max_length=8)] = ()


class PlayedTitle(msgspec.Struct, frozen=True, kw_only=True):
    """What a player shows of a title."""

    id: str
    kind: str
    title: str
    show_id: str | None
    show_title: str
    season: int | None
    episode: int | None
    year: int | None
    duration_s: float
    still: Picture | None


class SeekPictures(msgspec.Struct, frozen=True, kw_only=True):
    """Small pictures for the seek bar, in one image of `columns` x `rows`, one every `interval_s`."""

    url: str
    columns: int
    rows: int
    tile_width: int
    tile_height: int
    interval_s: float


class ChapterMark(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter on the seek bar; `title` is empty where the film gives it none."""

    start_s: float
    title: str


class PlaybackStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A session: where its manifests are, and where to begin."""

    session_id: str
    title: PlayedTitle
    next: PlayedTitle | None
    hls_url: str
    dash_url: str
    resume_s: float
    duration_s: float
    storyboard: SeekPictures | None
    chapters: tuple[ChapterMark, ...]
    intro: Span | None
    credits: Span | None
    edges: tuple[str, ...]
    expires: float


class MarksEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the opening and the credits of a title are, in seconds; null: there is none."""

    intro: Span | None
    credits: Span | None


class MarkedEpisode(msgspec.Struct, frozen=True, kw_only=True):
    """An episode in the list of its season, with what is known of its marks."""

    id: str
    title: str
    season: int | None
    episode: int | None
    duration_s: float
    intro: Span | None
    credits: Span | None
    is_edited: bool


class TitleMarks(msgspec.Struct, frozen=True, kw_only=True):
    """Where the opening and the credits of a title are, and what an editor sees them by.

    `is_edited`: a person said so, and nothing that is found changes it.
    """

    intro: Span | None
    credits: Span | None
    is_edited: bool
    duration_s: float
    storyboard: SeekPictures | None
    comparison: Comparison
    season: tuple[MarkedEpisode, ...]


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the viewer is and how playing goes; sent every 10 s, at pause, at leave."""

    event_id: Annotated[str, msgspec.Meta(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    position_s: Annotated[float, msgspec.Meta(ge=0, le=100_000)]
    state: Literal["playing", "paused", "ended"]
    rung_height: Annotated[int, msgspec.Meta(ge=0, le=16_384)] = 0
    buffer_s: Annotated[float, msgspec.Meta(ge=0, le=100_000)] = 0.0
    throughput_bps: Annotated[int, msgspec.Meta(ge=0, le=10**12)] = 0
    dropped_frames: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 0
    rebuffer_s: Annotated[float, msgspec.Meta(ge=0, le=100_000)] = 0.0
    startup_ms: Annotated[int, msgspec.Meta(ge=0, le=10**7)] = 0


class Edges(msgspec.Struct, frozen=True):
    """Where players find the edge: `url`, or port `port` of the host that the page came from."""

    url: str
    port: int

    def for_host(self, scheme: str, host: str) -> str:
        """The edge's URL for a page that came from `host`, without a slash at the end."""
        if self.url:
            return self.url.rstrip("/")
        return f"{scheme}://[{host}]:{self.port}" if ":" in host else f"{scheme}://{host}:{self.port}"


@post("/v1/playback", opt={"access": "signed_in"}, status_code=201)
async def start_playback(
    data: JSONBody[PlaybackRequest],
    request: Request[Account, Any, Any],
    playback: Given[Playback],
    edges: Given[Edges],
    account: Given[Account],
) -> PlaybackStarted:
    """Press play: a session on the newest version of a title."""
    started = await playback.start(account.id, data.title_id, data.device, data.codecs)
    session, asset = started.session, started.asset
    show = await _show_title(playback, started.title)
    return PlaybackStarted(
        session_id=session.id,
        title=_played(started.title, show),
        next=_played(started.next, show) if started.next is not None else None,
        hls_url=f"/v1/playback/{session.id}/master.m3u8",
        dash_url=f"/v1/playback/{session.id}/manifest.mpd",
        resume_s=started.resume_s,
        duration_s=asset.duration_s,
        storyboard=_pictures(asset.storyboard) if asset.storyboard is not None else None,
        chapters=tuple(ChapterMark(start_s=one.start_s, title=one.title) for one in asset.chapters),
        intro=started.marks.intro,
        credits=started.marks.credits,
        edges=(_edge(request, edges),),
        expires=session.expires,
    )


@get("/v1/playback/{session_id:str}/master.m3u8", opt={"access": "signed_in"})
async def read_hls(
    session_id: FromPath[str],
    request: Request[Account, Any, Any],
    playback: Given[Playback],
    edges: Given[Edges],
    account: Given[Account],
) -> Response[str]:
    """The session's HLS master playlist."""
    content = await playback.hls(account.id, session_id, _edge(request, edges))
    return Response(content, media_type=HLS, headers=NO_STORE)


@get("/v1/playback/{session_id:str}/manifest.mpd", opt={"access": "signed_in"})
async def read_dash(
    session_id: FromPath[str],
    request: Request[Account, Any, Any],
    playback: Given[Playback],
    edges: Given[Edges],
    account: Given[Account],
) -> Response[str]:
    """The session's DASH manifest."""
    content = await playback.dash(account.id, session_id, _edge(request, edges))
    return Response(content, media_type=DASH, headers=NO_STORE)


@post("/v1/playback/{session_id:str}/heartbeat", opt={"access": "signed_in"}, status_code=204)
async def report_progress(
    session_id: FromPath[str], data: JSONBody[Heartbeat], playback: Given[Playback], account: Given[Account]
) -> None:
    """Where the viewer is."""
    await playback.progress(account.id, session_id, Progress(**msgspec.structs.asdict(data)))


@delete("/v1/watching/{title_id:str}", opt={"access": "signed_in"}, status_code=204)
async def remove_watching(title_id: FromPath[str], playback: Given[Playback], account: Given[Account]) -> None:
    """Take a title out of Continue Watching."""
    await playback.forget(account.id, title_id)


@get("/v1/titles/{title_id:str}/marks", opt={"access": "owner"})
async def read_marks(title_id: FromPath[str], marking: Given[Marking]) -> TitleMarks:
    """Where the opening and the credits of a title are. There are none before something of it can be played."""
    return await _marked(marking, title_id)


@put("/v1/titles/{title_id:str}/marks", opt={"access": "owner"})
async def edit_marks(title_id: FromPath[str], data: JSONBody[MarksEdit], marking: Given[Marking]) -> TitleMarks:
    """Say where they are; null says that there is none. What is found later does not change it."""
    await marking.edit(title_id, data.intro, data.credits)
    return await _marked(marking, title_id)


@post("/v1/titles/{title_id:str}/marks/find", opt={"access": "owner"}, status_code=202)
async def find_marks(title_id: FromPath[str], marking: Given[Marking]) -> TitleMarks:
    """Have the marks of an episode found anew by comparing its season; what a person said of them is forgotten."""
    await marking.find_again(title_id)
    return await _marked(marking, title_id)


async def _marked(marking: Marking, title_id: str) -> TitleMarks:
    sheet = await marking.sheet(title_id)
    asset, marks = sheet.asset, sheet.marks
    return TitleMarks(
        intro=marks.intro,
        credits=marks.credits,
        is_edited=marks.is_edited,
        duration_s=asset.duration_s,
        storyboard=_pictures(asset.storyboard) if asset.storyboard is not None else None,
        comparison=sheet.comparison,
        season=tuple(
            MarkedEpisode(
                id=title.id,
                title=title.title,
                season=title.season,
                episode=title.episode,
                duration_s=title.duration_s,
                intro=known.intro,
                credits=known.credits,
                is_edited=known.is_edited,
            )
            for title, known in sheet.season
        ),
    )


def _edge(request: Request[Account, Any, Any], edges: Edges) -> str:
    return edges.for_host(request.url.scheme, request.url.hostname or "localhost")


async def _show_title(playback: Playback, title: Title) -> str:
    return (await playback.catalog.get(title.show_id)).title if title.show_id else ""


def _played(title: Title, show_title: str) -> PlayedTitle:
    return PlayedTitle(
        id=title.id,
        kind=title.kind,
        title=title.title,
        show_id=title.show_id,
        show_title=show_title,
        season=title.season,
        episode=title.episode,
        year=title.year,
        duration_s=title.duration_s,
        still=title.still,
    )


def _pictures(storyboard: Storyboard) -> SeekPictures:
    return SeekPictures(
        url=f"/images/{storyboard.image}",
        columns=storyboard.columns,
        rows=storyboard.rows,
        tile_width=storyboard.tile_width,
        tile_height=storyboard.tile_height,
        interval_s=storyboard.interval_s,
    )


HANDLERS: Sequence[ControllerRouterHandler] = (
    start_playback,
    read_hls,
    read_dash,
    report_progress,
    remove_watching,
    read_marks,
    edit_marks,
    find_marks,
)
