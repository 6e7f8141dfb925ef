"""The DASH manifest of an asset: the files of HLS, addressed by their `sidx` (ISO/IEC 23009-1, on-demand). Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from matinee.encoding.asset import Asset, AudioRendition, Storyboard, SubtitleTrack, VideoRendition, sound_tracks
from matinee.encoding.tracks.sound import AudioRole
from matinee.playback.hls import default_audio

MEDIA, TEXT = "media.mp4", "media.vtt"
MIN_BUFFER_S = 2  # an IDR picture comes every two seconds
_PROFILE = "urn:mpeg:dash:profile:isoff-on-demand:2011"
_ROLE = "urn:mpeg:dash:role:2011"
_CHANNELS = "urn:mpeg:mpegB:cicp:ChannelConfiguration"  # ISO/IEC 23091-3
_CHANNEL_CONFIGURATIONS = {7: 11, 8: 12}  # 6.1 and 7.1; up to 6 channels the configuration is their number
_HARD_OF_HEARING = ("urn:tva:metadata:cs:AudioPurposeCS:2007", "2")  # ISO/IEC 23009-1 5.8.4.3
_FOR_THE_BLIND = (_HARD_OF_HEARING[0], "1")
_ROLES: dict[AudioRole, str] = {
    "main": "alternate",
    "dub": "dub",
    "description": "description",
    "commentary": "commentary",
}
"""By ISO/IEC 23009-1 5.8.5.5; the track that plays when nobody chose is `main`."""
_COLOUR = "urn:mpeg:mpegB:cicp"  # ISO/IEC 23091-2, as ISO/IEC 23009-1 5.8.5.15 and DASH-IF IOP use it
_TRANSFER = {"PQ": ("TransferCharacteristics", 16), "HLG": ("TransferCharacteristics", 18)}
_TEXT_BPS = _THUMBNAILS_BPS = 256  # nobody measures it, and the attribute is mandatory
_TILES = "http://dashif.org/guidelines/thumbnail_tile"

Locate = Callable[[str], str]


def mpd(asset: Asset, locate: Locate) -> str:
    """The static MPD of `asset`; `locate` gives the absolute URL, ending in `/`, of a rendition's directory."""
    root = Element(
        "MPD",
        {
            "xmlns": "urn:mpeg:dash:schema:mpd:2011",
            "profiles": _PROFILE,
            "type": "static",
            "mediaPresentationDuration": f"PT{asset.duration_s:.6f}S",
            "minBufferTime": f"PT{MIN_BUFFER_S}S",
        },
    )
    period = SubElement(root, "Period", {"id": "0", "start": "PT0S"})
    for kind in dict.fromkeys((rung.codec, rung.video_range) for rung in asset.video):
        _video(period, [rung for rung in asset.video if (rung.codec, rung.video_range) == kind], locate)
    default = default_audio(asset.audio)
    for forms in sound_tracks(asset.audio):
        for layout in _layouts(forms):
            _audio(period, layout, locate, is_main=default in forms)
    for text in asset.subtitles:
        _text(period, text, locate)
    if asset.storyboard is not None:
        _thumbnails(period, asset.storyboard)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _video(period: Element, rungs: Sequence[VideoRendition], locate: Locate) -> None:
    """The rungs of one codec and one range of light: a player switches among them without a seam."""
    options = _adaptation_set(period, "video", "video/mp4")
    if rungs[0].video_range != "SDR":  # essential: who does not know it must not show it
        for scheme, value in (("ColourPrimaries", 9), ("MatrixCoefficients", 9), _TRANSFER[rungs[0].video_range]):
            SubElement(options, "EssentialProperty", {"schemeIdUri": f"{_COLOUR}:{scheme}", "value": str(value)})
    for rung in rungs:
        attributes = {
            "width": str(rung.width),
            "height": str(rung.height),
            "sar": "1:1",
            "frameRate": _rate(Fraction(rung.frame_rate_num, rung.frame_rate_den)),
        }
        _representation(options, rung, locate, attributes)


def _layouts(forms: Sequence[AudioRendition]) -> list[list[AudioRendition]]:
    """A track's forms by their codec and channels: players switch only within a set, by bit rate alone."""
    sets: dict[tuple[str, int], list[AudioRendition]] = {}
    for one in forms:
        sets.setdefault((one.codecs, one.channels), []).append(one)
    return list(sets.values())


