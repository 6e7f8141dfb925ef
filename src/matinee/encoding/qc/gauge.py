"""FFmpeg's command lines that measure renditions for quality control, as values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matinee.encoding.formats.container import AUDIO_DECODERS
from matinee.encoding.qc.likeness import PLACE_S, SOUND_HZ
from matinee.encoding.recipe import AudioRecipe, VideoRecipe
from matinee.encoding.source import Inspection
from matinee.encoding.timeline import Chunk
from matinee.encoding.worker.corrections import shown_in_sdr
from matinee.encoding.worker.encoders import DECODERS
from matinee.encoding.worker.ffmpeg import (
    LAYOUTS,
    base,
    each_second,
    frame_by_frame,
    master_input,
    opened,
    origin_s,
    reference,
    reference_sound,
)

SOUND_DECODERS_OF_OURS = ("aac", "ac3", "eac3", "opus")
_FROM_0 = "atrim=start=0,aresample=async=1:first_pts=0"
"""FFmpeg skips the priming that an edit list names for AAC; for E-AC-3 it only gives it times before 0. What is missing
of the times stays missing: as silence."""
SCORES, BLOCKS, SOURCE_BLOCKS, LIGHT = "scores.json", "blocks.txt", "source-blocks.txt", "light.xpsnr"
"""What `score_argv` writes into the folder it runs in; the last of HDR alone."""


def score_argv(
    ffmpeg: Path,
    source: Path,
    inspection: Inspection,
    recipe: VideoRecipe,
    stretch: Chunk,
    piece: Path,
    display: tuple[int, int],
    model: str,
    every: int,
) -> list[str]:
    """Hold a stretch of a rung (header and segments) against the source: VMAF at `display`, blockiness at its own size.

    One frame in `every` is scored, motion is followed through all; blockiness is told of a frame a second. HDR is
    mapped to SDR, which is all that VMAF knows, and is held against the source as it is by XPSNR, every frame. It runs
    in a folder into which it writes SCORES, BLOCKS, SOURCE_BLOCKS and LIGHT.
    """
    video, timeline, rung = inspection.video, recipe.timeline, recipe.rung
    assert video is not None
    is_hdr = recipe.coding.hdr is not None
    sdr = ",".join(shown_in_sdr(video))
    pictures = reference(inspection, timeline, stretch, display, recipe.coding)
    enlarged = f"scale={display[0]}:{display[1]}:flags=bicubic,setsar=1,{frame_by_frame(timeline)}"
    options = f"model=version={model}:n_subsample={every}:n_threads=1:log_fmt=json:log_path={SCORES}:shortest=1"
    second, reduced = each_second(timeline), f"scale={rung.width}:{rung.height}:flags=bicubic"
    graph = [
        f"[0:{video.index}]{pictures},{f'split[light],{sdr},split' if is_hdr else 'split'}[r][q]",
        "[1:0]split[e][f]",
        f"[e]{enlarged}{f',split[shine],{sdr}' if is_hdr else ''}[d]",
        f"[d][r]libvmaf={options}[s]",
        f"[f]{second},{_BLOCKS}{BLOCKS}[b]",
        f"[q]{second},{reduced},{_BLOCKS}{SOURCE_BLOCKS}[c]",
        *([f"[shine][light]xpsnr=stats_file={LIGHT}[l]"] if is_hdr else []),
    ]
    ends = ["[s]", "[b]", "[c]", *(["[l]"] if is_hdr else [])]
    return [
        *base(ffmpeg),
        *master_input(source, inspection, stretch),
        *opened(piece, "mov", decoders=DECODERS[recipe.coding.codec]),
        "-filter_complex", ";".join(graph),
        *(option for end in ends for option in ("-map", end, "-f", "null", "-")),
    ]  # fmt: skip


def sound_argv(ffmpeg: Path, media: Path, channels: int, out: Path) -> list[str]:
    """Decode our own sound whole: the log ends with its loudness, its peaks and how many samples are near full scale;
    `out` is 16-bit mono at SOUND_HZ.

    `-xerror`: any error of the decoder ends the run with a failure.
    """
    # dualmono: a single channel is played by two loudspeakers, and so 3 LU louder than it measures.
    meter = f"ebur128=peak=true:framelog=quiet:dualmono={int(channels == 1)},volumedetect"
    return [
        *base(ffmpeg), "-xerror",
        *opened(media, "mov", decoders=SOUND_DECODERS_OF_OURS),
        "-filter_complex", f"[0:0]{_FROM_0},asplit[a][b];[a]{meter}[m];[b]{_mono(channels)}[p]",
        *_measured(out),
    ]  # fmt: skip


def source_sound_argv(ffmpeg: Path, source: Path, inspection: Inspection, recipe: AudioRecipe, out: Path) -> list[str]:
    """The same of the film's own track, on the output's timeline and in its channels, without the gain."""
    meter = f"ebur128=peak=true:framelog=quiet:dualmono={int(recipe.channels == 1)},volumedetect"
    placed = reference_sound(inspection, recipe.timeline, recipe.channels)
    return [
        *base(ffmpeg),
        *opened(source, inspection.demuxer, decoders=sorted(AUDIO_DECODERS)),
        "-filter_complex", f"[0:{recipe.stream}]{placed},asplit[a][b];[a]{meter}[m];[b]{_mono(recipe.channels)}[p]",
        *_measured(out),
    ]  # fmt: skip


def place_argv(
    ffmpeg: Path, source: Path, inspection: Inspection, recipe: AudioRecipe, at_s: float, out: Path
) -> list[str]:
    """PLACE_S of the film's own track from second `at_s` on, where its own times say that this is."""
    start_s = origin_s(inspection, recipe.timeline) + at_s
    placed = (
        f"asetpts=PTS-{start_s:.6f}/TB,aresample=async=1:first_pts=0,aformat=channel_layouts={LAYOUTS[recipe.channels]}"
    )
    return [
        *base(ffmpeg),
        *opened(source, inspection.demuxer, decoders=sorted(AUDIO_DECODERS), seek_s=start_s),
        "-map", f"0:{recipe.stream}", "-vn", "-sn", "-dn",
        "-af", f"{placed},{_mono(recipe.channels)},atrim=end_sample={round(PLACE_S * SOUND_HZ)}",
        "-f", "s16le", str(out),
    ]  # fmt: skip


