"""Rendering: tiny masters are whole, the same each time, and leave nothing when they are stopped."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import av
import imageio_ffmpeg
import msgspec
import numpy as np
import pytest

from matinee.app.demo.film import Film, Look, Shot, View
from matinee.app.demo.programme import PROGRAMME
from matinee.app.demo.render import RenderFailed, Scene, frames, master_argv, render
from matinee.catalog.lettering import Fonts

FFMPEG = Path(imageio_ffmpeg.get_ffmpeg_exe())
HEIGHT, WIDTH = 108, 192


def luma_of(
    frame: bytes, width: int = WIDTH, height: int = HEIGHT
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.frombuffer(frame, np.uint8, width * height).reshape(height, width).astype(np.float32)


def film(slug: str) -> Film:
    return next(film for film in PROGRAMME if film.slug == slug)


def bare(slug: str, *shots: Shot) -> Film:
    """A film with its camera and its layers alone."""
    look: Look = msgspec.structs.replace(film(slug).look, effects=(), grain=0.01)
    return msgspec.structs.replace(film(slug), look=msgspec.structs.replace(look, shots=shots or look.shots))


@pytest.mark.parametrize("each", PROGRAMME, ids=lambda film: film.slug)
def test_every_film_goes_from_a_title_in_the_dark_through_its_scene_to_its_credits(each: Film, fonts: Fonts) -> None:
    scene = Scene(each, fonts, HEIGHT, 20.0)
    fps = each.rate[0] / each.rate[1]
    first, title, middle, credits = (luma_of(scene.frame(int(s * fps))) for s in (0, 2.3, 10, 18.3))
    assert first.mean() < 24
    assert title.max() > 120 and title.mean() < 40
    assert middle.mean() > 20 and middle.std() > 6
    assert credits.max() > 100 and credits.mean() < max(45, middle.mean())


@pytest.mark.parametrize("slug", ["ten-thousand-lanterns", "above-line-six"])
def test_a_frame_does_not_depend_on_the_frames_before_it(slug: str, fonts: Fonts) -> None:
    each = film(slug)
    alone = Scene(each, fonts, HEIGHT, 20.0).frame(200)
    after = Scene(each, fonts, HEIGHT, 20.0)
    after.frame(100)
    assert alone == after.frame(200)


def test_the_camera_moves_evenly(fonts: Fonts) -> None:
    """Whole-pixel steps would show as frames that do not differ, between frames that differ much."""
    slow = Shot(View(0.49, 0.5, 1.15), View(0.51, 0.5, 1.15))
    scene = Scene(bare("the-lamplighters-winter", slow), fonts, 360, 30.0)
    lumas = [luma_of(scene.frame(number), 640, 360) for number in range(240, 288)]
    steps = np.array([np.abs(after - before).mean() for before, after in pairwise(lumas)])
    assert steps.min() > 0.4 * steps.mean()
    assert steps.max() < 1.8 * steps.mean()


def test_what_is_near_moves_more_than_what_is_far(fonts: Fonts) -> None:
    each = bare("aphelion", Shot(View(0.47, 0.5, 1.2), View(0.53, 0.5, 1.2)))
    flat = msgspec.structs.replace(each, look=msgspec.structs.replace(each.look, layers=()))
    deep, shallow = (luma_of(Scene(one, fonts, HEIGHT, 20.0).frame(150)) for one in (each, flat))
    changed = np.abs(deep - shallow).max(axis=0)
    assert changed[WIDTH // 3 : 2 * WIDTH // 3].max() > 40  # the monolith's edges stand elsewhere
    assert np.median(changed) < 3


def test_a_master_has_its_frames_its_colours_and_its_score(tmp_path: Path, fonts: Fonts) -> None:
    done: list[float] = []
    each = film("salt-and-signal")
    path = render(each, tmp_path, FFMPEG, fonts, height=HEIGHT, seconds=1.2, on_progress=done.append)
    with av.open(str(path)) as master:
        video, audio = master.streams.video[0], master.streams.audio[0]
        assert (video.width, video.height, float(video.average_rate or 0)) == (WIDTH, HEIGHT, 25.0)
        assert (audio.sample_rate, audio.channels) == (48_000, 2)
        shown = list(master.decode(video))
        assert len(shown) == 30
        assert (shown[0].colorspace, shown[0].color_range) == (1, 1)  # ITU-R BT.709, limited
    assert done[0] == 0.0 and done[-1] == 1.0 and done == sorted(done)
    assert [left.name for left in tmp_path.iterdir()] == [path.name]


def test_the_same_film_gives_the_same_bytes(tmp_path: Path, fonts: Fonts) -> None:
    masters = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        each = film("nine-miles-of-rain-s01e01")
        masters.append(render(each, tmp_path / name, FFMPEG, fonts, height=HEIGHT, seconds=1.0).read_bytes())
    assert masters[0] == masters[1]


def test_stopping_leaves_nothing_behind(tmp_path: Path, fonts: Fonts) -> None:
    def stop(share: float) -> None:
        if share > 0.3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        render(PROGRAMME[0], tmp_path, FFMPEG, fonts, height=HEIGHT, seconds=1.0, on_progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_gives_up_is_an_error_that_says_so(tmp_path: Path, fonts: Fonts) -> None:
    with pytest.raises(RenderFailed, match=PROGRAMME[0].slug):
        render(PROGRAMME[0], tmp_path, Path("/bin/false"), fonts, height=HEIGHT, seconds=1.0)
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_dies_with_a_worker_that_is_killed(tmp_path: Path, fonts: Fonts) -> None:
    encoder = tmp_path / "encoder"
    encoder.write_text("#!/bin/sh\necho $$\nexec sleep 1000\n")
    encoder.chmod(0o755)
    code = (
        "from pathlib import Path\n"
        "from matinee.app.demo.programme import PROGRAMME\n"
        "from matinee.app.demo.render import render\n"
        "from matinee.catalog.lettering import Fonts\n"
        f"render(PROGRAMME[0], Path({str(tmp_path)!r}), Path({str(encoder)!r}), Fonts(Path({str(fonts.folder)!r})),\n"
        f"       height={HEIGHT}, seconds=60.0)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) as worker:
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        os.kill(worker.pid, signal.SIGKILL)
        try:
            worker.communicate(timeout=30)  # the encoder writes to this pipe too: it ends when both have
        finally:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def test_a_film_and_its_typefaces_can_be_sent_to_another_process(fonts: Fonts) -> None:
    sent = pickle.loads(pickle.dumps((PROGRAMME, fonts)))
    assert sent[0] == PROGRAMME
    assert sent[1].folder == fonts.folder


def test_frames_are_planes_of_yuv420p(fonts: Fonts) -> None:
    assert all(len(frame) == WIDTH * HEIGHT * 3 // 2 for frame in frames(PROGRAMME[0], fonts, HEIGHT, 0.2))


def test_the_encoder_s_command_line() -> None:
    argv = master_argv(Path("/ffmpeg"), (1920, 1080), (24, 1), Path("/s.wav"), Path("/m.mkv"))
    assert argv[0] == "/ffmpeg" and argv[-1] == "file:/m.mkv"
    joined = " ".join(argv)
    assert "-f rawvideo -pix_fmt yuv420p -video_size 1920x1080 -framerate 24/1" in joined
    assert "-f wav -i file:/s.wav" in joined
    assert "-threads 1" in joined
