"""Packages of really encoded chunks are found to be what they say; each kind of damage is told by its own words."""

from __future__ import annotations

import dataclasses
import re
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.media.generate import Clip, encode_audio, encode_chunk, make_numbered, numbered_luma

from matinee.base.units import Seconds
from matinee.encoding.asset import AudioRendition, Segment, SegmentIndex, VideoRendition
from matinee.encoding.formats.captions import cut
from matinee.encoding.formats.cmaf import Grid, Part, package_audio, package_video
from matinee.encoding.formats.playlist import iframe_index, iframe_playlist, media_playlist, peak_bps, subtitle_playlist
from matinee.encoding.qc.conformance import Fault, Playlists, faults_of, subtitle_faults
from matinee.encoding.timeline import Timeline

CLIP = Clip(frames=336, width=160, height=90)
"""14 s: two whole segments and one of two seconds."""
TIMELINE = Timeline(rate=(24000, 1001), frames=CLIP.frames, time_base=(1, 24000), origin=0, is_constant=True)
GRID = Grid(rate=TIMELINE.rate, frames=TIMELINE.frames, segment_frames=TIMELINE.segment_frames)
replace = msgspec.structs.replace


@dataclass(frozen=True)
class Made:
    """A file with what its index and its facts say of it."""

    media: Path
    index: SegmentIndex
    facts: VideoRendition | AudioRendition
    playlists: Playlists

    def faults(self) -> list[Fault]:
        return faults_of(self.media, self.index, self.facts, TIMELINE, self.playlists)

    def said(self) -> list[tuple[str, str]]:
        return [(fault.check, fault.message) for fault in self.faults()]

    def copied(self, folder: Path) -> Made:
        """The same over a file of its own."""
        return dataclasses.replace(self, media=Path(shutil.copy(self.media, folder / "media.mp4")))

    def write(self, at: int, content: bytes) -> None:
        with self.media.open("r+b") as file:
            file.seek(at)
            file.write(content)


def facts_of(package: Any, **more: Any) -> dict[str, Any]:
    names = ("codecs", "average_bps", "peak_bps", "init_range", "index_range")
    return {**{name: getattr(package, name) for name in names}, "timescale": package.index.timescale, **more}


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("video")
    chunk = encode_chunk(folder / "chunk.mp4", CLIP, (numbered_luma(CLIP, n) for n in range(CLIP.frames)))
    package = package_video([Part(path=chunk, frames=CLIP.frames)], GRID, folder / "media.mp4")
    more = {
        "width": package.width, "height": package.height, "frame_rate_num": 24000, "frame_rate_den": 1001,
        "iframes_bps": peak_bps(iframe_index(package.index, package.iframe_bytes)),
    }  # fmt: skip
    playlists = Playlists(
        media=media_playlist(package.index), iframes=iframe_playlist(package.index, package.iframe_bytes)
    )
    facts = VideoRendition(**facts_of(package, key="v", name="90p", **more))
    return Made(folder / "media.mp4", package.index, facts, playlists)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("sound")
    encoded = encode_audio(folder / "sound.mp4", make_numbered(folder / "film.mov", CLIP))
    package = package_audio(encoded, GRID, folder / "media.mp4")
    told = {"language": "en", "label": "English", "is_default": True}
    heard = {"channels": package.channels, "sample_rate": package.sample_rate}
    facts = AudioRendition(**facts_of(package, key="a", **told, **heard))
    return Made(folder / "media.mp4", package.index, facts, Playlists(media=media_playlist(package.index)))


def test_what_was_packaged_is_what_it_says(video: Made, sound: Made) -> None:
    assert len(video.index.segments) == 3
    assert (video.said(), sound.said()) == ([], [])


def test_facts_that_say_otherwise_are_told(video: Made, sound: Made) -> None:
    for made, other in ((video, "avc1.42e01e"), (sound, "mp4a.40.5")):
        changed = replace(made.facts, codecs=other, average_bps=1, peak_bps=2, init_range=(0, 9))
        found = dataclasses.replace(made, facts=changed).said()
        assert [check for check, _ in found] == ["segments", "codec", "bandwidth", "bandwidth"]
        assert f"declared as {other}, and its parameter sets say {made.facts.codecs}" in found[1][1]
        assert f"its average is declared as 1 bit/s, and is {made.facts.average_bps}" in found[2][1]


def changed_segment(made: Made, number: int, **changes: Any) -> Made:
    segments = list(made.index.segments)
    segments[number] = replace(segments[number], **changes)
    return indexed(made, tuple(segments))


