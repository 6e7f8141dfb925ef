"""The validators pass what is right and refuse every single thing that is made wrong in it."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.media.boxes import Index, read_init, read_segment
from tests.media.compare import Comparison, check_joins
from tests.media.fetch import from_folder
from tests.media.generate import Clip, encode_audio, encode_chunk, make_numbered, numbered_luma
from tests.media.presentation import IndexOf, check_dash, check_hls, check_same_files
from tests.media.track import check_init

from matinee.base.units import Seconds
from matinee.encoding.asset import Asset, AudioRendition, SegmentIndex, SubtitleTrack, VideoRendition
from matinee.encoding.formats.captions import cut
from matinee.encoding.formats.cmaf import Grid, Package, Part, package_audio, package_video
from matinee.encoding.formats.playlist import iframe_index, iframe_playlist, media_playlist, peak_bps, subtitle_playlist
from matinee.playback.dash import mpd
from matinee.playback.hls import master_playlist

BASE = "http://edge.example/"
CLIP = Clip(frames=360)
GRID = Grid(rate=(24000, 1001), frames=360, segment_frames=144)
HLS, DASH = BASE + "master.m3u8", BASE + "manifest.mpd"


def save(folder: Path, key: str, package: Package) -> None:
    (folder / key / "media.m3u8").write_text(media_playlist(package.index))
    (folder / key / "index.json").write_bytes(msgspec.json.encode(package.index))


def video_of(folder: Path, key: str, part: Part, grid: Grid = GRID) -> VideoRendition:
    (folder / key).mkdir(exist_ok=True)
    package = package_video([part], grid, folder / key / "media.mp4")
    save(folder, key, package)
    (folder / key / "iframes.m3u8").write_text(iframe_playlist(package.index, package.iframe_bytes))
    return VideoRendition(
        key=key,
        name=key,
        width=package.width,
        height=package.height,
        frame_rate_num=24000,
        frame_rate_den=1001,
        codecs=package.codecs,
        average_bps=package.average_bps,
        peak_bps=package.peak_bps,
        init_range=package.init_range,
        index_range=package.index_range,
        timescale=package.index.timescale,
        iframes_bps=peak_bps(iframe_index(package.index, package.iframe_bytes)),
    )


def audio_of(folder: Path, key: str, source: Path, grid: Grid = GRID) -> AudioRendition:
    (folder / key).mkdir(exist_ok=True)
    package = package_audio(source, grid, folder / key / "media.mp4")
    save(folder, key, package)
    return AudioRendition(
        key=key,
        language="en",
        label="English",
        channels=package.channels,
        sample_rate=package.sample_rate,
        codecs=package.codecs,
        average_bps=package.average_bps,
        peak_bps=package.peak_bps,
        init_range=package.init_range,
        index_range=package.index_range,
        timescale=package.index.timescale,
        is_default=True,
    )


SUBTITLES = "WEBVTT\n\n00:00:01.000 --> 00:00:07.000\nHello\n\n00:00:14.000 --> 00:00:15.000\nGoodbye\n"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work, folder = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("published")
    rungs = []
    for key, bps in (("low", 150_000), ("high", 400_000)):
        chunk = work / f"{key}.mp4"
        encode_chunk(chunk, CLIP, (numbered_luma(CLIP, n) for n in range(360)), bitrate_bps=bps)
        rungs.append(video_of(folder, key, Part(path=chunk, frames=360)))
    sound = encode_audio(work / "sound.mp4", make_numbered(work / "source.mov", CLIP))
    (folder / "subs").mkdir()
    (folder / "subs" / "media.vtt").write_text(SUBTITLES)
    duration, segment = Seconds(float(CLIP.seconds)), Seconds(float(GRID.segment_frames / CLIP.rate))
    pieces = cut(SUBTITLES, duration, segment)
    (folder / "subs" / "segments.vtt").write_text("".join(pieces))
    (folder / "subs" / "media.m3u8").write_text(subtitle_playlist([len(one) for one in pieces], duration, segment))
    asset = Asset(
        id="asset",
        title_id="title",
        number=1,
        duration_s=float(CLIP.seconds),
        video=tuple(rungs),
        audio=(audio_of(folder, "sound", sound),),
        subtitles=(SubtitleTrack(key="subs", language="en", label="English"),),
    )
    (folder / "master.m3u8").write_text(master_playlist(asset, lambda key: f"{BASE}{key}/"))
    (folder / "manifest.mpd").write_text(mpd(asset, lambda key: f"{BASE}{key}/"))
    shutil.copytree(work, folder / "work")
    return folder


@pytest.fixture
def copied(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "copy"))


def index_in(folder: Path) -> IndexOf:
    return lambda url: msgspec.json.decode(
        (folder / url.removeprefix(BASE) / "index.json").read_bytes(), type=SegmentIndex
    )


def check_both(folder: Path) -> None:
    fetch, index_of = from_folder(BASE, folder), index_in(folder)
    hls = check_hls(fetch, HLS, index_of=index_of)
    check_same_files(hls, check_dash(fetch, DASH, index_of=index_of))


def test_a_right_presentation_passes(published: Path) -> None:
    check_both(published)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("low/media.m3u8", "TARGETDURATION:6", "TARGETDURATION:5", "target 5 s"),
        ("low/media.m3u8", "#EXTINF:6.006000", "#EXTINF:6.007000", "EXTINF"),
        ("low/media.m3u8", "#EXT-X-ENDLIST\n", "", "may still grow"),
        ("low/media.m3u8", "@0", "@1", "."),
        ("low/media.m3u8", "#EXT-X-VERSION:7\n", "", "VERSION"),
        ("low/media.m3u8", "media.mp4\n#EXT-X-ENDLIST", "other.mp4\n#EXT-X-ENDLIST", "more than one file"),
        ("master.m3u8", "RESOLUTION=320x180", "RESOLUTION=320x182", ""),
        ("master.m3u8", "CODECS=\"avc1.", "CODECS=\"avc1.4d", ""),
        ("master.m3u8", "FRAME-RATE=23.976", "FRAME-RATE=24.000", ""),
        ("master.m3u8", ":BANDWIDTH=", ":BANDWIDTH=1", "measured"),
        ("master.m3u8", "DEFAULT=YES,AUTOSELECT=YES", "DEFAULT=YES,AUTOSELECT=NO", ""),
        ("master.m3u8", 'AUDIO="audio-main"', 'AUDIO="sound"', "no group sound"),
        ("master.m3u8", "#EXT-X-INDEPENDENT-SEGMENTS\n", "", "independent"),
        ("manifest.mpd", 'mediaPresentationDuration="PT15', 'mediaPresentationDuration="PT16', "the MPD says"),
        ("manifest.mpd", 'frameRate="24000/1001"', 'frameRate="24"', ""),
        ("manifest.mpd", 'Initialization range="0-', 'Initialization range="1-', ""),
        ("manifest.mpd", "/low/media.mp4", "/high/media.mp4", ""),
        ("low/index.json", '"sha256":"', '"sha256":"0', "SHA-256"),
        ("low/index.json", '"start_ticks":144144', '"start_ticks":144145', "other times"),
        ("low/iframes.m3u8", "#EXT-X-I-FRAMES-ONLY\n", "", "pictures only"),
        ("master.m3u8", "low/iframes.m3u8", "high/iframes.m3u8", ""),
        ("subs/media.vtt", "WEBVTT", "VTT", ""),
        ("subs/segments.vtt", "Goodbye", "Goodbyes", "WebVTT"),
        ("subs/segments.vtt", "00:00:14", "00:00:04", "do not say"),
        ("subs/media.m3u8", "#EXTINF:6.006000", "#EXTINF:6.007000", "the video's"),
    ],
)  # fmt: skip
def test_one_wrong_word_is_found(copied: Path, file: str, old: str, new: str, said: str) -> None:
    path = copied / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises((AssertionError, KeyError), match=said or None):
        check_both(copied)


def patch(folder: Path, key: str, old: bytes, new: bytes) -> None:
    """Change bytes of a media file and drop its index.json, so that the hash does not tell."""
    path = folder / key / "media.mp4"
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))
    (folder / key / "index.json").unlink()


def test_a_segment_that_begins_late_is_found(copied: Path) -> None:
    patch(copied, "low", b"tfdt\1\0\0\0" + (144_144).to_bytes(8, "big"), b"tfdt\1\0\0\0" + (144_145).to_bytes(8, "big"))
    with pytest.raises(AssertionError, match="begins at 144145"):
        check_hls(from_folder(BASE, copied), HLS)


def test_a_damaged_picture_is_found(copied: Path) -> None:
    segment = index_in(copied)(f"{BASE}low/").segments[1]
    path = copied / "low" / "media.mp4"
    data = bytearray(path.read_bytes())
    middle = segment.offset + segment.size - 4000
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    with pytest.raises(Exception, match=r"."):
        check_hls(from_folder(BASE, copied), HLS)


def test_video_with_an_edit_list_is_found(published: Path) -> None:
    last = index_in(published)(f"{BASE}low/").init_size - 1
    found = read_init(from_folder(BASE, published)(f"{BASE}low/media.mp4", (0, last)))
    index = Index(timescale=24000, earliest=0, first_offset=0, references=())
    check_init("low", found, index)
    with pytest.raises(AssertionError, match="video with edits"):
        check_init("low", dataclasses.replace(found, edits=((0, 2002),)), index)


def test_audio_whose_priming_is_not_skipped_is_found(copied: Path) -> None:
    patch(copied, "sound", b"\0\0\4\0\0\1\0\0", b"\0\0\0\0\0\1\0\0")
    with pytest.raises(AssertionError, match="skips no priming"):
        check_hls(from_folder(BASE, copied), HLS)


def test_rungs_with_other_boundaries_are_found(copied: Path) -> None:
    other = Grid(rate=GRID.rate, frames=360, segment_frames=96)
    video_of(copied, "low", Part(path=copied / "work" / "low.mp4", frames=360), other)
    with pytest.raises(AssertionError):
        check_hls(from_folder(BASE, copied), HLS)


def test_audio_cut_elsewhere_is_found(copied: Path) -> None:
    audio_of(copied, "sound", copied / "work" / "sound.mp4", Grid(rate=(25, 1), frames=375, segment_frames=145))
    with pytest.raises(AssertionError, match=r"begins .* s late"):
        check_hls(from_folder(BASE, copied), HLS)


def test_audio_that_ends_early_is_found(copied: Path) -> None:
    audio_of(copied, "sound", copied / "work" / "sound.mp4", Grid(rate=GRID.rate, frames=350, segment_frames=144))
    with pytest.raises(AssertionError, match="audio ends at"):
        check_hls(from_folder(BASE, copied), HLS)


def test_a_fall_in_quality_at_a_join_is_found() -> None:
    psnr = np.full(100, 40.0)
    check_joins(Comparison((), psnr), [50])
    psnr[51] = 20.0
    with pytest.raises(AssertionError, match="frame 51"):
        check_joins(Comparison((), psnr), [50])


def test_a_segment_cut_short_is_found(published: Path) -> None:
    segment = index_in(published)(f"{BASE}low/").segments[0]
    data = from_folder(BASE, published)(f"{BASE}low/media.mp4", (segment.offset, segment.offset + segment.size - 2))
    with pytest.raises(AssertionError, match="claims"):
        read_segment(data)
