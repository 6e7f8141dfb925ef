"""Keys: another for every change of any field, the same on any machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from matinee.base.units import BitsPerSecond
from matinee.encoding.pertitle.ladder import Rung
from matinee.encoding.recipe import (
    KEY_DIGITS,
    AudioRecipe,
    Encoder,
    Recipe,
    SubtitleRecipe,
    VideoRecipe,
    content_key,
    key_of,
)
from matinee.encoding.timeline import Timeline

TIMELINE = Timeline(rate=(24000, 1001), frames=240, time_base=(1, 24000), origin=0, is_constant=True)
RUNG = Rung(name="360p", width=640, height=360, bitrate_bps=BitsPerSecond(1_000_000))
ENCODER = Encoder(build="f" * 64, preset="fast")
VIDEO = VideoRecipe(source="a" * 64, stream=0, timeline=TIMELINE, rung=RUNG, encoder=ENCODER)
AUDIO = AudioRecipe(
    source="a" * 64,
    stream=1,
    timeline=TIMELINE,
    channels=2,
    bitrate_bps=128_000,
    language="en",
    label="English",
    is_default=True,
    encoder=ENCODER,
)
SUBTITLES = SubtitleRecipe(
    text="subtitles/abc",
    language="en",
    label="English",
    is_sdh=False,
    is_forced=False,
    duration_s=10.01,
    segment_s=6.006,
)
GOLDEN = {
    "video": (VIDEO, "4f4a4f4290756ab56f13dcf603add26e"),
    "audio": (AUDIO, "03afc4ba24e01c26a3e0c1452e40863a"),
    "subtitles": (SUBTITLES, "f2c326ff09d55c7c0cf3fad0259710b4"),
}


def changes(value: msgspec.Struct) -> Iterator[tuple[str, msgspec.Struct]]:
    """`value` with each of its fields changed, at any depth; and what was changed."""
    for field in value.__struct_fields__:
        known = getattr(value, field)
        if isinstance(known, msgspec.Struct):
            for name, changed in changes(known):
                yield f"{field}.{name}", msgspec.structs.replace(value, **{field: changed})
        else:
            yield field, msgspec.structs.replace(value, **{field: _another(known)})


def _another(known: object) -> object:
    match known:
        case bool():
            return not known
        case msgspec.UnsetType():
            return ("bwdif-tff",)
        case None:
            return 1.0
        case int() | float():
            return known + 1
        case str():
            return known + "x"
        case tuple():
            return (known[0] + 1, *known[1:])
    raise AssertionError(f"no way to change {known!r}")


@pytest.mark.parametrize("recipe", [VIDEO, AUDIO, SUBTITLES], ids=["video", "audio", "subtitles"])
def test_a_key_changes_with_every_field(recipe: Recipe) -> None:
    keys = {"": key_of(recipe)}
    for name, changed in changes(recipe):
        assert isinstance(changed, VideoRecipe | AudioRecipe | SubtitleRecipe)
        keys[name] = key_of(changed)
    assert len(set(keys.values())) == len(keys), keys
    assert "encoder.threads" in keys or isinstance(recipe, SubtitleRecipe)


@pytest.mark.parametrize(("recipe", "key"), GOLDEN.values(), ids=GOLDEN)
def test_keys_do_not_change_between_versions_of_matinee(recipe: Recipe, key: str) -> None:
    # Another key means that every film ever made is made anew: then RECIPE_VERSION is raised, and these are too.
    assert key_of(recipe) == key


def test_keys_are_the_same_in_another_process() -> None:
    program = (
        "import sys, msgspec; from matinee.encoding.recipe import Recipe, key_of; "
        "print(key_of(msgspec.json.decode(sys.stdin.buffer.read(), type=Recipe)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=msgspec.json.encode(VIDEO),
        capture_output=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.decode().strip() == key_of(VIDEO)


def test_keys_are_names_of_objects() -> None:
    for recipe in (VIDEO, AUDIO, SUBTITLES):
        key = key_of(recipe)
        assert len(key) == KEY_DIGITS
        assert set(key) <= set("0123456789abcdef")


def test_a_set_of_renditions_has_one_key_in_any_order() -> None:
    assert content_key(("a", "b")) == content_key(("b", "a"))
    assert len({content_key(()), content_key(("a",)), content_key(("a", "b")), content_key(("ab",))}) == 4
