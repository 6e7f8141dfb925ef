"""FFmpeg's command lines as values: built from numbers, enums and paths that we made; no text of a client's.

Input is always opened the same way: the demuxer is named, only the file protocol and the allowed decoders exist, and
external references in a container are not followed. Every command can be pasted into a shell from the job's log.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import msgspec

from matinee.encoding.formats.container import AUDIO_DECODERS, SUBSTATION, TEXT_DECODERS, VIDEO_DECODERS
from matinee.encoding.pertitle.sample import FRAME_SIZE
from matinee.encoding.recipe import AUDIO_RATE_HZ, AudioRecipe, Coding, VideoRecipe
from matinee.encoding.source import Inspection, SubtitleStream, VideoStream, has_index, upright
from matinee.encoding.timeline import Chunk, Timeline, common_ticks
from matinee.encoding.tracks.loudness import PEAK_MAX_DBTP
from matinee.encoding.worker.corrections import deinterlaced, scaled, scaled_hdr, shown_in_sdr
from matinee.encoding.worker.encoders import DECODERS, encoder, trial_encoder

_TINY = f"scale={FRAME_SIZE[0]}:{FRAME_SIZE[1]}:flags=area"
AHEAD_FRAMES = 20
"""Encoded after a piece that is tried: without them x264 takes its last frames for such as nothing refers to, and a GOP
of two seconds comes out with a tenth fewer bits and 1 to 2 VMAF less than it does in a film."""
MATROSKA_TICK = (1, 1000)
"""Seconds: the time base of FFmpeg's Matroska files."""


def base(ffmpeg: Path) -> list[str]:
    """What every run begins with: no questions, no banner, a log whose lines name their level."""
    return [str(ffmpeg), "-nostdin", "-hide_banner", "-loglevel", "level+verbose", "-y"]


def opened(path: Path, demuxer: str, *, decoders: Sequence[str], seek_s: float | None = None) -> list[str]:
    """An input, hardened. `seek_s` is absolute in the file's own timestamps, which are kept."""
    return [
        "-protocol_whitelist", "file",
        "-codec_whitelist", ",".join(sorted(decoders)),
        "-f", demuxer,
        "-threads", "1",
        "-copyts",
        *(["-seek_timestamp", "1", "-noaccurate_seek", "-ss", f"{seek_s:.6f}"] if seek_s is not None else []),
        "-i", str(path),
    ]  # fmt: skip


def origin_s(inspection: Inspection, timeline: Timeline) -> float:
    """The second of the source's own times that is the output's 0."""
    return float(timeline.origin * Fraction(*timeline.time_base)) if has_index(inspection) else 0.0


def _seek_s(inspection: Inspection, chunk: Chunk) -> float | None:
    if chunk.seek_ticks is None or inspection.video is None:
        return None
    return float(chunk.seek_ticks * Fraction(*inspection.video.time_base))


def on_timeline(inspection: Inspection, timeline: Timeline, start: int) -> str:
    """Filters that put decoded frames onto the output's timeline, with output frame `start` at time 0.

    Fields become frames first, one for one, while a frame's neighbours are still those that it was shot with.
    The shift is done in a time base where it is a whole number; the fps filter then drops what lies before 0 but for
    the last such frame, and repeats frames where the source has none.
    """
    scale, per_tick, per_frame = common_ticks(timeline)
    shift = timeline.origin * per_tick + start * per_frame
    times = "PTS" if has_index(inspection) else f"N*{per_frame}"
    num, den = timeline.rate
    placed = f"settb=expr=1/{scale},setpts={times}-{shift},fps=fps={num}/{den}:start_time=0:round=near"
    return ",".join([*deinterlaced(inspection.video), placed])


