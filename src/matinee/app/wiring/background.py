"""The control role: durable jobs with their handlers, events on their way, and the upkeep of what lies about."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import imageio_ffmpeg

from matinee.app.demo.job import RenderDemo
from matinee.app.ingest import DEMO, INGEST
from matinee.app.settings import Settings, quality_limits
from matinee.app.store_mark import StoreMark
from matinee.app.webhooks.service import KIND as WEBHOOK
from matinee.app.webhooks.service import RETRIES_MAX as WEBHOOK_RETRIES_MAX
from matinee.app.wiring.platform import Platform, fonts_folder
from matinee.app.wiring.publication import Publication
from matinee.base import objects as store
from matinee.base import scratch
from matinee.base.errors import Unavailable
from matinee.base.units import Seconds
from matinee.catalog.lettering import Fonts
from matinee.encoding.jobs import EncodeTitle
from matinee.encoding.plan import KIND as ENCODE
from matinee.encoding.plan import Order
from matinee.encoding.qc.quality import Held
from matinee.encoding.recipe import Encoder
from matinee.encoding.tracks.marking import MarkShow
from matinee.encoding.tracks.marks import KIND as MARKS
from matinee.encoding.tracks.marks import PRIORITY as MARKS_PRIORITY
from matinee.encoding.worker.ability import ABILITIES
from matinee.encoding.worker.proving import check_needed, hardware_encoders, lacking
from matinee.encoding.worker.workplace import Workplace
from matinee.insight.outbox import Dispatcher
from matinee.playback.session import LINKS_S
from matinee.work.compute import MACHINE_MEMORY_BYTES, Compute, open_compute
from matinee.work.control import Control, Handler, Lease
from matinee.work.job import LIVE, JobState
from matinee.work.offer import slots
from matinee.work.schedule import Schedule

JOBS_AT_ONCE = 8
ENCODES_AT_ONCE = 4
"""Titles that are encoded at a time: their tasks share the workers by priority. Uploads have places beside them."""
WEBHOOKS_AT_ONCE = 2
OUTBOX_POLL_S = 0.25
HOUSE_POLL_S = 0.25
CREW_S = 2.0
UPKEEP_S = 600.0
MEASURE_S = 60.0
"""The store is measured at most so often when something was published, and else as often as there is an upkeep."""
COMING_S = 3_600.0
STALLED_S = 60.0
"""A file of the object store's own to which nothing was written for so long was left by a process that died."""
JOBS_KEPT_S = 30 * 86_400.0
TIDY = Schedule(name="tidy", cron="0 4 * * *", kind="tidy", subject="store")
"""Once a night, by one control of all: what needs a look at every picture."""

_log = logging.getLogger(__name__)


class NoFfmpeg(Unavailable):
    """There is no FFmpeg where the setting says."""

    code = "no_ffmpeg"


def ffmpeg_of(settings: Settings) -> Path:
    """The FFmpeg to use. Raises NoFfmpeg."""
    path = Path(settings.ffmpeg or imageio_ffmpeg.get_ffmpeg_exe())
    if not path.is_file():
        raise NoFfmpeg(f"there is no FFmpeg at {path}; correct MATINEE_FFMPEG, or leave it out to use Matinee's own")
    return path


def proved_ffmpeg(settings: Settings) -> Path:
    """The FFmpeg to use; an operator's own has shown what it can do. Raises NoFfmpeg and FfmpegLacks."""
    ffmpeg = ffmpeg_of(settings)
    if settings.ffmpeg:
        check_needed(ffmpeg)
        for one in lacking(ffmpeg, [ability for ability in ABILITIES if not ability.is_needed]):
            _log.warning("%s: without %s: %s", ffmpeg, one.name, one.costs)
    return ffmpeg


def worker_slots(settings: Settings) -> int:
    """How many workers this machine has."""
    return slots(settings.worker_count, MACHINE_MEMORY_BYTES, settings.workers)


def build_of(ffmpeg: Path) -> str:
    """The build's identity: the SHA-256 of its bytes, because another build makes other bytes."""
    with ffmpeg.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def scratch_folder(settings: Settings) -> Path:
    """Where unfinished files lie: on the disk of the object store, so that a finished one is moved and not copied."""
    return settings.home.resolve() / "scratch"


