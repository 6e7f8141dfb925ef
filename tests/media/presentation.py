"""Validates a whole presentation as a player meets it: HLS from the master playlist, DASH from the MPD.

Every function raises AssertionError with what does not hold. Clauses are those of RFC 8216.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias
from urllib.parse import urljoin
from xml.etree import ElementTree

from tests.media.boxes import read_segment
from tests.media.track import Fetch, MediaFile, Range, check_file, decode

from matinee.encoding.asset import SegmentIndex

Attributes: TypeAlias = dict[str, str]
IndexOf: TypeAlias = Callable[[str], SegmentIndex]
"""The `index.json` of the rendition whose directory has this URL, ending in `/`."""

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')
_MASTER_TAGS = {
    "#EXT-X-MEDIA",
    "#EXT-X-STREAM-INF",
    "#EXT-X-I-FRAME-STREAM-INF",
    "#EXT-X-VERSION",
    "#EXT-X-INDEPENDENT-SEGMENTS",
}
_MPD = "{urn:mpeg:dash:schema:mpd:2011}"
_DURATION = re.compile(r"PT([0-9]+(?:\.[0-9]+)?)S")


@dataclass(frozen=True)
class MediaPlaylist:
    """A media playlist: its map's URL and range; URL, range (None: the whole file) and seconds of each segment."""

    target_s: int
    map: tuple[str, Range] | None
    segments: tuple[tuple[str, Range | None, Fraction], ...]


@dataclass(frozen=True)
class Rendition:
    """A rendition as the manifest describes it, and its file as found."""

    about: Attributes
    file: MediaFile


@dataclass(frozen=True)
class Presentation:
    """A presentation that passed, in the manifest's order."""

    video: tuple[Rendition, ...]
    audio: tuple[Rendition, ...]
    subtitles: tuple[Attributes, ...]


def check_hls(fetch: Fetch, url: str, *, index_of: IndexOf | None = None, is_decoded: bool = True) -> Presentation:
    """Everything that must hold of the HLS presentation whose master playlist is at `url`."""
    media, variants = parse_master(fetch(url, None).decode())

    def rendition(about: Attributes, uri: str) -> Rendition:
        at = urljoin(url, uri)
        playlist = parse_media(fetch(at, None).decode())
        return Rendition(about, _check_playlist(fetch, at, playlist, index_of, is_decoded))

    audio = tuple(rendition(one, one["URI"]) for one in media if one["TYPE"] == "AUDIO")
    subtitles = tuple(one for one in media if one["TYPE"] == "SUBTITLES")
    video = tuple(rendition(about, uri) for about, uri in variants)
    check_alignment([one.file for one in video], [one.file for one in audio])
    for variant in video:
        check_variant(variant, audio)
    for one in subtitles:
        _check_subtitles(fetch, urljoin(url, one["URI"]), video[0].file)
    for one in iframes_of(fetch(url, None).decode()):
        _check_iframes(fetch, urljoin(url, one["URI"]), one, video)
    return Presentation(video, audio, subtitles)


