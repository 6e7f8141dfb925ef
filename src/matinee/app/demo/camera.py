"""The camera: which part of the still is in the picture at a time, to a fraction of a pixel. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matinee.app.demo.film import Shot, View

SHAKE = 0.0011  # share of the picture's height: a camera on a tripod in the wind, not in a hand


def view_at(shots: Sequence[Shot], share: float) -> tuple[int, View]:
    """The number of the take and its view at `share` (0..1) of the film."""
    whole = sum(shot.share for shot in shots)
    before = 0.0
    for number, shot in enumerate(shots):
        part = shot.share / whole
        if share < before + part or number == len(shots) - 1:
            return number, between(shot.start, shot.end, min(1.0, max(0.0, (share - before) / part)))
        before += part
    raise ValueError("a film has at least one shot")


def between(start: View, end: View, share: float) -> View:
    """The view on the way; enlargement goes by ratio, so that its pace looks even."""
    zoom = start.zoom * (end.zoom / start.zoom) ** share
    # The centre follows the enlargement: then every point moves along a straight line at a pace the eye expects.
    way = (
        share
        if abs(end.zoom / start.zoom - 1) < 1e-6
        else (1 / zoom - 1 / start.zoom) / (1 / end.zoom - 1 / start.zoom)
    )
    return View(start.x + (end.x - start.x) * way, start.y + (end.y - start.y) * way, zoom)


def breathe(view: View, time_s: float) -> View:
    """`view` with the slow unrest of a real camera."""
    dx = math.sin(time_s * 0.61) + 0.6 * math.sin(time_s * 1.13 + 1.7)
    dy = math.sin(time_s * 0.47 + 0.8) + 0.6 * math.sin(time_s * 0.97 + 2.9)
    return View(view.x + SHAKE * dx / view.zoom, view.y + SHAKE * dy / view.zoom, view.zoom)


def nearer(view: View, anchor: View, depth: float) -> View:
    """How something `depth` nearer than the background is framed, where both agree at `anchor`."""
    return View(
        view.x + depth * (view.x - anchor.x),
        view.y + depth * (view.y - anchor.y),
        view.zoom * (view.zoom / anchor.zoom) ** depth,
    )


def window(view: View, width: int, height: int) -> tuple[float, float, float, float]:
    """The view's left, top, right and bottom on a picture of this size; never outside of it."""
    zoom = max(1.0, view.zoom)
    wide, high = width / zoom, height / zoom
    left = min(max(0.0, view.x * width - wide / 2), width - wide)
    top = min(max(0.0, view.y * height - high / 2), height - high)
    return left, top, left + wide, top + high