def chunk_argv(
    ffmpeg: Path, source: Path, inspection: Inspection, chunk: Chunk, recipe: VideoRecipe, out: Path
) -> list[str]:
    """Encode one chunk of one rung: exactly `chunk.end - chunk.start` frames, an IDR where each segment starts."""
    rung, timeline = recipe.rung, recipe.timeline
    frames = chunk.end - chunk.start
    size = (rung.width, rung.height)
    filters = [on_timeline(inspection, timeline, chunk.start), *_pictures(inspection, size, frames, recipe.coding)]
    return [
        *base(ffmpeg),
        *master_input(source, inspection, chunk),
        "-map", f"0:{recipe.stream}", "-an", "-sn", "-dn",
        "-vf", ",".join(filters),
        "-frames:v", str(frames),
        *encoder(recipe, recipe.crfs[chunk.number] if recipe.crfs else None),
        "-map_metadata", "-1", "-map_chapters", "-1",
        "-fflags", "+bitexact", "-flags:v", "+bitexact+global_header",
        "-fps_mode", "passthrough",
        "-video_track_timescale", str(timeline.rate[0]),
        "-f", "mp4", str(out),
    ]  # fmt: skip


def master_input(source: Path, inspection: Inspection, piece: Chunk) -> list[str]:
    """The film as an input, its pictures decoded from where `piece` says.

    A film of several sources may name its colours anew in the middle. FFmpeg would then build its filters again, which
    count frames from 0: pictures would be lost and shown twice. Scaling follows such a change by itself.
    """
    seek_s = _seek_s(inspection, piece)
    decoders = sorted(VIDEO_DECODERS)
    return ["-reinit_filter", "0", *opened(source, inspection.demuxer, decoders=decoders, seek_s=seek_s)]


def reference(inspection: Inspection, timeline: Timeline, piece: Chunk, size: tuple[int, int], coding: Coding) -> str:
    """Filters that make the film's own pictures what an encode of `piece` in `size` is held against."""
    frames = piece.end - piece.start
    pictures = [on_timeline(inspection, timeline, piece.start), *_pictures(inspection, size, frames, coding)]
    return ",".join([*pictures, f"trim=end_frame={frames}", "setpts=N"])


def _pictures(inspection: Inspection, size: tuple[int, int], frames: int, coding: Coding) -> list[str]:
    """Filters that make what the encoder is given: so large, square samples, limited range, `frames` of it."""
    video = inspection.video
    if coding.hdr is not None and video is not None:
        pictures = scaled_hdr(video, size, "bicubic")
    else:
        pictures = scaled(video, size, "bicubic", coding.depth_bits)
    return [
        *pictures,
        f"tpad=stop_mode=clone:stop={frames}",  # the last frame is held when the source's last timestamp is odd
    ]


def cut_argv(
    ffmpeg: Path, source: Path, inspection: Inspection, timeline: Timeline, piece: Chunk, out: Path
) -> list[str]:
    """A piece and what follows it as raw pictures on the timeline, decoded once for all that is tried with it.

    Matroska keeps the names of their colours. They are upright, and whole frames; bars are still around them.
    """
    assert inspection.video is not None
    frames = _with_ahead(timeline, piece)
    filters = [on_timeline(inspection, timeline, piece.start), f"tpad=stop_mode=clone:stop={frames}"]
    return [
        *base(ffmpeg),
        *master_input(source, inspection, piece),
        "-map", f"0:{inspection.video.index}", "-an", "-sn", "-dn",
        "-vf", ",".join(filters), "-frames:v", str(frames), "-fps_mode", "passthrough",
        "-c:v", "rawvideo", "-allow_raw_vfw", "1",
        "-strict", "-1",  # else samples of more than 8 bits have no name in it
        "-f", "matroska", str(out),
    ]  # fmt: skip


class Cut(NamedTuple):
    """What is known of a piece that `cut_argv` made, as of a film."""

    inspection: Inspection
    timeline: Timeline
    piece: Chunk


def cut_of(inspection: Inspection, timeline: Timeline, piece: Chunk) -> Cut:
    """What `cut_argv` makes of a piece, as a film that the other commands are told of."""
    video = inspection.video
    assert video is not None
    is_turned = video.rotation % 180 == 90
    width, height = (video.height, video.width) if is_turned else (video.width, video.height)
    aspect = video.sample_aspect[::-1] if is_turned else video.sample_aspect
    raw = msgspec.structs.replace(
        video, index=0, codec="rawvideo", width=width, height=height, sample_aspect=aspect, rotation=0,
        time_base=MATROSKA_TICK, field_order="progressive", crop=video.crop and upright(video.crop, video),
    )  # fmt: skip
    return Cut(
        inspection=msgspec.structs.replace(inspection, demuxer="matroska", video=raw, audio=(), subtitles=()),
        timeline=msgspec.structs.replace(
            timeline, origin=0, time_base=MATROSKA_TICK, frames=_with_ahead(timeline, piece)
        ),
        piece=msgspec.structs.replace(piece, start=0, end=piece.end - piece.start, seek_ticks=None),
    )


