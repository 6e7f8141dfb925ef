"""Black bars: found where they are, never taken for dark scenery, and gone from every rung."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.encoding.film import ENCODER, ORDER, film, planned, video
from tests.encoding.remake import remake
from tests.encoding.worker.test_corrections import lumas
from tests.encoding.workshop import workshop
from tests.media.generate import Clip, ffmpeg, make_numbered, number_of

from matinee.encoding.pertitle.bars import Bars, bars_of, crop_of
from matinee.encoding.pertitle.trial import analysis_key, attempt_of
from matinee.encoding.plan import as_ordered, frames_name, pictures_name, window_name
from matinee.encoding.recipe import VideoRecipe
from matinee.encoding.source import Crop, display_size, upright
from matinee.encoding.worker import ffmpeg as commands
from matinee.encoding.worker import probe
from matinee.encoding.worker.corrections import corrections

SIZE = (320, 180)
CLIP = Clip(frames=250, width=320, height=180)
BARRED = Crop(left=0, top=30, width=320, height=180)


def picture(bars: Bars, *, noise: int = 0, level: int = 120) -> npt.NDArray[np.uint8]:
    luma = np.random.default_rng(1).integers(16, 17 + noise, (SIZE[1], SIZE[0]), np.uint8)
    luma[bars.top : SIZE[1] - bars.bottom, bars.left : SIZE[0] - bars.right] = level
    return luma


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 100), st.integers(0, 100))
def test_bars_are_measured_to_the_line(top: int, bottom: int, left: int, right: int) -> None:
    bars = Bars(left, top, right, bottom)
    assert bars_of(picture(bars, noise=8)) == bars


def test_a_black_frame_says_nothing_and_dots_in_a_bar_are_not_the_picture() -> None:
    assert bars_of(picture(Bars(0, 0, 0, 0), level=16)) is None
    dotted = picture(Bars(0, 22, 0, 22))
    dotted[0, 3] = dotted[1, 5] = 235
    assert bars_of(dotted) == Bars(0, 22, 0, 22)


def test_a_film_keeps_every_line_that_any_frame_uses() -> None:
    bars = [Bars(0, 22, 0, 22)] * 20 + [None] * 4
    assert crop_of(bars, *SIZE) == Crop(left=0, top=22, width=320, height=136)
    assert crop_of([*bars, Bars(0, 0, 0, 0)], *SIZE) is None, "one frame fills the screen"


def test_dark_scenery_is_no_bar() -> None:
    wandering = [Bars(20 + 7 * n, 10 + 3 * n, 12 + 5 * n, 30) for n in range(20)]
    found = crop_of(wandering, *SIZE)
    assert found is not None
    assert (found.left, found.top, found.width) == (0, 0, 320)


def test_a_logo_on_black_and_a_film_of_few_frames_are_left_alone() -> None:
    assert crop_of([Bars(120, 70, 120, 70)] * 20, *SIZE) is None
    assert crop_of([Bars(0, 22, 0, 22)] * 4, *SIZE) is None


@given(st.lists(st.tuples(*[st.integers(0, 170)] * 2, *[st.integers(0, 80)] * 2), max_size=12))
def test_what_is_left_is_even_and_within_the_picture(found: list[Any]) -> None:
    bars = [Bars(left // 2, top, right // 2, bottom) for left, right, top, bottom in found]
    crop = crop_of(bars, *SIZE)
    if crop is not None:
        assert not any(side % 2 for side in (crop.left, crop.top, crop.width, crop.height))
        assert crop.left + crop.width <= SIZE[0]
        assert crop.top + crop.height <= SIZE[1]
        assert crop.width * crop.height * 4 >= SIZE[0] * SIZE[1]


def test_a_crop_turns_with_the_picture() -> None:
    crop = Crop(left=10, top=20, width=300, height=100)
    assert upright(crop, video(width=320, height=180, rotation=0)) == crop
    assert upright(crop, video(width=320, height=180, rotation=90)) == Crop(left=60, top=10, width=100, height=300)
    assert upright(crop, video(width=320, height=180, rotation=180)) == Crop(left=10, top=60, width=300, height=100)
    assert upright(crop, video(width=320, height=180, rotation=270)) == Crop(left=20, top=10, width=100, height=300)
    assert display_size(video(width=320, height=180, rotation=90, crop=crop)) == (100, 300)


@pytest.fixture(scope="module")
def letterboxed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bars")
    plain = make_numbered(folder / "plain.mkv", CLIP, has_sound=False)
    return remake(
        plain, folder / "boxed.mkv", "-vf", "pad=320:240:0:30:black", "-c:v", "libx264", "-crf", "6", "-g", "20"
    )


def test_a_letterboxed_film_is_encoded_without_its_bars_frame_for_frame(letterboxed: Path, tmp_path: Path) -> None:
    inspection = probe.inspect(letterboxed)
    assert inspection.video is not None
    assert inspection.video.crop == BARRED
    assert display_size(inspection.video) == (320, 180)
    assert any(name.startswith("crop=") for name in corrections(inspection.video))
    plan = planned(inspection)
    recipe = plan.video[-1].recipe
    assert isinstance(recipe, VideoRecipe)
    assert (recipe.rung.width, recipe.rung.height) == (320, 180)
    made = []
    for chunk in plan.chunks:
        made.append(tmp_path / f"{chunk.number}.mp4")
        argv = commands.chunk_argv(Path(ffmpeg()), letterboxed, inspection, chunk, recipe, made[-1])
        subprocess.run(argv, check=True, capture_output=True)
    assert [number_of(luma) for luma in lumas(made, 180)] == list(range(CLIP.frames))


async def test_a_title_may_keep_its_bars_and_its_pictures_with_them(letterboxed: Path, tmp_path: Path) -> None:
    """A dark edge that was taken for a bar is put right by another order of the same title: everything is made anew."""
    async with workshop(tmp_path) as place:
        order = place.take(letterboxed)
        await place.encode(order)
        await place.encode(msgspec.structs.replace(order, keeps_bars=True))
        await place.encode(msgspec.structs.replace(order, keeps_bars=True))
        cropped, *_, whole = await place.versions()
        sizes = [(one.video[-1].width, one.video[-1].height) for one in (cropped, whole)]
        assert sizes == [(320, 180), (320, 240)]
        assert (cropped.keeps_bars, whole.keeps_bars, whole.is_complete) == (False, True, True)
        assert not {rung.key for rung in cropped.video} & {rung.key for rung in whole.video}
        tiles = [(board.tile_width, board.tile_height) for one in (cropped, whole) if (board := one.storyboard)]
        assert [round(width / height, 1) for width, height in tiles] == [1.8, 1.3]
        numbers = [one.number for one in await place.versions()]
        assert len(numbers) == len(set(numbers)), "what is there already is not published twice"


def test_what_is_made_of_the_whole_picture_has_other_names() -> None:
    boxed = msgspec.structs.replace(film(), video=video(width=320, height=240, crop=BARRED))
    whole = msgspec.structs.replace(ORDER, keeps_bars=True)
    cut, kept = as_ordered(ORDER, boxed), as_ordered(whole, boxed)
    assert cut.video is not None and kept.video is not None
    assert (cut.video.crop, kept.video.crop) == (BARRED, None)
    assert as_ordered(whole, film()) == film(), "there is nothing to keep"
    names = [{window_name(one, 0), frames_name(one, 0), pictures_name(one)} for one in (ORDER, whole)]
    assert not names[0] & names[1]
    keys = {analysis_key(attempt_of(seen, "compat", "h264", ENCODER), seen) for seen in (cut.video, kept.video)}
    assert len(keys) == 2


def test_a_film_without_bars_is_not_touched(tmp_path: Path) -> None:
    plain = make_numbered(tmp_path / "plain.mkv", Clip(frames=100, width=320, height=180), has_sound=False)
    found = probe.inspect(plain).video
    assert found is not None
    assert found.crop is None
    assert corrections(film().video or found) == ()
