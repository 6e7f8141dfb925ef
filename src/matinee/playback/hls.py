"""The HLS master playlist of an asset (RFC 8216 and its revision, draft-pantos-hls-rfc8216bis). Pure.

The media playlists that it points to are static files beside the media, made with them (`encoding.playlist`).
Clauses without a name are those of RFC 8216.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TypeVar

from matinee.encoding.asset import Asset, AudioRendition, SubtitleTrack, VideoRendition, sound_tracks
from matinee.encoding.tracks.sound import STEREO_GROUPS, AudioGroup, group_for, nearest_group

_Track = TypeVar("_Track")
MEDIA_PLAYLIST, IFRAME_PLAYLIST = "media.m3u8", "iframes.m3u8"
_AUDIO, _SUBTITLES = "audio", "subtitles"
_NAMELESS = "Track"
_DESCRIPTION = "public.accessibility.describes-video"
_SDH = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"


def master_playlist(asset: Asset, locate: Callable[[str], str]) -> str:
    """All that can be played of `asset`, lowest rung first: that is where a player starts.

    Each rung comes with the stereo that suits its bit rate, and where there is surround once more with that: a player
    takes the variants whose channels it can play, and must find every rung among them. More combinations would only
    be more to choose from (4.3.4.2.1 asks for none of them).

    `locate` gives the absolute URL, ending in `/`, of a rendition's directory by its key.
    """
    tracks = sound_tracks(asset.audio)
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    pairs = _pairs(asset.video, tracks)
    for named in dict.fromkeys(group for _, group in pairs if group):
        lines += _audio_group(named, tracks, locate)
    lines += _subtitle_group(asset.subtitles, locate)
    for rung, group in pairs:
        lines += [_variant(asset, rung, group, _members(group, tracks)), locate(rung.key) + MEDIA_PLAYLIST]
    lines += _iframes(asset.video, locate)
    return "\n".join([*lines, ""])


def _iframes(rungs: Sequence[VideoRendition], locate: Callable[[str], str]) -> Iterator[str]:
    """EXT-X-I-FRAME-STREAM-INF (4.3.4.3): the lowest rung's pictures, for seeking fast with something to see."""
    for rung in [one for one in rungs if one.iframes_bps][:1]:
        yield _tag(
            "#EXT-X-I-FRAME-STREAM-INF",
            BANDWIDTH=str(rung.iframes_bps),
            CODECS=_quoted(rung.codecs),
            RESOLUTION=f"{rung.width}x{rung.height}",
            URI=_quoted(locate(rung.key) + IFRAME_PLAYLIST),
        )


def _pairs(
    rungs: Sequence[VideoRendition], tracks: Sequence[Sequence[AudioRendition]]
) -> list[tuple[VideoRendition, AudioGroup | None]]:
    """Each rung with the groups of sound that it is offered with; with None where the film is silent."""
    there = {one.group for forms in tracks for one in forms}
    if not there:
        return [(rung, None) for rung in rungs]
    rates = {
        group: max(one.average_bps for one in _members(group, tracks)) for group in STEREO_GROUPS if group in there
    }
    stereo: list[tuple[VideoRendition, AudioGroup | None]] = [(r, group_for(r.average_bps, rates)) for r in rungs]
    return stereo + [(rung, "surround") for rung in rungs if "surround" in there]


def _members(group: AudioGroup | None, tracks: Sequence[Sequence[AudioRendition]]) -> list[AudioRendition]:
    """One form of each track: groups have the same members, some of them the same files (4.3.4.1.1)."""
    if group is None:
        return []
    by_group = [{one.group: one for one in forms} for forms in tracks]
    return [forms[nearest_group(group, forms)] for forms in by_group]


def _audio_group(
    group: AudioGroup, tracks: Sequence[Sequence[AudioRendition]], locate: Callable[[str], str]
) -> Iterator[str]:
    members = _members(group, tracks)
    default = default_audio(members)
    own = sorted(members, key=lambda track: track is not default)
    selectable = _first_of_each(own, lambda track: (track.language, track.role == "description"))
    for track, name in zip(members, _distinct([track.label for track in members]), strict=True):
        yield _tag(
            "#EXT-X-MEDIA",
            TYPE="AUDIO",
            GROUP_ID=_quoted(_group_id(group)),
            NAME=_quoted(name),
            LANGUAGE=_language(track.language),
            DEFAULT=_yes(track is default),
            AUTOSELECT=_yes(track is default or (track.role != "commentary" and track in selectable)),
            CHARACTERISTICS=_quoted(_DESCRIPTION) if track.role == "description" else None,
            CHANNELS=_quoted(str(track.channels)),
            URI=_quoted(locate(track.key) + MEDIA_PLAYLIST),
        )


