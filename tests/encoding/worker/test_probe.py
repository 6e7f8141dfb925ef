"""The inspection, in its own process as workers start it: ordinary films, odd ones, hostile ones."""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.encoding.remake import remake
from tests.encoding.subtitled import with_pictures, with_text
from tests.media.generate import Clip, make_numbered

from matinee.base.process import run_confined
from matinee.encoding.source import (
    FilmRefused,
    Inspection,
    accept,
    display_size,
    presentation_times,
    running_time_s,
    text_tracks,
)
from matinee.encoding.timeline import timeline_of
from matinee.encoding.worker import probe
from matinee.encoding.worker.looks import PROBE_LIMITS
from matinee.encoding.worker.probe import Found, Refusal

CLIP = Clip(frames=50, rate=Fraction(25), width=320, height=180)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_numbered(tmp_path_factory.mktemp("film") / "film.mp4", CLIP)


def probed(path: Path) -> Found | Refusal:
    """What the probe prints of a file, confined as in a job."""
    argv = [sys.executable, "-m", "matinee.encoding.worker.probe", str(path)]
    done = run_confined(argv, limits=PROBE_LIMITS, environment={"PYTHONPATH": ":".join(sys.path)})
    assert done.returncode == 0, done.stderr_tail
    return msgspec.json.decode(done.stdout, type=Found | Refusal)


def inspected(path: Path) -> Inspection:
    found = probed(path)
    assert isinstance(found, Found), found
    return found.inspection


def refused(path: Path) -> str:
    found = probed(path)
    assert isinstance(found, Refusal), found
    return "; ".join(found.reasons)


def test_an_ordinary_film_is_told_whole(film: Path) -> None:
    found = accept(inspected(film))
    assert (found.demuxer, found.warnings) == ("mov", ())
    assert found.video is not None
    assert (found.video.codec, found.video.width, found.video.height) == ("h264", 320, 180)
    assert found.video.nominal_rate == (25, 1)
    (sound,) = found.audio
    assert (sound.codec, sound.channels, sound.sample_rate, sound.is_default) == ("pcm_s16le", 1, 48_000, True)
    assert sound.packets > 0
    assert len(presentation_times(found.frames)) == CLIP.frames
    assert running_time_s(found) == pytest.approx(2.0)
    assert found.announced_s == pytest.approx(2.0)
    timeline = timeline_of(found)
    assert (timeline.fps, timeline.frames, timeline.is_constant) == (Fraction(25), CLIP.frames, True)


@pytest.mark.parametrize(
    ("name", "options", "demuxer"),
    [
        ("film.mkv", ("-c", "copy"), "matroska"),
        ("film.webm", ("-c:v", "libvpx", "-b:v", "200k", "-deadline", "realtime", "-an"), "matroska"),
        ("film.ts", ("-c:v", "copy", "-c:a", "mp2"), "mpegts"),
        ("film.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2", "-f", "vob"), "mpeg"),
        ("film.avi", ("-c:v", "mpeg4", "-c:a", "pcm_s16le"), "avi"),
        ("film.mxf", ("-c:v", "mpeg2video", "-an"), "mxf"),
        ("film.mov", ("-c:v", "prores", "-c:a", "pcm_s24le"), "mov"),
        ("film.264", ("-c:v", "copy", "-an"), "h264"),
        ("film.265", ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-an"), "hevc"),
    ],
)
def test_every_container_is_read_with_all_frames_at_their_rate(
    name: str, options: tuple[str, ...], demuxer: str, film: Path, tmp_path: Path
) -> None:
    found = accept(inspected(remake(film, tmp_path / name, *options)))
    timeline = timeline_of(found)
    assert found.demuxer == demuxer
    assert (timeline.fps, timeline.frames, timeline.is_constant) == (Fraction(25), CLIP.frames, True)


def test_a_name_says_nothing(film: Path, tmp_path: Path) -> None:
    disguised = tmp_path / "-i concat:%d\n.m3u8"
    disguised.write_bytes(film.read_bytes())
    assert inspected(disguised).demuxer == "mov"


def test_sound_alone_has_no_video(film: Path, tmp_path: Path) -> None:
    found = inspected(remake(film, tmp_path / "sound.mkv", "-vn", "-c:a", "copy"))
    assert found.video is None
    with pytest.raises(FilmRefused, match="no video"):
        accept(found)


