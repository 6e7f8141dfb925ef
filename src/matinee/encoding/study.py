"""What is found out about a master before it is planned: its structure, its samples, its trials.

Workers find out, and what they found lies in the object store under names made of what was asked: asking again costs
nothing. A title's job asks, and so does `matinee analyse`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec

from matinee.base import objects as store
from matinee.base.objects import Objects
from matinee.encoding import plan as planning
from matinee.encoding.pertitle.ladder import CODECS, Codec
from matinee.encoding.pertitle.sample import Window
from matinee.encoding.pertitle.trial import Analysis, Attempt, Piece, analysis_key, attempt_of, combined, pieces_of
from matinee.encoding.plan import Order, Text
from matinee.encoding.recipe import Encoder
from matinee.encoding.source import Inspection, VideoStream, accept, display_size, text_tracks
from matinee.encoding.timeline import Chunk, Timeline, gops_of, timeline_of
from matinee.encoding.tracks.loudness import Loudness
from matinee.encoding.tracks.sound import Surround, layouts_of
from matinee.encoding.worker.looks import inspect, measure_sound, read_text, sample_window, try_piece
from matinee.encoding.worker.memory import task_bytes
from matinee.work.job import Stage

FIRST_PRIORITY = 100


class Run(Protocol):
    """Runs a task on a worker; answers the name of what it made."""

    async def __call__(
        self, fn: Callable[..., str], *args: Any, name: str, priority: int, memory_bytes: int = 0
    ) -> str: ...


class Findings(NamedTuple):
    """What was found out about a master."""

    windows: Sequence[Window]
    sounds: Sequence[Loudness]
    texts: Sequence[Text]


class _Look(NamedTuple):
    """A task of a study: what it is called with after the order, and what it makes."""

    task: Callable[..., str]
    args: tuple[Any, ...]
    makes: str


@dataclass(frozen=True)
class Study:
    """The study of one master. `report` is told how far it is."""

    objects: Objects
    encoder: Encoder
    order: Order
    run: Run
    report: Callable[[Sequence[Stage]], None]
    surround: Surround = "none"

    async def inspection(self) -> Inspection:
        """Its structure. Raises FilmRefused."""
        self.report([Stage("inspect", 0, 1)])
        source = self.order.source
        name = await self.run(inspect, self.order, name=f"inspect-{source[:12]}", priority=FIRST_PRIORITY)
        found: Inspection = await asyncio.to_thread(self._unpacked, name, Inspection)
        return planning.as_ordered(self.order, accept(found, damaged=self.order.is_damaged_accepted))

    async def samples(self, inspection: Inspection) -> list[Window]:
        """Its samples, of every window."""
        looks = self._at_pictures(inspection)
        await self._look(looks)
        return await self._each([look.makes for look in looks], Window)

    async def texts(self, inspection: Inspection) -> list[Text]:
        """What its subtitle tracks say."""
        looks = self._at_texts(inspection)
        await self._look(looks)
        return await self._each([look.makes for look in looks], Text)

    async def findings(self, inspection: Inspection) -> Findings:
        """All that a plan needs, looked at side by side."""
        pictures, sounds, texts = self._at_pictures(inspection), self._at_sounds(inspection), self._at_texts(inspection)
        await self._look([*sounds, *texts, *pictures])  # those of a part of the film last: they fill every worker
        return Findings(
            await self._each([look.makes for look in pictures], Window),
            await self._each([look.makes for look in sounds], Loudness),
            await self._each([look.makes for look in texts], Text),
        )

    def _at_pictures(self, inspection: Inspection) -> list[_Look]:
        timeline = timeline_of(inspection)
        return [
            _Look(sample_window, (timeline, window), planning.window_name(self.order, window.number))
            for window in planning.windows_of(inspection, timeline)
        ]

    def _at_sounds(self, inspection: Inspection) -> list[_Look]:
        timeline, source = timeline_of(inspection), self.order.source
        return [
            _Look(
                measure_sound,
                (timeline, track.index, channels),
                planning.loudness_name(source, track.index, channels),
            )
            for track in planning.sound_tracks(inspection)
            for channels in layouts_of(track.channels, self.surround)
        ]

    def _at_texts(self, inspection: Inspection) -> list[_Look]:
        timeline, source = timeline_of(inspection), self.order.source
        return [
            _Look(read_text, (timeline, track), planning.text_name(source, track.index))
            for track in text_tracks(inspection)
        ]

    async def _look(self, looks: Sequence[_Look]) -> None:
        done = await asyncio.to_thread(store.keys_under, self.objects, planning.work_folder(self.order.source))
        missing = [look for look in looks if look.makes not in done]

        def told(count: int) -> None:
            self.report(looked(count, len(looks)))

        async def one(look: _Look) -> str:
            return await self.run(look.task, self.order, *look.args, name=look.makes, priority=planning.SOUND_PRIORITY)

        await self._all([one(look) for look in missing], len(looks), told)

    async def trials(self, inspection: Inspection, windows: Sequence[Window]) -> dict[Codec, Analysis]:
        """Its trial encodes for each ladder that is ordered, made now unless they were made before."""
        assert inspection.video is not None
        attempts, keys = self._attempts(inspection.video), self._keys(inspection.video)
        found = await asyncio.to_thread(self._analyses, keys)
        wanted = [codec for codec in attempts if codec not in found]
        timeline = timeline_of(inspection)
        pieces = pieces_of(windows, timeline, gops_of(inspection, timeline))
        total = len(attempts) * len(pieces)

        def told(count: int) -> None:
            self.report([*looked(len(windows), len(windows)), Stage("try", count, total)])

        size = display_size(inspection.video)

        async def attempt(codec: Codec, piece: Chunk) -> str:
            name = planning.trial_name(self.order.source, keys[codec], piece.number)
            return await self.run(
                try_piece, self.order, timeline, piece, attempts[codec], name,
                name=name, priority=planning.SOUND_PRIORITY, memory_bytes=task_bytes(*size, codec),
            )  # fmt: skip

        await self._all([attempt(codec, piece) for codec in wanted for piece in pieces], total, told)
        for codec in wanted:
            found[codec] = await self._concluded(keys[codec], timeline, pieces)
        return {codec: found[codec] for codec in attempts}

    def analysis_names(self, inspection: Inspection) -> list[str]:
        """The objects that keep its analyses, whether they are there yet or not."""
        assert inspection.video is not None
        return [planning.analysis_name(self.order.source, key) for key in self._keys(inspection.video).values()]

    def _attempts(self, video: VideoStream) -> dict[Codec, Attempt]:
        codecs = self.order.codecs
        return {codec: attempt_of(video, codecs, codec, self.encoder) for codec in CODECS[codecs]}

    def _keys(self, video: VideoStream) -> dict[Codec, str]:
        return {codec: analysis_key(attempt, video) for codec, attempt in self._attempts(video).items()}

    def _analyses(self, keys: Mapping[Codec, str]) -> dict[Codec, Analysis]:
        """Those that were made before."""
        names = {codec: planning.analysis_name(self.order.source, key) for codec, key in keys.items()}
        return {
            codec: msgspec.json.decode(store.read(self.objects, name), type=Analysis)
            for codec, name in names.items()
            if store.exists(self.objects, name)
        }

    async def _concluded(self, key: str, timeline: Timeline, pieces: Sequence[Chunk]) -> Analysis:
        """The analysis that the trials of all pieces come to, kept under its key."""
        source = self.order.source
        found = await self._each([planning.trial_name(source, key, piece.number) for piece in pieces], Piece)
        seconds = sum(float((piece.end - piece.start) / timeline.fps) for piece in pieces)
        analysis = Analysis(
            seconds=seconds, libvmaf=found[0].libvmaf, trials=combined(found, timeline), pieces=tuple(found)
        )
        name = planning.analysis_name(source, key)
        await asyncio.to_thread(store.write, self.objects, name, msgspec.json.encode(analysis))
        return analysis

    async def _all(self, work: Sequence[Coroutine[Any, Any, str]], total: int, told: Callable[[int], None]) -> None:
        running = [asyncio.create_task(one) for one in work]
        try:
            for count, finished in enumerate(asyncio.as_completed(running), start=total - len(running) + 1):
                await finished
                told(count)
        finally:
            await cancel_all(running)

    async def _each(self, names: Sequence[str], kind: type[Any]) -> list[Any]:
        return await asyncio.to_thread(lambda: [self._unpacked(name, kind) for name in names])

    def _unpacked(self, name: str, kind: type[Any]) -> Any:
        return msgspec.msgpack.decode(store.read(self.objects, name), type=kind)


def looked(count: int, windows: int) -> list[Stage]:
    """The stages of a study up to its samples."""
    return [Stage("inspect", 1, 1), Stage("analyse", count, windows)]


async def cancel_all(running: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel what still runs, and wait until all of it has ended."""
    for one in running:
        one.cancel()
    await asyncio.gather(*running, return_exceptions=True)
