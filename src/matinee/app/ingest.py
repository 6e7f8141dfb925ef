"""A film comes in: its master is stored, its title made, what lies beside it kept, its encoding enqueued.

Every step may be done again: the same file meets its own master, title and job, so running again is resuming.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from matinee.app.beside import Keeper
from matinee.app.given import Given, given_as, given_at, keeps_bars_in, said_in
from matinee.app.master import Master, Seen, check_head, master_key, masters_before, seen, store_master
from matinee.app.store_mark import StoreMark
from matinee.app.uploads import part as uploads
from matinee.app.uploads.upload import Upload
from matinee.app.urgency import urgency
from matinee.base import objects as store
from matinee.base.errors import Invalid
from matinee.base.objects import Objects, OnBytes
from matinee.catalog.removal import Removal
from matinee.catalog.service import Catalog, UnknownTitle
from matinee.catalog.title import Metadata, Source, Title, episode_code, merged, plain
from matinee.encoding.pertitle.ladder import CODECS, CodecSet, LadderKind
from matinee.encoding.plan import KIND, Order, Sidecar
from matinee.work.control import Lease
from matinee.work.job import LIVE, Job, JobState, Progress, Stage
from matinee.work.service import Jobs

_log = logging.getLogger(__name__)
ENCODE, INGEST, DEMO = KIND, "ingest", "demo"  # the kinds of jobs that films come by
FILM_KINDS = (ENCODE, INGEST, DEMO)
COMING_S = 60.0  # who adds a film may still be keeping what lies beside it, before its job is enqueued
ORPHAN_S = 3_600.0  # a master without a title is left alone this long: its title may be about to come

Origin: TypeAlias = Literal["upload", "watch"]


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a file: its title, the job that makes it playable, and what beside it could not be used."""

    title: Title
    job: Job
    is_new: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ingest:
    """Takes films in, wherever they come from: the command line, an upload, the watched folder."""

    catalog: Catalog
    jobs: Jobs
    objects: Objects
    removal: Removal
    storage_limit_bytes: int = 0
    ladder: LadderKind = "fast"
    codecs: CodecSet = "compat"

    async def take(
        self, given: Given, on_bytes: OnBytes, *, is_ours: bool = False, priority: int | None = None
    ) -> Added:
        """Store the film's master and add it. A file that was taken before and has not changed is not read again.

        `priority` is its job's, where the title's year is not to decide (`urgency`).

        Raises UnusableFile, FileChanged, StorageFull, StorageUnwritable and NamelessTitle, and NotAFilm before it is
        stored where the first bytes tell.
        """
        path = str(given.path.absolute())
        now = await asyncio.to_thread(seen, given.path)
        await asyncio.to_thread(check_head, given.path)
        master = await self._known(path, now)
        if master is None:
            master = await self._stored(given, on_bytes, is_ours)
            now = await asyncio.to_thread(seen, given.path)  # as it is after it was linked
            await self.catalog.remember_file(path, now.size_bytes, now.mtime_ns, master.sha256)
        return await self.add(master, given, priority)

    async def add(self, master: Master, given: Given, priority: int | None = None) -> Added:
        """The title of a stored master and its job: new ones, or those that are there, going on where they stopped."""
        before = await self.catalog.with_source(master.sha256)
        title = before or await self._new_title(master, given.metadata)
        show = await self.catalog.add_show(given.show) if given.show is not None and title.show_id else None
        warnings = await Keeper(self.catalog, self.objects).keep(given, title, show)
        if title.state == "failed":
            title = await self.catalog.mark_processing(title.id)
        ladder, codecs = given.ladder or self.ladder, given.codecs or self.codecs
        job = await self._encoding(
            title,
            ladder,
            codecs,
            is_damaged_accepted=given.is_damaged_accepted,
            keeps_bars=given.keeps_bars,
            priority=priority,
        )
        title = await self.catalog.get(title.id)
        if before is not None and _is_meant_otherwise(given.metadata, before):
            name = f"{before.title} {episode_code(before)}".rstrip()
            warnings.append(f"it is the very same file as {name}, and is not made twice")
        return Added(title=title, job=job, is_new=before is None, warnings=(*given.warnings, *warnings))

    async def enqueue_upload(self, upload: Upload, path: Path) -> None:
        """Have a whole upload at `path` taken in by an `ingest` job."""
        await enqueue_file(self.jobs, upload.id, path, name=upload.filename, said=upload.metadata, origin="upload")

    async def handle(self, lease: Lease) -> None:
        """The handler of `ingest` jobs: takes in a file that arrived whole, by upload or in the watched folder."""
        payload = lease.job.payload
        path, is_upload = Path(payload["path"]), payload["origin"] == "upload"
        if is_upload and await self._is_in(path):
            return
        try:
            size_bytes = (await asyncio.to_thread(seen, path)).size_bytes

            def report(done: int) -> None:
                lease.report(Progress((Stage("store", done, size_bytes),)))

            added = await self.take(_given(payload), report, is_ours=is_upload)
            for warning in added.warnings:
                _log.warning("%s: %s", payload["name"], warning)
            lease.report(Progress((Stage("store", size_bytes, size_bytes),), "; ".join(added.warnings)))
        except Invalid:
            await self._discard(lease.job)
            raise
        await self._discard(lease.job)

    async def _is_in(self, path: Path) -> bool:
        """Whether an upload is gone because its film is in: we were killed before the job's end was recorded."""
        if await asyncio.to_thread(path.exists):
            return False
        sha256 = await self.catalog.last_taken(str(path))
        return sha256 is not None and await self.catalog.with_source(sha256) is not None

    async def _discard(self, job: Job) -> None:
        """Remove the upload that a job was about: its film is in, or was refused. A file of others stays."""
        if job.payload["origin"] == "upload":
            await asyncio.to_thread(uploads.remove_part, Path(job.payload["path"]).parent, job.subject)

    async def retry(self, job_id: str) -> Job:
        """Try a job again that failed or was given up. Raises NoSuchJob and NotNow."""
        job = await self.jobs.retry(job_id)
        if job.kind == ENCODE:
            with suppress(UnknownTitle):  # of a job that was given up, the title may be gone: the job will say so
                await self.catalog.mark_processing(job.subject)
        return job

    async def reconcile(self) -> int:
        """Every title on its way has a job or says why not, no master is without a title. Answers the jobs made.

        Raises AnotherStore.
        """
        await StoreMark(self.catalog, self.objects).check()
        made, before = 0, self.jobs.clock() - COMING_S
        for title in await self.catalog.unfinished():
            with suppress(UnknownTitle):  # somebody has removed it just now
                made += await self._follow_up(title, before)
        await self._sweep_masters()
        return made

    async def _follow_up(self, title: Title, before: float) -> bool:
        """Bring a title that cannot be played yet into line with its job; whether a job had to be made."""
        job = await self.jobs.find(ENCODE, title.id)
        if job is not None and job.state is JobState.FAILED:
            if (title.state, title.reason) != ("failed", job.reason):
                await self.catalog.mark_failed(title.id, job.reason)
        elif job is not None and job.state in LIVE and title.state == "failed":
            await self.catalog.mark_processing(title.id)
        is_abandoned = job is not None and job.state is JobState.CANCELLED
        if is_abandoned or not await asyncio.to_thread(store.exists, self.objects, master_key(title.source)):
            await self.removal.remove(title.id)
        elif job is None and title.state == "processing" and title.created < before:
            await self._encoding(title, self.ladder, self.codecs)
            return True
        return False

    async def _new_title(self, master: Master, metadata: Metadata) -> Title:
        source = Source(sha256=master.sha256, name=master.name, size_bytes=master.size_bytes)
        named = metadata if metadata.show else merged(metadata, Metadata(title=Path(master.name).stem))
        return await self.catalog.add(named, source)

    async def _known(self, path: str, now: Seen) -> Master | None:
        """The master of a file that was read before, if neither has changed."""
        sha256 = await self.catalog.file_taken(path, now.size_bytes, now.mtime_ns)
        if sha256 is None or not await asyncio.to_thread(store.exists, self.objects, master_key(sha256)):
            return None
        return Master(sha256=sha256, size_bytes=now.size_bytes, key=master_key(sha256), name=Path(path).name)

    async def _stored(self, given: Given, on_bytes: OnBytes, is_ours: bool) -> Master:
        """`store_master` in a thread, which ends when this task is cancelled; `on_bytes` is called in this one."""
        loop, stopped = asyncio.get_running_loop(), threading.Event()

        def watched(done: int) -> None:
            if stopped.is_set():
                raise InterruptedError("stopped")
            loop.call_soon_threadsafe(on_bytes, done)

        limit = self.storage_limit_bytes
        storing = asyncio.ensure_future(
            asyncio.to_thread(store_master, given.path, self.objects, watched, limit_bytes=limit, is_ours=is_ours)
        )
        try:
            master = await asyncio.shield(storing)
        except asyncio.CancelledError:
            stopped.set()
            await asyncio.wait([storing])
            raise
        return msgspec.structs.replace(master, name=given.name or master.name)

    async def _encoding(
        self,
        title: Title,
        ladder: LadderKind,
        codecs: CodecSet,
        *,
        is_damaged_accepted: bool = False,
        keeps_bars: bool | None = None,
        priority: int | None = None,
    ) -> Job:
        """The job that makes `title` playable; one that is done is begun again only for other tracks or ladders, or
        for more or less of the picture."""
        job = await self.jobs.find(ENCODE, title.id)
        if job is not None and job.state in LIVE:
            return job
        last = job.payload if job is not None and title.height else {}
        # What a person accepted of a film that can be played holds for its later orders too.
        is_damaged_accepted = is_damaged_accepted or bool(last.get("is_damaged_accepted"))
        keeps_bars = bool(last.get("keeps_bars")) if keeps_bars is None else keeps_bars
        order = await self._order(title, is_damaged_accepted, keeps_bars, ladder, codecs)
        if job is not None and job.state is JobState.DONE and title.height and not _asks_for_more(order, last):
            return job
        await self._put_away_failures(title)
        level = urgency(title.year, self.jobs.clock()) if priority is None else priority
        return await self.jobs.enqueue(ENCODE, title.id, order, level)

    async def _put_away_failures(self, title: Title) -> None:
        """Of a file that was refused before, only what comes of it now is worth telling."""
        for job in await self.jobs.list(states=[JobState.FAILED], kind=ENCODE):
            if job.payload.get("source") == title.source:
                await self.jobs.put_away(job.id)

    async def _order(
        self, title: Title, is_damaged_accepted: bool, keeps_bars: bool, ladder: LadderKind, codecs: CodecSet
    ) -> dict[str, Any]:
        order = Order(
            title_id=title.id,
            master=master_key(title.source),
            source=title.source,
            size_bytes=title.source_size_bytes,
            is_damaged_accepted=is_damaged_accepted,
            keeps_bars=keeps_bars,
            ladder=ladder,
            codecs=codecs,
            sidecars=tuple(
                Sidecar(
                    text=kept.key,
                    language=kept.language,
                    label=kept.label,
                    is_sdh=kept.is_sdh,
                    is_forced=kept.is_forced,
                )
                for kept in await self.catalog.sidecars(title.id)
            ),
        )
        # The names are for people: the job outlives the title of a film that was refused.
        return {**msgspec.to_builtins(order), "title": title.title, "name": title.source_name}

    async def _sweep_masters(self) -> None:
        before = self.jobs.clock() - ORPHAN_S
        for sha256 in await asyncio.to_thread(masters_before, self.objects, before):
            if await self.catalog.with_source(sha256) is None:
                await asyncio.to_thread(store.delete, self.objects, master_key(sha256))