def check_dash(fetch: Fetch, url: str, *, index_of: IndexOf | None = None, is_decoded: bool = False) -> Presentation:
    """Everything that must hold of the DASH presentation whose MPD is at `url`."""
    root = ElementTree.fromstring(fetch(url, None))
    assert root.tag == f"{_MPD}MPD" and root.get("type") == "static", root.attrib
    assert root.get("profiles") == "urn:mpeg:dash:profile:isoff-on-demand:2011"
    kinds: dict[str, list[Rendition]] = {"video": [], "audio": []}
    subtitles = []
    for options in root.iterfind(f"{_MPD}Period/{_MPD}AdaptationSet"):
        for one in options.iterfind(f"{_MPD}Representation"):
            about, base = {**options.attrib, **one.attrib}, one.findtext(f"{_MPD}BaseURL")
            if about["contentType"] == "image":
                continue  # the storyboard: it does not come from the edge
            assert base, f"representation {about['id']} has no BaseURL"
            if about["contentType"] == "text":
                assert fetch(urljoin(url, base), None).startswith(b"WEBVTT")
                subtitles.append(about)
            else:
                file = _check_representation(fetch, urljoin(url, base), one, index_of, is_decoded)
                check_representation(about, file)
                kinds[about["contentType"]].append(Rendition(about, file))
    video, audio = kinds["video"], kinds["audio"]
    check_alignment([one.file for one in video], [one.file for one in audio])
    duration = _DURATION.fullmatch(root.get("mediaPresentationDuration", ""))
    assert duration, f"mediaPresentationDuration is {root.get('mediaPresentationDuration')}"
    assert abs(Fraction(duration[1]) - video[0].file.end) < Fraction(1, 1000), f"the MPD says {duration[1]} s"
    return Presentation(tuple(video), tuple(audio), tuple(subtitles))


def check_same_files(hls: Presentation, dash: Presentation) -> None:
    """HLS and DASH serve the same bytes of the same files (tokens in their URLs may differ).

    HLS has those forms of the sound that go with a rung; DASH has all of them, as its player combines them.
    """

    def shape(renditions: Iterable[Rendition]) -> set[tuple[str, Range, Range, tuple[Range, ...]]]:
        files = [one.file for one in renditions]
        return {("/".join(f.url.split("/")[-2:]), f.init_range, f.index_range, f.segments) for f in files}

    assert shape(hls.video) == shape(dash.video)
    assert shape(hls.audio) <= shape(dash.audio)
    assert bool(hls.audio) == bool(dash.audio)


def parse_master(text: str) -> tuple[list[Attributes], list[tuple[Attributes, str]]]:
    """EXT-X-MEDIA attributes, and EXT-X-STREAM-INF attributes with their URI; checks what a playlist alone shows."""
    lines = _lines(text)
    assert "#EXT-X-INDEPENDENT-SEGMENTS" in lines, "segments are not said to be independent"
    media, variants, waiting = [], [], None
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if not line.startswith("#"):
            assert waiting is not None, f"a URI without EXT-X-STREAM-INF: {line}"
            variants.append((waiting, line))
            waiting = None
            continue
        assert waiting is None, f"{line} where a URI is expected"
        assert name in _MASTER_TAGS, f"unknown tag {name}"
        if name == "#EXT-X-MEDIA":
            media.append(attributes_of(value))
        elif name == "#EXT-X-STREAM-INF":
            waiting = attributes_of(value)
    assert waiting is None and variants, "there is nothing to play"
    _check_groups(media, [about for about, _ in variants])
    return media, variants


def iframes_of(text: str) -> list[Attributes]:
    """EXT-X-I-FRAME-STREAM-INF attributes (4.3.4.3)."""
    lines = [line.partition(":") for line in _lines(text)]
    return [attributes_of(value) for name, _, value in lines if name == "#EXT-X-I-FRAME-STREAM-INF"]


