"""Tasks on a machine in trouble: they say so, spare what is left, and never blame the film for it."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.encoding.workshop import Workshop, workshop
from tests.media.generate import Clip, make_numbered

from matinee.base.errors import Unavailable
from matinee.base.objects import StorageFull
from matinee.base.process import Killed, OutOfMemory
from matinee.encoding.source import FilmRefused
from matinee.encoding.worker import workplace
from matinee.encoding.worker.workplace import FfmpegFailed, InspectionFailed, MachineFailed


async def test_a_task_begins_only_where_there_is_room_and_the_job_goes_on_when_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = make_numbered(tmp_path / "film.mkv", Clip(frames=60))
    async with workshop(tmp_path / "home") as place:
        order = place.take(film)
        before = place.stored()
        with monkeypatch.context() as full:
            full.setattr(workplace, "ROOM_MIN_BYTES", 1 << 62)
            with pytest.raises(StorageFull, match="free some space and retry the job"):
                await place.encode(order)
        assert place.stored() == before
        assert not list((place.folder / "scratch").glob("*"))
        await place.encode(order)
        assert (await place.versions())[-1].is_complete


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_numbered(tmp_path_factory.mktemp("film") / "film.mkv", Clip(frames=30))


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path / "home") as made:
        yield made


def script(path: Path, body: str) -> Path:
    """A program that does what `body`, for the shell, says."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def with_ffmpeg(place: Workshop, path: Path) -> Workshop:
    there = msgspec.structs.replace(place.handler.place, ffmpeg=str(path))
    return dataclasses.replace(place, handler=dataclasses.replace(place.handler, place=there))


def complaint(line: str, status: int = 234) -> str:
    return f"echo '[vf#0:0 @ 0x55] [error] {line}' >&2; exit {status}"


MACHINE = {
    complaint("Error opening input: Input/output error", 251): FfmpegFailed,  # the disk gives every byte of it
    f"rm $MASTER; mkdir $MASTER; {complaint('Error during demuxing: Input/output error')}": MachineFailed,
    complaint("Error submitting a packet to the muxer: No space left on device"): StorageFull,
    complaint("Error submitting a packet to the muxer: Disk quota exceeded"): StorageFull,
    complaint("Error opening input: Too many open files"): MachineFailed,
    complaint("Error opening input: Stale file handle"): MachineFailed,
    complaint("get_buffer() failed: Cannot allocate memory"): OutOfMemory,
    complaint("nobody has ever read this before"): MachineFailed,
    "exit 1": MachineFailed,
    "kill -SEGV $$": Killed,
    complaint("Error opening input: Invalid data found when processing input"): FfmpegFailed,
    complaint("Not yet implemented in FFmpeg, patches welcome"): FfmpegFailed,
    complaint("Could not open encoder before EOF"): FfmpegFailed,
    f"{complaint('Error setting preset/tune fst/(null).').removesuffix('; exit 234')}; "
    + complaint("Could not open encoder before EOF"): MachineFailed,
}


@pytest.mark.parametrize("body", MACHINE)
async def test_ffmpeg_fails_for_the_films_bytes_or_for_the_machine_and_only_the_film_is_removed_for_it(
    body: str, place: Workshop, film: Path, tmp_path: Path
) -> None:
    order, kind = place.take(film), MACHINE[body]
    master = place.folder / "objects" / order.master
    broken = with_ffmpeg(place, script(tmp_path / "ffmpeg", body.replace("$MASTER", str(master))))
    with pytest.raises(kind) as failed:
        await broken.encode(order)
    assert isinstance(failed.value, Unavailable) is (kind is not FfmpegFailed), "so that the job is tried again"
    assert master.exists() is (kind is not FfmpegFailed)


def refusal(reason: str) -> str:
    return f"""echo '{{"type":"refusal","code":"film_refused","reasons":["{reason}"]}}'"""


PROBES = {
    "kill -SEGV $$": Killed,
    "echo MemoryError >&2; exit 1": OutOfMemory,
    "echo 'KeyError: 7' >&2; exit 1": InspectionFailed,
    refusal("its header cannot be read (Cannot allocate memory)"): MachineFailed,
    f"rm $3; mkdir $3; {refusal('its header cannot be read (Input/output error)')}": MachineFailed,
    refusal("its header cannot be read (Input/output error)"): FilmRefused,  # the disk gives every byte of it
    refusal("its header cannot be read (Invalid data found)"): FilmRefused,
}


@pytest.mark.parametrize("body", PROBES)
async def test_a_probe_that_fails_for_the_machine_does_not_cost_the_film(
    body: str, place: Workshop, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, kind = place.take(film), PROBES[body]
    master = place.folder / "objects" / order.master
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", str(script(tmp_path / "python", body)))
        with pytest.raises(kind) as failed:
            await place.encode(order)
    assert isinstance(failed.value, Unavailable) is (kind is not FilmRefused)
    assert master.exists() is (kind is not FilmRefused)


async def test_a_master_that_is_well_is_published_once_the_machine_is(
    place: Workshop, film: Path, tmp_path: Path
) -> None:
    order = place.take(film)
    with pytest.raises(MachineFailed):
        await with_ffmpeg(place, script(tmp_path / "ffmpeg", "exit 1")).encode(order)
    await place.encode(order)
    assert (await place.versions())[-1].is_complete
