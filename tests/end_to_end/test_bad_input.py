"""Every kind of broken film: a clear reason and a remedy, nothing kept, and the other jobs go on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from tests.end_to_end.server import Running, matinee
from tests.media.generate import Clip, ffmpeg, make_numbered

from matinee.app.store_mark import MARK

REFUSED_FILES = {
    "concat_lfi.mp4": "concat script",
    "empty.mp4": "empty",
    "fate_discont.mp4": "Flash video",
    "garbage.mp4": "unknown kind",
    "moz_invalid_userdata.mp4": "no frame",
    "moz_zero_empty_stsc.mp4": "0.120 s",
    "ssrf_playlist.mp4": "HLS playlist",
    "truncated_moov_or_mdat.mp4": "header cannot be read",
}
ACCEPTED_FILES = ("cursed-vfr.mp4", "fate_invalid_elst.mp4")


def objects(home: Path) -> set[str]:
    """Every object of the store, but for what it says of itself."""
    root = home / "objects"
    files = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    return {str(path) for path in files if path.parent.name != "reports"} - {MARK}


def lavfi(path: Path, *arguments: str) -> Path:
    """A film made by FFmpeg's own generators."""
    subprocess.run([ffmpeg(), "-v", "error", "-y", *arguments, str(path)], check=True)
    return path


def text(path: Path) -> Path:
    """A text that somebody renamed."""
    path.write_text("Dear diary, today we filmed the lighthouse.\n" * 40, encoding="utf-8")
    return path


def empty(path: Path) -> Path:
    """No bytes."""
    path.touch()
    return path


def truncated(path: Path) -> Path:
    """The first half of a film."""
    make_numbered(path, Clip(rate=Fraction(25), frames=250))
    os.truncate(path, path.stat().st_size // 2)
    return path


def sound_alone(path: Path) -> Path:
    """Sound without a picture."""
    return lavfi(path, "-f", "lavfi", "-i", "sine=440:d=3", "-c:a", "aac")


def one_frame(path: Path) -> Path:
    """A single picture."""
    return lavfi(path, "-f", "lavfi", "-i", "color=red:s=320x180:r=25", "-frames:v", "1", "-c:v", "libx264")


def folder(path: Path) -> Path:
    """Not a file."""
    path.mkdir()
    return path


def missing(path: Path) -> Path:
    """Nothing at all."""
    return path


GENERATED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "text.mp4": (text, "text file"),
    "empty.mkv": (empty, "empty"),
    "truncated.mkv": (truncated, "cut off"),
    "sound.mp4": (sound_alone, "no video"),
    "one.mp4": (one_frame, "1 frame"),
    "folder.mp4": (folder, "folder"),
    "missing.mp4": (missing, "no file"),
}


def check_refused(running: Running, film: Path, reason: str) -> None:
    """Refused by the command line with the reason, and nothing of it is kept."""
    before = objects(running.home)
    titles = running.client().get("/v1/titles").json()["items"]
    done = matinee(running.home, "add", str(film))
    assert done.status == 1, f"{film.name} was taken: {done.out}"
    said = " ".join((done.out + done.err).split())
    assert reason in said, said
    assert "Traceback" not in said
    assert objects(running.home) == before
    assert running.client().get("/v1/titles").json()["items"] == titles


@pytest.mark.parametrize("name", REFUSED_FILES)
def test_a_broken_file_is_refused_with_its_reason(running: Running, media: Path, name: str) -> None:
    check_refused(running, media / "bad" / name, REFUSED_FILES[name])


@pytest.mark.parametrize("name", GENERATED)
def test_what_is_no_film_is_refused_with_its_reason(running: Running, tmp_path: Path, name: str) -> None:
    make, reason = GENERATED[name]
    check_refused(running, make(tmp_path / name), reason)


@pytest.mark.parametrize("name", ACCEPTED_FILES)
def test_an_odd_file_that_can_be_played_is_taken(running: Running, media: Path, name: str) -> None:
    done = matinee(running.home, "add", str(media / "bad" / name), "--json")
    assert done.status == 0, done.err
    assert done.document["state"] == "ready"


ODD = {
    "silent.mp4": ("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=3", "-c:v", "libx264"),
    "odd-size.mkv": ("-f", "lavfi", "-i", "testsrc2=s=641x359:r=25:d=3", "-c:v", "ffv1"),
    "uneven.mkv": (
        "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=4", "-vf", "select=not(mod(floor(n*n/7)\\,3))",
        "-fps_mode", "vfr", "-c:v", "libx264",
    ),
    "-i concat:passwd.mp4": ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2", "-c:v", "libx264"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_an_odd_film_is_taken_as_it_is(running: Running, tmp_path: Path, name: str) -> None:
    film = lavfi(tmp_path / "made.mkv", *ODD[name]).rename(tmp_path / name)
    done = matinee(running.home, "add", "--json", "--", str(film))
    assert done.status == 0, done.err
    assert done.document["state"] == "ready"


def test_a_refused_film_is_told_in_the_api_with_its_reason(running: Running, tmp_path: Path) -> None:
    film = truncated(tmp_path / "reason.mkv")
    matinee(running.home, "add", str(film))
    jobs = running.client().get("/v1/jobs").json()
    failed = next(job for job in jobs if job["title"] == "reason")
    assert failed["state"] == "failed"
    assert "cut off" in failed["reason"]


def test_an_unwritable_data_folder_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be", encoding="utf-8")
    done = matinee(tmp_path / "home", "list")
    assert done.status == 1
    assert "MATINEE_HOME" in done.err + done.out


def test_a_full_store_refuses_new_films_and_says_what_to_do(tmp_path: Path) -> None:
    film = make_numbered(tmp_path / "large.mkv", Clip(rate=Fraction(25), frames=100))
    done = matinee(tmp_path / "home", "add", str(film), settings={"MATINEE_STORAGE_LIMIT_GB": "0.000001"})
    assert done.status == 1
    said = " ".join((done.out + done.err).split())
    assert "storage" in said and "MATINEE_STORAGE_LIMIT_GB" in said, said
    assert objects(tmp_path / "home") == set()