def parse_media(text: str) -> MediaPlaylist:
    """A VOD media playlist, its tags checked in the order in which they must come."""
    lines = _lines(text)
    assert lines[-1] == "#EXT-X-ENDLIST" and "#EXT-X-PLAYLIST-TYPE:VOD" in lines, "the playlist may still grow"
    target_s, mapped = 0, None
    segments: list[tuple[str, Range | None, Fraction]] = []
    duration, byte_range = None, None
    for line in lines[1:-1]:
        name, _, value = line.partition(":")
        if name == "#EXT-X-TARGETDURATION":
            target_s = int(value)
        elif name == "#EXT-X-MAP":
            assert not segments, "the map comes after a segment"
            about = attributes_of(value)
            size, _, offset = about["BYTERANGE"].partition("@")
            mapped = (about["URI"], (int(offset), int(offset) + int(size) - 1))
        elif name == "#EXTINF":
            assert duration is None and value.endswith(","), line
            duration = Fraction(value.rstrip(","))
        elif name == "#EXT-X-BYTERANGE":
            size, _, offset = value.partition("@")
            byte_range = (int(offset), int(offset) + int(size) - 1)
        elif not line.startswith("#"):
            assert duration is not None, f"{line} has no duration"
            segments.append((line, byte_range, duration))
            duration, byte_range = None, None
        else:
            assert name in {
                "#EXT-X-VERSION",
                "#EXT-X-MEDIA-SEQUENCE",
                "#EXT-X-PLAYLIST-TYPE",
                "#EXT-X-INDEPENDENT-SEGMENTS",
                "#EXT-X-I-FRAMES-ONLY",
            }, f"unknown tag {name}"
    assert segments and duration is None, "the playlist ends within a segment"
    longest = max(seconds for _, _, seconds in segments)
    assert int(longest + Fraction(1, 2)) <= target_s, f"a segment of {float(longest)} s, target {target_s} s (4.3.3.1)"
    return MediaPlaylist(target_s, mapped, tuple(segments))


def attributes_of(text: str) -> Attributes:
    """An attribute list (4.2), which must be one to its last letter, no name twice; quotes are taken off."""
    found = list(_ATTRIBUTE.finditer(text))
    assert "".join(match[0] for match in found) == text, f"not an attribute list: {text}"
    names = [match[1] for match in found]
    assert len(set(names)) == len(names), f"an attribute comes twice: {text}"
    return {match[1]: match[2].strip('"') for match in found}


def check_variant(variant: Rendition, audio: Sequence[Rendition]) -> None:
    """What EXT-X-STREAM-INF says is true of the file (4.3.4.2)."""
    about, file = variant.about, variant.file
    beside = [one.file for one in audio if one.about["GROUP-ID"] == about.get("AUDIO")]
    peak = file.peak_bps + max((one.peak_bps for one in beside), default=Fraction())
    assert peak <= int(about["BANDWIDTH"]) <= 1.5 * peak + 1000, (
        f"BANDWIDTH {about['BANDWIDTH']}, measured {float(peak)}"
    )
    average = file.average_bps + max((one.average_bps for one in beside), default=Fraction())
    assert abs(int(about["AVERAGE-BANDWIDTH"]) - average) <= average / 100, (
        f"AVERAGE-BANDWIDTH, measured {float(average)}"
    )
    assert about["CODECS"].split(",") == list(dict.fromkeys([file.init.codecs, *(one.init.codecs for one in beside)]))
    assert about["RESOLUTION"] == f"{file.init.width}x{file.init.height}"
    assert about["FRAME-RATE"] == f"{float(1 / file.frame_duration):.3f}"
    assert about["CLOSED-CAPTIONS"] == "NONE"
    for one in audio:
        assert int(one.about["CHANNELS"]) > 0


def check_representation(about: Attributes, file: MediaFile) -> None:
    """What a Representation says is true of the file."""
    assert about["mimeType"] == f"{about['contentType']}/mp4" and about["codecs"] == file.init.codecs
    assert int(about["bandwidth"]) >= file.peak_bps
    assert (about["subsegmentAlignment"], about["subsegmentStartsWithSAP"]) == ("true", "1")
    if file.init.is_video:
        assert (int(about["width"]), int(about["height"])) == (file.init.width, file.init.height)
        assert Fraction(about["frameRate"]) == 1 / file.frame_duration


