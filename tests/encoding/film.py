"""Inspections and plans as values: what a probe would have found in a film that nobody made."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from fractions import Fraction

import msgspec
import numpy as np

from matinee.encoding.pertitle.ladder import CodecSet
from matinee.encoding.pertitle.sample import Sample, Window
from matinee.encoding.plan import Order, Plan, Sidecar, plan_of, windows_of
from matinee.encoding.recipe import Encoder
from matinee.encoding.source import (
    BT2020,
    PQ,
    AudioStream,
    ContentLight,
    Inspection,
    MasteringDisplay,
    VideoStream,
)
from matinee.encoding.timeline import timeline_of

NTSC_FILM = Fraction(24000, 1001)
ENCODER = Encoder(build="b" * 64, preset="fast")
STEREO = AudioStream(index=1, codec="aac", channels=2, sample_rate=48_000, language="en", is_default=True, packets=9)
ORDER = Order(title_id="title_1", master="masters/abc", source="abc", size_bytes=1_000)
P3_SCREEN = MasteringDisplay(
    primaries=((34_000, 16_000), (13_250, 34_500), (7_500, 3_000)), white=(15_635, 16_450), luminance=(10_000_000, 50)
)
"""SMPTE RP 431-2's primaries and D65, 0.005 to 1,000 cd/m2."""
SUBTITLES = Sidecar(text="subtitles/abc", language="en", label="English")


def packed(times: Iterable[int]) -> bytes:
    return array("q", times).tobytes()


def even_times(rate: Fraction, frames: int, base: Fraction, origin: int = 0) -> list[int]:
    """When the frames of a constant rate are shown, as a container with time base `base` rounds it."""
    step = 1 / (rate * base)
    return (origin + (2 * np.arange(frames) * step.numerator + step.denominator) // (2 * step.denominator)).tolist()


def video(**changes: object) -> VideoStream:
    fields: dict[str, object] = {"index": 0, "codec": "h264", "width": 1280, "height": 720, "time_base": (1, 24000)}
    return VideoStream(**{**fields, **changes})  # type: ignore[arg-type]


def inspected(
    times: list[int],
    base: Fraction,
    *,
    nominal: Fraction = Fraction(0),
    keyframes: Iterable[int] | None = None,
    last_duration: int | None = None,
    demuxer: str = "mov",
    audio: tuple[AudioStream, ...] = (),
    size: tuple[int, int] = (1280, 720),
    announced_s: float = 0.0,
) -> Inspection:
    """A film whose frames are shown at `times`, key frames every 48 of them unless they are given."""
    usual = (times[-1] - times[0]) // max(1, len(times) - 1) if times else 0
    return Inspection(
        demuxer=demuxer,
        video=video(
            width=size[0],
            height=size[1],
            time_base=(base.numerator, base.denominator),
            nominal_rate=(nominal.numerator, nominal.denominator),
        ),
        audio=audio,
        announced_s=announced_s,
        frames=packed(times),
        keyframes=packed(times[::48] if keyframes is None else keyframes),
        last_duration=usual if last_duration is None else last_duration,
    )


def film(
    seconds: float = 90.0,
    rate: Fraction = NTSC_FILM,
    *,
    size: tuple[int, int] = (1280, 720),
    audio: tuple[AudioStream, ...] = (STEREO,),
) -> Inspection:
    """An ordinary film in MP4: constant rate, its own rate as time base."""
    base = Fraction(1, rate.numerator)
    frames = max(1, round(seconds * rate))
    return inspected(even_times(rate, frames, base), base, nominal=rate, size=size, audio=audio)


def hdr_film(seconds: float = 90.0, size: tuple[int, int] = (3840, 2160)) -> Inspection:
    """The same in HDR10, 10 bits, with what its master says of the screen that it was graded on."""
    found = film(seconds, size=size)
    assert found.video is not None
    light = {"depth_bits": 10, "transfer": PQ, "primaries": BT2020, "matrix": BT2020, "is_hdr": True}
    about = {"mastering": P3_SCREEN, "content_light": ContentLight(most=1_000, average=400)}
    return msgspec.structs.replace(found, video=msgspec.structs.replace(found.video, **light, **about))


def samples_of(inspection: Inspection) -> list[Window]:
    """Windows that each have one middling sample."""
    one = Sample(frame=0, spatial=20.0, temporal=10.0, noise=2.0, merit=1.0, thumb=b"")
    windows = windows_of(inspection, timeline_of(inspection))
    return [Window(start=window.start, end=window.end, samples=(one,)) for window in windows]


def planned(
    inspection: Inspection, *, sidecars: tuple[Sidecar, ...] = (SUBTITLES,), codecs: CodecSet = "compat"
) -> Plan:
    order = Order(
        title_id=ORDER.title_id,
        master=ORDER.master,
        source=ORDER.source,
        size_bytes=ORDER.size_bytes,
        sidecars=sidecars,
        codecs=codecs,
    )
    return plan_of(order, inspection, samples_of(inspection), ENCODER)
