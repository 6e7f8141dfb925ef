"""What every role shares: the back ends behind the settings' URLs, and the services on them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import matinee
from matinee.adapters.embedded.log import SqliteEventLog
from matinee.adapters.embedded.state import SqlitePlaybackState
from matinee.app.ingest import DEMO, INGEST, Ingest
from matinee.app.review import Review
from matinee.app.settings import Settings
from matinee.app.uploads.part import part_path
from matinee.app.uploads.service import Uploads
from matinee.app.uploads.upload import Upload
from matinee.app.webhooks.service import Webhooks, webhooks_of
from matinee.base.clock import Clock, system_clock
from matinee.base.database import database_url, open_engine
from matinee.base.objects import Objects, open_objects
from matinee.catalog.removal import Removal
from matinee.catalog.service import Catalog
from matinee.catalog.title import Title
from matinee.delivery.edge.keys import KeyFile, write_keys
from matinee.delivery.token import SigningKey
from matinee.discovery.service import Discovery
from matinee.encoding.plan import KIND as ENCODE
from matinee.encoding.qc.reviews import Reviews
from matinee.encoding.service import Assets
from matinee.members.service import Members
from matinee.playback.marking import Marking
from matinee.playback.position import Position
from matinee.playback.service import Playback
from matinee.work.job import LIVE, Job, JobState
from matinee.work.service import Jobs, NoSuchJob

GB = 1_000_000_000
MAIN_SCHEMA, JOBS_SCHEMA = "matinee_main", "matinee_jobs"


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The services of one process."""

    settings: Settings
    clock: Clock
    objects: Objects
    catalog: Catalog
    assets: Assets
    jobs: Jobs
    removal: Removal
    ingest: Ingest
    uploads: Uploads
    members: Members
    playback: Playback
    marking: Marking
    discovery: Discovery
    webhooks: Webhooks
    review: Review


@asynccontextmanager
async def open_platform(settings: Settings) -> AsyncIterator[Platform]:
    """The services on the back ends that `settings` name; their databases must have been migrated."""
    clock = system_clock
    async with AsyncExitStack() as stack:
        main = open_engine(database_url(settings.database_url, settings.home, "main"), schema=MAIN_SCHEMA)
        stack.push_async_callback(main.dispose)
        queue = open_engine(database_url(settings.database_url, settings.home, "jobs"), schema=JOBS_SCHEMA)
        stack.push_async_callback(queue.dispose)
        objects = open_objects(settings.objects_url)
        catalog, jobs = Catalog(main, clock), Jobs(queue, clock)
        assets = Assets(main, objects, clock)
        removal = Removal(catalog, objects, _disposal(jobs, assets))
        limit_bytes = round(settings.storage_limit_gb * GB)
        ingest = Ingest(catalog, jobs, objects, removal, limit_bytes, settings.ladder, settings.codecs)
        playback = await _playback(settings, clock, catalog, assets, stack)
        yield Platform(
            settings=settings,
            clock=clock,
            objects=objects,
            catalog=catalog,
            assets=assets,
            jobs=jobs,
            removal=removal,
            ingest=ingest,
            uploads=_uploads(settings, clock, ingest),
            members=Members(main, clock),
            playback=playback,
            marking=Marking(catalog, assets, jobs),
            discovery=_discovery(clock, catalog, jobs, playback),
            webhooks=webhooks_of(catalog, jobs, settings.webhook_urls, settings.webhook_secret),
            review=Review(Reviews(objects, assets), catalog, jobs, ingest),
        )


async def _playback(
    settings: Settings, clock: Clock, catalog: Catalog, assets: Assets, stack: AsyncExitStack
) -> Playback:
    state = SqlitePlaybackState(open_engine(database_url("", settings.home, "state")))
    stack.push_async_callback(state.engine.dispose)
    log = SqliteEventLog(open_engine(database_url("", settings.home, "events")))
    stack.push_async_callback(log.engine.dispose)
    await state.prepare()
    await log.prepare()
    return Playback(catalog, assets, state, log, SigningKeys(keys_file(settings)), clock)


def _uploads(settings: Settings, clock: Clock, ingest: Ingest) -> Uploads:
    """Uploads that hand a finished film to an `ingest` job; under HOME, so that it is moved and not copied."""
    folder = settings.home.resolve() / "uploads"
    folder.mkdir(parents=True, exist_ok=True)

    async def on_complete(upload: Upload) -> None:
        await ingest.enqueue_upload(upload, part_path(folder, upload.id))

    return Uploads(folder, clock, round(settings.upload_max_gb * GB), on_complete)


def _discovery(clock: Clock, catalog: Catalog, jobs: Jobs, playback: Playback) -> Discovery:
    async def positions(account_id: str) -> Mapping[str, Position]:
        return await playback.positions(account_id)

    async def encodes() -> Sequence[Job]:
        found = await jobs.list(states=LIVE)
        return [job for job in found if job.kind in (ENCODE, INGEST, DEMO)]

    return Discovery(catalog, positions, encodes, clock)


class _disposal:  # noqa: N801 - a function with two dependencies
    """Ends the jobs of a title that is removed, and removes what encoding keeps of it."""

    def __init__(self, jobs: Jobs, assets: Assets) -> None:
        self.jobs, self.assets = jobs, assets

    async def __call__(self, title: Title) -> None:
        for job in await self.jobs.list(states=[*LIVE, JobState.DONE], subject=title.id):
            with suppress(NoSuchJob):  # somebody else has put it away
                await self.jobs.put_away(job.id)
        await self.assets.remove(title.id, title.source)


def keys_file(settings: Settings) -> Path:
    """Where the edge's signing keys are."""
    return settings.home / "edge-keys.json"


class SigningKeys:
    """The newest signing key of the key file; the file is made with one when it is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            write_keys(path, {secrets.token_hex(4): secrets.token_bytes(32)})
        self.file = KeyFile(path)

    def __call__(self) -> SigningKey:
        self.file.refresh()
        name, secret = list(self.file.keys.items())[-1]
        return SigningKey(name, secret)


def web_folder() -> Path:
    """The built web app: beside the package where it is installed, in the checkout otherwise."""
    package = Path(matinee.__file__).parent
    installed = package / "web"
    return installed if installed.is_dir() else package.parents[1] / "web" / "build"


def fonts_folder() -> Path:
    """The typefaces of posters, which the web build brings."""
    return web_folder() / "fonts" / "posters"
