"""How soon a fresh `matinee up` has a film to watch: an empty data folder, so that it makes its demonstration library.

`python -m bench.first_film` prints a table and writes `bench/results/first_film.json`. Time counts from the moment that
the server answers to the first title that plays. The baseline, after it in the same run, is the least that this film
takes on one core: rendering it, and one plain FFmpeg command for its lowest rung and its sound.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import imageio_ffmpeg
from tests.end_to_end.server import up

from bench.machine import machine, write_result
from matinee.app.demo.library import film_of, make_film
from matinee.app.demo.programme import PROGRAMME
from matinee.app.settings import Settings
from matinee.app.wiring.platform import fonts_folder

ROUNDS = 3
AIM_S = 60.0
PATIENCE_S = 600.0
LOOK_S = 0.2


def main() -> int:
    """Measure, print, write."""
    before = machine()
    rounds = [seconds_to_film() for _ in range(ROUNDS)]
    plain = [seconds_plain() for _ in range(ROUNDS)]
    first_s, plain_s = median(rounds), median(plain)
    result = {
        "rounds": ROUNDS,
        "machine": before,
        "aim_s": AIM_S,
        "first_film_s": round(first_s, 1),
        "each_first_film_s": [round(seconds, 1) for seconds in rounds],
        "plain_s": round(plain_s, 1),
        "first_film_of_plain": round(first_s / plain_s, 2),
    }
    print(f"server up to the first film    {first_s:6.1f} s   (aim: {AIM_S:g} s)")
    print(f"render and one FFmpeg command  {plain_s:6.1f} s")
    print(f"written to {write_result('first_film', result)}")
    return 0


def seconds_to_film() -> float:
    """From the server's first answer to the first film that can be played."""
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as name:
        home = Path(name)
        with up(home, MATINEE_DEMO="true", MATINEE_PRESET=Settings(home=home).preset) as running:
            began, client = time.perf_counter(), running.client()
            while time.perf_counter() - began < PATIENCE_S:
                titles = client.get("/v1/titles").raise_for_status().json()["items"]
                ready = [title["id"] for title in titles if title["kind"] == "film" and title["state"] == "ready"]
                if ready and client.post("/v1/playback", json={"title_id": ready[0]}).is_success:
                    return time.perf_counter() - began
                time.sleep(LOOK_S)
    raise SystemExit(f"no film within {PATIENCE_S:g} s")


def seconds_plain() -> float:
    """The programme's first film, rendered and encoded in the lowest rung, one after the other."""
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as name:
        began = time.perf_counter()
        master = Path(name) / make_film(film_of(PROGRAMME[0].slug), Path(name), fonts_folder(), Path(ffmpeg))
        encode = ["-vf", "scale=640:360", "-c:v", "libx264", "-b:v", "1M", "-c:a", "aac", f"{name}/out.mp4"]
        subprocess.run([ffmpeg, "-loglevel", "error", "-i", str(master), *encode], check=True)
        return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
