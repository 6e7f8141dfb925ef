"""Films in, films out: added by the command line, then every playlist and segment looked at, and compared."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from tests.end_to_end.server import Running, matinee
from tests.media.compare import av_offset_ms, check_joins, compare
from tests.media.fetch import over_http
from tests.media.generate import Clip, make_flash_and_beep, make_numbered
from tests.media.presentation import Presentation, check_dash, check_hls, check_same_files
from tests.media.track import Fetch, MediaFile

CLIPS = {
    "bbb_854x480_24fps_30s.mp4": (480, 2),
    "bbb_1280x720_25fps_5s.mp4": (720, 3),
    "flower_960x540_30fps_5s.mp4": (540, 3),
    "driving_1920x1080_54f.264": (1080, 4),
}
"""The top rung's height and the number of rungs that each real film must get."""


def play(running: Running, title_id: str) -> tuple[Fetch, Presentation]:
    """Press play, and check everything that a player would be given, as HLS and as DASH."""
    client = running.client()
    started = client.post("/v1/playback", json={"title_id": title_id}).raise_for_status().json()
    fetch = over_http(client)
    hls = check_hls(fetch, running.url + started["hls_url"])
    dash = check_dash(fetch, running.url + started["dash_url"])
    check_same_files(hls, dash)
    return fetch, hls


def segment_starts(file: MediaFile) -> list[int]:
    """The frames at which segments begin, and so every chunk."""
    return [round(start / file.frame_duration) for start in file.starts[1:]]


@pytest.mark.parametrize("name", CLIPS)
def test_a_real_film_becomes_a_valid_presentation(running: Running, media: Path, name: str) -> None:
    height, rungs = CLIPS[name]
    done = matinee(running.home, "add", str(media / "clips" / name), "--json")
    assert done.status == 0, done.err
    assert done.document["state"] == "ready"
    _, presentation = play(running, done.document["title_id"])
    assert len({one.file.segments for one in presentation.video}) == rungs, "a rung may be there with surround as well"
    assert presentation.video[-1].file.init.height == height


@pytest.mark.parametrize("name", ["bbb_854x480_24fps_30s.mp4", "flower_960x540_30fps_5s.mp4"])
def test_every_frame_of_a_real_film_is_there_at_its_time_also_at_the_joins(
    running: Running, media: Path, name: str
) -> None:
    source = media / "clips" / name
    done = matinee(running.home, "add", str(source), "--json")
    fetch, presentation = play(running, done.document["title_id"])
    top = presentation.video[-1].file
    check_joins(compare(source, fetch, top), segment_starts(top))


def test_a_film_that_was_cut_off_is_refused_unless_its_damage_is_accepted(running: Running, media: Path) -> None:
    film = str(media / "clips" / "elephantsdream_1024x576_24fps_37s.mkv")
    refused = matinee(running.home, "add", film)
    assert refused.status == 1
    assert "cut off" in refused.err + refused.out
    accepted = matinee(running.home, "add", film, "--accept-damaged", "--json")
    assert accepted.status == 0, accepted.err
    play(running, accepted.document["title_id"])


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(60)], ids=str)
def test_sound_and_picture_are_within_five_milliseconds(running: Running, tmp_path: Path, rate: Fraction) -> None:
    film = make_flash_and_beep(tmp_path / "flash.mov", Clip(rate=rate, frames=round(8 * rate)))
    done = matinee(running.home, "add", str(film), "--json")
    assert done.status == 0, done.err
    fetch, presentation = play(running, done.document["title_id"])
    assert abs(av_offset_ms(fetch, presentation.video[0].file, presentation.audio[0].file)) <= 5.0


def test_numbered_frames_come_out_in_order_across_every_chunk(running: Running, tmp_path: Path) -> None:
    film = make_numbered(tmp_path / "numbered.mkv", Clip(rate=Fraction(24000, 1001), frames=440))
    done = matinee(running.home, "add", str(film), "--json")
    assert done.status == 0, done.err
    fetch, presentation = play(running, done.document["title_id"])
    compare(film, fetch, presentation.video[0].file)


def test_adding_a_film_again_changes_nothing(running: Running, tmp_path: Path) -> None:
    film = make_numbered(tmp_path / "twice.mkv", Clip(rate=Fraction(25), frames=60))
    first = matinee(running.home, "add", str(film), "--title", "Twice", "--json").document
    second = matinee(running.home, "add", str(film), "--json").document
    assert second["title_id"] == first["title_id"]
    assert (first["is_new"], second["is_new"]) == (True, False)


def test_a_library_is_imported_as_media_people_lay_it_out(running: Running, tmp_path: Path) -> None:
    films = tmp_path / "Movies" / "The Quay (2021)"
    season = tmp_path / "Shows" / "Tide (2019)" / "Season 01"
    films.mkdir(parents=True)
    season.mkdir(parents=True)
    clip = Clip(rate=Fraction(25), frames=50)
    make_numbered(films / "The Quay (2021).mkv", clip)
    (films / "The Quay (2021).en.srt").write_text("1\n00:00:00,200 --> 00:00:01,500\nListen.\n", encoding="utf-8")
    (films / "The Quay (2021).de.sdh.vtt").write_text("WEBVTT\n\n00:00.200 --> 00:01.500\n[Wind]\n", encoding="utf-8")
    make_numbered(season / "Tide S01E01 Ebb.mkv", Clip(rate=Fraction(25), frames=51))
    make_numbered(season / "Tide S01E02 Flood.mkv", Clip(rate=Fraction(25), frames=52))
    (season / "Tide S01E03 Broken.mkv").write_bytes(b"not a film at all")
    done = matinee(running.home, "import", str(tmp_path), "--json")
    assert done.status == 1, "one file is broken, the others are taken"
    assert done.document["failed"] == 1
    client = running.client()
    titles = {card["title"]: card for card in client.get("/v1/titles").json()["items"]}
    assert titles["The Quay"]["year"] == 2021
    show = client.get(f"/v1/titles/{titles['Tide']['id']}").json()
    assert [episode["title"] for episode in show["seasons"][0]["episodes"]] == ["Ebb", "Flood"]
    page = client.get(f"/v1/titles/{titles['The Quay']['id']}").json()
    assert set(page["languages"]["subtitles"]) == {"en", "de"}
    play(running, titles["The Quay"]["id"])