def check_alignment(video: Sequence[MediaFile], audio: Sequence[MediaFile]) -> None:
    """Rungs have the same boundaries and frames; audio's are within one of its frames of them, and so is its end."""
    assert video, "there is no video"
    for rung in video:
        assert (rung.starts, rung.end, rung.frames) == (video[0].starts, video[0].end, video[0].frames), rung.url
    for track in audio:
        for start in track.starts:
            nearest = max(boundary for boundary in video[0].starts if boundary <= start)
            assert start - nearest < track.frame_duration, (
                f"{track.url}: a segment begins {float(start - nearest)} s late"
            )
        assert abs(track.end - video[0].end) <= track.frame_duration, f"{track.url}: audio ends at {float(track.end)} s"
        shortest = min((end - start for start, end in itertools.pairwise((*track.starts, track.end))), default=0)
        assert len(track.starts) == 1 or shortest >= Fraction(1, 2), f"{track.url}: a segment of {float(shortest)} s"


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    assert lines[0] == "#EXTM3U" and lines[-1] == "" and "\r" not in text and "\ufeff" not in text
    assert sum(line.startswith("#EXT-X-VERSION:") for line in lines) == 1, "EXT-X-VERSION must come once (4.3.1.2)"
    return [line for line in lines if line]


def _check_groups(media: Sequence[Attributes], variants: Sequence[Attributes]) -> None:
    """4.3.4.1.1: names differ, at most one default, defaults are selectable; 4.3.4.2: groups that are named exist."""
    groups = {(one["TYPE"], one["GROUP-ID"]) for one in media}
    for kind, group in groups:
        members = [one for one in media if (one["TYPE"], one["GROUP-ID"]) == (kind, group)]
        assert len({one["NAME"] for one in members}) == len(members), f"two of {kind} {group} have one name"
        assert sum(one["DEFAULT"] == "YES" for one in members) <= 1, f"{kind} {group} has two defaults"
        assert all(one["AUTOSELECT"] == "YES" for one in members if one["DEFAULT"] == "YES")
        chosen = [
            (one.get("LANGUAGE"), one.get("FORCED"), one.get("CHARACTERISTICS"))
            for one in members
            if one["AUTOSELECT"] == "YES"
        ]
        assert len(set(chosen)) == len(chosen), f"{kind} {group} leaves a player to guess"
    for about in variants:
        for kind in ("AUDIO", "SUBTITLES"):
            assert kind not in about or (kind, about[kind]) in groups, f"there is no group {about[kind]}"
    assert len({frozenset(about.items()) for about in variants}) == len(variants), "two variants are the same"


def _check_playlist(
    fetch: Fetch, url: str, playlist: MediaPlaylist, index_of: IndexOf | None, is_decoded: bool
) -> MediaFile:
    assert playlist.map is not None, f"{url} has no EXT-X-MAP"
    uri, init_range = playlist.map
    assert {one for one, _, _ in playlist.segments} == {uri}, f"{url}: more than one file"
    ranges = [byte_range for _, byte_range, _ in playlist.segments if byte_range is not None]
    assert len(ranges) == len(playlist.segments), f"{url}: a segment is a whole file"
    file = check_file(
        fetch,
        urljoin(url, uri),
        init_range=init_range,
        index_range=(init_range[1] + 1, ranges[0][0] - 1),
        segments=ranges,
        known=index_of(urljoin(url, ".")) if index_of else None,
        is_decoded=is_decoded,
    )
    for (_, _, stated), start, end in zip(playlist.segments, file.starts, (*file.starts[1:], file.end), strict=True):
        within = Fraction(1, file.init.timescale) + Fraction(1, 1_000_000)
        assert abs(stated - (end - start)) <= within, f"{url}: EXTINF {float(stated)} for {float(end - start)} s"
    total = sum((stated for _, _, stated in playlist.segments), Fraction())
    assert abs(total - file.end) <= Fraction(1, file.init.timescale) + Fraction(1, 1_000_000), f"{url}: durations drift"
    return file


