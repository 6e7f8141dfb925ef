"""How much memory a task on a rung takes, so that it is never put where it does not fit."""

from __future__ import annotations

from typing import Final

BASE_BYTES = 256 * 2**20
"""A worker with its FFmpeg, and a decoder of the master."""
BYTES_A_PIXEL: Final = {"h264": 250, "hevc": 370, "av1": 370}
"""Of the picture that is encoded. Measured with one thread, 10 bits for HEVC and AV1: x264 at `slow` takes 250 bytes a
pixel (0.5 GB at 1080p), x265 at `medium` 350, SVT-AV1 at preset 8 260 and more at slower ones."""


def task_bytes(width: int, height: int, codec: str = "h264") -> int:
    """Memory for encoding or checking pictures of this size; a codec that we do not know takes the most."""
    return BASE_BYTES + width * height * BYTES_A_PIXEL.get(codec, max(BYTES_A_PIXEL.values()))