def test_video_alone_has_no_audio(film: Path, tmp_path: Path) -> None:
    assert accept(inspected(remake(film, tmp_path / "silent.mp4", "-an", "-c", "copy"))).audio == ()


def test_subtitle_tracks_are_listed_with_language_and_flags(film: Path, tmp_path: Path) -> None:
    for name, kinds in {"film.mkv": ("subrip", "ass"), "film.mp4": ("mov_text", "mov_text")}.items():
        found = accept(inspected(with_text(film, tmp_path / name, kinds=kinds)))
        tracks = [(one.codec, one.language, one.is_forced, one.is_sdh) for one in found.subtitles]
        assert tracks == [(kinds[0], "en", False, False), (kinds[1], "de", True, False)]
        assert text_tracks(found) == found.subtitles
        assert found.warnings == ()


def test_subtitles_made_of_pictures_are_said_to_be_left_out(film: Path, tmp_path: Path) -> None:
    found = accept(inspected(with_pictures(film, tmp_path / "film.mkv")))
    assert found.warnings == (
        "subtitle track 1 (de) is made of pictures, which players cannot show as text; it is left out",
    )
    assert text_tracks(found) == ()


def test_a_variable_frame_rate_is_seen(film: Path, tmp_path: Path) -> None:
    uneven = remake(film, tmp_path / "vfr.mkv", "-an", "-vf", "select=not(between(n\\,20\\,34))", "-fps_mode", "vfr")
    timeline = timeline_of(accept(inspected(uneven)))
    assert not timeline.is_constant
    assert (timeline.fps, timeline.frames) == (Fraction(25), CLIP.frames)


def test_a_film_of_one_frame_is_seen_as_one(film: Path, tmp_path: Path) -> None:
    found = inspected(remake(film, tmp_path / "one.mp4", "-an", "-frames:v", "1"))
    with pytest.raises(FilmRefused, match=r"1 frame\(s\)"):
        accept(found)


@pytest.mark.parametrize(("rotation", "size"), [(90, (180, 320)), (-90, (180, 320)), (180, (320, 180))])
def test_a_film_that_was_shot_upright_is_upright(
    rotation: int, size: tuple[int, int], film: Path, tmp_path: Path
) -> None:
    turned = remake(film, tmp_path / "turned.mp4", "-c", "copy", before=("-display_rotation", str(rotation)))
    found = inspected(turned)
    assert found.video is not None
    assert display_size(found.video) == size


def test_samples_that_are_not_square_are_told(film: Path, tmp_path: Path) -> None:
    wide = remake(film, tmp_path / "wide.mkv", "-vf", "scale=180:144,setsar=64/45", "-an")
    found = inspected(wide)
    assert found.video is not None
    assert display_size(found.video) == (256, 144)


def test_languages_and_names_of_tracks_are_told(film: Path, tmp_path: Path) -> None:
    two = remake(
        film, tmp_path / "two.mkv", "-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy",
        "-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "title=Commentary", "-disposition:a:0", "0",
        "-disposition:a:1", "default",
    )  # fmt: skip
    tracks = inspected(two).audio
    assert [(track.language, track.title, track.is_default, track.role) for track in tracks] == [
        ("de", "", False, "main"),
        ("und", "Commentary", True, "commentary"),
    ]


