"""The durable job of kind `marks` that finds the openings and credits of a show's episodes by comparing their sound.

What it has done so far are fingerprints beside the renditions that they were made of, so that running again is
resuming; at the end every episode that was compared has marks, if empty ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from matinee.base import objects as store
from matinee.base.objects import open_objects
from matinee.encoding.asset import Asset, AudioRendition
from matinee.encoding.service import Assets, NoAsset
from matinee.encoding.tracks.fingerprint import read_fingerprint
from matinee.encoding.tracks.marks import PRIORITY, Heard, Marks, marks_of
from matinee.encoding.tracks.sound import FIRST_GROUP
from matinee.encoding.worker import ffmpeg
from matinee.encoding.worker.workplace import Workplace, on_this_machine, run_ffmpeg, workroom
from matinee.work.compute import Compute
from matinee.work.control import Lease


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """The sound of an episode that is compared: a rendition's key."""

    title_id: str
    duration_s: float
    rendition: str


@dataclass(frozen=True)
class MarkShow:
    """The handler of `marks` jobs. `seasons` answers the episodes of a show that can be played, by season."""

    assets: Assets
    compute: Compute
    place: Workplace
    seasons: Callable[[str], Awaitable[Sequence[Sequence[str]]]]

    async def __call__(self, lease: Lease) -> None:
        for season in await self.seasons(lease.job.subject):
            await self._mark(season)

    async def _mark(self, season: Sequence[str]) -> None:
        sounds = [sound for title_id in season if (sound := await self._sound_of(title_id)) is not None]
        run, place = self.compute.run, self.place
        looks = [
            run(fingerprint, place, one.rendition, name=fingerprint_name(one.rendition), priority=PRIORITY)
            for one in sounds
        ]
        await asyncio.gather(*looks)
        found = await run(compare, place, tuple(sounds), name=f"marks-{season[0]}", priority=PRIORITY)
        await self.assets.keep_marks({**dict.fromkeys(season, Marks()), **found})

    async def _sound_of(self, title_id: str) -> Sound | None:
        try:
            asset = await self.assets.latest(title_id)
        except NoAsset:
            return None
        track = compared(asset)
        return Sound(title_id=title_id, duration_s=asset.duration_s, rendition=track.key) if track else None


def compared(asset: Asset) -> AudioRendition | None:
    """The rendition whose sound is compared: the default track as it is published first."""
    tracks = [one for one in asset.audio if one.group == FIRST_GROUP]
    return next((one for one in tracks if one.is_default), tracks[0] if tracks else None)


def fingerprint_name(rendition: str) -> str:
    """The object that keeps the fingerprint of a rendition; it goes when the rendition goes."""
    return f"renditions/{rendition}/fingerprint"


def fingerprint(place: Workplace, rendition: str) -> str:
    """Take the fingerprint of an audio rendition; answers the name of the object."""
    place = on_this_machine(place)
    objects, name = open_objects(place.objects_url), fingerprint_name(rendition)
    if store.exists(objects, name):
        return name
    with workroom(place, name) as scratch:
        media = store.local_copy(objects, f"renditions/{rendition}/media.mp4", scratch)
        out = scratch / "fingerprint"
        run_ffmpeg(ffmpeg.fingerprint_argv(Path(place.ffmpeg), media, "aac", out), "taking a fingerprint", media)
        store.write(objects, name, out.read_bytes())
    return name


def compare(place: Workplace, sounds: Sequence[Sound]) -> dict[str, Marks]:
    """Compare the fingerprints of a season's episodes, in order."""
    objects = open_objects(place.objects_url)
    return marks_of(
        [
            Heard(one.title_id, one.duration_s, read_fingerprint(store.read(objects, fingerprint_name(one.rendition))))
            for one in sounds
        ]
    )