def _group_id(group: AudioGroup) -> str:
    return f"{_AUDIO}-{group}"


def _subtitle_group(tracks: Sequence[SubtitleTrack], locate: Callable[[str], str]) -> Iterator[str]:
    selectable = _first_of_each(tracks, lambda track: (track.language, track.is_sdh, track.is_forced))
    for track, name in zip(tracks, _distinct([track.label for track in tracks]), strict=True):
        yield _tag(
            "#EXT-X-MEDIA",
            TYPE="SUBTITLES",
            GROUP_ID=_quoted(_SUBTITLES),
            NAME=_quoted(name),
            LANGUAGE=_language(track.language),
            DEFAULT="NO",  # nobody reads along who did not ask for it
            AUTOSELECT=_yes(any(track is one for one in selectable)),
            FORCED=_yes(track.is_forced),
            CHARACTERISTICS=_quoted(_SDH) if track.is_sdh else None,
            URI=_quoted(locate(track.key) + MEDIA_PLAYLIST),
        )


def _variant(asset: Asset, rung: VideoRendition, group: AudioGroup | None, beside: Sequence[AudioRendition]) -> str:
    """EXT-X-STREAM-INF (4.3.4.2): a rung with the dearest of the audio that may go with it."""
    codecs = dict.fromkeys([rung.codecs, *(track.codecs for track in beside)])
    return _tag(
        "#EXT-X-STREAM-INF",
        BANDWIDTH=str(rung.peak_bps + max((track.peak_bps for track in beside), default=0)),
        AVERAGE_BANDWIDTH=str(rung.average_bps + max((track.average_bps for track in beside), default=0)),
        CODECS=_quoted(",".join(codecs)),
        RESOLUTION=f"{rung.width}x{rung.height}",
        VIDEO_RANGE=rung.video_range,  # draft-pantos-hls-rfc8216bis 4.4.6.2
        FRAME_RATE=f"{float(Fraction(rung.frame_rate_num, rung.frame_rate_den)):.3f}",
        AUDIO=_quoted(_group_id(group)) if group else None,
        SUBTITLES=_quoted(_SUBTITLES) if asset.subtitles else None,
        CLOSED_CAPTIONS="NONE",
    )


def default_audio(tracks: Sequence[AudioRendition]) -> AudioRendition | None:
    """The one track that plays when nobody chose: the first that is marked, else the first."""
    return next((track for track in tracks if track.is_default), tracks[0] if tracks else None)


def _first_of_each(tracks: Sequence[_Track], key: Callable[[_Track], object]) -> list[_Track]:
    """A player chooses by itself only among tracks that differ in what it knows of them (4.3.4.1.1)."""
    return list({key(track): track for track in reversed(tracks)}.values())


def _distinct(labels: Sequence[str]) -> list[str]:
    """The labels, numbered where one comes again: names in a group must differ (4.3.4.1.1)."""
    names: list[str] = []
    for label in labels:
        plain, number = _plain(label) or _NAMELESS, 1
        name = plain
        while name in names:
            number += 1
            name = f"{plain} {number}"
        names.append(name)
    return names


def _tag(name: str, **attributes: str | None) -> str:
    """A tag with an attribute list (4.2); attributes that are None are left out."""
    given = [f"{key.replace('_', '-')}={value}" for key, value in attributes.items() if value is not None]
    return f"{name}:{','.join(given)}"


def _language(tag: str) -> str | None:
    return None if tag in {"", "und"} else _quoted(tag)


def _yes(is_so: bool) -> str:
    return "YES" if is_so else "NO"


def _quoted(text: str) -> str:
    """A quoted-string (4.2), which can hold neither line breaks nor double quotes, and cannot escape them either."""
    return f'"{_plain(text)}"'


def _plain(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in text.replace('"', "'"))
    return " ".join(printable.split())
