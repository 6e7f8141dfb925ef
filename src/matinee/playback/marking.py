"""What an owner does with the marks of a title: see where its opening and credits are, say it, have them found anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from matinee.base.errors import Invalid
from matinee.catalog.service import Catalog
from matinee.catalog.title import Title
from matinee.encoding.asset import Asset
from matinee.encoding.service import Assets
from matinee.encoding.tracks.marks import KIND, PRIORITY, Marks, Span
from matinee.work.job import LIVE, JobState
from matinee.work.service import Jobs


class BadMarks(Invalid):
    """Marks that are not within the title, or lie one over the other."""

    code = "bad_marks"


class NothingToCompare(Invalid):
    """A title whose marks cannot be found: no other of its season can be played."""

    code = "nothing_to_compare"

    def __init__(self, title: Title) -> None:
        super().__init__(
            f"{title.title} has no other episode of its season to be compared with; say yourself where its marks are"
        )


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a title's marks can be found by comparing its season, are being found now, and why that failed last."""

    is_possible: bool
    is_running: bool
    reason: str = ""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What an editor sees: the version that the marks are shown on, the marks, and those of the title's season."""

    asset: Asset
    marks: Marks
    season: Sequence[tuple[Title, Marks]]
    comparison: Comparison


@dataclass(frozen=True)
class Marking:
    """The marks of titles, to their owner."""

    catalog: Catalog
    assets: Assets
    jobs: Jobs

    async def marks(self, title_id: str) -> Marks:
        """The marks of a title. Raises UnknownTitle."""
        return await self.assets.marks((await self.catalog.get(title_id)).id)

    async def sheet(self, title_id: str) -> Sheet:
        """All that an editor sees of a title. Raises UnknownTitle and NoAsset."""
        title = await self.catalog.get(title_id)
        asset, season = await self.assets.latest(title_id), await self.season(title)
        marks_of_season = await self.assets.marks_of([one.id for one in season])
        return Sheet(
            asset=asset,
            marks=await self.assets.marks(title_id),
            season=list(zip(season, marks_of_season.values(), strict=True)),
            comparison=await self.comparison(title),
        )

    async def edit(self, title_id: str, intro: Span | None, closing: Span | None) -> Marks:
        """Say where the opening and the credits are, None where there are none. Raises NoAsset and BadMarks."""
        duration_s = (await self.assets.latest(title_id)).duration_s
        for span in (intro, closing):
            if span is not None and span.end_s > duration_s:
                raise BadMarks(f"{span.end_s:g} s is after the end; the title lasts {duration_s:g} s")
        if intro is not None and closing is not None and closing.start_s < intro.end_s:
            raise BadMarks(f"the credits begin at {closing.start_s:g} s, before the opening ends at {intro.end_s:g} s")
        marks = Marks(intro=intro, credits=closing, is_edited=True)
        await self.assets.keep_marks({title_id: marks})
        return marks

    async def comparison(self, title: Title) -> Comparison:
        """How it stands with finding a title's marks."""
        job = await self.jobs.find(KIND, title.show_id) if title.show_id else None
        return Comparison(
            is_possible=len(await self.season(title)) > 1,
            is_running=job is not None and job.state in LIVE,
            reason=job.reason if job is not None and job.state is JobState.FAILED else "",
        )

    async def season(self, title: Title) -> Sequence[Title]:
        """The episodes of a title's season that can be played, in order; none for a film."""
        seasons = (await self.catalog.snapshot()).seasons(title.show_id) if title.show_id else ()
        return next((season for season in seasons if title.id in {one.id for one in season}), ())

    async def find_again(self, title_id: str) -> None:
        """Forget the marks of an episode, also what a person said, and have its season compared again.

        Raises UnknownTitle and NothingToCompare.
        """
        title = await self.catalog.get(title_id)
        if not title.show_id or len(await self.season(title)) < 2:
            raise NothingToCompare(title)
        await self.assets.forget_marks(title.id)
        last = await self.jobs.find(KIND, title.show_id)
        if last is not None and last.state is JobState.FAILED:
            await self.jobs.retry(last.id)
        else:
            await self.jobs.enqueue(KIND, title.show_id, priority=PRIORITY)