def _with_ahead(timeline: Timeline, piece: Chunk) -> int:
    return min(piece.end + AHEAD_FRAMES, timeline.frames) - piece.start


def trial_argv(
    ffmpeg: Path,
    source: Path,
    inspection: Inspection,
    timeline: Timeline,
    piece: Chunk,
    size: tuple[int, int],
    coding: Coding,
    preset: str,
    crfs: Sequence[float],
) -> list[str]:
    """Encode one piece at one size with each of `crfs`, into `0.mp4`, `1.mp4` ... of the folder it runs in.

    What follows it is encoded too, as another GOP, for the encoder to look ahead at.
    """
    assert inspection.video is not None
    frames = _with_ahead(timeline, piece)
    names = "".join(f"[v{n}]" for n in range(len(crfs)))
    filters = [on_timeline(inspection, timeline, piece.start), *_pictures(inspection, size, frames, coding)]
    return [
        *base(ffmpeg),
        *master_input(source, inspection, piece),
        "-filter_complex", f"[0:{inspection.video.index}]{','.join(filters)},split={len(crfs)}{names}",
        *(
            option
            for n, crf in enumerate(crfs)
            for option in (
                "-map", f"[v{n}]", "-frames:v", str(frames),
                *trial_encoder(coding, preset, crf, piece.end - piece.start),
                "-fps_mode", "passthrough", "-f", "mp4", f"{n}.mp4",
            )
        ),
    ]  # fmt: skip


def vmaf_argv(
    ffmpeg: Path,
    source: Path,
    inspection: Inspection,
    timeline: Timeline,
    piece: Chunk,
    display: tuple[int, int],
    encodes: Sequence[Path],
    coding: Coding,
    model: str,
    every: int,
) -> list[str]:
    """Score encodes of one piece against the source at display resolution, into `0.json`, `1.json` ... where it runs.

    Frame n is held against frame n. `model` is the name of one of libvmaf's own. HDR is judged twice: mapped to SDR by
    VMAF, and as it is by XPSNR, into `0.xpsnr`, `1.xpsnr` ...
    """
    video = inspection.video
    assert video is not None
    pictures = reference(inspection, timeline, piece, display, coding)
    shown = f"scale={display[0]}:{display[1]}:flags=bicubic,setsar=1,{frame_by_frame(timeline)}"
    vmaf = f"libvmaf=model=version={model}:n_subsample={every}:n_threads=1:log_fmt=json:shortest=1"
    judged = _judged_sdr if coding.hdr is None else _judged_hdr
    graph = judged(video, f"[0:{video.index}]{pictures}", shown, vmaf, len(encodes))
    ends = [f"{kind}{n}" for kind in ("s" if coding.hdr is None else "st") for n in range(len(encodes))]
    return [
        *base(ffmpeg),
        *master_input(source, inspection, piece),
        *(option for path in encodes for option in opened(path, "mov", decoders=DECODERS[coding.codec])),
        "-filter_complex", ";".join(graph),
        *(option for end in ends for option in ("-map", f"[{end}]", "-f", "null", "-")),
    ]  # fmt: skip


def frame_by_frame(timeline: Timeline) -> str:
    """Filters that give frame n of an encode the time that frame n of `reference` has, whose time base is a frame."""
    return f"settb=expr={timeline.rate[1]}/{timeline.rate[0]},setpts=N"


def _judged_sdr(_: VideoStream, reference: str, shown: str, vmaf: str, count: int) -> list[str]:
    each = range(count)
    return [
        f"{reference},split={count}{_pads('r', count)}",
        *(f"[{n + 1}:0]{shown}[e{n}];[e{n}][r{n}]{vmaf}:log_path={n}.json[s{n}]" for n in each),
    ]


