"""A film comes in once, with all that lies beside it, and every step may be done again."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image
from tests.app.platform import Intake, intake

from matinee.app import ingest as ingesting
from matinee.app import master
from matinee.app.given import Given, given_as, given_at, keeps_bars_in, said_in, with_files
from matinee.app.ingest import ENCODE, INGEST, enqueue_file
from matinee.app.master import UnusableFile
from matinee.app.uploads import part as uploads
from matinee.app.uploads.upload import Upload
from matinee.base import objects as store
from matinee.base.ids import new_id
from matinee.base.units import Seconds
from matinee.catalog.title import Metadata, Published
from matinee.encoding.plan import Order
from matinee.work.control import Lease
from matinee.work.job import Job, JobState, Progress

FILM = b"\x1a\x45\xdf\xa3"
"""How Matroska begins: enough to be taken for a film until it is looked into."""

SRT = "1\n00:00:01,000 --> 00:00:02,000\nHello <script>\n"
NFO = "<movie><title>Night Fog</title><year>1999</year><genre>Noir</genre></movie>"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Intake]:
    async with intake(tmp_path) as made:
        yield made


def ignore(_: int) -> None:
    """Nobody wants to know how far it is."""


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (200, 300), "navy").save(out, "PNG")
    return out.getvalue()


def make_film(folder: Path, name: str = "Fog (1999)", content: bytes = b"film") -> Path:
    path = folder / "library" / name / f"{name}.mkv"
    path.parent.mkdir(parents=True)
    path.write_bytes(FILM + content)
    return path


async def test_a_film_becomes_a_title_with_a_job(platform: Intake, tmp_path: Path) -> None:
    path = make_film(tmp_path)
    path.with_suffix(".en.sdh.srt").write_text(SRT)
    path.with_name("poster.png").write_bytes(picture())
    path.with_name("movie.nfo").write_text(NFO)
    added = await platform.ingest.take(given_at(path), ignore)
    title = added.title
    assert (added.is_new, added.warnings) == (True, ())
    assert (title.title, title.year, title.genres, title.state) == ("Night Fog", 1999, ("Noir",), "processing")
    assert title.poster is not None
    assert store.exists(platform.objects, f"images/{title.poster.name}")
    order = msgspec.convert(added.job.payload, Order)
    assert (added.job.kind, order.title_id, order.source, order.size_bytes) == (ENCODE, title.id, title.source, 8)
    assert store.read(platform.objects, order.master) == FILM + b"film"
    track = order.sidecars[0]
    assert (track.language, track.label, track.is_sdh) == ("en", "English (SDH)", True)
    assert store.read(platform.objects, track.text).startswith(b"WEBVTT")
    assert b"<script" not in store.read(platform.objects, track.text)


async def test_the_same_film_again_is_the_same_title_and_job(platform: Intake, tmp_path: Path) -> None:
    path, other = make_film(tmp_path), make_film(tmp_path, "Copy")
    first = await platform.ingest.take(given_at(path), ignore)
    for again in (path, other):
        added = await platform.ingest.take(given_at(again), ignore)
        assert (added.title.id, added.job.id, added.is_new) == (first.title.id, first.job.id, False)
    assert len(await platform.jobs.list()) == 1


async def test_a_file_that_was_taken_is_not_read_again(platform: Intake, tmp_path: Path) -> None:
    path, told = make_film(tmp_path), list[int]()
    await platform.ingest.take(given_at(path), told.append)
    await platform.ingest.take(given_at(path), told.append)
    await asyncio.sleep(0)
    assert told == [8]


async def test_a_film_that_failed_is_tried_again_and_one_that_is_done_is_not(platform: Intake, tmp_path: Path) -> None:
    path = make_film(tmp_path)
    added = await platform.ingest.take(given_at(path), ignore)
    job = await claimed(platform, ENCODE)
    await platform.jobs.fail(job, "no room")
    await platform.catalog.mark_failed(added.title.id, "no room")
    again = await platform.ingest.take(given_at(path), ignore)
    assert (again.title.state, again.job.state) == ("processing", JobState.QUEUED)
    assert again.job.id != added.job.id
    await platform.jobs.finish(await claimed(platform, ENCODE))
    await platform.catalog.mark_published(added.title.id, Published(duration_s=1.0, height=360))
    assert (await platform.ingest.take(given_at(path), ignore)).job.state is JobState.DONE


async def test_a_finished_film_is_encoded_again_with_its_bars_and_stays_so_until_it_is_said_otherwise(
    platform: Intake, tmp_path: Path
) -> None:
    plain = given_at(make_film(tmp_path))
    whole, cropped = (msgspec.structs.replace(plain, keeps_bars=keeps) for keeps in (True, False))

    async def ordered(given: Given) -> tuple[JobState, bool]:
        job = (await platform.ingest.take(given, ignore)).job
        kept = msgspec.convert(job.payload, Order).keeps_bars
        if job.state is JobState.QUEUED:
            await platform.jobs.finish(await claimed(platform, ENCODE))
            await platform.catalog.mark_published(job.subject, Published(duration_s=1.0, height=360))
        return job.state, kept

    said = [await ordered(given) for given in (plain, plain, whole, plain, whole, cropped, plain)]
    queued, done = JobState.QUEUED, JobState.DONE
    assert said == [
        (queued, False), (done, False), (queued, True), (done, True), (done, True), (queued, False), (done, False),
    ]  # fmt: skip


@pytest.mark.parametrize(("crop", "keeps"), [("no", True), (" No ", True), ("yes", False), ("", None), ("maybe", None)])
def test_an_upload_may_say_what_becomes_of_black_bars(crop: str, keeps: bool | None) -> None:
    assert keeps_bars_in({"title": "The Quay", "crop": crop}) is keeps
    assert keeps_bars_in({}) is None


async def test_a_finished_film_is_encoded_again_for_a_subtitle_that_comes_later(
    platform: Intake, tmp_path: Path
) -> None:
    path, subtitle = make_film(tmp_path), tmp_path / "later.de.srt"
    given = msgspec.structs.replace(given_at(path), is_damaged_accepted=True)
    title = (await platform.ingest.take(given, ignore)).title
    done = await platform.jobs.finish(await claimed(platform, ENCODE))
    await platform.catalog.mark_published(title.id, Published(duration_s=1.0, height=360))
    subtitle.write_text(SRT)
    given = with_files(given_at(path), poster=None, subtitles=[subtitle])
    again = (await platform.ingest.take(given, ignore)).job
    order = msgspec.convert(again.payload, Order)
    assert (again.state, again.id == done.id) == (JobState.QUEUED, False)
    assert ([track.language for track in order.sidecars], order.is_damaged_accepted) == (["de"], True)
    last = await platform.jobs.finish(await claimed(platform, ENCODE))
    assert (await platform.ingest.take(given, ignore)).job == last


async def test_what_lies_beside_it_never_costs_the_film(platform: Intake, tmp_path: Path) -> None:
    path = make_film(tmp_path)
    path.with_suffix(".srt").write_bytes(b"\0\0")
    path.with_name("poster.jpg").write_bytes(b"no picture")
    path.with_name("movie.nfo").write_bytes(b"<!DOCTYPE x><movie/>")
    added = await platform.ingest.take(given_at(path), ignore)
    assert (added.title.title, added.title.year) == ("Fog", 1999)
    assert sorted(warning.partition(":")[0].rpartition("/")[2] for warning in added.warnings) == [
        "Fog (1999).srt",
        "movie.nfo",
        "poster.jpg",
    ]


async def test_an_episode_comes_with_its_show(platform: Intake, tmp_path: Path) -> None:
    folder = tmp_path / "Shows" / "Harbour (2021) {tvdb-77}"
    (folder / "Season 01").mkdir(parents=True)
    (folder / "tvshow.nfo").write_text("<tvshow><title>Harbour</title><plot>Of the show.</plot></tvshow>")
    (folder / "poster.png").write_bytes(picture())
    path = folder / "Season 01" / "Harbour S01E02 Fog.mkv"
    path.write_bytes(FILM)
    episode = (await platform.ingest.take(given_at(path), ignore)).title
    assert (episode.kind, episode.title, episode.season, episode.episode) == ("episode", "Fog", 1, 2)
    show = await platform.catalog.get(episode.show_id or "")
    assert (show.title, show.year, show.synopsis, show.ids) == ("Harbour", 2021, "Of the show.", {"tvdb": "77"})
    assert show.poster is not None


async def test_what_a_person_says_goes_before_everything(platform: Intake, tmp_path: Path) -> None:
    path = make_film(tmp_path)
    path.with_name("movie.nfo").write_text(NFO)
    subtitle, poster = tmp_path / "mine.de.forced.srt", tmp_path / "mine.png"
    subtitle.write_text(SRT)
    poster.write_bytes(picture())
    given = with_files(given_at(path, Metadata(title="Said", language="de")), poster=poster, subtitles=[subtitle])
    title = (await platform.ingest.take(given, ignore)).title
    assert (title.title, title.language, title.year) == ("Said", "de", 1999)
    assert [(s.language, s.is_forced) for s in await platform.catalog.sidecars(title.id)] == [("de", True)]


async def test_a_file_without_any_name_is_called_as_it_is(platform: Intake, tmp_path: Path) -> None:
    path = tmp_path / "().mkv"
    path.write_bytes(FILM)
    assert (await platform.ingest.take(Given(path=path), ignore)).title.title == "()"


async def test_a_file_that_is_refused_leaves_nothing(platform: Intake, tmp_path: Path) -> None:
    path = tmp_path / "empty.mkv"
    path.touch()
    with pytest.raises(UnusableFile):
        await platform.ingest.take(given_at(path), ignore)
    assert not (await platform.catalog.snapshot()).titles
    assert not await platform.jobs.list()
    assert not store.keys_under(platform.objects, "")


async def test_being_cancelled_stops_the_reading(
    platform: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(master, "BLOCK_BYTES", 1)
    path, begun = make_film(tmp_path, content=b"film" * 50_000), asyncio.Event()
    taking = asyncio.create_task(platform.ingest.take(given_at(path), lambda _: begun.set()))
    await begun.wait()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert not store.keys_under(platform.objects, "")


async def test_reconciling_gives_every_title_on_its_way_a_job(
    platform: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingesting, "COMING_S", -1.0)
    for name in ("a", "b", "c"):
        await platform.ingest.take(given_at(make_film(tmp_path, name, name.encode())), ignore)
    kept, lost, cancelled = await platform.catalog.unfinished()
    jobs = {job.subject: job for job in await platform.jobs.list()}
    await platform.jobs.cancel(jobs[cancelled.id].id)
    for job in (jobs[kept.id], jobs[lost.id]):
        await platform.jobs.cancel(job.id)
    await platform.jobs.prune(Seconds(4e9))
    await platform.jobs.cancel((await platform.jobs.enqueue(ENCODE, cancelled.id)).id)
    store.delete(platform.objects, f"masters/{lost.source}")

    assert await platform.ingest.reconcile() == 1

    assert sorted(platform.disposed) == sorted([lost.id, cancelled.id])
    live = await platform.jobs.list(states=[JobState.QUEUED])
    assert [job.subject for job in live] == [kept.id]


async def test_a_title_says_that_its_job_has_failed_until_it_is_tried_again(platform: Intake, tmp_path: Path) -> None:
    added = await platform.ingest.take(given_at(make_film(tmp_path)), ignore)
    await platform.jobs.fail(await claimed(platform, ENCODE), "the disk was full")
    await platform.ingest.reconcile()
    failed = await platform.catalog.get(added.title.id)
    assert (failed.state, failed.reason) == ("failed", "the disk was full")
    await platform.ingest.retry(added.job.id)
    again = await platform.catalog.get(added.title.id)
    assert (again.state, again.reason) == ("processing", "")
    await platform.catalog.mark_failed(added.title.id, "as somebody thought who looked too early")
    await platform.ingest.reconcile()
    assert (await platform.catalog.get(added.title.id)).state == "processing"


async def test_a_failed_job_that_is_put_away_is_not_begun_again(
    platform: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingesting, "COMING_S", -1.0)
    added = await platform.ingest.take(given_at(make_film(tmp_path)), ignore)
    await platform.jobs.fail(await claimed(platform, ENCODE), "the disk was full")
    await platform.ingest.reconcile()
    await platform.jobs.put_away(added.job.id)
    assert await platform.ingest.reconcile() == 0
    assert (await platform.catalog.get(added.title.id)).state == "failed"
    assert await platform.jobs.list() == []


async def test_a_master_whose_title_never_came_is_swept_after_a_while(
    platform: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = await platform.ingest.take(given_at(make_film(tmp_path)), ignore)
    store.write(platform.objects, f"masters/{'0' * 64}", b"orphan")
    await platform.ingest.reconcile()
    assert len(store.keys_under(platform.objects, "masters")) == 2
    monkeypatch.setattr(ingesting, "ORPHAN_S", -60.0)
    await platform.ingest.reconcile()
    assert list(store.keys_under(platform.objects, "masters")) == [f"masters/{added.title.source}"]


async def claimed(platform: Intake, kind: str) -> Job:
    job = await platform.jobs.claim([kind], "test", 60.0)
    assert job is not None
    return job


def lease_of(job: Job) -> Lease:
    async def write(job: Job, progress: Progress) -> Job:
        return msgspec.structs.replace(job, progress=progress)

    return Lease(job, write)


def make_upload(folder: Path, content: bytes, **metadata: str) -> tuple[Upload, Path]:
    upload = Upload(
        id=new_id("upload"),
        account_id="account_1",
        size_bytes=max(1, len(content)),
        filename="Fog.1999.1080p.mkv",
        metadata=metadata,
        created=Seconds(1.0),
        updated=Seconds(1.0),
        synced_bytes=0,
        boot="",
    )
    uploads.create(folder, upload)
    path = uploads.part_path(folder, upload.id)
    path.write_bytes(FILM + content if content else b"")
    return upload, path


async def test_an_upload_is_taken_in_and_its_bytes_are_gone(platform: Intake, tmp_path: Path) -> None:
    upload, path = make_upload(tmp_path / "uploads", b"film", title="Said")
    await platform.ingest.enqueue_upload(upload, path)
    await platform.ingest.enqueue_upload(upload, path)
    assert len(await platform.jobs.list(kind=INGEST)) == 1
    await platform.ingest.handle(lease_of(await claimed(platform, INGEST)))
    title = (await platform.catalog.unfinished())[0]
    assert (title.title, title.year, title.source_name) == ("Said", 1999, "Fog.1999.1080p.mkv")
    assert [path.suffix for path in (tmp_path / "uploads").iterdir()] == [".json"], "its bytes are gone"


async def test_an_upload_whose_taker_was_killed_at_the_very_end_is_in(platform: Intake, tmp_path: Path) -> None:
    upload, path = make_upload(tmp_path / "uploads", b"film")
    await platform.ingest.enqueue_upload(upload, path)
    job = await claimed(platform, INGEST)
    await platform.ingest.handle(lease_of(job))
    await platform.ingest.handle(lease_of(job))  # its end was not recorded
    assert len(await platform.catalog.unfinished()) == 1


async def test_an_upload_that_is_gone_and_was_never_taken_is_refused(platform: Intake, tmp_path: Path) -> None:
    upload, path = make_upload(tmp_path / "uploads", b"film")
    await platform.ingest.enqueue_upload(upload, path)
    path.unlink()
    with pytest.raises(UnusableFile):
        await platform.ingest.handle(lease_of(await claimed(platform, INGEST)))


async def test_an_upload_that_is_refused_is_forgotten_too(platform: Intake, tmp_path: Path) -> None:
    upload, path = make_upload(tmp_path / "uploads", b"")
    await platform.ingest.enqueue_upload(upload, path)
    with pytest.raises(UnusableFile):
        await platform.ingest.handle(lease_of(await claimed(platform, INGEST)))
    assert [path.suffix for path in (tmp_path / "uploads").iterdir()] == [".json"], "its bytes are gone"


async def test_a_file_of_the_watched_folder_stays(platform: Intake, tmp_path: Path) -> None:
    path = make_film(tmp_path)
    await enqueue_file(platform.jobs, "a", path, name=path.name, said={}, origin="watch")
    await platform.ingest.handle(lease_of(await claimed(platform, INGEST)))
    assert [title.title for title in await platform.catalog.unfinished()] == ["Fog"]
    assert path.exists()


async def test_what_beside_a_film_cannot_be_read_is_told_however_the_film_came(
    platform: Intake, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_film(tmp_path)
    path.with_suffix(".en.sup").write_bytes(b"PG")
    told = f"{path.stem}.en.sup: subtitles of the kind .sup are not read; convert them to SRT or WebVTT"
    assert (await platform.ingest.take(given_at(path), ignore)).warnings == (told,)
    await enqueue_file(platform.jobs, "a", path, name=path.name, said={}, origin="watch")
    await platform.ingest.handle(lease_of(await claimed(platform, INGEST)))
    assert f"{path.name}: {told}" in caplog.text


@pytest.mark.parametrize(
    ("pairs", "known"),
    [
        ({"title": "A", "year": "1999", "language": "German"}, Metadata(title="A", year=1999, language="de")),
        ({"year": "-1", "language": "klingon", "genre": "Noir, War,"}, Metadata(genres=("Noir", "War"))),
        ({"year": "١٩٩٩"}, Metadata()),
    ],
)
def test_what_is_said_as_text_is_read(pairs: dict[str, str], known: Metadata) -> None:
    assert said_in(pairs) == known


def test_an_upload_s_name_says_what_it_is() -> None:
    given: Any = given_as(Path("/x/upload_1.part"), "Harbour S01E02.mkv", Metadata())
    assert (given.metadata.show, given.metadata.episode, given.name) == ("Harbour", 2, "Harbour S01E02.mkv")


async def test_a_release_goes_before_the_back_catalogue_unless_its_job_says_otherwise(
    platform: Intake, tmp_path: Path
) -> None:
    year = datetime.now(UTC).year
    old = await platform.ingest.take(given_at(make_film(tmp_path, "Old (1960)", b"old")), ignore)
    new = await platform.ingest.take(given_at(make_film(tmp_path, f"New ({year})", b"new")), ignore)
    demo = await platform.ingest.take(given_at(make_film(tmp_path, f"Demo ({year})", b"demo")), ignore, priority=-1)
    assert new.job.priority > old.job.priority > demo.job.priority == -1
