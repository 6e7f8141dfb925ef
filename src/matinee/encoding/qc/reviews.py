"""Reports of titles, and what people decide about what is held: approve it, have it made again, or reject it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from matinee.base import objects as store
from matinee.base.errors import Conflict, NotFound
from matinee.base.objects import Objects
from matinee.encoding import plan as planning
from matinee.encoding.asset import Pictures, image_names
from matinee.encoding.plan import Order
from matinee.encoding.qc.quality import NOT_WHOLE
from matinee.encoding.qc.record import read_or
from matinee.encoding.qc.report import Choice, Decision, Report
from matinee.encoding.service import Assets

NOTE_MAX = 2_000
"""Characters of a note."""
Side: TypeAlias = Literal["source", "encode"]


class NoReport(NotFound):
    """Nothing is known yet of how a title was encoded."""

    code = "no_report"

    def __init__(self, title_id: str) -> None:
        super().__init__(f"there is no report of {title_id} yet; one is written when its encode ends or is held")
        self.title_id = title_id


class NotHeld(Conflict):
    """Nothing of the title waits for a decision."""

    code = "not_held"

    def __init__(self, title_id: str, verdict: str) -> None:
        super().__init__(f"nothing of {title_id} waits for a decision: its verdict is {verdict}; nothing was changed")
        self.title_id, self.verdict = title_id, verdict


class NothingToApprove(Conflict):
    """What is held was never whole, so that it cannot be published."""

    code = "nothing_to_approve"

    def __init__(self, title_id: str) -> None:
        super().__init__(f"what is held of {title_id} is not whole; have it encoded again, or reject it")
        self.title_id = title_id


@dataclass(frozen=True)
class Reviews:
    """The reports in the object store, each of a title that was made of one master (`source`)."""

    objects: Objects
    assets: Assets

    async def report(self, title_id: str, source: str) -> Report:
        """A title's report, with what was decided since. Raises NoReport."""
        return await asyncio.to_thread(self._report, title_id, source)

    async def picture(self, title_id: str, source: str, side: Side) -> bytes:
        """The worst moment of what is held, as a WebP, in the source or in the encode. Raises NoReport."""
        name = planning.moment_names(source, title_id)[side == "encode"]
        try:
            return await asyncio.to_thread(store.read, self.objects, name)
        except FileNotFoundError:
            raise NoReport(title_id) from None

    async def approve(self, order: Order, note: str) -> Report:
        """Let what is held be published, once its job is tried again. Raises NoReport, NotHeld, NothingToApprove."""
        report = await self._waiting(order)
        if any(one.check in NOT_WHOLE for one in report.findings if one.severity == "hold"):
            raise NothingToApprove(order.title_id)
        return await self._decided(order, report, "approve", note)

    async def again(self, order: Order, note: str) -> Report:
        """Forget what is held, so that its job, tried again, makes it anew with the settings of now. Raises NoReport
        and NotHeld."""
        report = await self._waiting(order)
        shown = await self.assets.rendition_keys_in_use()
        for one in (one.key for one in report.renditions if one.is_held):
            made = [f"renditions/{one}"] if one not in shown else []  # what is watched stays
            for name in (*made, f"{planning.work_folder(order.source)}/{one}"):
                await asyncio.to_thread(store.delete_under, self.objects, name)
            await asyncio.to_thread(store.delete, self.objects, planning.remade_name(order.source, one))
        return await self._decided(order, report, "again", note)

    async def reject(self, order: Order, note: str) -> Report:
        """Keep nothing of what is held; what is published stays. Raises NoReport and NotHeld."""
        report = await self._waiting(order)
        decided = await self._decided(order, report, "reject", note)
        pictures = await asyncio.to_thread(
            read_or, self.objects, planning.pictures_name(order), Pictures, Pictures(still="", storyboard=None)
        )
        made = [one.key for one in report.renditions]
        await self.assets.refuse(order, made, image_names(pictures), f"rejected: {note or report.reason}")
        return decided

    async def _waiting(self, order: Order) -> Report:
        report = await self.report(order.title_id, order.source)
        if not report.is_waiting:
            raise NotHeld(order.title_id, report.verdict)
        return report

    async def _decided(self, order: Order, report: Report, choice: Choice, note: str) -> Report:
        held = tuple(one.key for one in report.renditions if one.is_held)
        decision = Decision(choice=choice, renditions=held, note=note[:NOTE_MAX], at=self.assets.clock())
        decisions = (*report.decisions, decision)
        name = planning.decisions_name(order.source, order.title_id)
        await asyncio.to_thread(store.write, self.objects, name, msgspec.json.encode(decisions))
        return msgspec.structs.replace(report, decisions=decisions, is_waiting=False)

    def _report(self, title_id: str, source: str) -> Report:
        if source.startswith("show:"):  # a show is not encoded, its episodes are
            raise NoReport(title_id)
        found: Any = read_or(self.objects, planning.report_name(source, title_id), Report, None)
        if found is None:
            raise NoReport(title_id)
        name = planning.decisions_name(source, title_id)
        decisions = read_or(self.objects, name, tuple[Decision, ...], ())
        is_waiting = found.verdict == "hold" and not any(one.at >= found.at for one in decisions)
        report: Report = msgspec.structs.replace(found, decisions=decisions, is_waiting=is_waiting)
        return report
