"""`matinee doctor` on FFmpeg: what works, and what each thing that is missing costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.encoding.worker.test_proving import crippled

from matinee.app.doctor import Check, checks
from matinee.app.settings import Settings
from matinee.app.wiring.background import opened_workplace
from matinee.encoding.worker.proving import FfmpegLacks


def told(home: Path, ffmpeg: str = "") -> dict[str, Check]:
    return {check.name: check for check in checks(Settings(home=home, ffmpeg=ffmpeg))}


def test_the_ffmpeg_that_comes_with_matinee_has_every_feature(tmp_path: Path) -> None:
    found = told(tmp_path / "home")
    assert (found["FFmpeg"].state, found["FFmpeg features"].state) == ("ok", "ok")
    assert "libsvtav1" in found["FFmpeg features"].detail


def test_a_missing_feature_is_told_with_its_cost_and_other_films_are_made_all_the_same(tmp_path: Path) -> None:
    found = told(tmp_path / "home", str(crippled(tmp_path, "libsvtav1")))
    assert found["FFmpeg"].state == "ok"
    assert (found["FFmpeg features"].state, found["FFmpeg features"].detail) == (
        "warning",
        "without libsvtav1: titles with AV1 are not made: MATINEE_CODECS=all needs it",
    )


async def test_an_ffmpeg_without_what_every_film_needs_is_refused_at_start(tmp_path: Path) -> None:
    path = str(crippled(tmp_path, "libx264"))
    with pytest.raises(FfmpegLacks):
        async with opened_workplace(Settings(home=tmp_path / "home", ffmpeg=path)):
            pass


def test_doctor_says_that_nothing_can_be_encoded_so(tmp_path: Path) -> None:
    found = told(tmp_path / "home", str(crippled(tmp_path, "libx264")))
    assert found["FFmpeg"].state == "failed"
    assert "without libx264: no video at all" in found["FFmpeg"].detail
