"""What each encoder is told: rate, closed GOPs of fixed length, parameter sets that no chunk changes. Pure.

Every encoder runs on one thread and gives the same bytes each time; parallelism comes from chunks and rungs.
"""

from __future__ import annotations

from collections.abc import Sequence

from matinee.encoding.pertitle.ladder import Codec, Rung
from matinee.encoding.recipe import Coding, VideoRecipe
from matinee.encoding.source import ContentLight, Hdr, MasteringDisplay
from matinee.encoding.timeline import idr_frames

DECODERS: dict[Codec, tuple[str, ...]] = {"h264": ("h264",), "hevc": ("hevc",), "av1": ("libdav1d", "av1")}
"""The decoders that read what we made, by FFmpeg's names."""
CRFS: dict[Codec, tuple[float, ...]] = {
    "h264": (20.0, 27.0, 35.0),
    "hevc": (20.0, 27.0, 35.0),
    "av1": (22.0, 36.0, 51.0),
}
"""Rate factors of trials: from better than anybody needs to worse than anybody wants, about 8 VMAF apart between.
SVT-AV1's scale goes to 63, the others' to 51."""
FINE_CRF: dict[Codec, float] = {"h264": 14.0, "hevc": 14.0, "av1": 12.0}
"""One more, for small sources."""
MAXRATE_FACTOR = 1.5
"""VBV: a second may take this many times the average ..."""
BUFFER_S = 2.0
"""... out of a buffer that holds so many seconds of the average."""
AV1_FAST_CRF = 30.0
"""SVT-AV1's rate factor where no quality was measured: VMAF 93 or more on most films at their own size."""
_SVT_PRESETS = {
    "ultrafast": 12, "superfast": 11, "veryfast": 10, "faster": 9, "fast": 8,
    "medium": 6, "slow": 5, "slower": 4, "veryslow": 3,
}  # fmt: skip
"""SVT-AV1's presets that take about as long, compared with x265's, as x265's of that name take compared with x264's."""
_X265 = (
    "pools=none:frame-threads=1:wpp=0:lookahead-slices=0:keyint=-1:min-keyint=1:scenecut=0:open-gop=0:"
    "info=0:log-level=1"
)
"""One thread; IDRs only where they are forced; no note of the encoder's version in the stream."""
_SVT = "lp=1:keyint=-1:scd=0"


def encoder(recipe: VideoRecipe, crf: float | None = None) -> list[str]:
    """A rung's encoder, its rate under a VBV cap, and IDRs where the timeline wants them, on every rung alike.

    `crf` is that of one chunk, where it is not the rung's own.
    """
    segment = recipe.timeline.segment_frames
    idr = "+".join(f"eq(mod(n,{segment}),{frame})" for frame in idr_frames(segment, segment))
    return [
        *_told(recipe.coding, recipe.encoder.preset),
        *_rate(recipe.coding.codec, recipe.rung, crf),
        "-force_key_frames", f"expr:{idr}",
        *(["-forced-idr", "1"] if recipe.coding.codec != "av1" else []),
    ]  # fmt: skip


def trial_encoder(coding: Coding, preset: str, crf: float, frames: int) -> list[str]:
    """The encoder of a trial: the same but for the cap, and one GOP of `frames`, with what follows as another."""
    return [
        *_told(coding, preset), "-crf", f"{crf:g}",
        "-force_key_frames", f"expr:eq(n,0)+eq(n,{frames})",
        *(["-forced-idr", "1"] if coding.codec != "av1" else []),
    ]  # fmt: skip


def _told(coding: Coding, preset: str) -> list[str]:
    if coding.codec == "hevc":
        parameters = ":".join([_X265, *_x265_light(coding.hdr)])
        profile = "main10" if coding.depth_bits > 8 else "main"
        return [
            "-c:v", "libx265", "-preset", preset, "-profile:v", profile, "-bf", "3",
            "-x265-params", parameters, "-tag:v", "hvc1",
        ]  # fmt: skip
    if coding.codec == "av1":
        parameters = ":".join([_SVT, *_svt_light(coding.hdr)])
        return ["-c:v", "libsvtav1", "-preset", str(_SVT_PRESETS[preset]), "-svtav1-params", parameters]
    return [
        "-c:v", "libx264", "-preset", preset, "-profile:v", "high", "-threads", "1", "-bf", "3",
        # stitchable: SPS and PPS do not depend on the chunk's content. scenecut=0 and an endless keyint: IDRs are
        # where force_key_frames says.
        "-x264-params", "keyint=infinite:min-keyint=1:scenecut=0:open-gop=0:stitchable=1:force-cfr=1",
    ]  # fmt: skip


def _rate(codec: Codec, rung: Rung, crf: float | None) -> list[str]:
    """Constant quality up to a cap where quality was measured; else one-pass average bitrate.

    SVT-AV1 forces key frames in constant quality alone: it is given one that is good, and the average as its cap.
    """
    if rung.crf is not None and rung.maxrate_bps is not None:
        cap = rung.maxrate_bps
        factor = rung.crf if crf is None else crf
        return ["-crf", f"{factor:g}", "-maxrate", str(cap), "-bufsize", str(round(cap * rung.buffer_s))]
    bps = rung.bitrate_bps
    if codec == "av1":
        return ["-crf", f"{AV1_FAST_CRF:g}", "-maxrate", str(bps), "-bufsize", str(round(bps * BUFFER_S))]
    return ["-b:v", str(bps), "-maxrate", str(round(bps * MAXRATE_FACTOR)), "-bufsize", str(round(bps * BUFFER_S))]


def _x265_light(hdr: Hdr | None) -> list[str]:
    """SMPTE ST 2086 and CTA-861.3 metadata as x265 takes it; hdr10-opt spends bits where PQ needs them."""
    if hdr is None:
        return []
    return [
        *(["hdr10-opt=1"] if hdr.video_range == "PQ" else []),
        *([f"master-display={_in_x265_units(hdr.mastering)}"] if hdr.mastering is not None else []),
        *([f"max-cll={_levels(hdr.content_light)}"] if hdr.content_light is not None else []),
    ]


def _svt_light(hdr: Hdr | None) -> list[str]:
    if hdr is None:
        return []
    return [
        *([f"mastering-display={_in_candela(hdr.mastering)}"] if hdr.mastering is not None else []),
        *([f"content-light={_levels(hdr.content_light)}"] if hdr.content_light is not None else []),
    ]


def _in_x265_units(display: MasteringDisplay) -> str:
    """Chromaticity in 1/50,000, luminance in 1/10,000 cd/m2."""
    points = zip(("G", "B", "R", "WP"), _points(display), strict=True)
    shown = "".join(f"{name}({x},{y})" for name, (x, y) in points)
    return f"{shown}L({display.luminance[0]},{display.luminance[1]})"


def _in_candela(display: MasteringDisplay) -> str:
    """The same as plain numbers."""
    points = zip(("G", "B", "R", "WP"), _points(display), strict=True)
    shown = "".join(f"{name}({x / 50_000:.5f},{y / 50_000:.5f})" for name, (x, y) in points)
    return f"{shown}L({display.luminance[0] / 10_000:.4f},{display.luminance[1] / 10_000:.4f})"


def _points(display: MasteringDisplay) -> Sequence[tuple[int, int]]:
    red, green, blue = display.primaries
    return green, blue, red, display.white


def _levels(light: ContentLight) -> str:
    return f"{light.most},{light.average}"
