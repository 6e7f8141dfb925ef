"""A film in, a film out: the whole job over generated films, interrupted, damaged, and done again."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import random
import subprocess
import threading
import time
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from tests.encoding.remake import remake
from tests.encoding.subtitled import with_pictures, with_signs, with_text
from tests.encoding.workshop import Workshop, workshop
from tests.media import generate
from tests.media.boxes import read_index, read_init
from tests.media.compare import av_offset_ms, check_joins, compare
from tests.media.generate import Clip, ffmpeg, make_flash_and_beep, make_numbered, number_of
from tests.media.track import MediaFile, Range, check_file, pictures

from matinee.base import objects as store
from matinee.base import subtitles
from matinee.base.errors import Unavailable
from matinee.encoding import plan as planning
from matinee.encoding.asset import Asset, AudioRendition, SegmentIndex, rendition_keys, sound_tracks
from matinee.encoding.formats import cmaf
from matinee.encoding.pertitle.hull import LOWEST_BPS, quality_ladder
from matinee.encoding.pertitle.trial import Analysis
from matinee.encoding.plan import Order, Sidecar, report_name
from matinee.encoding.qc.quality import Held, QualityFailed
from matinee.encoding.qc.record import SAID_MAX
from matinee.encoding.qc.report import Attempt, Report
from matinee.encoding.qc.reviews import Reviews
from matinee.encoding.source import FilmRefused
from matinee.encoding.tracks.loudness import (
    PEAK_MAX_DBTP,
    SILENCE_LUFS,
    TARGET_LUFS,
    Loudness,
    gain_db,
    is_limited,
    loudness_in,
)
from matinee.encoding.tracks.sound import FIRST_GROUP
from matinee.encoding.worker import tasks
from matinee.encoding.worker.said import LINES_MAX
from matinee.encoding.worker.workplace import EncoderDiffers, FfmpegFailed, FramesMissing, MachineFailed
from matinee.work.compute import WorkerLost
from matinee.work.control import Ending
from matinee.work.job import Progress, Stage

CLIP = Clip(frames=312, width=854, height=480)
"""13 s at 23.976: three segments, three chunks, two rungs."""
SMALL = Clip(frames=312, width=320, height=180)


@pytest.fixture(scope="module")
def flash_and_beep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_flash_and_beep(tmp_path_factory.mktemp("film") / "film.mkv", CLIP)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A numbered film with one rung."""
    return make_numbered(tmp_path_factory.mktemp("film") / "film.mp4", SMALL)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path / "home") as made:
        yield made


def read_file(url: str, part: Range | None) -> bytes:
    data = Path(url).read_bytes()
    return data if part is None else data[part[0] : part[1] + 1]


def checked(place: Workshop, rendition: object) -> MediaFile:
    """A stored rendition, held against the standards and its own index."""
    key, init, index = (getattr(rendition, name) for name in ("key", "init_range", "index_range"))
    folder = place.folder / "objects" / "renditions" / key
    known = msgspec.json.decode((folder / "index.json").read_bytes(), type=SegmentIndex)
    return check_file(read_file, str(folder / "media.mp4"), init_range=init, index_range=index, known=known)


def shown_frames(place: Workshop, key: str) -> list[int]:
    """The numbers that the frames of a rendition of a numbered film show."""
    url = str(place.folder / "objects" / "renditions" / key / "media.mp4")
    return [number_of(luma) for _, luma in pictures(read_file, media_file(url, place, key))]


def media_file(url: str, place: Workshop, key: str) -> MediaFile:
    folder = Path(url).parent
    facts = msgspec.json.decode((folder / "rendition.json").read_bytes())
    init, index = tuple(facts["init_range"]), tuple(facts["index_range"])
    read_init(read_file(url, init))
    read_index(read_file(url, index))
    return check_file(read_file, url, init_range=init, index_range=index)


async def only(place: Workshop) -> Asset:
    """The whole version of a film with one rung; before it there may be one with a part of the sound."""
    *parts, version = await place.versions()
    assert [one.is_complete for one in (*parts, version)] in ([True], [False, True])
    assert all(one.video == version.video and len(one.audio) < len(version.audio) for one in parts)
    return version