def indexed(made: Made, segments: tuple[Segment, ...]) -> Made:
    return dataclasses.replace(made, index=replace(made.index, segments=segments))


INDEXES: dict[str, tuple[Callable[[Made], Made], str]] = {
    "a segment is missing": (
        lambda made: indexed(made, made.index.segments[:-1]),
        "it has 2 segments where the film has 3",
    ),
    "a segment is off the grid": (
        lambda made: changed_segment(made, 1, start_ticks=made.index.segments[1].start_ticks + 1_001),
        "segment 1 is off the grid",
    ),
    "a segment is said to be longer": (
        lambda made: changed_segment(made, 2, duration_ticks=made.index.segments[2].duration_ticks + 1_001),
        "segment 2 is presented from 288288, for 48048 ticks, and its index says",
    ),
    "a segment is said to be larger": (
        lambda made: changed_segment(made, 2, size=made.index.segments[2].size + 1), "and its samples end at"
    ),
    "a segment begins elsewhere": (
        lambda made: changed_segment(made, 1, offset=made.index.segments[1].offset + 4), "begins with"
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", INDEXES)
def test_an_index_that_says_otherwise_is_told(damage: str, video: Made) -> None:
    change, said = INDEXES[damage]
    found = change(video).said()
    assert any(check == "segments" and said in message for check, message in found), found


def test_a_segment_that_begins_with_no_key_frame_is_told_with_its_second(video: Made, tmp_path: Path) -> None:
    made, second = video.copied(tmp_path), video.index.segments[1]
    content = made.media.read_bytes()
    first = content.index(b"mdat", second.offset) + 4
    (size,) = struct.unpack_from(">I", content, first)
    while content[first + 4] & 0x1F != 5:  # past what is no slice of an IDR picture
        first += 4 + size
        (size,) = struct.unpack_from(">I", content, first)
    made.write(first + 4, bytes([content[first + 4] & 0xE0 | 1]))
    (fault,) = made.faults()
    assert (fault.check, fault.message) == ("segments", "segment 1 does not begin with a key frame")
    assert fault.at_s == pytest.approx(144 * 1001 / 24000, abs=0.001)


def test_a_gap_in_time_is_told(video: Made, tmp_path: Path) -> None:
    made, third = video.copied(tmp_path), video.index.segments[2]
    at = made.media.read_bytes().index(b"tfdt", third.offset) + 8
    made.write(at, struct.pack(">Q", third.start_ticks + 1_001))
    assert any("segment 2 is decoded from" in message for _, message in made.said())


def delayed(made: Made, number: int, ticks: int) -> None:
    """Have a segment of the file decoded so much later."""
    at = made.media.read_bytes().index(b"tfdt", made.index.segments[number].offset) + 8
    (before,) = struct.unpack_from(">Q", made.media.read_bytes(), at)
    made.write(at, struct.pack(">Q", before + ticks))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_segment_of_sound_that_is_late_is_told(number: int, sound: Made, tmp_path: Path) -> None:
    late = sound.copied(tmp_path)
    delayed(late, number, 9_600)
    said = [message for _, message in late.said()]
    assert said[0].startswith(f"segment {number} is decoded from")
    assert said[1].startswith(f"segment {number} is presented from")


def test_sound_that_is_late_from_its_beginning_is_told_though_its_index_is_late_too(
    sound: Made, tmp_path: Path
) -> None:
    late = sound.copied(tmp_path)
    for number in range(len(late.index.segments)):
        delayed(late, number, 9_600)
    moved = [replace(one, start_ticks=one.start_ticks + 9_600) for one in late.index.segments]
    said = [message for _, message in indexed(late, tuple(moved)).said()]
    assert "segment 0 is decoded from 9600 on, and 0 is due" in said
    assert any("more than a frame of sound from the picture's" in one for one in said), said


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_index_of_sound_that_says_otherwise_is_told(number: int, sound: Made) -> None:
    for name in ("start_ticks", "duration_ticks"):
        wrong = changed_segment(sound, number, **{name: getattr(sound.index.segments[number], name) + 1_024})
        assert any(f"segment {number} is presented" in message for _, message in wrong.said())


def test_sound_whose_edit_skips_something_else_is_told(sound: Made, tmp_path: Path) -> None:
    made = sound.copied(tmp_path)
    made.write(made.media.read_bytes().index(b"elst") + 4 + 4 + 4 + 4, struct.pack(">i", 4_096))
    assert any("segment 1 is presented from" in message for _, message in made.said())


PLAYLISTS: dict[str, tuple[str, Callable[[re.Match[str]], str], str]] = {
    "a range is another": (r"BYTERANGE:(\d+)@", lambda found: f"BYTERANGE:{int(found[1]) - 1}@", "has segment 0 at"),
    "a segment is said to be longer": (r"EXTINF:6", lambda _: "EXTINF:7", "says that segment 0 lasts 7."),
    "the longest is longer than it says": (r"DURATION:6", lambda _: "DURATION:5", "of 5 s at most"),
    "a segment is not named": (r"#EXTINF.*\n.*\nmedia.mp4\n", lambda _: "", "names 2 ranges of a file that has 3"),
    "another file is named": (r"\nmedia.mp4", lambda _: "\nother.mp4", "names 3 ranges of a file"),
    "the header is elsewhere": (r'@0"', lambda _: '@4"', "does not name the header"),
    "it has no end": (r"#EXT-X-ENDLIST\n", lambda _: "", "is no whole playlist"),
    "it says no length": (r"#EXTINF:\d+", lambda _: "#EXTINF:", "cannot be read"),
    "it has no longest": (r"#EXT-X-TARGETDURATION:\d+\n", lambda _: "", "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("damage", PLAYLISTS)
@pytest.mark.parametrize("name", ["media", "iframes"])
def test_a_playlist_that_says_otherwise_is_told(damage: str, name: str, video: Made) -> None:
    pattern, change, said = PLAYLISTS[damage]
    text = re.sub(pattern, change, getattr(video.playlists, name), count=1)
    found = dataclasses.replace(video, playlists=replace(video.playlists, **{name: text})).said()
    assert any(said in message for _, message in found), found


def test_pictures_alone_are_said_to_be_such_and_at_their_rate(video: Made) -> None:
    assert isinstance(video.facts, VideoRendition)
    assert video.playlists.iframes is not None
    playlists = replace(video.playlists, iframes=video.playlists.iframes.replace("#EXT-X-I-FRAMES-ONLY\n", ""))
    changed = dataclasses.replace(video, playlists=playlists, facts=replace(video.facts, iframes_bps=9))
    assert [check for check, _ in changed.said()] == ["bandwidth", "playlist"]
    without = dataclasses.replace(video, playlists=replace(video.playlists, iframes=None))
    assert without.said() == [], "made by an older version"


def test_a_playlist_of_subtitles_names_all_their_pieces() -> None:
    text = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\na\n\n00:00:07.000 --> 00:00:08.000\nb\n\n"
    pieces = [piece.encode() for piece in cut(text, Seconds(14.0), Seconds(6.0))]
    playlist, whole = subtitle_playlist([len(piece) for piece in pieces], Seconds(14.0), Seconds(6.0)), b"".join(pieces)
    assert subtitle_faults(playlist, whole, 14.0) == []
    for wrong in (
        subtitle_faults(playlist, whole[:-1], 14.0),
        subtitle_faults(playlist, whole.replace(b"WEBVTT", b"WEBVTX"), 14.0),
        subtitle_faults(playlist, whole, 13.0),
        subtitle_faults(playlist.replace("segments.vtt", "other.vtt"), whole, 14.0),
        subtitle_faults(playlist.replace("@0", "@1"), whole, 14.0),
        subtitle_faults(playlist.replace("#EXTINF:6", "#EXTINF:"), whole, 14.0),
    ):
        assert [one.check for one in wrong] == ["playlist"]


def test_a_sidx_that_says_otherwise_is_told(video: Made, tmp_path: Path) -> None:
    made = video.copied(tmp_path)
    at = made.media.read_bytes().index(b"sidx") + 4 + 32
    (size,) = struct.unpack_from(">I", made.media.read_bytes(), at)
    made.write(at, struct.pack(">I", size + 1))
    assert made.said() == [("segments", "its sidx box and its index do not say the same of its segments")]


def test_bytes_after_the_last_segment_are_told(sound: Made, tmp_path: Path) -> None:
    made = sound.copied(tmp_path)
    with made.media.open("ab") as file:
        file.write(b"more")
    ((check, message),) = made.said()
    assert (check, "without a gap" in message) == ("segments", True)


@pytest.mark.parametrize("kept", [0, 7, 300, 2_000])
def test_a_file_that_is_cut_off_or_no_mp4_is_told_and_not_an_error(kept: int, video: Made, tmp_path: Path) -> None:
    made = video.copied(tmp_path)
    made.media.write_bytes(made.media.read_bytes()[:kept])
    assert made.said()[0][0] == "segments"
    made.media.write_bytes(b"\xff" * 4_000)
    assert made.said()[0][0] == "segments"
