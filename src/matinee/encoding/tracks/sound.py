"""What becomes of a sound track: which forms of it are made, what it is for, and what people call it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from matinee.base.language import UNKNOWN, language_name

Surround = Literal["aac", "eac3", "none"]
"""How tracks with six channels and more are kept besides stereo. AAC plays everywhere, E-AC-3 reaches an amplifier."""
AudioCodec = Literal["aac", "eac3"]
SOUND_NAMES: dict[AudioCodec, str] = {"aac": "AAC", "eac3": "E-AC-3"}
AudioGroup = Literal["low", "main", "high", "surround"]
"""The forms of a track that belong together over all tracks: an audio group of HLS (RFC 8216 4.3.4.1.1)."""
AudioRole = Literal["main", "dub", "description", "commentary"]
"""What a track is for. A description tells what is to be seen; a commentary talks about the film."""

GROUPS: tuple[AudioGroup, ...] = ("low", "main", "high", "surround")
STEREO_GROUPS: tuple[AudioGroup, ...] = ("low", "main", "high")
FIRST_GROUP: AudioGroup = "main"
"""Made first: a title is published with it, and the others come with later versions."""
SURROUND_CHANNELS = 6
"""5.1; more channels are mixed down to these by FFmpeg's matrix."""
_STEREO_BPS: dict[AudioGroup, int] = {"main": 128_000, "low": 64_000, "high": 192_000}
_MONO_BPS: dict[AudioGroup, int] = {"main": 96_000, "low": 48_000}
_SURROUND_BPS: dict[AudioCodec, int] = {"aac": 320_000, "eac3": 384_000}
SHARE_MAX = 0.1
"""Stereo takes at most this much of what the picture takes; the cheapest there is goes with any picture."""

_DESCRIPTION = re.compile(r"\b(?:audio[ -]?descri(?:ption|bed)|descriptive|described video|(?-i:AD))\b", re.IGNORECASE)
_COMMENTARY = re.compile(r"\bcommentary\b", re.IGNORECASE)
_NOTES: dict[AudioRole, str] = {"description": "audio description", "commentary": "commentary"}


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One encode of a track."""

    group: AudioGroup
    codec: AudioCodec
    channels: int
    bitrate_bps: int


def forms_of(channels: int, surround: Surround) -> tuple[Form, ...]:
    """The encodes of a track that has so many channels, the first one first: mono or stereo at a few rates, and 5.1."""
    rates, heard = (_MONO_BPS, 1) if channels == 1 else (_STEREO_BPS, 2)
    forms = [Form(group=group, codec="aac", channels=heard, bitrate_bps=bps) for group, bps in rates.items()]
    if surround != "none" and channels >= SURROUND_CHANNELS:
        bps = _SURROUND_BPS[surround]
        forms.append(Form(group="surround", codec=surround, channels=SURROUND_CHANNELS, bitrate_bps=bps))
    return tuple(forms)


def layouts_of(channels: int, surround: Surround) -> tuple[int, ...]:
    """The channel counts of a track's forms, each once: its loudness is measured for each."""
    return tuple(dict.fromkeys(form.channels for form in forms_of(channels, surround)))


def role_of(title: str, *, is_dub: bool, is_description: bool, is_commentary: bool) -> AudioRole:
    """What a track is for, by its flags; or by its title, which is all that many a film has."""
    if is_description or _DESCRIPTION.search(title):
        return "description"
    if is_commentary or _COMMENTARY.search(title):
        return "commentary"
    return "dub" if is_dub else "main"


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What a label is made of."""

    language: str
    title: str
    role: AudioRole


def labels_of(tracks: Sequence[Described]) -> list[str]:
    """What a menu calls each of a title's tracks: by language and purpose, and by title where that is not enough."""
    plain = [_label(track, number) for number, track in enumerate(tracks, start=1)]
    return [
        f"{label}: {track.title}" if track.title and plain.count(label) > 1 else label
        for label, track in zip(plain, tracks, strict=True)
    ]


def _label(track: Described, number: int) -> str:
    if track.language == UNKNOWN:
        return track.title or f"Track {number}"
    note = _NOTES.get(track.role)
    return f"{language_name(track.language)} ({note})" if note else language_name(track.language)


def group_for(video_bps: int, stereo_bps: dict[AudioGroup, int]) -> AudioGroup:
    """The stereo group that goes with a rung: the dearest that takes at most SHARE_MAX of it, else the cheapest."""
    by_rate = sorted(stereo_bps, key=lambda group: stereo_bps[group])
    fitting = [group for group in by_rate if stereo_bps[group] <= SHARE_MAX * video_bps]
    return fitting[-1] if fitting else by_rate[0]


def nearest_group(wanted: AudioGroup, there: Collection[AudioGroup]) -> AudioGroup:
    """The group of a track's forms that stands in where it has none in `wanted`: the next lower, else the lowest."""
    below = [group for group in GROUPS[: GROUPS.index(wanted) + 1] if group in there]
    return below[-1] if below else next(group for group in GROUPS if group in there)