def main_sound(version: Asset) -> list[AudioRendition]:
    """The form of each track with which a title is published first."""
    return [track for track in version.audio if track.group == FIRST_GROUP]


# The film that comes out


async def test_a_film_is_published_lowest_rung_first_and_leaves_nothing_behind(
    place: Workshop, flash_and_beep: Path
) -> None:
    order = place.take(flash_and_beep)
    place.compute.slots = 1  # one task after the other, the most urgent first: the upper rung cannot overtake
    await place.encode(order)

    first, last = await place.versions()
    assert [[rung.name for rung in version.video] for version in (first, last)] == [["360p"], ["360p", "480p"]]
    assert [(version.number, version.is_complete) for version in (first, last)] == [(1, False), (2, True)]
    assert [[track.group for track in version.audio] for version in (first, last)] == [["main"], ["main", "low"]]
    assert first.duration_s == pytest.approx(13.013)
    assert first.storyboard is not None

    keys = rendition_keys(last)
    files = ("index.json", "media.m3u8", "media.mp4", "rendition.json")
    assert set(place.stored()) == {
        order.master,
        *(f"renditions/{rung.key}/iframes.m3u8" for rung in last.video),
        *(f"renditions/{key}/{file}" for key in keys for file in files),
        f"images/{last.still}",
        f"images/{last.storyboard.image}" if last.storyboard else "",
        report_name(order.source, order.title_id),
    }
    assert list((place.folder / "scratch").iterdir()) == []
    assert place.reports[-1].stages[-1].done == place.reports[-1].stages[-1].total

    # The files are what the standards and the source say.
    video = [checked(place, rung) for rung in last.video]
    audio, low = [checked(place, track) for track in last.audio]
    assert (audio.starts, audio.end) == (low.starts, low.end), "a player changes between them at any cut"
    for file in video:
        comparison = compare(flash_and_beep, read_file, file)
        assert len(comparison.times) == CLIP.frames
        assert list(comparison.times) == [n / CLIP.rate for n in range(CLIP.frames)], "not a tick off at any join"
        check_joins(comparison, [144, 288])
        assert file.starts == tuple(n * Fraction(6006, 1000) for n in range(3))
        assert abs(av_offset_ms(read_file, file, audio)) <= 5

    # Again: nothing is published, and nothing done but a look at the file.
    before = place.stored()
    place.compute.performed.clear()
    await place.encode(order)
    assert place.stored() == before
    assert [name.partition("-")[0] for name in place.compute.performed] == ["inspect"]
    assert len(await place.versions()) == 2
    assert [event["kind"] for event in await place.events()] == ["asset.published.1"] * 2


async def test_an_independent_run_makes_the_same_bytes_of_every_frame_in_order(
    place: Workshop, small: Path, whole: dict[str, str]
) -> None:
    await place.encode(place.take(small))
    assert place.stored() == whole
    (rung,) = (await only(place)).video
    assert shown_frames(place, rung.key) == list(range(SMALL.frames))


async def test_subtitles_that_come_later_are_published_with_every_rung_at_once(
    place: Workshop, flash_and_beep: Path
) -> None:
    order = place.take(flash_and_beep)
    await place.encode(order)
    before = await place.versions()
    store.write(place.objects, "subtitles/en.vtt", b"WEBVTT\n")
    sidecar = Sidecar(text="subtitles/en.vtt", language="en", label="English")
    place.compute.performed.clear()
    await place.encode(msgspec.structs.replace(order, sidecars=(sidecar,)))
    *others, last = await place.versions()
    assert others == before, "nobody is offered less meanwhile"
    assert [track.language for track in last.subtitles] == ["en"]
    as_before = msgspec.structs.replace(before[-1], id=last.id, number=last.number, subtitles=last.subtitles)
    assert last == as_before
    assert [name.rpartition("/")[2].partition("-")[0] for name in place.compute.performed] == [
        "inspect",
        "rendition.json",
    ]


def said(place: Workshop, version: Asset) -> dict[str, str]:
    """The cues of each subtitle track, by its label."""
    folder = place.folder / "objects" / "renditions"
    return {track.label: (folder / track.key / "media.vtt").read_text() for track in version.subtitles}


