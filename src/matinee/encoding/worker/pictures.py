"""The pictures of a title: a still, and the storyboard that the seek bar shows."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import msgspec
from PIL import Image

from matinee.base import objects as store
from matinee.base.objects import Objects
from matinee.encoding.asset import Pictures, Storyboard
from matinee.encoding.pertitle import sample
from matinee.encoding.plan import (
    Task,
    window_name,
)
from matinee.encoding.source import size_within
from matinee.encoding.worker import ffmpeg
from matinee.encoding.worker.looks import TILE_QUALITY
from matinee.encoding.worker.workplace import Bench, run_ffmpeg

STILL_SIZE = (1920, 1080)
STILL_QUALITY = 86


def make_pictures(bench: Bench, task: Task) -> None:
    """Take the still and the storyboard, store them as images, and keep their names."""
    plan = bench.plan
    windows = [
        msgspec.msgpack.decode(store.read(bench.objects, window_name(plan.order, one.number)), type=sample.Window)
        for one in plan.windows
    ]
    pictures = Pictures(still=_still(bench, windows), storyboard=_storyboard(bench, windows))
    store.write(bench.objects, task.makes, msgspec.json.encode(pictures))


def _still(bench: Bench, windows: Sequence[sample.Window]) -> str:
    plan, out = bench.plan, bench.scratch / "still.png"
    assert plan.inspection.video is not None
    frame = sample.best_still(windows)
    chunk = next(one for one in reversed(plan.chunks) if one.start <= frame)
    at = msgspec.structs.replace(chunk, start=frame)
    size = size_within(plan.inspection.video, STILL_SIZE)
    master = bench.master()
    argv = ffmpeg.still_argv(bench.ffmpeg, master, plan.inspection, plan.timeline, at, size, out)
    run_ffmpeg(argv, "taking a still", master)
    with Image.open(out) as image:
        return put_image(bench.objects, image.convert("RGB"), STILL_QUALITY)


def _storyboard(bench: Bench, windows: Sequence[sample.Window]) -> Storyboard | None:
    samples = [one for window in windows for one in window.samples if one.tile]
    if not samples:
        return None
    tiles = [Image.open(io.BytesIO(one.tile)).convert("RGB") for one in samples]
    columns = max(1, round(len(tiles) ** 0.5))
    rows = -(-len(tiles) // columns)
    width, height = tiles[0].size
    sheet = Image.new("RGB", (columns * width, rows * height))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % columns * width, number // columns * height))
    timeline = bench.plan.timeline
    step = max(1, round(timeline.fps))
    interval = sample.tile_interval(-(-timeline.frames // step)) * step / timeline.fps
    return Storyboard(
        image=put_image(bench.objects, sheet, TILE_QUALITY),
        columns=columns,
        rows=rows,
        tile_width=width,
        tile_height=height,
        interval_s=float(interval),
    )


def put_image(objects: Objects, image: Image.Image, image_quality: int) -> str:
    """Store a picture under a name that is the hash of its bytes; answers the name."""
    out = io.BytesIO()
    image.save(out, "WEBP", quality=image_quality, method=4)
    content = out.getvalue()
    name = f"{hashlib.sha256(content).hexdigest()[:32]}.webp"
    store.write(objects, f"images/{name}", content)
    return name