def shown_argv(
    ffmpeg: Path, piece: Path, inspection: Inspection, recipe: VideoRecipe, frame: int, size: tuple[int, int], out: Path
) -> list[str]:
    """Frame number `frame` of a stretch of our own, as a PNG of `size`, in SDR."""
    filters = [
        f"select=eq(n\\,{frame})",
        f"scale={size[0]}:{size[1]}:flags=lanczos",
        "setsar=1",
        *(shown_in_sdr(inspection.video) if recipe.coding.hdr is not None and inspection.video is not None else ()),
        "format=rgb24",
    ]
    return [
        *base(ffmpeg),
        *opened(piece, "mov", decoders=DECODERS[recipe.coding.codec]),
        "-map", "0:0", "-vf", ",".join(filters), "-frames:v", "1",
        "-c:v", "png", "-f", "image2pipe", str(out),
    ]  # fmt: skip


_BLOCKS = "format=yuv420p,blockdetect=period_min=8:period_max=8,metadata=mode=print:key=lavfi.block:file="
_MIXES = {
    1: "c0",
    2: "0.7*c0+0.3*c1",
    6: "0.3*c0+0.2*c1+0.3*c2+0.12*c4+0.08*c5",
}
"""No two alike: channels that are each other's opposite would leave nothing to compare."""


def _mono(channels: int) -> str:
    """Filters that mix `channels` into one at SOUND_HZ, always the same way."""
    return f"pan=mono|c0={_MIXES[channels]},aresample={SOUND_HZ},aformat=sample_fmts=s16"


def _measured(out: Path) -> Sequence[str]:
    return ("-map", "[m]", "-f", "null", "-", "-map", "[p]", "-f", "s16le", str(out))