INSIDE = {
    "English": "WEBVTT\n\n00:00:01.000 --> 00:00:02.500TOP\n<i>Fog</i> &amp; salt\n\n"
    "00:00:11.000 --> 00:00:13.013\nIt goes on\n",
    "German (forced)": "WEBVTT\n\n00:00:03.040 --> 00:00:04.000\nNebel\n",
}
"""What becomes of `subtitled.with_text`: cut where the film ends."""


@pytest.mark.parametrize(
    ("name", "kinds", "start_s", "top"),
    [
        ("film.mkv", ("subrip", "ass"), 5.0, " line:10%"),
        ("film.mp4", ("mov_text", "mov_text"), 0.0, ""),  # 3GPP timed text has no place for it
        ("film.mkv", ("webvtt", "subrip"), 0.0, ""),
    ],
)
async def test_subtitles_inside_a_film_are_published_on_its_timeline(
    place: Workshop, small: Path, tmp_path: Path, name: str, kinds: tuple[str, str], start_s: float, top: str
) -> None:
    order = place.take(with_text(small, tmp_path / name, kinds=kinds, start_s=start_s))
    await place.encode(order)
    version = await only(place)
    assert said(place, version) == {label: text.replace("TOP", top) for label, text in INSIDE.items()}
    assert [(track.language, track.is_forced) for track in version.subtitles] == [("en", False), ("de", True)]
    assert place.stored("work") == {}

    # A sidecar that says the same as a track inside takes its place; the version is otherwise as before.
    content = said(place, version)["English"].encode()
    text = f"subtitles/{hashlib.sha256(content).hexdigest()}.vtt"
    store.write(place.objects, text, content)
    sidecar = Sidecar(text=text, language="en", label="From the sidecar")
    await place.encode(msgspec.structs.replace(order, sidecars=(sidecar,)))
    assert [track.label for track in (await place.versions())[-1].subtitles] == ["From the sidecar", "German (forced)"]


async def test_a_sign_in_two_layers_is_said_once_and_its_drawing_not_at_all(
    place: Workshop, small: Path, tmp_path: Path
) -> None:
    await place.encode(place.take(with_signs(small, tmp_path / "film.mkv")))
    assert said(place, await only(place)) == {
        "Unknown language": "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n<i>EXIT</i>\n"
    }


async def test_a_subtitle_track_is_read_once_even_if_the_job_is_interrupted(
    place: Workshop, small: Path, tmp_path: Path
) -> None:
    def interrupt(name: str) -> None:
        if name.endswith(".mp4"):
            raise RuntimeError("interrupted")

    order, place.compute.before = place.take(with_text(small, tmp_path / "film.mkv")), interrupt
    with pytest.raises(RuntimeError):
        await place.encode(order)
    await place.compute.let_go([""])
    place.compute.before = lambda _: None
    await place.encode(order)
    looks = {name: times for name, times in place.compute.performed.items() if "/text-" in name or "/window-" in name}
    assert len(looks) == 3
    assert set(looks.values()) == {1}


