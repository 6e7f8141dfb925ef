"""Makes other films out of a film: other containers, codecs, rates and shapes, with FFmpeg."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.media.generate import ffmpeg


def remake(source: Path, out: Path, *options: str, before: tuple[str, ...] = ()) -> Path:
    """`source` through FFmpeg with `options` for the output and options `before` the input."""
    argv = [ffmpeg(), "-v", "error", "-y", *before, "-i", str(source), *options, str(out)]
    subprocess.run(argv, check=True)
    return out
