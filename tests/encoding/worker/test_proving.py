"""What an FFmpeg can do is proved by doing it: the one that comes with Matinee, and builds that lack something."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.media.generate import ffmpeg

from matinee.encoding.worker.ability import ABILITIES, HARDWARE, Ability, ability_argv
from matinee.encoding.worker.proving import FfmpegLacks, check_needed, hardware_encoders, is_able, lacking


def crippled(folder: Path, *lacks: str) -> Path:
    """An FFmpeg that fails where its command line names one of these."""
    path = folder / "ffmpeg"
    patterns = "|".join(f"*{word}*" for word in lacks)
    path.write_text(
        f'#!/bin/sh\ncase "$*" in {patterns}) echo "Unknown encoder" >&2; exit 8;; esac\nexec {ffmpeg()} "$@"\n'
    )
    path.chmod(0o755)
    return path


def test_the_ffmpeg_that_comes_with_matinee_can_do_everything() -> None:
    assert lacking(Path(ffmpeg())) == []
    check_needed(Path(ffmpeg()))


def test_what_a_build_lacks_is_found_by_using_it(tmp_path: Path) -> None:
    path = crippled(tmp_path, "libsvtav1", "chromaprint")
    assert [one.name for one in lacking(path)] == ["libsvtav1", "chromaprint"]
    check_needed(path)


def test_an_ffmpeg_that_cannot_make_a_film_is_refused_with_what_that_costs(tmp_path: Path) -> None:
    with pytest.raises(FfmpegLacks, match=r"without libx264: no video at all.*leave MATINEE_FFMPEG out") as caught:
        check_needed(crippled(tmp_path, "libx264"))
    assert caught.value.missing[0].name == "libx264"


@pytest.mark.parametrize("path", ["/bin/false", "/bin/true", "/nothing/there"])
def test_what_is_no_ffmpeg_can_do_nothing_that_matters(path: str) -> None:
    assert path == "/bin/true" or len(lacking(Path(path))) == len(ABILITIES)


def test_an_encoder_in_hardware_is_only_offered_where_it_works() -> None:
    works = hardware_encoders(Path(ffmpeg()))
    assert set(works) == {one.name for one in HARDWARE if is_able(Path(ffmpeg()), one)}


def test_every_ability_says_what_it_costs_and_is_told_apart() -> None:
    assert all(one.costs for one in ABILITIES)
    assert len({one.name for one in ABILITIES}) == len(ABILITIES)
    argv = ability_argv(Path("/usr/bin/ffmpeg"), Ability("x", "y", ("-f", "null", "-")))
    assert argv == ["/usr/bin/ffmpeg", "-hide_banner", "-nostdin", "-v", "error", "-f", "null", "-"]