async def test_a_subtitle_track_that_cannot_be_read_does_not_cost_the_film(
    place: Workshop, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(subtitles, "CUES_MAX", 1)
    await place.encode(place.take(with_text(small, tmp_path / "film.mkv")))
    assert (await only(place)).subtitles == ()
    assert "subtitle track 2 is left out: the subtitle file has 2 cues" in caplog.text


async def test_rungs_of_measured_quality_are_encoded_to_it_and_a_title_is_tried_once(
    place: Workshop, flash_and_beep: Path
) -> None:
    order = msgspec.structs.replace(place.take(flash_and_beep), ladder="quality")
    await place.encode(order)
    last = (await place.versions())[-1]
    assert last.is_complete
    assert last.video[0].average_bps <= LOWEST_BPS
    assert [stage.name for stage in place.reports[-1].stages][:3] == ["inspect", "analyse", "try"]
    for rung in last.video:
        assert len(compare(flash_and_beep, read_file, checked(place, rung)).times) == CLIP.frames
    (kept,) = (name for name in place.stored("analyses") if "report-" not in name)
    analysis = msgspec.json.decode(store.read(place.objects, kept), type=Analysis)
    assert {trial.size[1] for trial in analysis.trials} == {240, 360, 480}
    assert [rung.name for rung in last.video] == [rung.name for rung in quality_ladder(analysis.trials)]

    place.compute.performed.clear()
    await place.encode(msgspec.structs.replace(order, title_id="title_2"))
    assert place.compute.performed
    assert not [name for name in place.compute.performed if "trial-" in name or name.endswith(".mp4")]


async def test_a_film_without_sound_is_published(place: Workshop, tmp_path: Path) -> None:
    clip = Clip(frames=30, width=160, height=90)
    await place.encode(place.take(make_numbered(tmp_path / "silent.mp4", clip, has_sound=False)))
    version = await only(place)
    assert (version.audio, version.is_complete) == ((), True)


async def test_odd_sides_are_made_even(place: Workshop, tmp_path: Path) -> None:
    even = make_numbered(tmp_path / "even.mp4", Clip(frames=30), has_sound=False)
    odd = remake(even, tmp_path / "odd.mkv", "-vf", "scale=161:91", "-c:v", "ffv1", "-pix_fmt", "yuv444p")
    await place.encode(place.take(odd))
    (rung,) = (await only(place)).video
    assert (rung.width, rung.height) == (160, 90)


# Loudness


def loudness(path: Path) -> Loudness:
    """What a rendition measures, as it is played by two loudspeakers."""
    argv = [ffmpeg(), "-hide_banner", "-i", str(path), "-af", "ebur128=peak=true:framelog=quiet:dualmono=1"]
    done = subprocess.run([*argv, "-f", "null", "-"], capture_output=True, check=True, text=True)
    return loudness_in(done.stderr, 0)


PAN = {"mono": "c0=c0", "stereo": "c0=c0|c1=c0", "5.1": "FL=c0|FR=c0|FC=c0"}


def with_tone(film: Path, out: Path, level_db: float, *layouts: str) -> Path:
    """`film` with a track for each channel layout, all of them a sine of 1 kHz whose peaks are at `level_db`."""
    tracks = [
        option
        for n, layout in enumerate(layouts)
        for option in ("-map", "1", f"-filter:a:{n}", f"volume={level_db}dB,pan={layout}|{PAN[layout]}")
    ]
    tone = "aevalsrc=sin(2000*PI*t):s=48000:d=13"
    return remake(film, out, "-f", "lavfi", "-i", tone, "-map", "0:v", *tracks, "-c:v", "copy", "-c:a", "flac")


async def test_surround_in_e_ac_3_begins_with_the_picture(place: Workshop, tmp_path: Path) -> None:
    film = make_flash_and_beep(tmp_path / "film.mkv", SMALL)
    wide = remake(film, tmp_path / "wide.mkv", "-af", "pan=5.1|FL=c0|FR=c0|FC=c0", "-c:v", "copy", "-c:a", "flac")
    handler = dataclasses.replace(place.handler, surround="eac3")
    await dataclasses.replace(place, handler=handler).encode(place.take(wide))
    version = await only(place)
    assert [(track.group, track.channels, track.codecs) for track in version.audio] == [
        ("main", 2, "mp4a.40.2"),
        ("low", 2, "mp4a.40.2"),
        ("high", 2, "mp4a.40.2"),
        ("surround", 6, "ec-3"),
    ]
    (video,) = [checked(place, rung) for rung in version.video]
    for track in version.audio:
        file = checked(place, track)
        assert abs(av_offset_ms(read_file, video, file)) <= 5, track.group
        assert abs(file.end - video.end) <= file.frame_duration


@pytest.mark.parametrize("level_db", [-32.0, -1.0])
async def test_a_quiet_film_and_a_loud_one_are_equally_loud(
    place: Workshop, small: Path, tmp_path: Path, level_db: float
) -> None:
    await place.encode(place.take(with_tone(small, tmp_path / "film.mkv", level_db, "mono", "stereo", "5.1")))
    version = await only(place)
    assert [[form.channels for form in forms] for forms in sound_tracks(version.audio)] == [
        [1, 1],
        [2, 2, 2],
        [2, 2, 2, 6],
    ]
    for track in version.audio:
        file = place.folder / "objects" / "renditions" / track.key / "media.mp4"
        assert loudness(file).lufs == pytest.approx(TARGET_LUFS, abs=0.5)
        checked(place, track)


async def test_silence_stays_silent(place: Workshop, small: Path, tmp_path: Path) -> None:
    await place.encode(place.take(with_tone(small, tmp_path / "film.mkv", -90.0, "stereo")))
    (track,) = main_sound(await only(place))
    assert loudness(place.folder / "objects" / "renditions" / track.key / "media.mp4").lufs == SILENCE_LUFS


async def test_peaks_that_the_gain_lifts_too_high_are_limited_and_not_late(
    place: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "BEEP_S", 0.008)  # so short that its peaks are far above its loudness
    film = make_flash_and_beep(tmp_path / "film.mkv", SMALL)
    measured = loudness(film)
    assert gain_db(measured) > 0
    assert is_limited(measured)
    await place.encode(place.take(film))
    version = await only(place)
    (video,), (audio,) = version.video, main_sound(version)
    played = loudness(place.folder / "objects" / "renditions" / audio.key / "media.mp4")
    assert played.peak_dbtp <= PEAK_MAX_DBTP + 1.0, "what AAC adds"
    assert abs(av_offset_ms(read_file, checked(place, video), checked(place, audio))) <= 5


# Interruptions


@pytest.mark.parametrize("seed", range(4))
async def test_an_interrupted_job_goes_on_and_makes_the_same_bytes(
    seed: int, whole: dict[str, str], small: Path, tmp_path: Path
) -> None:
    chance, encoded = random.Random(seed), dict[str, int]()
    for _ in range(50):
        async with workshop(tmp_path / "home") as place:
            job = asyncio.create_task(place.encode(place.take(small)))
            await asyncio.wait([job], timeout=chance.uniform(0.05, 0.7))
            job.cancel()
            await asyncio.wait([job])
            for name, times in place.compute.encoded().items():
                encoded[name] = encoded.get(name, 0) + times
            if not job.cancelled():
                job.result()
                break
    else:
        pytest.fail("it gets no further")
    assert set(encoded.values()) == {1}, "no chunk was encoded twice"
    async with workshop(tmp_path / "home") as place:
        assert place.stored() == whole
        assert (await only(place)).is_complete


@pytest.fixture(scope="module")
def whole(small: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What an uninterrupted job stores."""

    async def encoded() -> dict[str, str]:
        async with workshop(tmp_path_factory.mktemp("whole")) as place:
            await place.encode(place.take(small))
            return place.stored()

    with asyncio.Runner() as runner:
        return runner.run(encoded())


async def test_a_paused_job_lets_go_of_its_workers_and_goes_on_without_encoding_a_chunk_twice(
    place: Workshop, small: Path, whole: dict[str, str]
) -> None:
    order, encoded = place.take(small), 0

    def note(name: str) -> None:
        nonlocal encoded
        encoded += name.endswith(".mp4")
        if encoded == 2 and lease.ending is None:
            lease.ending = Ending.PAUSED
            asyncio.get_running_loop().call_soon(working.cancel)

    place.compute.before = note
    lease = place.lease(order)
    working = asyncio.create_task(place.handler(lease))
    with pytest.raises(asyncio.CancelledError):
        await working
    assert place.compute.is_idle()
    await place.encode(order)
    assert place.stored() == whole
    assert set(place.compute.encoded().values()) == {1}


async def test_tasks_are_timed_by_stage_and_what_earlier_attempts_timed_is_kept(place: Workshop, small: Path) -> None:
    order = place.take(small)
    before = Progress((Stage("sound", 0, 1, timed=4, spent_s=100.0),))
    await place.encode(order, before)
    stages = {stage.name: stage for stage in place.reports[-1].stages}
    rungs = [stage for stage in stages.values() if stage.weight > 0]
    assert rungs and all(0 < rung.timed <= rung.total and rung.spent_s > 0 for rung in rungs)
    assert [rung.weight for rung in rungs] == sorted(rung.weight for rung in rungs)
    assert stages["sound"].timed > 4 and stages["sound"].spent_s > 100.0
    assert all(doing.startswith(f"{order.title_id} ") for doing in place.compute.doings.values())


# Quality control


def damage(path: Path, *, at: float) -> None:
    """Overwrite a third of the file with zeros, or what is left of it."""
    content = bytearray(path.read_bytes())
    start, end = int(len(content) * at), min(int(len(content) * (at + 1 / 3)), len(content))
    content[start:end] = bytes(end - start)
    path.write_bytes(bytes(content))


def paths(place: Workshop, pattern: str) -> list[Path]:
    return sorted((place.folder / "objects").glob(pattern))


def checked_rung(place: Workshop, name: str) -> list[Path]:
    """The video file that the task of this name checks, if it is one that checks video."""
    media = paths(place, f"renditions/{name.split('/')[-2]}/media.mp4") if "/checked-" in name else []
    return [path for path in media if b"avc1" in path.read_bytes()[:4_000]]


async def test_a_rendition_whose_bytes_changed_is_not_published_and_is_made_anew(place: Workshop, small: Path) -> None:
    def corrupt(name: str) -> None:
        for media in checked_rung(place, name):
            damage(media, at=0.9)

    order, place.compute.before = place.take(small), corrupt
    with pytest.raises(QualityFailed):
        await place.encode(order)
    assert await place.versions() == []

    place.compute.before = lambda _: None
    await place.encode(order)
    assert (await only(place)).is_complete


async def test_a_chunk_that_went_bad_is_caught_and_encoded_anew(
    place: Workshop, small: Path, whole: dict[str, str]
) -> None:
    def corrupt(name: str) -> None:
        if name.endswith("rendition.json"):
            for chunk in paths(place, "work/*/*/00001.mp4"):
                damage(chunk, at=0.3)

    order, place.compute.before = place.take(small), corrupt
    with pytest.raises(QualityFailed):
        await place.encode(order)
    assert await place.versions() == []

    place.compute.before = lambda _: None
    await place.encode(order)
    assert place.stored() == whole


async def test_a_rendition_of_other_frames_is_not_published(place: Workshop, small: Path) -> None:
    def swap(name: str) -> None:
        if name.endswith("rendition.json"):  # chunks of the same length, so everything about them fits but the picture
            for first in paths(place, "work/*/*/00000.mp4"):
                first.write_bytes(first.with_name("00001.mp4").read_bytes())

    order, place.compute.before = place.take(small), swap
    with pytest.raises(QualityFailed, match="differs from the source at second"):
        await place.encode(order)
    assert await place.versions() == []
    kept = msgspec.json.decode(store.read(place.objects, planning.attempt_name(order.source, 0)), type=Attempt)
    assert [line.text.partition(":")[0] for line in kept.log] == ["180p is made anew"], "it is told by its name"


async def test_a_rendition_is_removed_with_its_marks_once_no_worker_is_at_it_any_more(
    place: Workshop, small: Path, whole: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "WINDOW_SEGMENTS", 1)  # three windows, which are checked at the same time
    place.compute.slots = 3
    last_begun = threading.Event()

    def corrupt(name: str) -> None:
        for media in checked_rung(place, name):
            damage(media, at=0.1)

    def outlast(name: str) -> None:
        if name.endswith("checked-0002"):
            last_begun.set()
            time.sleep(0.5)
        elif name.endswith("checked-0001"):
            last_begun.wait(30)

    order, place.compute.before, place.compute.within = place.take(small), corrupt, outlast
    with pytest.raises(QualityFailed) as failed:
        await place.encode(order)
    assert not place.stored(f"renditions/{failed.value.rendition}")
    assert not place.stored(f"work/{order.source}/{failed.value.rendition}")
    await place.compute.let_go([""])
    assert not place.stored(f"work/{order.source}/{failed.value.rendition}"), "no worker was still at it"

    place.compute.before = place.compute.within = lambda _: None
    await place.encode(order)
    assert {name: content for name, content in place.stored("renditions").items() if name in whole} == {
        name: content for name, content in whole.items() if name.startswith("renditions/")
    }
    assert {times for name, times in place.compute.performed.items() if name.endswith("checked-0002")} == {2}


async def test_a_rendition_whose_file_is_gone_is_made_anew(place: Workshop, small: Path) -> None:
    def lose(name: str) -> None:
        for media in checked_rung(place, name):
            media.unlink()

    order, place.compute.before = place.take(small), lose
    with pytest.raises(QualityFailed, match="a file of it is gone"):
        await place.encode(order)
    place.compute.before = lambda _: None
    await place.encode(order)
    assert (await only(place)).is_complete


async def test_only_a_chunk_that_does_not_join_is_encoded_anew(
    place: Workshop, small: Path, whole: dict[str, str]
) -> None:
    def corrupt(name: str) -> None:
        if name.endswith("rendition.json"):
            for chunk in paths(place, "work/*/*/00001.mp4"):
                chunk.write_bytes(b"no MP4 at all")

    order, place.compute.before = place.take(small), corrupt
    with pytest.raises(QualityFailed, match="do not join"):
        await place.encode(order)
    assert order.master in place.stored()
    again: list[str] = []
    place.compute.before = again.append
    kept = {str(chunk.relative_to(place.folder / "objects")) for chunk in paths(place, "work/*/*/00000.mp4")}
    await place.encode(order)
    assert kept
    assert not kept & set(again)
    assert place.stored() == whole


# What is held


def report_of(place: Workshop, order: Order) -> Report:
    return msgspec.json.decode(store.read(place.objects, report_name(order.source, order.title_id)), type=Report)


async def test_what_is_held_is_told_by_name_although_no_picture_can_be_taken_of_it(
    place: Workshop, flash_and_beep: Path
) -> None:
    order, keys = place.take(flash_and_beep), list[str]()
    stills = planning.moment_names(order.source, order.title_id)
    for name in stills:
        store.write(place.objects, name, b"of what was held before")

    def fail(name: str) -> None:
        """No worker lives to package the second rung, and none has a disk for a picture."""
        if name.endswith(".mp4"):
            keys.append(name.split("/")[2])
        if keys and keys[-1] != keys[0] and name == planning.facts_name(keys[-1]):
            raise WorkerLost(name, 3)
        if name in stills:
            raise MachineFailed("taking a picture", "no space left on device")

    place.compute.slots, place.compute.within = 1, fail
    with pytest.raises(Held):
        await place.encode(order)
    assert [event["kind"] for event in await place.events()] == ["asset.published.1", "asset.held.1"]
    report = report_of(place, order)
    assert report.worst is not None and place.compute.performed[stills[1]] == 1
    assert not [name for name in stills if store.exists(place.objects, name)]
    assert (report.findings[0].rendition, report.reason.partition(": ")[0]) == ("480p", "480p")
    assert {one.name for one in report.renditions if one.is_held} == {"480p"}
    assert (await Reviews(place.objects, place.assets).again(order, "")).decisions[0].renditions == (keys[-1],)


async def test_a_form_of_the_sound_that_is_held_keeps_no_other_back(
    place: Workshop, small: Path, tmp_path: Path
) -> None:
    order, checks = place.take(with_tone(small, tmp_path / "film.mkv", -20, "5.1")), list[str]()

    def fail(name: str) -> None:
        """The last of the four forms is never checked."""
        if "/checked-" in name:
            checks.append(name)
        if len(checks) == 5:
            raise WorkerLost(name, 3)

    place.compute.slots, place.compute.within = 1, fail
    with pytest.raises(Held):
        await place.encode(order)
    last = (await place.versions())[-1]
    assert (len(last.audio), last.is_complete) == (3, False)


async def test_what_is_left_out_of_a_film_is_in_its_report_and_holds_nothing(
    place: Workshop, small: Path, tmp_path: Path
) -> None:
    order = place.take(with_pictures(small, tmp_path / "film.mkv"))
    await place.encode(order)
    report = report_of(place, order)
    assert report.verdict == "warn"
    (told,) = report.findings
    assert (told.check, told.severity) == ("source", "warn")
    assert told.message.startswith("subtitle track 1 (de) is made of pictures")


# What is refused


@pytest.fixture(scope="module")
def damaged(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film some of whose frames are there and do not decode: zeros in the middle of its media."""
    content = bytearray(small.read_bytes())
    middle = content.index(b"mdat") + (len(content) - content.index(b"mdat")) * 2 // 5
    content[middle : middle + 60_000] = bytes(60_000)
    path = tmp_path_factory.mktemp("film") / "damaged.mp4"
    path.write_bytes(content)
    return path


async def test_a_film_damaged_in_the_middle_is_refused_and_leaves_no_object(place: Workshop, damaged: Path) -> None:
    with pytest.raises(FramesMissing, match="cannot be decoded") as refused:
        await place.encode(place.take(damaged))
    assert "--accept-damaged" in refused.value.message
    assert place.stored() == {}
    said = place.reports[-1].note
    assert "[error]" in said, "what FFmpeg said of it stays with the job"
    assert str(place.folder) not in said and len(said.splitlines()) <= LINES_MAX
    assert await place.versions() == []
    (event,) = await place.events()
    assert (event["kind"], event["reason"]) == ("asset.refused.1", refused.value.message)


async def test_a_damaged_film_is_published_in_full_length_where_that_is_accepted(
    place: Workshop, damaged: Path
) -> None:
    await place.encode(place.take(damaged, is_damaged_accepted=True))
    version = await only(place)
    assert version.is_complete
    assert checked(place, version.video[0]).frames == SMALL.frames
    (name,) = place.stored("analyses")
    report = msgspec.json.decode(store.read(place.objects, name), type=Report)
    log = [line.text for line in report.log]
    said = [text for text in log if "[error]" in text]
    assert said and any(text.startswith("180p: ") for text in said), "what FFmpeg warned of is in its report"
    assert len(set(said)) == len(said) <= SAID_MAX
    assert str(place.folder) not in "\n".join(log)


async def test_a_refusal_waits_for_the_workers_that_are_still_at_the_film(
    place: Workshop, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound_is_made, package_audio = threading.Event(), cmaf.package_audio

    def take_long(encoded: Path, grid: cmaf.Grid, out: Path) -> cmaf.Package:
        sound_is_made.set()
        time.sleep(0.5)
        return package_audio(encoded, grid, out)

    def refuse(name: str) -> None:
        if name.endswith("pictures"):
            assert sound_is_made.wait(30)
            raise FfmpegFailed("taking a still", "ffmpeg", "[error] Invalid data found when processing input")

    monkeypatch.setattr(tasks, "package_audio", take_long)
    place.compute.within = refuse
    with pytest.raises(FfmpegFailed):
        await place.encode(place.take(small))
    await place.compute.let_go([""])
    assert place.stored() == {}


async def test_what_is_sent_to_a_worker_does_not_grow_with_the_film(
    place: Workshop, small: Path, tmp_path: Path
) -> None:
    def largest() -> int:
        return max(size for name, size in place.compute.sent_bytes.items() if "/window-" in name)

    await place.encode(place.take(make_numbered(tmp_path / "short.mp4", Clip(frames=30, width=320, height=180))))
    short = largest()
    await place.encode(place.take(small, title="title_2"))
    assert largest() - short < 64


def cut_off(film: Path, out: Path) -> Path:
    """The first half of a film's file."""
    content = film.read_bytes()
    out.write_bytes(content[: len(content) // 2])
    return out


async def test_a_film_that_was_cut_off_is_refused_and_leaves_no_object(
    place: Workshop, small: Path, tmp_path: Path
) -> None:
    cut = cut_off(small, tmp_path / "cut.mp4")
    with pytest.raises(FilmRefused):
        await place.encode(place.take(cut))
    assert place.stored() == {}


@pytest.mark.parametrize("content", [b"", b"#EXTM3U\nfile:///etc/passwd\n", b"\x00\x00\x00\x18ftypisom" + b"\x00" * 99])
async def test_what_is_no_film_is_refused_and_leaves_no_object(content: bytes, place: Workshop, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(FilmRefused):
        await place.encode(place.take(path))
    assert place.stored() == {}


async def test_a_film_whose_file_is_gone_is_refused(place: Workshop, small: Path) -> None:
    order = place.take(small)
    (place.folder / "objects" / order.master).unlink()
    with pytest.raises(FilmRefused, match="not stored any more"):
        await place.encode(order)


async def test_another_build_of_ffmpeg_does_no_part_of_the_work(place: Workshop, small: Path) -> None:
    other = msgspec.structs.replace(place.handler.encoder, build="1" * 64)
    object.__setattr__(place.handler, "encoder", other)
    with pytest.raises(EncoderDiffers) as refused:
        await place.encode(place.take(small))
    assert isinstance(refused.value, Unavailable), "so that the job is tried again, elsewhere"
    assert await place.versions() == []
