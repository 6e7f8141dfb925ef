"""Faults that are planted are caught by the check that is meant for them; what is well is never held."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest
from tests.encoding.remake import remake
from tests.encoding.workshop import TITLE, Workshop, workshop
from tests.media.generate import Clip, ffmpeg, make_flash_and_beep, make_numbered

from matinee.base import objects as store
from matinee.encoding.asset import SegmentIndex
from matinee.encoding.formats.fragment import Reference, segment_index
from matinee.encoding.plan import Order, Sidecar, moment_names, report_name
from matinee.encoding.qc.quality import REMAKES_MAX, Finding, Held, QualityFailed
from matinee.encoding.qc.report import Report
from matinee.encoding.qc.reviews import NotHeld, Reviews
from matinee.encoding.worker import ffmpeg as commands

CLIP = Clip(frames=312, width=320, height=180)
"""13 s at 23.976: three segments, three chunks, one rung."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film whose frames all differ, with sound that is nowhere like itself."""
    folder = tmp_path_factory.mktemp("film")
    silent = make_numbered(folder / "silent.mp4", CLIP, has_sound=False)
    noise = ("-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.2:seed=3:r=48000:d=13.013,tremolo=f=0.7:d=0.8")
    return remake(silent, folder / "film.mkv", *noise, "-map", "0", "-map", "1", "-c:v", "copy", "-c:a", "flac")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path / "home") as made:
        yield made


def report_of(place: Workshop, order: Order) -> Report:
    return msgspec.json.decode(store.read(place.objects, report_name(order.source, order.title_id)), type=Report)


async def held(place: Workshop, order: Order) -> Report:
    """The report of a title that ends held, after it was made anew as often as that is tried."""
    for _ in range(REMAKES_MAX):
        try:
            await place.encode(order)
        except QualityFailed:
            continue
        except Held:
            break
    else:
        with pytest.raises(Held):
            await place.encode(order)
    report = report_of(place, order)
    assert report.verdict == "hold"
    assert await place.versions() == []
    assert [event["kind"] for event in await place.events()] == ["asset.held.1"]
    return report


def gravest(report: Report) -> Finding:
    assert report.findings[0].severity == "hold"
    return report.findings[0]


# Faults of encoding: FFmpeg is told something else than was planned


def told_otherwise(monkeypatch: pytest.MonkeyPatch, builder: str, change: Callable[[list[str]], list[str]]) -> None:
    right = getattr(commands, builder)
    monkeypatch.setattr(commands, builder, lambda *args: change(right(*args)))


def filtered(option: str, old: str, new: str) -> Callable[[list[str]], list[str]]:
    """A command whose filters have `new` in place of `old`."""

    def change(argv: list[str]) -> list[str]:
        at = argv.index(option) + 1
        assert old in argv[at]
        return [*argv[:at], argv[at].replace(old, new, 1), *argv[at + 1 :]]

    return change


PICTURES = {
    "dropped frames": "select=not(between(n\\,40\\,47)),setpts=N,tpad=stop_mode=clone:stop=144",
    "green frames": "drawbox=color=0x00ff00:t=fill:enable=between(n\\,50\\,52)",
    "black frames": "drawbox=color=black:t=fill:enable=between(n\\,50\\,60)",
    "a frozen picture": "loop=loop=120:size=1:start=10,trim=end_frame=144,setpts=N",
}
CHECKS = {**dict.fromkeys(PICTURES, "picture"), "a frozen picture": "freeze"}