def _judged_hdr(video: VideoStream, reference: str, shown: str, vmaf: str, count: int) -> list[str]:
    each, sdr = range(count), ",".join(shown_in_sdr(video))
    return [
        f"{reference},split=2[light][toned];[light]split={count}{_pads('x', count)};[toned]{sdr},split={count}"
        f"{_pads('r', count)}",
        *(f"[{n + 1}:0]{shown},split=2[h{n}][d{n}];[d{n}]{sdr}[e{n}]" for n in each),
        *(f"[e{n}][r{n}]{vmaf}:log_path={n}.json[s{n}]" for n in each),
        *(f"[h{n}][x{n}]xpsnr=stats_file={n}.xpsnr[t{n}]" for n in each),
    ]


def _pads(name: str, count: int) -> str:
    return "".join(f"[{name}{n}]" for n in range(count))


def text_argv(ffmpeg: Path, source: Path, inspection: Inspection, track: SubtitleStream, out: Path) -> list[str]:
    """One subtitle track in the file's own times: SubStation Alpha as it is, anything else as SubRip.

    Not as WebVTT: FFmpeg's writer loses which lines are to be at the top, and takes drawings for words.
    """
    is_substation = track.codec in SUBSTATION
    return [
        *base(ffmpeg),
        *opened(source, inspection.demuxer, decoders=sorted(TEXT_DECODERS)),
        "-map", f"0:{track.index}", "-vn", "-an", "-dn",
        "-c:s", "copy" if is_substation else "subrip",
        "-map_metadata", "-1", "-map_chapters", "-1",
        "-f", "ass" if is_substation else "srt", str(out),
    ]  # fmt: skip


def audio_argv(ffmpeg: Path, source: Path, inspection: Inspection, recipe: AudioRecipe, out: Path) -> list[str]:
    """Encode one audio track whole: its sample 0 is the video's frame 0, and it is as long as the video.

    Gaps in the source are filled with silence, so that sound never drifts; a track that ends early is padded. The gain
    is the same for the whole track.
    """
    filters = [
        *_sound(inspection, recipe.timeline, recipe.channels),
        *([f"volume={recipe.gain_db:.1f}dB:precision=float"] if recipe.gain_db else []),
        *(_LIMITER if recipe.is_limited else []),
        "apad",
        _trimmed(recipe.timeline),
    ]
    return [
        *base(ffmpeg),
        *opened(source, inspection.demuxer, decoders=sorted(AUDIO_DECODERS)),
        "-map", f"0:{recipe.stream}", "-vn", "-sn", "-dn",
        "-af", ",".join(filters),
        "-ac", str(recipe.channels),
        "-c:a", recipe.codec, "-b:a", str(recipe.bitrate_bps),
        "-map_metadata", "-1", "-map_chapters", "-1",
        "-fflags", "+bitexact", "-flags:a", "+bitexact",
        "-f", "mp4", str(out),
    ]  # fmt: skip


def loudness_argv(
    ffmpeg: Path, source: Path, inspection: Inspection, timeline: Timeline, stream: int, channels: int
) -> list[str]:
    """Measure one audio track whole, as it would be encoded: the log ends with the summary of the ebur128 filter."""
    filters = [
        *_sound(inspection, timeline, channels),
        _trimmed(timeline),
        # dualmono: a single channel is played by two loudspeakers, and so 3 LU louder than it measures.
        f"ebur128=peak=true:framelog=quiet:dualmono={int(channels == 1)}",
    ]
    return [
        *base(ffmpeg),
        *opened(source, inspection.demuxer, decoders=sorted(AUDIO_DECODERS)),
        "-map", f"0:{stream}", "-vn", "-sn", "-dn",
        "-af", ",".join(filters),
        "-f", "null", "-",
    ]  # fmt: skip


_LIMITER = (
    f"aresample={4 * AUDIO_RATE_HZ}",  # Rec. ITU-R BS.1770-5 annex 2: true peaks show at four times the rate
    # level: it would make everything as loud as it can. latency: it would be 5 ms late.
    f"alimiter=limit={10 ** (PEAK_MAX_DBTP / 20):.6f}:level=0:latency=1",
    f"aresample={AUDIO_RATE_HZ}",
)


LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
"""FFmpeg's names of how many channels sound is made in."""


def _sound(inspection: Inspection, timeline: Timeline, channels: int) -> list[str]:
    """Filters that put sound onto the output's timeline, in its channels."""
    return [
        f"asetpts=PTS-{origin_s(inspection, timeline):.6f}/TB",
        f"aresample={AUDIO_RATE_HZ}:async=1:first_pts=0",
        f"aformat=channel_layouts={LAYOUTS[channels]}",
    ]


