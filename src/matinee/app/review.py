"""HTTP of a title's report, and of what its owner decides about what is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.types import ControllerRouterHandler

from matinee.app.ingest import ENCODE, Ingest
from matinee.app.queue import is_held
from matinee.base.errors import NotFound
from matinee.base.given import Given
from matinee.catalog.service import Catalog
from matinee.encoding.pertitle.ladder import CODEC_NAMES, Codec
from matinee.encoding.pertitle.plot import hull_svg
from matinee.encoding.plan import Order
from matinee.encoding.qc.report import Choice, Report
from matinee.encoding.qc.reviews import NOTE_MAX, NotHeld, Reviews, Side
from matinee.work.service import Jobs

_OWNER = {"access": "owner"}


class NoLadder(NotFound):
    """A title was not tried in a codec."""

    code = "no_ladder"

    def __init__(self, title: str, codec: Codec) -> None:
        super().__init__(f"{title} has no trial encodes in {CODEC_NAMES[codec]}: it was not ordered, or `fast`")
        self.codec = codec


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner says to it."""

    note: Annotated[str, msgspec.Meta(max_length=NOTE_MAX)] = ""


@dataclass(frozen=True)
class Review:
    """What an owner does with a title's report."""

    reviews: Reviews
    catalog: Catalog
    jobs: Jobs
    ingest: Ingest

    async def report(self, title_id: str) -> Report:
        """The report of how a title was encoded. Raises UnknownTitle and NoReport."""
        title = await self.catalog.get(title_id)
        report = await self.reviews.report(title_id, title.source)
        job = await self.jobs.find(ENCODE, title_id)
        is_waiting = report.is_waiting and job is not None and is_held(job)
        return msgspec.structs.replace(report, is_waiting=is_waiting)

    async def picture(self, title_id: str, side: Side) -> bytes:
        """The worst moment of what is held. Raises UnknownTitle and NoReport."""
        title = await self.catalog.get(title_id)
        return await self.reviews.picture(title_id, title.source, side)

    async def decide(self, title_id: str, choice: Choice, note: str) -> Report:
        """Approve what is held, have it made again, or reject it. Raises UnknownTitle, NoReport, NotHeld."""
        await self.catalog.get(title_id)
        job = await self.jobs.find(ENCODE, title_id)
        if job is None or not is_held(job):
            raise NotHeld(title_id, job.state.value if job is not None else "unknown: its job was put away")
        order = msgspec.convert(job.payload, Order)
        match choice:
            case "approve":
                report = await self.reviews.approve(order, note)
            case "again":
                report = await self.reviews.again(order, note)
            case "reject":
                report = await self.reviews.reject(order, note)
                await self.jobs.put_away(job.id)
                return report
        await self.ingest.retry(job.id)
        return report


@get("/v1/titles/{title_id:str}/report", opt=_OWNER)
async def get_report(title_id: FromPath[str], review: Given[Review]) -> Report:
    """How a title was encoded: verdict, findings, renditions, costs, log."""
    return await review.report(title_id)


@get("/v1/titles/{title_id:str}/report/ladder.svg", opt=_OWNER)
async def get_ladder(
    title_id: FromPath[str], review: Given[Review], catalog: Given[Catalog], codec: FromQuery[Codec] = "h264"
) -> Response[bytes]:
    """The trial encodes of a title in one codec and the rungs that were chosen of them, as a picture."""
    report = await review.report(title_id)
    found = next((one for one in report.ladders if one.codec == codec), None)
    title = (await catalog.get(title_id)).title
    if found is None:
        raise NoLadder(title, codec)
    name = title if codec == "h264" else f"{title}, {CODEC_NAMES[codec]}"
    return Response(hull_svg(name, found.trials, found.rungs).encode(), media_type="image/svg+xml")


@get("/v1/titles/{title_id:str}/report/moment/{side:str}", opt=_OWNER)
async def get_moment(title_id: FromPath[str], side: FromPath[Side], review: Given[Review]) -> Response[bytes]:
    """The worst moment of what is held: in the `source`, or in the `encode`."""
    return Response(await review.picture(title_id, side), media_type="image/webp")


@post("/v1/titles/{title_id:str}/report/{choice:str}", opt=_OWNER, status_code=200)
async def decide(
    title_id: FromPath[str], choice: FromPath[Choice], data: JSONBody[Note], review: Given[Review]
) -> Report:
    """Decide about what is held: `approve`, `again` or `reject`, with a note."""
    return await review.decide(title_id, choice, data.note)


HANDLERS: Sequence[ControllerRouterHandler] = (get_report, get_ladder, get_moment, decide)
