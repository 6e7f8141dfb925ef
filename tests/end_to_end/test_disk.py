"""Disks that are full or may not be written to, and files that go away while they are read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import httpx
import pytest
from tests.end_to_end.processes import until
from tests.end_to_end.server import environment, matinee, up
from tests.end_to_end.test_bad_input import objects
from tests.end_to_end.test_films import play
from tests.end_to_end.test_plug import encode_job, enqueued, media_url
from tests.media.generate import Clip, make_numbered

ROOMY_BYTES = 4 << 30
"""More than Matinee wants to stay free; a tmpfs takes memory only for what is in it."""
LEFT_BYTES = 64 << 20
"""What is left on the full disk: room to say so, and less than an encode is given."""
LARGE_BYTES = 1 << 30
NOBODY = 65_534


def needs_root(what: str) -> None:
    """Skips where this user may not do it."""
    if os.geteuid() != 0:
        pytest.skip(f"{what} needs root")


class Disk:
    """A small disk of its own, whose size can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self) -> None:
        """Mount it. Skips where that is not permitted."""
        self.folder.mkdir()
        argv = ["mount", "-t", "tmpfs", "-o", f"size={ROOMY_BYTES}", "tmpfs", str(self.folder)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"a full disk cannot be made: {done.stderr.strip()}")

    def resize(self, size_bytes: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size_bytes}", str(self.folder)], check=True)

    def fill(self) -> None:
        """Leave no room but `LEFT_BYTES`."""
        self.resize(shutil.disk_usage(self.folder).used + LEFT_BYTES)

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    needs_root("a disk of its own")
    made = Disk(tmp_path / "disk")
    made.mount()
    yield made
    made.unmount()


def test_a_disk_that_fills_up_is_told_and_the_job_goes_on_once_there_is_room(tmp_path: Path, disk: Disk) -> None:
    short = make_numbered(tmp_path / "short.mkv", Clip(rate=Fraction(25), frames=75))
    long = make_numbered(tmp_path / "long.mkv", Clip(rate=Fraction(25), frames=1_000))
    home = disk.folder / "home"
    with up(home, MATINEE_PRESET="veryslow", MATINEE_WORKERS="2") as running:
        first = matinee(home, "add", str(short), "--json").document["title_id"]
        client, media = running.client(), media_url(running, first)
        second = enqueued(home, long)
        until(lambda: list((home / "objects" / "work").glob("*/*/*.mp4")), "a chunk is encoded")
        disk.fill()
        until(lambda: encode_job(client, second)["state"] == "failed", "the job says that it failed", 180.0)
        assert "full" in encode_job(client, second)["reason"], encode_job(client, second)
        assert client.get("/health").status_code == httpx.codes.OK
        assert [card["id"] for card in client.get("/v1/titles").json()["items"]] == [first]
        assert httpx.get(media, headers={"Range": "bytes=0-99"}).status_code == httpx.codes.PARTIAL_CONTENT
        refused = matinee(home, "add", str(make_numbered(tmp_path / "third.mkv", Clip(frames=30))))
        assert refused.status == 1 and "stay free" in " ".join(refused.err.split()), refused.err
        assert not [name for name in objects(home) if "#" in name or "incoming" in name]
        assert not list((home / "scratch").glob("scratch_*"))
        disk.resize(ROOMY_BYTES)
        client.post(f"/v1/jobs/{encode_job(client, second)['id']}/retry").raise_for_status()
        until(lambda: encode_job(client, second)["state"] == "done", "the job is done", 180.0)
        play(running, second)
        play(running, first)
        assert not list((home / "objects" / "work").glob("*"))


def removed(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, LARGE_BYTES // 3)


def written_to(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize(("change", "word"), [(removed, "vanished"), (cut, "changed"), (written_to, "changed")])
def test_a_file_that_goes_away_while_it_is_read_is_told_and_nothing_is_kept(
    tmp_path: Path, change: Callable[[Path], None], word: str
) -> None:
    film, home = tmp_path / "film.mkv", tmp_path / "home"
    make_numbered(film, Clip(frames=30))
    os.truncate(film, LARGE_BYTES)
    process = subprocess.Popen(
        [sys.executable, "-m", "matinee", "add", str(film)],
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: [name for name in objects(home) if "incoming" in name], "it is being read")
    change(film)
    _, err = process.communicate(timeout=120)
    said = " ".join(err.split())
    assert process.returncode == 1, said
    assert word in said and "run it again" in said, said
    assert "Traceback" not in said
    assert objects(home) == set()
    assert matinee(home, "list", "--json").document == []


def without_privileges(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `matinee` as root without root's power over files: it may write only what its user owns."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("there is no setpriv")
    argv = [setpriv, "--bounding-set=-dac_override,-dac_read_search", sys.executable, "-m", "matinee", *arguments]
    return subprocess.run(argv, env=environment(home), capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("arguments", [("list",), ("up",), ("add", "film.mkv")], ids=" ".join)
def test_a_data_folder_of_somebody_else_is_told_with_what_to_do(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    needs_root("giving a folder away")
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    os.chown(home, NOBODY, NOBODY)
    done = without_privileges(home, *arguments)
    said = " ".join(done.stderr.split())
    assert done.returncode == 1, said
    assert "cannot be written" in said and "MATINEE_HOME" in said, said
    assert "Traceback" not in said
    assert list(home.iterdir()) == []


def test_a_store_of_somebody_else_is_told_with_what_to_do(tmp_path: Path) -> None:
    needs_root("giving a folder away")
    film, home = make_numbered(tmp_path / "film.mkv", Clip(frames=60)), tmp_path / "home"
    (home / "objects").mkdir(parents=True, mode=0o755)
    os.chown(home / "objects", NOBODY, NOBODY)
    done = without_privileges(home, "add", str(film))
    said = " ".join(done.stderr.split())
    assert done.returncode == 1, said
    assert "cannot be written" in said and "write access" in said, said
    assert "Traceback" not in said
    assert objects(home) == set()