def _is_meant_otherwise(said: Metadata, known: Title) -> bool:
    """Whether what is said of a file is not the title that was made of the same bytes before."""
    if said.show or known.kind == "episode":
        return (said.season, said.episode) != (known.season, known.episode)
    return bool(said.title) and plain(said.title) != plain(known.title)


async def enqueue_file(
    jobs: Jobs, subject: str, path: Path, *, name: str, said: Mapping[str, str], origin: Origin
) -> Job:
    """Have a file taken in: `subject` names it among all (an upload's id), `said` is what its owner says of it."""
    title = said.get("title") or Path(name).stem
    payload = {"path": str(path), "name": name, "title": title, "said": dict(said), "origin": origin}
    return await jobs.enqueue(INGEST, subject, payload)


def _asks_for_more(order: Mapping[str, Any], last: Mapping[str, Any]) -> bool:
    """Whether an order is for other subtitles than the last one of the title, for a codec that it was without, or for
    its bars where they were cut off."""
    made = CODECS[last.get("codecs", "compat")]
    if order["keeps_bars"] != last.get("keeps_bars", False):
        return True
    return _tracks(last) != _tracks(order) or not set(CODECS[order["codecs"]]) <= set(made)


def _tracks(order: Mapping[str, Any]) -> set[Sidecar]:
    """The subtitles that an order is with, whatever their sequence."""
    return set(msgspec.convert(order.get("sidecars", ()), tuple[Sidecar, ...]))


def _given(payload: Mapping[str, Any]) -> Given:
    """The film in a job's payload. An upload's file has a name of ours: its owner's name for it says what it is."""
    path, said = Path(payload["path"]), said_in(payload["said"])
    given = given_as(path, str(payload["name"]), said) if payload["origin"] == "upload" else given_at(path, said)
    return msgspec.structs.replace(given, keeps_bars=keeps_bars_in(payload["said"]))
