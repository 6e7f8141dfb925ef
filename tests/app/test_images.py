"""Pictures and their widths."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image
from tests.app.application import resize, running, webp

from matinee.app.images import Images, NoPicture
from matinee.base import objects as store
from matinee.base.errors import Invalid
from matinee.base.objects import open_objects

PICTURE = webp(Image.new("RGB", (1600, 900), "teal"))
NAME = f"{hashlib.sha256(PICTURE).hexdigest()[:32]}.webp"


@pytest.fixture
def images(tmp_path: Path) -> Images:
    images = Images(open_objects(tmp_path.as_uri()), resize)
    store.write(images.objects, f"images/{NAME}", PICTURE)
    return images


async def test_a_picture_is_served_as_it_is(images: Images) -> None:
    assert await images.read(NAME, 0) == PICTURE


@pytest.mark.parametrize("width", [320, 640, 1280])
async def test_a_picture_is_served_in_a_width(images: Images, width: int) -> None:
    with Image.open(io.BytesIO(await images.read(NAME, width))) as picture:
        assert picture.width == width


async def test_a_width_is_made_once(images: Images) -> None:
    first = await images.read(NAME, 320)
    made = [key for key in store.keys_under(images.objects, "images") if key.endswith("-320.webp")]
    assert made == [f"images/{NAME[:32]}-320.webp"]

    def fail(_: bytes, __: int) -> bytes:
        raise AssertionError("made again")

    assert await Images(images.objects, fail).read(NAME, 320) == first


@pytest.mark.parametrize("width", [1, 319, 4096, -320])
async def test_any_other_width_is_refused(images: Images, width: int) -> None:
    with pytest.raises(Invalid, match="320, 640, 1280"):
        await images.read(NAME, width)


@pytest.mark.parametrize("name", ["x", "../main.db", f"{'0' * 32}.webp", f"{NAME[:32]}-320.webp", f"{NAME}\n", "a.svg"])
async def test_what_is_not_a_picture_of_ours_is_not_found(images: Images, name: str) -> None:
    for width in (0, 320):
        with pytest.raises(NoPicture):
            await images.read(name, width)


async def test_pictures_are_for_those_who_are_signed_in_and_kept_by_their_browsers(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        store.write(it.objects, f"images/{NAME}", PICTURE)
        assert (await it.client.get(f"/images/{NAME}")).status_code == 401
        await it.sign_in()
        answer = await it.client.get(f"/images/{NAME}?w=640")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert (await it.client.get(f"/images/{NAME}?w=wide")).status_code == 400
