"""Films to measure ladders on: generated ones of several kinds, long ones of many scenes, and real clips where given.

A generated title is a row of scenes. Each scene is a still or a source of FFmpeg's own under a moving camera, so that a
film of ten minutes is made in a minute. Everything comes from a seed.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import imageio_ffmpeg
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Size: TypeAlias = tuple[int, int]
Field: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
LONG_S = 600
"""What counts as a long title: its samples are a small part of it."""
MASTER = ("-c:v", "libx264", "-preset", "superfast", "-crf", "14", "-g", "48", "-bf", "0", "-threads", "1")
CLIPS = ("bbb_854x480_24fps_30s.mp4", "bbb_1280x720_25fps_5s.mp4", "elephantsdream_1024x576_24fps_37s.mkv",
         "driving_1920x1080_54f.264", "flower_960x540_30fps_5s.mp4")  # fmt: skip
PHRASES = (
    "def bd_rate(anchor, test):", "    return 2 ** delta - 1", "The harbour lay still; no boat had come in.",
    "| title | bits/s | VMAF |", "for rung in ladder:  # lowest first", "Nobody has seen the keeper since May.",
)  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """What a kind of scene is told: how large and how fast, a chance of its own, a folder for stills."""

    size: Size
    rate: int
    chance: random.Random
    folder: Path

    def still(self, image: Image.Image) -> list[str]:
        """Input options for an image; the loop filter then repeats it, decoded once."""
        path = self.folder / f"still-{self.chance.randrange(10**9)}.png"
        image.save(path, compress_level=1)
        return ["-framerate", str(self.rate), "-i", str(path)]


Made: TypeAlias = tuple[list[str], str]
"""A scene as FFmpeg takes it: input options, and the filter graph that ends in its pictures."""
Kind: TypeAlias = Callable[[Scene], Made]


@dataclass(frozen=True)
class Title:
    """One film to measure: `make` writes it into a folder and answers its path."""

    name: str
    make: Callable[[Path], Path]


def pink(shape: Size, power: float, chance: np.random.Generator) -> Field:
    """Noise whose amplitude falls as frequency ** -power, as in nature: float64[height, width], -1 to 1."""
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    radius = np.hypot(rows, columns)
    radius[0, 0] = 1.0
    spectrum = chance.normal(size=radius.shape) + 1j * chance.normal(size=radius.shape)
    field = np.fft.irfft2(spectrum / radius**power, s=shape)
    return np.asarray(np.clip((field - field.mean()) / (3 * field.std()), -1, 1))


def landscape(width: int, height: int, seed: int) -> Image.Image:
    """Ridges behind ridges, each with a colour and a texture of its own: sharp edges, soft sky, fine detail."""
    chance = np.random.default_rng(seed)
    picture = np.empty((height, width, 3))
    picture[:] = np.linspace(0.55, 0.95, height)[:, None, None] * chance.uniform(150, 240, 3)
    rows = np.arange(height)[:, None]
    fine, coarse = (pink((height, width), power, chance) for power in (0.8, 1.3))
    for layer in range(5):
        ridge = height * (0.25 + 0.15 * layer + 0.12 * pink((1, width), 1.3, chance)[0])
        texture = np.roll(fine if layer % 2 else coarse, chance.integers(width), axis=1)
        colour = chance.uniform(30, 200, 3) * (1 - 0.12 * layer)
        inside = rows > ridge[None, :]
        picture[inside] = (colour * (1 + 0.6 * texture[..., None]))[inside]
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def camera(scene: Scene, speed: float, *filters: str) -> Made:
    """A camera that pans over a landscape by `speed` pixels a frame, there and back."""
    width, height = scene.size
    plate = landscape(width * 2, height * 5 // 4, scene.chance.randrange(2**31))
    return scene.still(plate), ",".join(
        [
            "loop=loop=-1:size=1",
            f"crop={width}:{height}:abs(mod({scene.chance.randrange(width)}+n*{speed:.3f}\\,{2 * width})-{width})"
            f":{height // 8}+{height // 16}*sin(n*{speed / width:.5f})",
            *filters,
        ]
    )


def slow(scene: Scene) -> Made:
    return camera(scene, scene.chance.uniform(0.5, 2), "noise=alls=2:allf=t")


def grain(scene: Scene) -> Made:
    return camera(scene, scene.chance.uniform(0.5, 4), f"noise=alls={scene.chance.randint(8, 18)}:allf=t")


def fast(scene: Scene) -> Made:
    turn = scene.chance.uniform(0.1, 0.4)
    blur = (f"rotate={turn:.3f}*sin(n/7):fillcolor=gray:bilinear=1", "tmix=frames=2")
    return camera(scene, scene.size[0] / scene.chance.uniform(25, 60), *blur)


def still(scene: Scene) -> Made:
    return camera(scene, 0, f"eq=brightness={scene.chance.uniform(-0.25, 0.05):.3f}", "noise=alls=3:allf=t")


def fractal(scene: Scene) -> Made:
    width, height = scene.size
    scale = 10 ** scene.chance.uniform(-3, 0)
    options = f"size={width}x{height}:rate={scene.rate}:maxiter=250:start_scale={scale:.6f}:end_scale={scale / 30:.8f}"
    return ["-f", "lavfi", "-i", f"mandelbrot={options}:end_pts=400"], "null"


def text(scene: Scene) -> Made:
    """A page that is read: it rests, then scrolls on by some lines."""
    width, height = scene.size
    page = Image.new("RGB", (width, height * 3), "white" if scene.chance.random() < 0.5 else (24, 26, 32))
    ink = (20, 20, 20) if page.getpixel((0, 0)) == (255, 255, 255) else (220, 220, 200)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(height // 34)
    for y in range(8, page.height, height // 24):
        line = "  ".join(scene.chance.choices(PHRASES, k=3))
        draw.text((width // 40, y), line[: scene.chance.randint(8, 110)], fill=ink, font=font)
    step = height // 4
    return scene.still(page), (
        f"loop=loop=-1:size=1,crop={width}:{height}:0:mod((floor(t/2)+min(1\\,mod(t\\,2)*3))*{step}\\,{2 * height})"
    )


def flat(scene: Scene) -> Made:
    """Figures of flat colours with outlines that move over a flat background, each drawing shown twice."""
    width, height = scene.size
    chance, inputs, graph = scene.chance, list[str](), "[0]loop=loop=-1:size=1[v0]"
    inputs += scene.still(_figures(Image.new("RGB", scene.size, _colour(chance)), chance, 6))
    for number in range(1, 4):
        side = chance.randint(height // 5, height // 2) // 2 * 2
        inputs += scene.still(_figures(Image.new("RGBA", (side, side)), chance, 5))
        x = f"{width / 2:.0f}*(1+0.8*sin(t*{chance.uniform(0.3, 2.5):.2f}+{number}))-{side / 2:.0f}"
        y = f"{height / 2:.0f}*(1+0.6*cos(t*{chance.uniform(0.3, 2.5):.2f}))-{side / 2:.0f}"
        graph += f";[{number}]loop=loop=-1:size=1[s{number}];[v{number - 1}][s{number}]overlay=x={x}:y={y}[v{number}]"
    return inputs, f"{graph};[v3]fps={scene.rate // 2},fps={scene.rate}"


def _colour(chance: random.Random) -> tuple[int, int, int]:
    return chance.randint(40, 240), chance.randint(40, 240), chance.randint(40, 240)


def _figures(image: Image.Image, chance: random.Random, count: int) -> Image.Image:
    draw, (width, height) = ImageDraw.Draw(image), image.size
    for _ in range(count):
        x, y = chance.uniform(0, 0.6) * width, chance.uniform(0, 0.6) * height
        box = (x, y, x + chance.uniform(0.2, 0.4) * width, y + chance.uniform(0.2, 0.4) * height)
        shape = draw.ellipse if chance.random() < 0.6 else draw.rectangle
        shape(box, fill=_colour(chance), outline=(10, 10, 10), width=max(2, height // 80))
    return image


def generated(name: str, size: Size, rate: int, scene_s: float, kinds: Sequence[Kind], seed: int = 0) -> Title:
    """A title of a scene of each of `kinds`, `scene_s` seconds long."""

    def make(folder: Path) -> Path:
        chance = random.Random(f"{name} {seed}")
        scenes = []
        for number, kind in enumerate(kinds):
            scene = Scene(size, rate, random.Random(chance.random()), folder)
            inputs, graph = kind(scene)
            scenes.append(_shot(folder / f"{name}-{number}.mkv", inputs, graph, round(scene_s * rate), rate))
        return _joined(scenes, folder / f"{name}.mkv")

    return Title(name, make)


def _shot(out: Path, inputs: Sequence[str], graph: str, frames: int, rate: int) -> Path:
    picture = ["-filter_complex", f"{graph},fps={rate},format=yuv420p", "-frames:v", str(frames), "-an"]
    _ffmpeg(*inputs, *picture, *MASTER, str(out))
    for still_ in (path for path in inputs if path.endswith(".png")):
        Path(still_).unlink()
    return out


def _joined(scenes: Sequence[Path], out: Path) -> Path:
    listing = out.with_suffix(".txt")
    listing.write_text("".join(f"file '{scene}'\n" for scene in scenes))
    _ffmpeg("-f", "concat", "-safe", "0", "-i", str(listing), "-c", "copy", str(out))
    for path in (listing, *scenes):
        path.unlink()
    return out


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *arguments], check=True)


def reel(clips: Sequence[Path], size: Size, rate: int, scene_s: float, scenes: int) -> Title:
    """A long title of real pictures: scenes of the clips, each enlarged, mirrored, slowed or lit in its own way."""
    width, height = size
    name = "reel of clips, 10 min"

    def make(folder: Path) -> Path:
        chance, made = random.Random("reel"), []
        for number in range(scenes):
            clip, zoom = chance.choice(clips), chance.uniform(1.0, 1.5)
            w, h = round(width * zoom / 2) * 2, round(height * zoom / 2) * 2
            graph = ",".join(
                [
                    f"scale={w}:{h}:flags=lanczos:out_range=tv",
                    f"crop={width}:{height}:{chance.randint(0, w - width)}:{chance.randint(0, h - height)}",
                    f"setpts=PTS*{chance.uniform(0.7, 2.5):.2f}",
                    *(["hflip"] if chance.random() < 0.5 else []),
                    f"eq=brightness={chance.uniform(-0.1, 0.1):.3f}:contrast={chance.uniform(0.8, 1.2):.3f}",
                ]
            )
            from_s = f"{chance.uniform(0, 18):.2f}" if "_30s" in clip.name else "0"
            inputs = ["-stream_loop", "-1", "-ss", from_s, "-threads", "1", "-i", str(clip)]
            made.append(_shot(folder / f"reel-{number}.mkv", inputs, graph, round(scene_s * rate), rate))
        return _joined(made, folder / f"{name}.mkv")

    return Title(name, make)


def real_clips() -> list[Path]:
    """The real films in MATINEE_TEST_MEDIA (../shared/media), as far as they are there."""
    folder = Path(os.environ.get("MATINEE_TEST_MEDIA", Path(__file__).parents[2] / "shared" / "media")) / "clips"
    return [path for name in CLIPS if (path := folder / name).is_file()]


def clip(path: Path) -> Title:
    """A real clip as it is."""
    return Title(path.stem, lambda _: path)


def titles() -> Iterable[Title]:
    """All that ladders are measured on."""
    mix = random.Random("montage").choices((slow, grain, fast, still, fractal, text, flat), k=60)
    clips = real_clips()
    return [
        generated("grain", (1920, 1080), 24, 4, [grain] * 2),
        generated("fractal", (1280, 720), 24, 4, [fractal] * 2),
        generated("slow pan", (1920, 1080), 24, 4, [slow] * 2),
        generated("fast motion", (1280, 720), 24, 2, [fast] * 4),
        generated("text", (1920, 1080), 24, 4, [text] * 2),
        generated("flat colours", (1920, 1080), 24, 4, [flat] * 2),
        *(clip(path) for path in clips),
        generated("montage, 10 min", (640, 360), 12, 10, mix),
        *([reel([one for one in clips if one.suffix == ".mp4"], (640, 360), 12, 10, 60)] if clips else []),
    ]
