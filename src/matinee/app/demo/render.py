"""Renders a film of the demonstration library: from one still to a master file with picture and score.

Every frame is a function of its time: the stage is brought to it, the camera frames the plates, atmosphere and
particles are laid over, then cards, then grain; the planes go raw into FFmpeg, which only encodes.
"""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matinee.app.demo import atmosphere, cards, motion, particles
from matinee.app.demo.camera import breathe, nearer, view_at, window
from matinee.app.demo.film import Film, View
from matinee.app.demo.plates import Cutout, Plane, graded, make_plates
from matinee.app.demo.score import seed_of, write_score
from matinee.base.errors import Unavailable
from matinee.base.process import die_with_parent
from matinee.catalog.lettering import Fonts

Floats = NDArray[np.float32]
OnProgress: TypeAlias = Callable[[float], None]
"""Is told the share that is done, 0..1, before every frame; what it raises stops the work."""

_Area: TypeAlias = tuple[int, int, int, int]  # left, top, right, bottom, pixels
_GRAIN_TILES = 7  # more than the eye can follow, and little memory
_DARK = 3.0  # the screen before the scene comes up: not quite black, so that grain lives on it
_ENLARGED = 0.8  # plate pixels per picture pixel below which straight lines between them would show
_REPORT_MAX = 400  # bytes of FFmpeg's own words that an error repeats


class RenderFailed(Unavailable):
    """FFmpeg did not take the frames."""

    code = "render_failed"

    def __init__(self, slug: str, report: str) -> None:
        super().__init__(f"the demonstration film {slug} could not be written: {report or 'FFmpeg said nothing'}")
        self.slug, self.report = slug, report


def master_argv(ffmpeg: Path, size: tuple[int, int], rate: tuple[int, int], score: Path, to: Path) -> list[str]:
    """FFmpeg's command line for a master: raw planes on standard input, the score from a file."""
    return [
        str(ffmpeg), "-hide_banner", "-loglevel", "error", "-y",
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", f"{size[0]}x{size[1]}"),
        *("-framerate", f"{rate[0]}/{rate[1]}", "-color_range", "tv", "-i", "pipe:0"),
        *("-f", "wav", "-i", f"file:{score}"),
        *("-map", "0:v:0", "-map", "1:a:0"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "film", "-crf", "20", "-g", "48", "-threads", "1"),
        *("-vf", "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709"),  # raw planes do not say it
        *("-c:a", "flac", "-compression_level", "5"),
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),  # no random ids
        *("-f", "matroska", f"file:{to}"),
    ]  # fmt: skip


def _nothing(share: float) -> None:
    del share


def render(
    film: Film,
    folder: Path,
    ffmpeg: Path,
    fonts: Fonts,
    *,
    height: int = 1080,
    seconds: float | None = None,
    on_progress: OnProgress = _nothing,
) -> Path:
    """Write the master of `film` to `folder/<slug>.mkv` and answer its path; nothing is left when it fails.

    Raises RenderFailed, MissingFont, and whatever `on_progress` raises.
    """
    length_s = film.seconds if seconds is None else seconds
    master = folder / f"{film.slug}.mkv"
    score, partial = master.with_suffix(".part.wav"), master.with_suffix(".part.mkv")
    try:
        write_score(film.look.mood, length_s, seed_of(film.slug), score)
        size = (2 * round(height * 8 / 9), height)
        argv = master_argv(ffmpeg, size, film.rate, score, partial)
        _encode(
            film.slug,
            argv,
            frames(film, fonts, height, length_s),
            round(length_s * film.rate[0] / film.rate[1]),
            on_progress,
        )
        partial.replace(master)
    finally:
        score.unlink(missing_ok=True)
        partial.unlink(missing_ok=True)
    return master


def _encode(slug: str, argv: Sequence[str], pictures: Iterator[bytes], count: int, on_progress: OnProgress) -> None:
    process = subprocess.Popen(
        list(argv),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=functools.partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - it only makes system calls
    )
    assert process.stdin is not None and process.stderr is not None
    try:
        for number, picture in enumerate(pictures):
            on_progress(number / count)
            process.stdin.write(picture)
        process.stdin.close()
        report = process.stderr.read(_REPORT_MAX).decode(errors="replace")
        if process.wait() != 0:
            raise RenderFailed(slug, report)
        on_progress(1.0)
    except BrokenPipeError as error:
        raise RenderFailed(slug, process.stderr.read(_REPORT_MAX).decode(errors="replace").strip()) from error
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def frames(film: Film, fonts: Fonts, height: int, seconds: float) -> Iterator[bytes]:
    """The film's frames as planes of yuv420p, one after the other."""
    scene = Scene(film, fonts, height, seconds)
    for number in range(round(seconds * film.rate[0] / film.rate[1])):
        yield scene.frame(number)


