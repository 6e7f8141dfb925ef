"""Marks: what episodes have in common at their two ends, and what a person says of it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.encoding.tracks.test_fingerprint import music
from tests.encoding.workshop import Workshop, workshop
from tests.media.generate import AUDIO_RATE, ffmpeg
from tests.playback.asset_sample import BARE, audio

from matinee.base import objects as store
from matinee.encoding.asset import Asset
from matinee.encoding.tracks.fingerprint import HOP_S, Fingerprint
from matinee.encoding.tracks.marking import MarkShow, compared, fingerprint_name
from matinee.encoding.tracks.marks import KIND, TO_THE_END_S, Heard, Marks, Span, marks_of
from matinee.work.compute import Compute
from matinee.work.control import Lease
from matinee.work.job import Job, Progress


def noise(seed: int, seconds: float) -> Fingerprint:
    return np.random.default_rng(seed).integers(0, 2**32, round(seconds / HOP_S), dtype=np.uint32)


OPENING, CREDITS = noise(1, 30), noise(2, 40)


def episode(number: int, *parts: Fingerprint) -> Heard:
    items = np.concatenate(parts)
    return Heard(f"e{number}", len(items) * HOP_S, items)


def ordinary(number: int, before_s: float) -> Heard:
    """An episode with the season's opening after `before_s`, and its credits at the very end."""
    seed = 100 * number
    return episode(number, noise(seed, before_s), OPENING, noise(seed + 1, 200), CREDITS)


@settings(max_examples=10, deadline=None)
@given(places=st.lists(st.floats(0, 60), min_size=2, max_size=4))
def test_every_episode_of_a_season_gets_its_opening_and_its_credits(places: list[float]) -> None:
    season = [ordinary(number, before_s) for number, before_s in enumerate(places, start=1)]
    found = marks_of(season)
    for one, before_s in zip(season, places, strict=True):
        marks = found[one.title_id]
        assert marks.intro is not None and marks.credits is not None and not marks.is_edited
        assert marks.intro.start_s == pytest.approx(before_s, abs=1.0)
        # What follows may be like it by chance for a second or two.
        assert marks.intro.end_s == pytest.approx(before_s + 30, abs=4.0)
        assert marks.credits.start_s == pytest.approx(one.duration_s - 40, abs=1.0)
        assert marks.credits.end_s == one.duration_s, "they last to the end"


def test_an_episode_that_shares_nothing_has_no_marks() -> None:
    season = [ordinary(1, 5), ordinary(2, 9), episode(3, noise(7, 300))]
    found = marks_of(season)
    assert found["e3"] == Marks()
    assert found["e1"].intro is not None
    assert marks_of([ordinary(1, 5)]) == {"e1": Marks()}, "there is nothing to compare it with"
    assert marks_of([]) == {}


def test_the_same_episode_twice_has_no_marks() -> None:
    same = noise(9, 900)
    assert marks_of([episode(1, same), episode(2, same)]) == {"e1": Marks(), "e2": Marks()}


def test_credits_before_a_last_scene_end_where_they_end() -> None:
    season = [episode(n, noise(10 * n, 200), CREDITS, noise(10 * n + 1, TO_THE_END_S + 10)) for n in (1, 2)]
    found = marks_of(season)["e1"].credits
    assert found is not None
    assert found.end_s == pytest.approx(240, abs=2.0)


@pytest.mark.parametrize(("start_s", "end_s"), [(5.0, 5.0), (6.0, 5.0), (-1.0, 5.0), (float("nan"), 5.0)])
def test_a_part_of_a_film_that_cannot_be_is_refused(start_s: float, end_s: float) -> None:
    with pytest.raises(ValueError, match="cannot last"):
        Span(start_s=start_s, end_s=end_s)


async def test_what_a_person_said_is_not_changed_by_what_is_found(tmp_path: Path) -> None:
    async with workshop(tmp_path) as place:
        assets = place.assets
        found, said = Marks(intro=Span(start_s=1, end_s=2)), Marks(credits=Span(start_s=3, end_s=4), is_edited=True)
        assert await assets.marks("a") == Marks()
        await assets.keep_marks({"a": found, "b": Marks()})
        assert (await assets.marks("a"), await assets.marked()) == (found, {"a", "b"})
        await assets.keep_marks({"a": said})
        await assets.keep_marks({"a": found, "b": found})
        assert (await assets.marks("a"), await assets.marks("b")) == (said, found)
        await assets.forget_marks("a")
        assert (await assets.marks("a"), await assets.marked()) == (Marks(), {"b"})
        await assets.keep_marks({"a": found})
        assert await assets.marks("a") == found, "a person who has them found anew has said nothing any more"
        await assets.remove("a", "")
        assert await assets.marked() == {"b"}


def heard_in(place: Workshop, number: int, before_s: float, opening_s: float) -> Asset:
    """A published episode of which only the sound is there: an opening after `before_s`."""
    sound = np.concatenate([music(10 + number, before_s), music(1, opening_s), music(20 + number, 30)])
    media = place.folder / "objects" / "renditions" / f"sound{number}" / "media.mp4"
    media.parent.mkdir(parents=True)
    raw = place.folder / f"{number}.s16"
    raw.write_bytes((np.clip(sound, -1, 1) * 30_000).astype("<i2").tobytes())
    options = ["-f", "s16le", "-ar", str(AUDIO_RATE), "-ac", "1", "-i", str(raw), "-c:a", "aac", str(media)]
    subprocess.run([ffmpeg(), "-v", "error", *options], check=True)
    track = audio(f"sound{number}", "en", "English", 1, is_default=True)
    duration_s = len(sound) / AUDIO_RATE
    return msgspec.structs.replace(BARE, title_id=f"e{number}", duration_s=duration_s, audio=(track,))


async def test_a_show_is_compared_by_a_job_that_takes_each_fingerprint_once(tmp_path: Path) -> None:
    places = {1: 4.0, 2: 11.5}
    async with workshop(tmp_path) as place:
        for number, before_s in places.items():
            await place.assets.publish(heard_in(place, number, before_s, 12.0), f"source{number}")

        async def seasons(show_id: str) -> list[list[str]]:
            assert show_id == "show"
            return [["e1", "e2", "gone"]]

        async def write(job: Job, progress: Progress) -> Job:
            return job

        job = Job(id="job", kind=KIND, subject="show", created=0.0, updated=0.0, payload={})
        handler = MarkShow(place.assets, cast(Compute, place.compute), place.handler.place, seasons)
        await handler(Lease(job, write))
        written = store.written(place.objects, fingerprint_name("sound1"))
        await handler(Lease(job, write))
        assert written is not None and store.written(place.objects, fingerprint_name("sound1")) == written
        for number, before_s in places.items():
            intro = (await place.assets.marks(f"e{number}")).intro
            assert intro is not None
            assert intro.start_s == pytest.approx(before_s, abs=0.5)
            assert intro.end_s == pytest.approx(before_s + 12, abs=0.5)
        assert await place.assets.marks("gone") == Marks()
        assert "gone" in await place.assets.marked(), "so that nobody looks again and again"


def test_the_default_track_is_compared_as_it_was_published_first() -> None:
    described = msgspec.structs.replace(audio("d", "en", "AD"), role="description")
    asset = msgspec.structs.replace(BARE, audio=(described, audio("a", "en", "English", is_default=True)))
    track = compared(asset)
    assert track is not None and track.key == "a"
    assert compared(BARE) is None