@pytest.mark.parametrize("fault", PICTURES)
async def test_pictures_that_are_not_the_sources_are_held(
    fault: str, place: Workshop, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_otherwise(monkeypatch, "chunk_argv", filtered("-vf", "tpad=", f"{PICTURES[fault]},tpad="))
    order = place.take(film)
    report = await held(place, order)
    assert CHECKS[fault] in {one.check for one in report.findings if one.severity == "hold"}
    assert {one.rendition for one in report.findings} == {"180p"}
    assert report.worst is not None
    assert all(store.read(place.objects, name)[8:12] == b"WEBP" for name in moment_names(order.source, TITLE))


@pytest.mark.parametrize("late_ms", [80, -40])
async def test_sound_that_is_shifted_is_held(
    late_ms: int, place: Workshop, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift = f"adelay={late_ms}:all=1" if late_ms > 0 else f"atrim=start={-late_ms / 1000},asetpts=PTS-STARTPTS"
    told_otherwise(monkeypatch, "audio_argv", filtered("-af", "apad", f"{shift},apad"))
    finding = gravest(await held(place, place.take(film)))
    assert (finding.check, finding.limit) == ("offset", 5.0)
    assert finding.measured == pytest.approx(late_ms, abs=1)


@pytest.mark.parametrize("gain_db", [-6, 4])
async def test_sound_that_is_too_loud_or_too_quiet_is_held(
    gain_db: int, place: Workshop, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_otherwise(monkeypatch, "audio_argv", filtered("-af", "apad", f"volume={gain_db}dB,apad"))
    finding = gravest(await held(place, place.take(film)))
    assert finding.check == "loudness"
    assert finding.measured is not None and finding.limit is not None
    assert finding.measured - finding.limit == pytest.approx(gain_db, abs=0.7)


async def test_sound_that_is_clipped_is_held_and_that_of_a_limiter_is_not(
    place: Workshop, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bursts = (
        "anoisesrc=color=brown:amplitude=.8:seed=3:r=48000:d=13.013:n=96,volume=.01+gt(mod(t\\,1)\\,.98):eval=frame"
    )
    sound = ("-f", "lavfi", "-i", bursts, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "flac")
    order = place.take(remake(film, tmp_path / "loud.mkv", *sound))
    with monkeypatch.context() as wrong:
        wrong.setattr(commands, "_LIMITER", ("aformat=sample_fmts=s16",))
        report = await held(place, order)
    assert any(one.check == "clipping" and "at full scale" in one.message for one in report.findings)
    await Reviews(place.objects, place.assets).again(order, "")
    await place.encode(order)
    assert {one.severity for one in report_of(place, order).findings} == {"warn"}


@pytest.mark.parametrize("seconds", [1, 2, 4])
async def test_sound_that_is_lost_for_a_while_is_held(
    seconds: int, place: Workshop, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    muted = f"volume=0:enable=between(t\\,4.3\\,{4.3 + seconds}),apad"
    told_otherwise(monkeypatch, "audio_argv", filtered("-af", "apad", muted))
    finding = next(one for one in (await held(place, place.take(film))).findings if one.check == "silence")
    assert finding.at_s == pytest.approx(4.3, abs=0.2)
    assert finding.measured == pytest.approx(seconds, abs=0.3)


@pytest.mark.parametrize("late_s", [1, 2.5])
async def test_sound_that_is_seconds_late_is_held(
    late_s: float, place: Workshop, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delay = f"adelay={1000 * late_s:.0f}:all=1,apad"
    told_otherwise(monkeypatch, "audio_argv", filtered("-af", "apad", delay))
    finding = next(one for one in (await held(place, place.take(film))).findings if one.check == "offset")
    assert finding.measured == pytest.approx(1000 * late_s, abs=1)


async def test_another_languages_sound_in_a_tracks_place_is_held(
    place: Workshop, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = ("-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.2:seed=9:r=48000:d=13.013,tremolo=f=0.7:d=0.8")
    mapped = ("-map", "0", "-map", "1", "-c", "copy", "-c:a:1", "flac")
    named = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger")
    both = remake(film, tmp_path / "both.mkv", *noise, *mapped, *named)
    told_otherwise(monkeypatch, "audio_argv", lambda argv: ["0:1" if word == "0:2" else word for word in argv])
    report = await held(place, place.take(both))
    assert gravest(report).check == "likeness"
    assert {one.rendition.partition(",")[0] for one in report.findings if one.severity == "hold"} == {"German (de)"}


# Faults of packaging: what lies in the store is not what was packaged


def rungs(place: Workshop) -> list[Path]:
    """The folders of rungs that are packaged."""
    files = (place.folder / "objects").glob("renditions/*/media.mp4")
    return [path.parent for path in files if b"avc1" in path.read_bytes()[:2_000]]


def rung(place: Workshop) -> Path:
    """The folder of the only rung."""
    (only,) = rungs(place)
    return only


def edited(folder: Path, name: str, **changes: Any) -> None:
    document = json.loads((folder / name).read_bytes())
    (folder / name).write_bytes(json.dumps({**document, **changes}).encode())


def without_a_segment(folder: Path) -> None:
    """The middle segment is gone, from the file, its sidx and its index: only time shows it."""
    index = msgspec.json.decode((folder / "index.json").read_bytes(), type=SegmentIndex)
    media = (folder / "media.mp4").read_bytes()
    first, middle, last = index.segments
    kept = (first, last)
    if middle.size == 0 or len(media) != last.offset + last.size:
        return
    sidx = segment_index(index.timescale, [Reference(size=one.size, duration_ticks=one.duration_ticks) for one in kept])
    at = index.init_size + len(sidx)
    moved = tuple(
        msgspec.structs.replace(one, offset=offset) for one, offset in zip(kept, (at, at + first.size), strict=True)
    )
    parts = [media[: index.init_size], sidx, *(media[one.offset : one.offset + one.size] for one in kept)]
    (folder / "media.mp4").write_bytes(b"".join(parts))
    found = msgspec.structs.replace(index, segments=moved)
    (folder / "index.json").write_bytes(msgspec.json.encode(found))


PACKAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a wrong codec string": (lambda folder: edited(folder, "rendition.json", codecs="avc1.42e01e"), "codec"),
    "a wrong peak": (lambda folder: edited(folder, "rendition.json", peak_bps=1_000), "bandwidth"),
    "a missing segment": (lambda folder: without_a_segment(folder) if has_three(folder) else None, "segments"),
    "a playlist of something else": (lambda folder: shortened(folder / "iframes.m3u8"), "playlist"),
    "no playlist": (lambda folder: (folder / "media.m3u8").unlink(missing_ok=True), "gone"),
}


def shortened(playlist: Path) -> None:
    """Its last range is one byte too short."""
    head, _, rest = playlist.read_text().rpartition("#EXT-X-BYTERANGE:")
    size, _, where = rest.partition("@")
    playlist.write_text(f"{head}#EXT-X-BYTERANGE:{int(size) - 1}@{where}")


def has_three(folder: Path) -> bool:
    return len(json.loads((folder / "index.json").read_bytes())["segments"]) == 3


@pytest.mark.parametrize("fault", PACKAGES)
async def test_a_package_that_is_not_what_it_says_is_held(fault: str, place: Workshop, film: Path) -> None:
    spoil, check = PACKAGES[fault]

    def plant(name: str) -> None:
        for folder in rungs(place):
            if name.endswith("checked-0000") and folder.name in name:
                spoil(folder)

    place.compute.before = plant
    assert gravest(await held(place, place.take(film))).check == check


async def test_chunks_in_each_others_place_are_held(place: Workshop, film: Path) -> None:
    def swap(name: str) -> None:
        if name.endswith("rendition.json") and (
            chunks := sorted((place.folder / "objects").glob("work/*/*/0000[01].mp4"))
        ):
            one, other = (chunk.read_bytes() for chunk in chunks)
            chunks[0].write_bytes(other)
            chunks[1].write_bytes(one)

    place.compute.before = swap
    finding = gravest(await held(place, place.take(film)))
    assert finding.check == "picture"
    assert finding.at_s is not None and finding.at_s < 12.1


async def test_subtitles_beyond_the_films_end_are_told_and_published(place: Workshop, film: Path) -> None:
    text = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHere\n\n00:20:00.000 --> 00:20:01.000\nNowhere\n"
    store.write(place.objects, "subtitles/en.vtt", text)
    sidecar = Sidecar(text="subtitles/en.vtt", language="en", label="English")
    order = msgspec.structs.replace(place.take(film), sidecars=(sidecar,))
    await place.encode(order)
    report = report_of(place, order)
    assert (report.verdict, [one.check for one in report.findings]) == ("warn", ["subtitles"])
    assert (await place.versions())[-1].is_complete


# What is well


async def test_a_clean_film_passes_and_its_report_says_what_it_is_and_took(place: Workshop, film: Path) -> None:
    order = place.take(film)
    await place.encode(order)
    report = report_of(place, order)
    assert [one.message for one in report.findings] == []
    assert (report.verdict, report.reason) == ("pass", "")
    video, audio, *others = report.renditions
    assert (video.name, {audio.kind, *(one.kind for one in others)}) == ("180p", {"audio"})
    assert video.vmaf is not None and video.worst_vmaf is not None
    assert 80 < video.worst_vmaf <= video.vmaf <= 100, "at a rate whose frames are no whole number of ticks"
    assert video.size_bytes == (rung(place) / "media.mp4").stat().st_size
    assert audio.late_ms == pytest.approx(0, abs=1)
    assert audio.loudness_lufs == pytest.approx(-16, abs=0.5)
    assert set(report.cpu_s) == {"analyse", "encode", "check", "pictures"}
    assert min(report.cpu_s.values()) > 0
    assert any("version 1 is published" in line.text for line in report.log)


async def test_another_reader_finds_every_frame_where_it_should_be(place: Workshop, film: Path) -> None:
    await place.encode(place.take(film))
    with av.open(str(rung(place) / "media.mp4")) as file:
        times = [float(frame.time or 0) for frame in file.decode(video=0)]
    # FFmpeg's demuxer counts from the first decode time where composition offsets are negative.
    assert [time - times[0] for time in times] == pytest.approx([float(n / CLIP.rate) for n in range(CLIP.frames)])


GENERATED: dict[str, Callable[[Path], Path]] = {
    "flashes and beeps": lambda folder: make_flash_and_beep(folder / "film.mkv", Clip(frames=312)),
    "a tone": lambda folder: make_numbered(folder / "film.mkv", Clip(frames=312)),
    "black and silent": lambda folder: _generated(folder, "color=black:s=320x180:r=25:d=13", "anullsrc=r=48000"),
    "one still picture": lambda folder: _generated(folder, "smptehdbars=s=320x180:r=25:d=13", "sine=440:r=48000"),
    "noise": lambda folder: _generated(
        folder, "nullsrc=s=320x180:r=30:d=13,geq=lum=random(1)*255:cb=128:cr=128", "anoisesrc=a=0.9:r=48000"
    ),
    "fades to black": lambda folder: _generated(
        folder, "testsrc2=s=320x180:r=24:d=13,fade=in:0:48,fade=out:200:60", "sine=220:r=48000,afade=out:st=8:d=3"
    ),
}


def _generated(folder: Path, picture: str, sound: str) -> Path:
    options = ("-f", "lavfi", "-i", sound, "-t", "13", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-crf", "12")
    out = folder / "film.mkv"
    argv = [ffmpeg(), "-v", "error", "-y", "-f", "lavfi", "-i", picture, *options, "-c:a", "flac", str(out)]
    subprocess.run(argv, check=True)
    return out


@pytest.mark.parametrize("kind", GENERATED)
async def test_no_film_that_is_well_is_held(kind: str, place: Workshop, tmp_path: Path) -> None:
    await place.encode(place.take(GENERATED[kind](tmp_path)))
    assert (await place.versions())[-1].is_complete


CLIPS = (
    "bbb_1280x720_25fps_5s.mp4", "bbb_854x480_24fps_30s.mp4", "driving_1920x1080_54f.264",
    "elephantsdream_1024x576_24fps_37s.mkv", "flower_960x540_30fps_5s.mp4",
)  # fmt: skip


@pytest.mark.parametrize("name", CLIPS)
async def test_no_real_film_is_held(name: str, place: Workshop) -> None:
    path = Path(os.environ.get("MATINEE_TEST_MEDIA", "/nonexistent")) / "clips" / name
    if not path.exists():
        message = f"MATINEE_TEST_MEDIA names no folder with clips/{name}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    is_cut_off = name.startswith("elephantsdream")  # after 4 s of the 37 s it announces
    await place.encode(place.take(path, is_damaged_accepted=is_cut_off))
    assert (await place.versions())[-1].is_complete


# What people decide


@pytest.fixture
async def quiet(place: Workshop, film: Path, monkeypatch: pytest.MonkeyPatch) -> Order:
    """A title that is held for its sound; the fault is gone meanwhile."""
    with monkeypatch.context() as wrong:
        told_otherwise(wrong, "audio_argv", filtered("-af", "apad", "volume=-6dB,apad"))
        order = place.take(film)
        await held(place, order)
    return order


async def test_what_is_approved_is_published_as_it_is(place: Workshop, quiet: Order) -> None:
    reviews = Reviews(place.objects, place.assets)
    assert (await reviews.report(TITLE, quiet.source)).is_waiting
    await reviews.approve(quiet, "it is meant so")
    assert not (await reviews.report(TITLE, quiet.source)).is_waiting
    place.compute.performed.clear()
    await place.encode(quiet)
    assert not place.compute.encoded(), "nothing is encoded anew"
    assert (await place.versions())[-1].is_complete
    report = report_of(place, quiet)
    assert (report.verdict, report.decisions[0].note) == ("warn", "it is meant so")
    held = [one.is_approved for one in report.renditions if one.kind == "audio"]
    assert held and all(held) and not report.renditions[0].is_approved
    with pytest.raises(NotHeld):
        await reviews.reject(quiet, "")


async def test_what_is_to_be_made_again_is(place: Workshop, quiet: Order) -> None:
    await Reviews(place.objects, place.assets).again(quiet, "the gain was wrong")
    place.compute.performed.clear()
    await place.encode(quiet)
    assert not place.compute.encoded(), "only what was held is made again"
    report = report_of(place, quiet)
    assert (report.verdict, [one.choice for one in report.decisions]) == ("pass", ["again"])
    assert (await place.versions())[-1].is_complete


async def test_what_is_rejected_is_gone(place: Workshop, quiet: Order) -> None:
    await Reviews(place.objects, place.assets).reject(quiet, "not this cut")
    assert place.stored() == {}
    assert [event["kind"] for event in await place.events()] == ["asset.held.1", "asset.refused.1"]