@asynccontextmanager
async def opened_workplace(settings: Settings) -> AsyncIterator[tuple[Compute, Workplace]]:
    """Workers, and where they work."""
    ffmpeg = await asyncio.to_thread(proved_ffmpeg, settings)
    build = await asyncio.to_thread(build_of, ffmpeg)
    encoders = await asyncio.to_thread(hardware_encoders, ffmpeg)
    folder = scratch_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    place = Workplace(objects_url=settings.objects_url, scratch=str(folder), ffmpeg=str(ffmpeg), build=build)
    certificates = settings.home / "compute-tls"
    workers = worker_slots(settings)
    async with open_compute(settings.compute_url, workers, folder / "dask", certificates, encoders=encoders) as compute:
        yield compute, place


@asynccontextmanager
async def open_control(platform: Platform, name: str = "control") -> AsyncIterator[Control]:
    """A control with all handlers, and its workers up."""
    await StoreMark(platform.catalog, platform.objects).check()
    async with opened_workplace(platform.settings) as (compute, place):
        control = control_of(platform, compute, place, name)
        telling = asyncio.create_task(_tell_crew(platform, compute, control.owner))
        try:
            yield control
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


async def _tell_crew(platform: Platform, compute: Compute, owner: str) -> None:
    """Write down what the workers are doing, for whoever looks."""
    while True:
        try:
            await platform.jobs.tell_crew(owner, await compute.crew(platform.clock()))
        except Exception:
            _log.warning("what the workers are doing could not be told", exc_info=True)
        await asyncio.sleep(CREW_S)


def control_of(platform: Platform, compute: Compute, place: Workplace, name: str) -> Control:
    """The control on given workers."""
    settings = platform.settings
    encoder = Encoder(build=place.build, preset=settings.preset)
    limits = quality_limits(platform.settings)

    async def is_wanted_again(order: Order) -> bool:
        return order.source in await _sources(platform, *LIVE)

    async def seasons_of(show_id: str) -> list[list[str]]:
        seasons = (await platform.catalog.snapshot()).seasons(show_id)
        return [[title.id for title in season] for season in seasons if len(season) > 1]

    async def tidy_up(_: Lease) -> None:
        await tidy(platform)

    handlers: dict[str, Handler] = {
        TIDY.kind: tidy_up,
        ENCODE: EncodeTitle(
            platform.assets,
            platform.objects,
            compute,
            place,
            encoder,
            settings.surround,
            is_wanted_again,
            StoreMark(platform.catalog, platform.objects).check,
            limits,
        ),
        INGEST: platform.ingest.handle,
        MARKS: MarkShow(platform.assets, compute, place, seasons_of),
        WEBHOOK: platform.webhooks.deliver,
        DEMO: RenderDemo(platform.ingest, compute, place, platform.settings.home.resolve() / "demo", fonts_folder()),
    }
    # One demonstration film is rendered at a time, so that the other worker encodes what is rendered already.
    at_once = {ENCODE: ENCODES_AT_ONCE, DEMO: 1, MARKS: 1, WEBHOOK: WEBHOOKS_AT_ONCE}
    return Control(
        platform.jobs,
        handlers,
        name=name,
        concurrency=JOBS_AT_ONCE,
        at_once=at_once,
        schedules=(TIDY,),
        retries={WEBHOOK: WEBHOOK_RETRIES_MAX},
    )


async def _sources(platform: Platform, *states: JobState) -> set[str]:
    """The masters that jobs in `states` are about."""
    return {str(payload.get("source", "")) for payload in await platform.jobs.payloads(ENCODE, states)}


async def look_after(platform: Platform, stop: asyncio.Event) -> None:
    """Until `stop`: deliver events as they come, sweep now and then, and measure the store. None waits for another."""
    publication = Publication(platform.catalog, platform.assets, platform.objects, Fonts(fonts_folder()))
    changed = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_deliver(platform, publication, changed, stop))
        group.create_task(_keep_house(platform, publication, stop))
        group.create_task(_keep_measured(platform, changed, stop))


async def _deliver(platform: Platform, publication: Publication, changed: asyncio.Event, stop: asyncio.Event) -> None:
    """Hand events on as they come, and set `changed` when there were any."""
    dispatcher = Dispatcher(platform.catalog.engine, (publication.on_change, platform.webhooks.on_change))
    while not stop.is_set():
        try:
            if await dispatcher.drain():
                changed.set()
        except Exception:
            _log.exception("events could not be delivered; trying again")
        await _wait(stop, OUTBOX_POLL_S)
    await dispatcher.drain()


