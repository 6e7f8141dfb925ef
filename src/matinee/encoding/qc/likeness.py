"""How like its source an encode is, measured with NumPy on tiny frames and on sound in mono. Pure.

Every frame of both was averaged to FRAME_SIZE; so what a codec loses is gone from both, and what is left to differ is
another picture. Everything is told a second at a time: that is what a person is pointed to.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
import numpy as np

from matinee.encoding.pertitle.sample import FRAME_SIZE

Tiny: TypeAlias = np.ndarray[Any, np.dtype[np.int16]]
"""Frames as FRAME_SIZE in yuv420p: int16[frames, 240], luma first, then U, then V."""
Sound: TypeAlias = np.ndarray[Any, np.dtype[np.int16]]
"""Sound in mono at SOUND_HZ: int16[samples], perhaps in a file: twelve hours of it are 690 MB."""
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

SOUND_HZ = 8_000
"""At which sound is compared: a sample is an eighth of a millisecond."""
LUMA = FRAME_SIZE[0] * FRAME_SIZE[1]
FRAME_BYTES = LUMA * 3 // 2
BLACK_LUMA = 20.0
"""A frame whose mean luma is at most this is black (16 is Rec. 709's) ..."""
NOT_BLACK_LUMA = 32.0
"""... and one that is above this certainly is not."""
STILL_STEPS = 0.05
"""A frame whose mean luma differs less from the one before, in 8-bit steps, stands still ..."""
MOVING_STEPS = 1.0
"""... and one that differs by more moves."""
LAG_MAX_FRAMES = 12
LAG_SHARE = 0.6
"""Frames are late only where another frame of the source is that much nearer than their own ..."""
LAG_STEPS = 0.5
"""... and by so many 8-bit steps: what stands still is never late."""
PLACE_S = 10.0
"""How much sound is held against the source's at each place."""
SHIFT_MAX_S = 0.5
"""How far a shift is looked for ..."""
FAR_SHIFT_MAX_S = 3.0
"""... and how far where nothing so near is alike."""
LIKE_LEAST = 0.5
"""Correlation, 0 to 1, from which sound is alike: encodes of 64 kb/s stay above 0.8, also of noise."""
TIE = 0.99
"""A tone is like itself a period later: of shifts that do as well, the least is believed in."""
SILENT_POWER = 1e-6
"""Mean power, of a full scale of 1, up to which sound is too faint to be told apart from another."""
READ_S = 60
"""How much sound is in memory at a time."""
BLOCK_S = 0.1
"""A drop-out is told to a block; shorter ones would take a pause between two waves of a low tone for one."""
QUIET_DB, SILENT_DB = -45.0, -65.0
"""A block above the one is heard, a block below the other is silent; full scale is 0."""


class Seconds(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a rendition against its source, one number a second.

    `difference`: of the frame that differs most, the mean of the plane that differs most, in 8-bit steps. `black` and
    `frozen`: frames that are so where the source's are not. `lag`: frames that it is late (negative: early).
    """

    difference: tuple[float, ...]
    black: tuple[int, ...]
    frozen: tuple[int, ...]
    lag: tuple[int, ...]


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """How late sound is at one place, and how like the source's it is then, as the correlation: where that is low,
    `late_ms` means nothing."""

    at_s: float
    late_ms: float
    likeness: float


def tiny_frames(raw: bytes) -> Tiny:
    """The frames that lie one after another in a raw file."""
    whole = len(raw) // FRAME_BYTES
    return np.frombuffer(raw, np.uint8, whole * FRAME_BYTES).reshape(whole, FRAME_BYTES).astype(np.int16)


def compared(ours: Tiny, source: Tiny, step: int) -> Seconds:
    """`ours` against `source`, frame by frame, told for every `step` frames; what one of them lacks is left out."""
    count = min(len(ours), len(source))
    ours, source = ours[:count], source[:count]
    starts = np.arange(0, count, step)
    if not count:
        return Seconds(difference=(), black=(), frozen=(), lag=())
    return Seconds(
        difference=tuple(np.round(np.maximum.reduceat(_differences(ours, source), starts), 2).tolist()),
        black=tuple(np.add.reduceat(_is_black(ours, source).astype(int), starts).tolist()),
        frozen=tuple(np.add.reduceat(_is_frozen(ours, source).astype(int), starts).tolist()),
        lag=_lags(ours, source, starts),
    )


def _differences(ours: Tiny, source: Tiny) -> Floats:
    """The mean absolute difference of each frame's most different plane: float64[frames]."""
    apart = np.abs(ours - source)
    planes = np.split(apart, (LUMA, LUMA + LUMA // 4), axis=1)
    worst: Floats = np.max([plane.mean(axis=1) for plane in planes], axis=0)
    return worst


def _is_black(ours: Tiny, source: Tiny) -> np.ndarray[Any, np.dtype[np.bool_]]:
    black: np.ndarray[Any, np.dtype[np.bool_]] = (_luma(ours) <= BLACK_LUMA) & (_luma(source) > NOT_BLACK_LUMA)
    return black


def _luma(frames: Tiny) -> Floats:
    luma: Floats = frames[:, :LUMA].mean(axis=1)
    return luma


def _is_frozen(ours: Tiny, source: Tiny) -> np.ndarray[Any, np.dtype[np.bool_]]:
    frozen: np.ndarray[Any, np.dtype[np.bool_]] = (_changes(ours) < STILL_STEPS) & (_changes(source) > MOVING_STEPS)
    return frozen


def _changes(frames: Tiny) -> Floats:
    """How much each frame's luma differs from that of the one before; the first one's is 0."""
    change = np.zeros(len(frames))
    change[1:] = np.abs(np.diff(frames[:, :LUMA], axis=0)).mean(axis=1)
    return change


def _lags(ours: Tiny, source: Tiny, starts: np.ndarray[Any, np.dtype[np.int64]]) -> tuple[int, ...]:
    """For each second, by how many frames `ours` shows what `source` showed earlier."""
    lags = range(-LAG_MAX_FRAMES, LAG_MAX_FRAMES + 1)
    apart = np.array([np.add.reduceat(_late_by(ours, source, lag), starts) for lag in lags])
    lengths = np.diff(np.append(starts, len(ours)))
    apart = apart / lengths
    own, best = apart[LAG_MAX_FRAMES], apart.argmin(axis=0)
    nearest = apart.min(axis=0)
    is_late = (nearest < LAG_SHARE * own) & (own - nearest > LAG_STEPS)
    return tuple(int(lags[n]) if late else 0 for n, late in zip(best, is_late, strict=True))


def _late_by(ours: Tiny, source: Tiny, lag: int) -> Floats:
    """How much each luma differs from the source's `lag` frames earlier, or, beyond its ends, from the last there."""
    earlier = np.clip(np.arange(len(ours)) - lag, 0, len(source) - 1)
    apart: Floats = np.abs(ours[:, :LUMA] - source[earlier, :LUMA]).mean(axis=1)
    return apart


class Stretches(msgspec.Struct, frozen=True, kw_only=True):
    """Where only one side is heard: for so many seconds in all, the longest from `at_s` on."""

    seconds: float = 0.0
    at_s: float = 0.0


def places(duration_s: float) -> tuple[float, ...]:
    """Where the start, the middle and the end of a film are listened to; one place where it is too short for three."""
    last = max(0.0, duration_s - PLACE_S)
    return (0.0,) if last < PLACE_S else (0.0, last / 2, last)


def audible_places(source: Sound, gain_db: float) -> tuple[float, ...]:
    """`places`, each moved to the nearest at which the source, with the gain, is heard for half of PLACE_S, or for as
    long as it ever is; none where it never is."""
    heard = levels_db(source) + gain_db > QUIET_DB
    count = min(len(heard), round(PLACE_S / BLOCK_S))
    before = np.concatenate([np.zeros(1, int), np.cumsum(heard)])
    blocks = before[count:] - before[: len(before) - count]
    if not blocks.max():
        return ()
    starts = np.flatnonzero(blocks >= min(count // 2, blocks.max())) * BLOCK_S
    wanted = places(len(source) / SOUND_HZ)
    return tuple(dict.fromkeys(round(float(starts[np.abs(starts - at_s).argmin()]), 3) for at_s in wanted))


def place_in(sound: Sound, at_s: float, around_s: float = 0.0) -> Sound:
    """The PLACE_S of `sound` that begin at `at_s`, with what lies around them; beyond its ends it is silent."""
    first, last = (round(second * SOUND_HZ) for second in (at_s - around_s, at_s + PLACE_S + around_s))
    there = np.asarray(sound[max(0, first) : max(0, last)])
    ahead = max(0, -first)
    return np.pad(there, (ahead, last - first - ahead - len(there)))


def shift_at(place: Sound, source: Sound, at_s: float) -> Shift | None:
    """How late a `place_in` of ours is against the source, of which it should be the place at `at_s`; None where one
    of them is silent. It is looked for FAR_SHIFT_MAX_S away where nothing within SHIFT_MAX_S is alike."""
    near = shift_of(place, place_in(source, at_s, SHIFT_MAX_S), at_s)
    if near is not None and near.likeness >= LIKE_LEAST:
        return near
    far = shift_of(place, place_in(source, at_s, FAR_SHIFT_MAX_S), at_s)
    return far if near is None or (far is not None and far.likeness >= LIKE_LEAST) else near


def shift_of(ours: Sound, around: Sound, at_s: float) -> Shift | None:
    """How late `ours` is against the source, of which `around` has as much more before as behind it, by normalised
    cross-correlation; None where one of them is silent."""
    one, other, count = _centred(ours), _centred(around), len(ours)
    most = (len(around) - count) // 2
    # Not by np.dot: OpenBLAS's threads and the forks of other tasks in the same process wait for each other for ever.
    before = np.concatenate([np.zeros(1), np.cumsum(other * other)])
    energies = before[count : count + 2 * most + 1] - before[: 2 * most + 1]
    energy, least = float((one * one).sum()), SILENT_POWER * count
    if energy <= least or energies.max() <= least:
        return None
    size = 1 << (len(other) + count).bit_length()
    products = np.fft.irfft(np.fft.rfft(other, size) * np.conj(np.fft.rfft(one, size)), size)[: 2 * most + 1]
    likeness = (products / np.sqrt(energy * np.maximum(energies, least)))[::-1]  # index `most` is no shift
    best = _nearest(likeness, most)
    late_ms = (best - most) * 1000 / SOUND_HZ
    return Shift(at_s=round(at_s, 3), late_ms=round(late_ms, 3), likeness=round(min(1.0, float(likeness[best])), 3))


def _nearest(likeness: Floats, most: int) -> int:
    """Where sound is most alike, of all places that are as good the nearest to `most`, which is no shift."""
    alike = np.flatnonzero(likeness >= TIE * likeness.max())
    peaks = np.split(alike, np.flatnonzero(np.diff(alike) > 1) + 1)
    peak = min(peaks, key=lambda one: int(abs(one - most).min()))
    return most if most in peak else int(peak[likeness[peak].argmax()])


def _centred(sound: Sound) -> Floats:
    """Full scale is 1, the mean is 0."""
    signal = sound / 32768
    centred: Floats = signal - signal.mean()
    return centred


def levels_db(sound: Sound) -> Floats:
    """How loud each whole block is, but for what stands still: root mean square in dB of full scale, -120 for none.
    float64[blocks]."""
    size, step = round(BLOCK_S * SOUND_HZ), READ_S * SOUND_HZ
    whole = len(sound) // size * size
    parts = (np.asarray(sound[at : min(at + step, whole)]) / 32768 for at in range(0, whole, step))
    power = np.concatenate([np.zeros(0), *(part.reshape(-1, size).var(axis=1) for part in parts)])
    levels: Floats = 10 * np.log10(np.maximum(power, 1e-12))
    return levels


def silences(ours: Sound, source: Sound, gain_db: float) -> tuple[Stretches, Stretches]:
    """Where ours is silent and the source, with the gain, is heard; and where ours is heard and that is silent.

    A codec spreads a sound over what lies just before it: so only what is silent all around counts as that.
    """
    count = min(len(ours), len(source))
    mine, wanted = levels_db(ours[:count]), levels_db(source[:count]) + gain_db
    around = np.pad(wanted, 1, constant_values=-np.inf)
    loudest = np.maximum(wanted, np.maximum(around[:-2], around[2:]))
    return (
        _stretches((mine < SILENT_DB) & (wanted > QUIET_DB)),
        _stretches((mine > QUIET_DB) & (loudest < SILENT_DB)),
    )


def _stretches(blocks: np.ndarray[Any, np.dtype[np.bool_]]) -> Stretches:
    """All the blocks that are so, and where the longest row of them begins."""
    if not blocks.any():
        return Stretches()
    edges = np.flatnonzero(np.diff(np.pad(blocks, 1).astype(np.int8))).reshape(-1, 2)
    longest = int(edges[(edges[:, 1] - edges[:, 0]).argmax(), 0])
    return Stretches(seconds=round(int(blocks.sum()) * BLOCK_S, 3), at_s=round(longest * BLOCK_S, 3))
