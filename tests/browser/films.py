"""The films of the browser tests, laid out as people lay out a library; all of them are generated."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tests.media.generate import Clip, ffmpeg, make_flash_and_beep

FILM = "The Meridian"
FILM_S = 40
FILM_RUNGS = (720, 480, 360)
SHOW = "Harbour"
EPISODES = ("Ebb", "Slack", "Flood")
EPISODE_S = 12
TWO_TONGUES = "Two Tongues"
ENGLISH_HZ, GERMAN_HZ = 400, 1600
"""What the two audio tracks of `TWO_TONGUES` sound like."""
FLASHES = "Flash and Beep"
GENRES = {TWO_TONGUES: ("Drama",), FLASHES: ("Drama", "Test card")}
"""With `FILM` there are three dramas: enough for a row."""
FLASH_CLIP = Clip(rate=Fraction(25), frames=400)
LATE_BEEPS = "Late Beeps"
LATE_S = 0.12
"""How much later than its flashes the beeps of `LATE_BEEPS` come: what a measurement of the offset has to see."""


@dataclass(frozen=True)
class Cue:
    """One subtitle."""

    start_s: int
    end_s: int
    english: str
    german: str


CUES = (
    Cue(2, 5, "The lamp is lit.", "Die Lampe brennt."),
    Cue(8, 12, "Somebody is on the stairs.", "Jemand ist auf der Treppe."),
    Cue(20, 30, "The tide has turned.", "Die Flut ist gekommen."),
)


def make_library(folder: Path) -> Path:
    """Every film of the tests, with its sidecars, under `folder`."""
    _make_film(_place(folder, FILM, 2021))
    _make_two_tongues(_place(folder, TWO_TONGUES, 2020))
    flashes = make_flash_and_beep(_place(folder, FLASHES, 2018), FLASH_CLIP)
    _make_late(flashes, _place(folder, LATE_BEEPS, 2017))
    for path in (folder / "Movies").glob("*/*.mkv"):
        _describe(path)
    _make_show(folder / "Shows" / f"{SHOW} (2019)" / "Season 01")
    return folder


def lavfi(path: Path, picture: str, sounds: Sequence[str], *options: str) -> Path:
    """A film of FFmpeg's generators: one picture and any number of sounds."""
    inputs = [part for source in (picture, *sounds) for part in ("-f", "lavfi", "-i", source)]
    maps = [part for index in range(len(sounds) + 1) for part in ("-map", str(index))]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", *options]
    subprocess.run([ffmpeg(), "-v", "error", "-y", *inputs, *maps, *coding, str(path)], check=True)
    return path


def _place(folder: Path, title: str, year: int) -> Path:
    home = folder / "Movies" / f"{title} ({year})"
    home.mkdir(parents=True)
    return home / f"{title} ({year}).mkv"


def _make_film(path: Path) -> None:
    lavfi(path, f"testsrc2=s=1280x720:r=25:d={FILM_S}", [f"sine=440:d={FILM_S}"])
    path.with_suffix(".en.srt").write_text(_srt([cue.english for cue in CUES]), encoding="utf-8")
    path.with_suffix(".de.srt").write_text(_srt([cue.german for cue in CUES]), encoding="utf-8")
    path.with_suffix(".nfo").write_text(
        f"<movie><title>{FILM}</title><year>2021</year><plot>A keeper counts the hours between two lights.</plot>"
        "<genre>Drama</genre><director>Ilse Marron</director></movie>",
        encoding="utf-8",
    )


def _describe(path: Path) -> None:
    """The genres of a film that has no description of its own."""
    title = path.stem.rpartition(" (")[0]
    if title in GENRES:
        genres = "".join(f"<genre>{genre}</genre>" for genre in GENRES[title])
        path.with_suffix(".nfo").write_text(f"<movie><title>{title}</title>{genres}</movie>", encoding="utf-8")


def _srt(texts: Sequence[str]) -> str:
    times = [f"00:00:{cue.start_s:02},000 --> 00:00:{cue.end_s:02},000" for cue in CUES]
    return "\n".join(f"{n}\n{time}\n{text}\n" for n, (time, text) in enumerate(zip(times, texts, strict=True), 1))


def _make_two_tongues(path: Path) -> None:
    sounds = [f"sine={hertz}:d=20" for hertz in (ENGLISH_HZ, GERMAN_HZ)]
    tags = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"]
    lavfi(path, "testsrc2=s=320x180:r=25:d=20", sounds, *tags)


def _make_late(source: Path, path: Path) -> None:
    """The same film with its sound `LATE_S` later."""
    late = ["-af", f"adelay={round(LATE_S * 1000)}:all=1", "-c:v", "copy", "-c:a", "flac", "-shortest"]
    subprocess.run([ffmpeg(), "-v", "error", "-y", "-i", str(source), *late, str(path)], check=True)


def _make_show(season: Path) -> None:
    season.mkdir(parents=True)
    for number, name in enumerate(EPISODES, 1):
        picture = f"gradients=s=320x180:r=25:d={EPISODE_S}:seed={number}"
        lavfi(season / f"{SHOW} S01E0{number} {name}.mkv", picture, [f"sine={number * 200}:d={EPISODE_S}"])