async def _keep_house(platform: Platform, publication: Publication, stop: asyncio.Event) -> None:
    """Sweep when it is time or somebody gave a job up, and tell of failures as they come."""
    next_upkeep = looked = 0.0
    while not stop.is_set():
        now = platform.clock()
        try:
            if now >= next_upkeep or await _is_newer(platform, JobState.CANCELLED, next_upkeep - UPKEEP_S):
                next_upkeep = now + UPKEEP_S
                await upkeep(platform, publication)
                await platform.webhooks.on_failures()
            elif await _is_newer(platform, JobState.FAILED, looked):
                await platform.ingest.reconcile()
                await platform.webhooks.on_failures()
            looked = now
        except Exception:
            _log.exception("looking after leftovers failed; trying again")
        await _wait(stop, HOUSE_POLL_S)


async def _keep_measured(platform: Platform, changed: asyncio.Event, stop: asyncio.Event) -> None:
    """Measure the store when titles have changed, and now and then besides."""
    next_measure = 0.0
    while not stop.is_set():
        now = platform.clock()
        if now >= next_measure + UPKEEP_S or (changed.is_set() and now >= next_measure):
            next_measure = now + MEASURE_S
            changed.clear()
            try:
                await platform.assets.measure_storage()
            except Exception:
                _log.exception("the store could not be measured; trying again")
        await _wait(stop, HOUSE_POLL_S)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _is_newer(platform: Platform, state: JobState, since: float) -> bool:
    """Whether a title's job has come to this state since then."""
    last = await platform.jobs.list(states=[state], kind=ENCODE, limit=1)
    return bool(last) and last[0].updated > since


async def upkeep(platform: Platform, publication: Publication) -> None:
    """Sweep what processes that died have left, and see that every title on its way has a job."""
    await asyncio.to_thread(scratch.sweep, scratch_folder(platform.settings))
    await StoreMark(platform.catalog, platform.objects).check()
    before = platform.clock() - STALLED_S
    await asyncio.to_thread(store.sweep_temporaries, platform.objects, before)
    # What a failed job has made stays until a person retries it or puts it away.
    await platform.assets.sweep(lambda: _sources(platform, *LIVE, JobState.FAILED))
    await publication.catch_up()
    await platform.ingest.reconcile()
    await enqueue_marks(platform)
    await platform.uploads.sweep()


async def enqueue_marks(platform: Platform) -> None:
    """See that every season with an episode nobody has compared yet is compared; one that failed waits for a person."""
    snapshot, marked = await platform.catalog.snapshot(), await platform.assets.marked()
    failed = {job.subject for job in await platform.jobs.list(states=[JobState.FAILED], kind=MARKS)}
    for show_id in snapshot.shows.keys() - failed:
        seasons = [season for season in snapshot.seasons(show_id) if len(season) > 1]
        if any(title.id not in marked for season in seasons for title in season):
            await platform.jobs.enqueue(MARKS, show_id, priority=MARKS_PRIORITY)


async def tidy(platform: Platform) -> None:
    """Forget jobs of long ago and versions that nobody can play any more; remove pictures and subtitles that no title
    names, and the sizes made of them.

    Those of the last hour stay: their title may be about to name them.
    """
    # What is held waits for a person; what is done says how its title was ordered (`--no-crop`, `--accept-damaged`).
    await platform.jobs.prune(Seconds(platform.clock() - JOBS_KEPT_S), but=(Held.code,), done=(ENCODE,))
    await StoreMark(platform.catalog, platform.objects).check()
    await collect_superseded(platform)
    before = platform.clock() - COMING_S
    for prefix in ("images", "subtitles"):
        old = await asyncio.to_thread(store.keys_before, platform.objects, prefix, before)
        used = await _keys_in_use(platform)  # asked after listing: a title may have come to name one
        for key in old:
            if key not in used and re.sub(r"-\d+(?=\.webp$)", "", key) not in used:
                await asyncio.to_thread(store.delete, platform.objects, key)


async def collect_superseded(platform: Platform) -> int:
    """Remove versions that were superseded and that no session and no link can reach; answers how many."""

    async def playing() -> Collection[str]:
        return await platform.playback.state.playing(platform.clock())

    async def in_use() -> set[str]:
        return await _sources(platform, *LIVE)

    return await platform.assets.collect(playing, in_use, LINKS_S)


async def _keys_in_use(platform: Platform) -> set[str]:
    """The pictures and subtitles that titles, versions and titles on their way name."""
    names = await platform.assets.images_in_use() | await platform.assets.images_on_their_way()
    texts = {
        str(sidecar.get("text", ""))
        for payload in await platform.jobs.payloads(ENCODE, (*LIVE, JobState.FAILED))
        for sidecar in payload.get("sidecars", ())
    }
    return await platform.catalog.keys_in_use() | {f"images/{name}" for name in names} | texts