def _audio(period: Element, forms: Sequence[AudioRendition], locate: Locate, *, is_main: bool) -> None:
    track = forms[0]
    options = _adaptation_set(period, "audio", "audio/mp4", lang=track.language)
    layout = _CHANNEL_CONFIGURATIONS.get(track.channels, track.channels)
    SubElement(options, "AudioChannelConfiguration", {"schemeIdUri": _CHANNELS, "value": str(layout)})
    SubElement(options, "Label").text = _plain(track.label)
    if track.role == "description":
        _described(options, "Accessibility", _FOR_THE_BLIND)
    _described(options, "Role", (_ROLE, "main" if is_main else _ROLES[track.role]))
    for one in forms:
        _representation(options, one, locate, {"audioSamplingRate": str(one.sample_rate)})


def _described(options: Element, name: str, scheme_value: tuple[str, str]) -> None:
    SubElement(options, name, {"schemeIdUri": scheme_value[0], "value": scheme_value[1]})


def _text(period: Element, track: SubtitleTrack, locate: Locate) -> None:
    attributes = {"id": str(len(period)), "contentType": "text", "mimeType": "text/vtt", "lang": _plain(track.language)}
    options = SubElement(period, "AdaptationSet", attributes)
    SubElement(options, "Label").text = _plain(track.label)
    if track.is_sdh:
        _described(options, "Accessibility", _HARD_OF_HEARING)
    role = "forced-subtitle" if track.is_forced else "caption" if track.is_sdh else "subtitle"
    _described(options, "Role", (_ROLE, role))
    file = SubElement(options, "Representation", {"id": track.key, "bandwidth": str(_TEXT_BPS)})
    SubElement(file, "BaseURL").text = locate(track.key) + TEXT


def _thumbnails(period: Element, board: Storyboard) -> None:
    """The storyboard as tiles (DASH-IF IOP 4.3, 6.2.6): one picture, so long that it covers the film.

    It comes from where the MPD does, and to whom the MPD does; the edge has no pictures.
    """
    options = SubElement(
        period, "AdaptationSet", {"id": str(len(period)), "contentType": "image", "mimeType": "image/webp"}
    )
    attributes = {
        "id": "thumbnails",
        "bandwidth": str(_THUMBNAILS_BPS),
        "width": str(board.columns * board.tile_width),
        "height": str(board.rows * board.tile_height),
    }
    file = SubElement(options, "Representation", attributes)
    _described(file, "EssentialProperty", (_TILES, f"{board.columns}x{board.rows}"))
    whole = {"timescale": "1000", "duration": str(round(board.columns * board.rows * board.interval_s * 1000))}
    SubElement(file, "SegmentTemplate", {"media": f"/images/{board.image}", "startNumber": "1", **whole})


def _adaptation_set(period: Element, kind: str, mime: str, *, lang: str = "") -> Element:
    attributes = {
        "id": str(len(period)),
        "contentType": kind,
        "mimeType": mime,
        **({"lang": _plain(lang)} if lang else {}),
        "subsegmentAlignment": "true",
        "subsegmentStartsWithSAP": "1",
    }
    return SubElement(period, "AdaptationSet", attributes)


def _representation(
    options: Element, rendition: VideoRendition | AudioRendition, locate: Locate, attributes: dict[str, str]
) -> None:
    about = {"id": rendition.key, "bandwidth": str(rendition.peak_bps), "codecs": rendition.codecs, **attributes}
    file = SubElement(options, "Representation", about)
    SubElement(file, "BaseURL").text = locate(rendition.key) + MEDIA
    base = {
        "timescale": str(rendition.timescale),
        "indexRange": _range(rendition.index_range),
        "indexRangeExact": "true",
    }
    SubElement(SubElement(file, "SegmentBase", base), "Initialization", {"range": _range(rendition.init_range)})


def _range(first_last: tuple[int, int]) -> str:
    return f"{first_last[0]}-{first_last[1]}"


def _rate(rate: Fraction) -> str:
    return str(rate)  # "24000/1001", or "25": both are FrameRateType


def _plain(text: str) -> str:
    """`text` without the control characters that XML cannot hold, escaped or not (XML 1.0, 2.2)."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
