"""What is done to pictures besides scaling, as FFmpeg's filters: fields become frames, HDR and wide gamuts Rec. 709."""

from __future__ import annotations

from matinee.encoding.source import (
    HLG,
    UNSPECIFIED,
    VideoStream,
    colours,
    is_interlaced,
    is_tone_mapped,
    is_wide,
    upright,
)

WHITE_NITS = 203
"""Rec. ITU-R BT.2408: the luminance of a white sheet of paper in HDR, which is SDR's white ..."""
PEAK_NITS = 1_000
"""... and of the brightest highlight that is kept. One number for every film: that of a frame's own metadata would make
chunks differ where it comes and goes."""
PIXELS = {8: "yuv420p", 10: "yuv420p10le"}
"""FFmpeg's names of what encoders are given, by bits a sample."""
_PRIMARIES = {1: "bt709", 11: "smpte431", 12: "smpte432"}  # Rec. ITU-T H.273 table 2; else Rec. BT.2020


def corrections(video: VideoStream, *, keeps_light: bool = False) -> tuple[str, ...]:
    """What is done to its pictures besides scaling, by name; empty for plain progressive SDR, or HDR kept as it is.

    A rendition's key has these, so that a change in how one of them is done needs another name here.
    """
    return (
        *((f"bwdif-{video.field_order}",) if is_interlaced(video) else ()),
        *(cropped(video)),
        *(
            ()
            if keeps_light
            else ("mobius-203-1000",)
            if is_tone_mapped(video)
            else ("bt709",)
            if is_wide(video)
            else ()
        ),
    )


def deinterlaced(video: VideoStream | None) -> list[str]:
    """A filter that makes whole frames of fields, as many as there were. Its first frame lacks a neighbour."""
    if video is None or not is_interlaced(video):
        return []
    parity = "auto" if video.field_order == "interlaced" else video.field_order
    return [f"bwdif=mode=send_frame:parity={parity}:deint=all"]


def cropped(video: VideoStream | None) -> list[str]:
    """A filter that leaves out black bars. FFmpeg has turned the picture upright before."""
    if video is None or video.crop is None:
        return []
    part = upright(video.crop, video)
    return [f"crop={part.width}:{part.height}:{part.left}:{part.top}"]


def scaled(video: VideoStream | None, size: tuple[int, int], flags: str, depth_bits: int = 8) -> list[str]:
    """Filters to square samples in SDR's colours, limited range: scaled first, as light is costly to map."""
    scale = f"scale={size[0]}:{size[1]}:flags={flags}:out_range=tv"
    last = f"format={PIXELS[depth_bits]}"
    if video is None or not is_wide(video):
        return [*cropped(video), *_tagged(video), scale, "setsar=1", last]
    untagged = ":in_color_matrix=bt2020" if video.matrix == UNSPECIFIED else ""
    return [
        *cropped(video),
        f"{scale}:out_color_matrix=bt2020{untagged}",
        "setsar=1",
        "format=yuv444p12le",
        *(_tone_mapped(video) if is_tone_mapped(video) else _narrowed(video)),
        last,
    ]


def scaled_hdr(video: VideoStream, size: tuple[int, int], flags: str) -> list[str]:
    """Filters to square samples in the light and colours of an HDR film, limited range, 10 bits, and named so."""
    untagged = ":in_color_matrix=bt2020" if video.matrix == UNSPECIFIED else ""
    return [
        *cropped(video),
        f"scale={size[0]}:{size[1]}:flags={flags}:out_range=tv:out_color_matrix=bt2020{untagged}",
        "setsar=1",
        f"format={PIXELS[10]}",
        _named(video, _transfer(video)),
    ]


def shown_in_sdr(video: VideoStream) -> list[str]:
    """Filters that map pictures of `scaled_hdr` as an SDR rendition's are: what VMAF, which knows no HDR, can judge."""
    return ["format=yuv444p12le", *_tone_mapped(video), f"format={PIXELS[8]}"]


def _named(video: VideoStream, transfer: str) -> str:
    """A filter that names the colours of pictures in BT.2020's matrix, which zscale would not guess."""
    primaries = _PRIMARIES.get(video.primaries, "bt2020")
    return f"setparams=range=tv:colorspace=bt2020nc:color_primaries={primaries}:color_trc={transfer}"


def _transfer(video: VideoStream) -> str:
    return "arib-std-b67" if video.transfer == HLG else "smpte2084"


def _tone_mapped(video: VideoStream) -> list[str]:
    """Filters from PQ or HLG to Rec. 709: linear light up to 0.3 of white, highlights compressed above that."""
    return [
        _named(video, _transfer(video)),
        f"zscale=transfer=linear:npl={WHITE_NITS}",
        "format=gbrpf32le",
        "zscale=primaries=bt709",
        f"tonemap=tonemap=mobius:desat=0:peak={PEAK_NITS / WHITE_NITS:.4f}",
        "zscale=transfer=bt709:matrix=bt709:range=tv:dither=ordered",
    ]


def _narrowed(video: VideoStream) -> list[str]:
    """Filters from SDR in BT.2020's colours to Rec. 709, whose transfer function is the same."""
    return [_named(video, "bt709"), "zscale=primaries=bt709:transfer=bt709:matrix=bt709:range=tv:dither=ordered"]


def _tagged(video: VideoStream | None) -> list[str]:
    """A filter that names the colours of a source that does not."""
    name = colours(video) if video is not None else ""
    return [f"setparams=colorspace={name}:color_primaries={name}:color_trc={name}"] if name else []