def reference_sound(inspection: Inspection, timeline: Timeline, channels: int) -> str:
    """Filters that make a sound track of the film what its encode in `channels` is held against, but for the gain."""
    return ",".join([*_sound(inspection, timeline, channels), _trimmed(timeline)])


def _trimmed(timeline: Timeline) -> str:
    return f"atrim=end_sample={round(timeline.duration_s * AUDIO_RATE_HZ)}"


def samples_argv(
    ffmpeg: Path,
    source: Path,
    inspection: Inspection,
    timeline: Timeline,
    window: Chunk,
    size: tuple[int, int],
    out: Path,
    frames: Path,
) -> list[str]:
    """One small yuv420p frame a second of a window into the raw file `out`, and every frame, tiny, into `frames`."""
    assert inspection.video is not None
    filters = [
        on_timeline(inspection, timeline, window.start),
        f"trim=end_frame={window.end - window.start}",
        *scaled(inspection.video, size, "area"),
        "split[each][all]",
    ]
    return [
        *base(ffmpeg),
        *master_input(source, inspection, window),
        "-filter_complex",
        f"[0:{inspection.video.index}]{','.join(filters)};[each]{each_second(timeline)}[a];[all]{_TINY}[b]",
        "-map", "[a]", "-fps_mode", "passthrough", "-f", "rawvideo", str(out),
        "-map", "[b]", "-fps_mode", "passthrough", "-f", "rawvideo", str(frames),
    ]  # fmt: skip


def still_argv(
    ffmpeg: Path, source: Path, inspection: Inspection, timeline: Timeline, at: Chunk, size: tuple[int, int], out: Path
) -> list[str]:
    """The frame at `at.start` as a PNG of `size`."""
    assert inspection.video is not None
    filters = [on_timeline(inspection, timeline, at.start), *scaled(inspection.video, size, "lanczos"), "format=rgb24"]
    return [
        *base(ffmpeg),
        *master_input(source, inspection, at),
        "-map", f"0:{inspection.video.index}", "-an", "-sn", "-dn",
        "-vf", ",".join(filters), "-frames:v", "1",
        "-c:v", "png", "-f", "image2pipe", str(out),
    ]  # fmt: skip


def check_argv(
    ffmpeg: Path,
    piece: Path,
    inspection: Inspection,
    recipe: VideoRecipe,
    size: tuple[int, int],
    out: Path,
    frames: Path,
) -> list[str]:
    """Decode our own rendition (header and some segments) whole; keep of it what `samples_argv` keeps of the source.

    `-xerror`: any error of the decoder ends the run with a failure.
    """
    coding, video = recipe.coding, inspection.video
    filters = [f"scale={size[0]}:{size[1]}:flags=area:out_range=tv"]
    if coding.hdr is not None and video is not None:
        filters += shown_in_sdr(video)
    filters += ["format=yuv420p", "split[each][all]"]  # not gray: that would be full range, which the samples are not
    return [
        *base(ffmpeg), "-xerror",
        *opened(piece, "mov", decoders=DECODERS[coding.codec]),
        "-filter_complex", f"[0:0]{','.join(filters)};[each]{each_second(recipe.timeline)}[a];[all]{_TINY}[b]",
        "-map", "[b]", "-fps_mode", "passthrough", "-f", "rawvideo", str(frames),
        "-map", "[a]", "-fps_mode", "passthrough", "-f", "rawvideo", str(out),
    ]  # fmt: skip


def fingerprint_argv(ffmpeg: Path, piece: Path, codec: str, out: Path) -> list[str]:
    """The acoustic fingerprint of our own audio rendition, as raw 32-bit items (Chromaprint's algorithm 1)."""
    return [
        *base(ffmpeg),
        *opened(piece, "mov", decoders=(codec,)),
        "-map", "0:0", "-f", "chromaprint", "-algorithm", "1", "-fp_format", "raw", str(out),
    ]  # fmt: skip


def each_second(timeline: Timeline) -> str:
    """Keeps frames 0, r, 2r ... where r is the rate rounded to whole frames."""
    return f"select=not(mod(n\\,{max(1, round(timeline.fps))}))"