class Scene:
    """A film set up to be shot: everything that does not change from frame to frame is made here, once."""

    def __init__(self, film: Film, fonts: Fonts, height: int, seconds: float) -> None:
        random = np.random.default_rng(seed_of(film.slug))
        self.film, self.seconds = film, seconds
        self.size = (2 * round(height * 8 / 9), height)
        picture = graded(film.look.still, film.look.grade)
        self.stage = motion.Stage(make_plates(picture, film.look.layers, height))
        self.changes = motion.changes(film.look.effects, self.stage, seconds, random)
        self.shades = atmosphere.shades(film.look.effects, seconds, random)
        self.casts = particles.casts(film.look.effects, particles.sky_of(picture), random)
        self.brush = particles.Brush()
        self.title, self.credits = cards.title_card(film, fonts, height), cards.credits_card(film, fonts, height)
        self.vignette = _vignette(self.size)
        self.grain = _grain(self.size, film.look.grain, random)
        self.shuffle = random.integers(0, 2**31, round(seconds * film.rate[0] / film.rate[1]) + 1)

    def frame(self, number: int) -> bytes:
        """The frame's planes, one after the other."""
        time_s = number * self.film.rate[1] / self.film.rate[0]
        take, view = view_at(self.film.look.shots, time_s / self.seconds)
        view = breathe(view, time_s)
        light = self._light(time_s)
        planes = self._scene(time_s, view, take, light) if light > 0 else self._dark()
        for cast in self.casts:
            particles.draw(cast(time_s, view, self.size[1]), planes, self.brush, light)
        planes[0][:] *= self.vignette
        self._cards(planes, time_s)
        return self._developed(planes, number)

    def _light(self, time_s: float) -> float:
        """How far the scene is up, 0..1: it rises under the title and goes down under the credits."""
        start, end = (limit * min(1.0, self.seconds / 20) for limit in cards.SCENE_IN_S)
        out = cards.CREDITS_S * min(1.0, self.seconds / 20)
        up, down = (time_s - start) / (end - start), (self.seconds - time_s - 0.55 * out) / (0.6 * out)
        share = min(1.0, up, max(down, 0.16))
        return share * share * (3 - 2 * share) if share > 0 else 0.0

    def _dark(self) -> tuple[Floats, Floats, Floats]:
        width, height = self.size
        half = (height // 2, width // 2)
        grey = np.full(half, 128, dtype=np.float32)
        return np.full((height, width), _DARK, dtype=np.float32), grey, grey.copy()

    def _scene(self, time_s: float, view: View, take: int, light: float) -> tuple[Floats, Floats, Floats]:
        if self.changes:
            self.stage.begin()
        for change in self.changes:
            change(time_s)
        luma, blue, red = self._framed(view, take)
        air = atmosphere.Air()
        for shade in self.shades:
            shade(air, time_s)
        gain = self._spread(air.gain, view) * np.float32(light)
        luma *= _doubled(gain)
        luma += _doubled(self._spread(air.light, view) * np.float32(light) + np.float32(_DARK * (1 - light)))
        for plane, tint in ((blue, air.blue), (red, air.red)):
            added = self._spread(tint, view) * np.float32(light) if tint.any() else np.float32(0)
            plane[:] = (plane - 128) * gain + (added + np.float32(128))
        return luma, blue, red

    def _framed(self, view: View, take: int) -> tuple[Floats, Floats, Floats]:
        """The plates as the camera sees them, the layers before the background."""
        stage, shot = self.stage, self.film.look.shots[take]
        anchor = View(
            (shot.start.x + shot.end.x) / 2, (shot.start.y + shot.end.y) / 2, (shot.start.zoom * shot.end.zoom) ** 0.5
        )
        luma, blue, red = self._shot(stage.luma, view), *(self._half(plane, view) for plane in (stage.blue, stage.red))
        for layer in stage.still.layers:
            self._lay(layer, nearer(view, anchor, layer.depth), luma, (blue, red))
        return luma, blue, red

    def _lay(self, layer: Cutout, view: View, luma: Floats, colours: tuple[Floats, Floats]) -> None:
        """Lay one layer over what is behind it, in the part of the picture where it is."""
        area = self._area(layer.box, view)
        if area is None:
            return
        left, top, right, bottom = area
        whole = (slice(top, bottom), slice(left, right))
        half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
        through = self._shot(layer.through, view, area) * np.float32(1 / 255)
        half_through = through[::2, ::2]
        luma[whole] *= through
        if layer.own is not None:
            luma[whole] += self._shot(layer.own[0], view, area) * (1 - through)
        for number, plane in enumerate(colours):
            own = layer.tint[number] if layer.own is None else self._half(layer.own[number + 1], view, area)
            plane[half] = own + (plane[half] - own) * half_through

    def _area(self, box: tuple[float, float, float, float], view: View) -> _Area | None:
        """The part of the picture (even pixels) in which a part of the plate is seen."""
        width, height = self.size
        left, top, right, bottom = window(view, 1, 1)
        across, down = width / (right - left), height / (bottom - top)
        x0, x1 = max(0, int((box[0] - left) * across) & ~1), min(width, (int((box[2] - left) * across) + 3) & ~1)
        y0, y1 = max(0, int((box[1] - top) * down) & ~1), min(height, (int((box[3] - top) * down) + 3) & ~1)
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def _shot(self, plate: Plane, view: View, area: _Area | None = None) -> Floats:
        """The plate as the camera sees it, to a fraction of a pixel; only `area` of the picture where that is given."""
        return _sampled(plate, view, self.size, area or (0, 0, *self.size))

    def _half(self, plate: Plane, view: View, area: _Area | None = None) -> Floats:
        """A colour plane as the camera sees it; `area` is in pixels of the whole picture."""
        left, top, right, bottom = (n // 2 for n in area or (0, 0, *self.size))
        return _sampled(plate, view, (self.size[0] // 2, self.size[1] // 2), (left, top, right, bottom))

    def _spread(self, field: Floats, view: View) -> Floats:
        """A field as the camera sees it, float32[half height, half width]: it has no detail that needs more."""
        box = window(view, field.shape[1], field.shape[0])
        size = (self.size[0] // 2, self.size[1] // 2)
        return np.asarray(Image.fromarray(field).resize(size, Image.Resampling.BILINEAR, box=box))

    def _cards(self, planes: tuple[Floats, Floats, Floats], time_s: float) -> None:
        scale = min(1.0, self.seconds / 20)
        title = cards.opacity_at(time_s / scale, cards.TITLE_IN_S, cards.TITLE_OUT_S)
        if title > 0:
            self.title.draw(planes, title, 1 + 0.009 * time_s / scale)
        start = self.seconds / scale - cards.CREDITS_S + 1.1
        credits = cards.opacity_at(time_s / scale, start, self.seconds / scale - 0.25)
        if credits > 0:
            self.credits.draw(planes, credits, 1 + 0.006 * (time_s / scale - start))

    def _developed(self, planes: tuple[Floats, Floats, Floats], number: int) -> bytes:
        """Grain is laid on, and the planes become bytes: luma from 16 up (ITU-R BT.709, 8 bit)."""
        luma = planes[0]
        where = int(self.shuffle[number])
        tile = self.grain[where % _GRAIN_TILES]
        top, left = where // 7 % (tile.shape[0] - self.size[1]), where // 1009 % (tile.shape[1] - self.size[0])
        luma += tile[top : top + self.size[1], left : left + self.size[0]]
        np.clip(luma, 0, 219, out=luma)
        luma += 16.5
        colours = [np.clip(plane + np.float32(0.5), 16, 240).astype(np.uint8) for plane in planes[1:]]
        return b"".join(plane.tobytes() for plane in (luma.astype(np.uint8), *colours))


def _sampled(plate: Plane, view: View, size: tuple[int, int], area: _Area) -> Floats:
    left, top, right, bottom = window(view, plate.shape[1], plate.shape[0])
    across, down = (right - left) / size[0], (bottom - top) / size[1]
    box = (left + area[0] * across, top + area[1] * down, left + area[2] * across, top + area[3] * down)
    method = Image.Resampling.BICUBIC if across < _ENLARGED else Image.Resampling.BILINEAR
    moved = Image.fromarray(plate).resize((area[2] - area[0], area[3] - area[1]), method, box=box)
    return np.asarray(moved).astype(np.float32)


def _doubled(field: Floats) -> Floats:
    return field.repeat(2, axis=0).repeat(2, axis=1)


def _vignette(size: tuple[int, int]) -> Floats:
    x, y = np.linspace(-1, 1, size[0], dtype=np.float32), np.linspace(-1, 1, size[1], dtype=np.float32)[:, None]
    return np.asarray(1 - 0.3 * np.clip((x * x * 0.8 + y * y * 0.6) / 1.4, 0, 1) ** 1.4, dtype=np.float32)


def _grain(size: tuple[int, int], steps: float, random: np.random.Generator) -> list[Floats]:
    """Tiles of film grain a little larger than the picture: noise, softened to the size of silver."""
    shape = (size[1] + 2 * _GRAIN_TILES * 4, size[0] + 2 * _GRAIN_TILES * 4)
    tiles = list[Floats]()
    for _ in range(_GRAIN_TILES):
        noise = random.standard_normal(shape, dtype=np.float32)
        soft = noise + 0.6 * (np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) + 0.35 * np.roll(noise, (1, 1), (0, 1))
        tiles.append(np.asarray(soft * (steps / soft.std()), dtype=np.float16).astype(np.float32))
    return tiles