def _check_iframes(fetch: Fetch, url: str, about: Attributes, video: Sequence[Rendition]) -> None:
    """Each range is a segment's header and its first picture, which is an IDR and can be decoded (4.3.3.6)."""
    text = fetch(url, None).decode()
    assert "#EXT-X-I-FRAMES-ONLY" in text, f"{url}: it does not say that it has pictures only"
    playlist, file = (
        parse_media(text),
        next(one.file for one in video if urljoin(one.file.url, ".") == urljoin(url, ".")),
    )
    assert playlist.map == ("media.mp4", file.init_range) and len(playlist.segments) == len(file.segments)
    rates = []
    for (uri, byte_range, seconds), segment in zip(playlist.segments, file.segments, strict=True):
        assert byte_range is not None and byte_range[0] == segment[0] and byte_range[1] <= segment[1], f"{url}: {uri}"
        whole, part = read_segment(fetch(file.url, segment)), fetch(urljoin(url, uri), byte_range)
        assert part.endswith(whole.samples[0].data), f"{url}: a range does not end with the first picture"
        assert whole.samples[0].is_sync
        (picture,) = decode(file.init, [whole.samples[0]])
        assert (picture.width, picture.height) == (file.init.width, file.init.height)
        rates.append(8 * len(part) / seconds)
    assert int(about["BANDWIDTH"]) >= max(rates[:-1], default=rates[-1]) * Fraction(999, 1000)
    assert (about["CODECS"], about["RESOLUTION"]) == (file.init.codecs, f"{file.init.width}x{file.init.height}")


def _check_subtitles(fetch: Fetch, url: str, video: MediaFile) -> None:
    """Segments are whole WebVTT files with the video's times; in each is all that is shown in it (rfc8216bis 3.1.4)."""
    playlist = parse_media(fetch(url, None).decode())
    whole = fetch(urljoin(url, "media.vtt"), None).decode()
    assert whole.startswith("WEBVTT"), f"{url}: media.vtt is no WebVTT"
    ends, start, seen = [*video.starts[1:], video.end], Fraction(), set()
    assert len(playlist.segments) == len(ends), f"{url}: {len(playlist.segments)} segments"
    for (uri, byte_range, seconds), end in zip(playlist.segments, ends, strict=True):
        assert abs(start + seconds - end) < Fraction(1, 100_000), (
            f"{url}: a segment ends at other times than the video's"
        )
        text = fetch(urljoin(url, uri), byte_range).decode()
        assert text.startswith("WEBVTT\nX-TIMESTAMP-MAP="), f"{url}: a segment is no WebVTT"
        for cue in _cues(text):
            assert cue[0] < end and cue[1] > start, f"{url}: {cue} is not shown in its segment"
            seen.add(cue)
        start += seconds
    assert seen == set(_cues(whole)), f"{url}: the segments do not say what the WebVTT file says"


def _cues(text: str) -> list[tuple[Fraction, Fraction, str]]:
    """Start, end and words of each cue."""
    found = []
    for block in text.strip().split("\n\n")[1:]:
        timing, _, words = block.partition("\n")
        first, _, last = timing.partition(" --> ")
        found.append((_seconds(first), _seconds(last.split()[0]), words))
    return found


def _seconds(text: str) -> Fraction:
    hours, minutes, seconds = text.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)


def _check_representation(
    fetch: Fetch, url: str, one: ElementTree.Element, index_of: IndexOf | None, is_decoded: bool
) -> MediaFile:
    base = one.find(f"{_MPD}SegmentBase")
    assert base is not None, f"{url} has no SegmentBase"
    start = base.find(f"{_MPD}Initialization")
    assert start is not None, f"{url} has no Initialization"
    file = check_file(
        fetch,
        url,
        init_range=_range(start.attrib["range"]),
        index_range=_range(base.attrib["indexRange"]),
        known=index_of(urljoin(url, ".")) if index_of else None,
        is_decoded=is_decoded,
    )
    assert int(base.attrib["timescale"]) == file.init.timescale
    return file


def _range(text: str) -> Range:
    first, _, last = text.partition("-")
    return int(first), int(last)