@pytest.mark.parametrize(
    ("flags", "role"),
    [("visual_impaired", "description"), ("comment", "commentary"), ("dub", "dub"), ("original", "main")],
)
def test_what_a_track_is_for_is_read_from_its_flags(film: Path, tmp_path: Path, flags: str, role: str) -> None:
    flagged = remake(
        film, tmp_path / "flagged.mkv", "-c", "copy", "-disposition:a:0", flags, "-metadata:s:a:0", "language=fil"
    )
    (track,) = inspected(flagged).audio
    assert (track.role, track.is_original, track.language) == (role, flags == "original", "fil")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "0 bytes"),
        (b"This is not a film.\n" * 50, "a text file"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "HLS playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "concat script"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(500), "cannot be read"),
        (b"\x1a\x45\xdf\xa3" + b"\xff" * 500, "cannot be read"),
    ],
)
def test_what_is_no_film_is_refused_with_the_reason(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    assert said in refused(path)


def test_a_film_that_was_cut_off_says_how_long_it_should_be(film: Path, tmp_path: Path) -> None:
    front = remake(film, tmp_path / "front.mp4", "-c", "copy", "-movflags", "+faststart")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(front.read_bytes()[: front.stat().st_size // 4])
    found = inspected(cut)
    assert found.announced_s == pytest.approx(2.0)
    with pytest.raises(FilmRefused, match="it was cut off"):
        accept(found)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_film_gets_a_verdict(data: st.DataObject, film: Path, tmp_path: Path) -> None:
    content = bytearray(film.read_bytes())
    header = content.index(b"moov")
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(header, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.mp4"
    path.write_bytes(content)
    # In this process, for speed: what is written here is our own film, lightly damaged.
    found = probe.main(path)
    assert isinstance(found, Found | Refusal)
    if isinstance(found, Found):
        times = presentation_times(found.inspection.frames)
        assert all(before < after for before, after in pairwise(times))


# Real films


VERDICTS: dict[str, str | tuple[Fraction, int]] = {
    "bad/concat_lfi.mp4": "concat script",
    "bad/ssrf_playlist.mp4": "HLS playlist",
    "bad/empty.mp4": "0 bytes",
    "bad/garbage.mp4": "data of an unknown kind",
    "bad/truncated_moov_or_mdat.mp4": "cannot be read",
    "bad/fate_discont.mp4": "Flash video",
    "bad/moz_invalid_userdata.mp4": "no frame of the video can be read",
    "bad/moz_zero_empty_stsc.mp4": "2 frame(s)",
    "bad/cursed-vfr.mp4": (Fraction(30), 262),
    "bad/fate_invalid_elst.mp4": (Fraction(24), 48),
    "clips/bbb_1280x720_25fps_5s.mp4": (Fraction(25), 132),
    "clips/bbb_854x480_24fps_30s.mp4": (Fraction(24), 720),
    "clips/driving_1920x1080_54f.264": (Fraction(25), 54),
    "clips/elephantsdream_1024x576_24fps_37s.mkv": "it was cut off",
    "clips/flower_960x540_30fps_5s.mp4": (Fraction(30000, 1001), 150),
}
"""What is said of each file that is refused; the frames a second and the frames of each that is taken."""


def real(name: str) -> Path:
    """A file of the folder that MATINEE_TEST_MEDIA names."""
    folder = os.environ.get("MATINEE_TEST_MEDIA", "")
    path = Path(folder) / name
    if folder and path.exists():
        return path
    message = f"{name} is not to be had: MATINEE_TEST_MEDIA is {folder!r}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.mark.parametrize(("name", "expected"), VERDICTS.items(), ids=list(VERDICTS))
def test_a_real_file_gets_the_verdict_that_it_deserves(name: str, expected: str | tuple[Fraction, int]) -> None:
    found = probed(real(name))
    if isinstance(expected, str):
        reasons = found.reasons if isinstance(found, Refusal) else refusal(found.inspection)
        assert expected in "; ".join(reasons)
    else:
        assert isinstance(found, Found), found
        timeline = timeline_of(accept(found.inspection))
        assert (timeline.fps, timeline.frames) == expected


def refusal(inspection: Inspection) -> tuple[str, ...]:
    with pytest.raises(FilmRefused) as refused:
        accept(inspection)
    return refused.value.reasons


def test_every_real_file_has_a_verdict() -> None:
    folder = real("bad").parent
    there = {f"{path.parent.name}/{path.name}" for path in folder.glob("*/*") if path.suffix != ".md"}
    assert there == set(VERDICTS)


def test_chapters_are_read_with_their_names(film: Path, tmp_path: Path) -> None:
    described = tmp_path / "chapters.txt"
    described.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=Ebb\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=900\ntitle=Flood\\=tide\n"
    )
    options = ["-f", "ffmetadata", "-i", str(described), "-map", "0", "-map_chapters", "1", "-c", "copy"]
    found = inspected(remake(film, tmp_path / "chapters.mkv", *options))
    assert [(one.start_s, one.title) for one in found.chapters] == [(0.0, "Ebb"), (0.4, "Flood=tide")]
    assert inspected(film).chapters == ()
