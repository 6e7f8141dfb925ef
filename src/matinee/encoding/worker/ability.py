"""What an FFmpeg has to be able to do, what each ability is for, and a command that proves it on one frame.

A build may list an encoder that does not work (a library too old, a device that is not there), so each ability is
proved by using it. Pure; `proving` runs the commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Ability(NamedTuple):
    """`costs` says what is lost without it; nothing can be encoded without one that is `is_needed`."""

    name: str
    costs: str
    arguments: tuple[str, ...]
    """What FFmpeg is given after its own name; it writes nothing."""
    is_needed: bool = False


_PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25")
_SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=0.5")
_SUBTITLES = "data:application/x-subrip;base64,MQowMDowMDowMCwwMDAgLS0+IDAwOjAwOjAxLDAwMApIZWxsbwo="
_NOTHING = ("-f", "null", "-")


def _encodes(codec: str, *options: str) -> tuple[str, ...]:
    return (*_PICTURE, "-frames:v", "1", *options, "-c:v", codec, *_NOTHING)


def _sounds(codec: str) -> tuple[str, ...]:
    return (*_SOUND, "-c:a", codec, *_NOTHING)


def _filters(graph: str) -> tuple[str, ...]:
    return (*_PICTURE, "-frames:v", "1", "-vf", graph, *_NOTHING)


def _hears(graph: str) -> tuple[str, ...]:
    return (*_SOUND, "-af", graph, *_NOTHING)


def _compares(graph: str) -> tuple[str, ...]:
    return (*_PICTURE, *_PICTURE, "-frames:v", "2", "-lavfi", graph, *_NOTHING)


_HDR = "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
ABILITIES: tuple[Ability, ...] = (
    Ability("libx264", "no video at all", _encodes("libx264", "-preset", "ultrafast"), True),
    Ability("aac", "no sound at all", _sounds("aac"), True),
    Ability("fps, scale, tpad", "no rung", _filters("fps=25,scale=160:120:flags=bicubic,tpad=stop=1"), True),
    Ability("aresample", "no sound at all", _hears("aresample=48000:async=1"), True),
    Ability(
        "mp4 muxer",
        "nothing to publish",
        (*_encodes("libx264")[:-3], "-f", "mp4", "-movflags", "frag_keyframe", "-"),
        True,
    ),
    Ability(
        "png",
        "no stills and seek pictures",
        (*_PICTURE, "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"),
        True,
    ),
    Ability(
        "libx265",
        "titles with HEVC are not made: leave MATINEE_CODECS at compat",
        _encodes("libx265", "-preset", "ultrafast"),
    ),
    Ability(
        "libsvtav1", "titles with AV1 are not made: MATINEE_CODECS=all needs it", _encodes("libsvtav1", "-preset", "12")
    ),
    Ability(
        "eac3", "titles with surround sound are not made where MATINEE_SURROUND=eac3: leave it at aac", _sounds("eac3")
    ),
    Ability("libvmaf", "nothing to publish: no rung is checked", _compares("libvmaf"), True),
    Ability(
        "ebur128, alimiter",
        "no sound at all: it is measured and held to its peak",
        _hears("ebur128=peak=true,alimiter=limit=0.9"),
        True,
    ),
    Ability("xpsnr", "films in HDR are not made in HEVC and AV1: leave MATINEE_CODECS at compat", _compares("xpsnr")),
    Ability(
        "zscale, tonemap",
        "films in HDR or a wide gamut are not made",
        _filters(f"{_HDR},zscale=t=linear:npl=100,format=gbrpf32le,tonemap=hable,zscale=p=bt709:t=bt709:m=bt709"),
    ),
    Ability("bwdif", "interlaced films are not made", _filters("bwdif=mode=send_frame")),
    Ability("ass", "subtitles inside films are left out", ("-f", "srt", "-i", _SUBTITLES, "-f", "ass", "-")),
    Ability("chromaprint", "no intros and credits found across episodes", (*_SOUND, "-f", "chromaprint", "-")),
)
HARDWARE: tuple[Ability, ...] = tuple(
    Ability(name, "", _encodes(name, *options))
    for name, options in (
        ("h264_nvenc", ("-pix_fmt", "yuv420p")),
        ("hevc_nvenc", ("-pix_fmt", "yuv420p")),
        ("av1_nvenc", ("-pix_fmt", "yuv420p")),
        ("h264_vaapi", ("-vf", "format=nv12,hwupload")),
        ("hevc_vaapi", ("-vf", "format=nv12,hwupload")),
        ("av1_vaapi", ("-vf", "format=nv12,hwupload")),
        ("h264_qsv", ("-pix_fmt", "nv12")),
        ("hevc_qsv", ("-pix_fmt", "nv12")),
        ("av1_qsv", ("-pix_fmt", "nv12")),
    )
)
"""Encoders in hardware. What works is offered to a cluster; the ladder is made in software, whose bytes are the same on
every machine."""


def ability_argv(ffmpeg: Path, ability: Ability) -> list[str]:
    """The command that proves `ability`: it ends with 0 where it is there."""
    device = ("-init_hw_device", "vaapi") if ability.name.endswith("_vaapi") else ()
    return [str(ffmpeg), "-hide_banner", "-nostdin", "-v", "error", *device, *ability.arguments]
