"""The score: a quiet piece for every mood, synthesised; pads, a few struck notes, and the room they sound in."""

from __future__ import annotations

import math
import wave
import zlib
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from matinee.app.demo.film import Mood

Floats = NDArray[np.float32]
RATE_HZ = 48_000
LOUDNESS_LUFS = -20.0  # quieter than broadcast (EBU R 128: -23 with speech): nobody should reach for the volume
PEAK_MAX = 0.708  # -3 dBFS, so that no lossy codec clips it
_MIX_HZ = 24_000  # pads and bells have nothing above 12 kHz; half the rate is half the work


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece: chords as MIDI notes, how its notes are struck, and how long its room is."""

    chords: tuple[tuple[int, ...], ...]
    melody: tuple[int, ...]
    """Notes to choose from, most wanted first."""
    notes_per_s: float = 0.6
    bright: float = 0.5
    room_s: float = 3.2
    drone: int = 0
    air: float = 0.0
    """Wind or sea under the music, 0..1."""
    pulse_s: float = 0.0
    """A soft low beat at this distance; 0: none."""


PIECES: dict[Mood, Piece] = {
    "winter": Piece(
        chords=((45, 52, 57, 60, 64), (41, 53, 57, 60, 65), (48, 52, 55, 64, 67), (43, 50, 55, 59, 62)),
        melody=(76, 72, 79, 71, 74, 69),
        notes_per_s=0.75,
        air=0.35,
    ),
    "sea": Piece(
        chords=((38, 50, 53, 57, 60), (34, 50, 53, 58, 62), (41, 48, 53, 57, 64), (36, 48, 55, 58, 62)),
        melody=(69, 74, 77, 72, 81),
        notes_per_s=0.4,
        room_s=4.5,
        air=0.9,
    ),
    "cosmic": Piece(
        chords=((36, 43, 50, 55, 63), (32, 44, 51, 55, 60), (34, 41, 50, 57, 62)),
        melody=(75, 79, 82, 74),
        notes_per_s=0.25,
        bright=0.35,
        room_s=5.5,
        drone=24,
        air=0.25,
    ),
    "amber": Piece(
        chords=((50, 57, 60, 65), (48, 55, 58, 64), (46, 53, 58, 62), (45, 52, 57, 61)),
        melody=(74, 77, 69, 72, 81),
        notes_per_s=1.1,
        bright=0.65,
        room_s=2.2,
    ),
    "alone": Piece(
        chords=((44, 51, 56, 59), (40, 52, 56, 59), (47, 54, 59, 63), (42, 49, 54, 61)),
        melody=(71, 75, 68, 73, 78),
        notes_per_s=0.5,
        bright=0.45,
    ),
    "festive": Piece(
        chords=((43, 55, 59, 62, 66), (40, 52, 59, 62, 67), (36, 52, 55, 59, 64), (38, 50, 57, 62, 66)),
        melody=(79, 83, 74, 78, 86, 71),
        notes_per_s=1.3,
        bright=0.7,
        room_s=3.6,
    ),
    "stone": Piece(
        chords=((37, 44, 49, 56), (33, 45, 49, 56), (40, 47, 52, 56)),
        melody=(68, 64, 61, 71),
        notes_per_s=0.45,
        bright=0.3,
        room_s=4.8,
        pulse_s=3.0,
    ),
    "silver": Piece(
        chords=((48, 55, 59, 64, 67), (45, 52, 55, 60, 67), (41, 53, 57, 60, 64), (43, 50, 53, 59, 65)),
        melody=(76, 79, 84, 83, 72),
        notes_per_s=1.0,
        bright=0.55,
        air=0.18,
    ),
    "north": Piece(
        chords=((42, 49, 54, 57, 61), (38, 50, 54, 57, 61), (45, 52, 57, 61, 64), (40, 47, 52, 56, 59)),
        melody=(73, 69, 78, 76),
        notes_per_s=0.35,
        room_s=5.0,
        air=0.6,
    ),
    "noon": Piece(
        chords=((40, 47, 52, 59, 66), (38, 45, 54, 57, 64), (36, 48, 52, 59, 67)),
        melody=(71, 66, 76, 74, 64),
        notes_per_s=0.5,
        bright=0.4,
        drone=28,
        air=0.4,
    ),
    "forest": Piece(
        chords=((41, 53, 57, 60, 67), (46, 53, 58, 62, 65), (43, 50, 58, 62, 67), (48, 52, 55, 60, 64)),
        melody=(77, 72, 81, 79, 74),
        notes_per_s=0.7,
        room_s=4.2,
        air=0.25,
    ),
    "city": Piece(
        chords=((41, 48, 56, 60, 63), (37, 49, 53, 60, 65), (44, 51, 56, 60, 67), (39, 46, 55, 58, 65)),
        melody=(72, 75, 80, 77, 68),
        notes_per_s=1.2,
        bright=0.6,
        pulse_s=1.2,
    ),
    "noir": Piece(
        chords=((38, 45, 53, 57, 60), (34, 46, 53, 57, 62), (31, 43, 50, 58, 65), (33, 45, 52, 55, 61)),
        melody=(65, 69, 62, 72, 68),
        notes_per_s=0.5,
        bright=0.35,
        room_s=3.8,
        air=0.7,
    ),
    "neon": Piece(
        chords=((39, 46, 55, 58, 62), (36, 48, 55, 58, 63), (44, 51, 56, 60, 63), (34, 46, 53, 56, 62)),
        melody=(74, 70, 79, 67, 77),
        notes_per_s=0.6,
        bright=0.6,
        drone=27,
        air=0.15,
    ),
    "dread": Piece(
        chords=((36, 43, 48, 51), (35, 42, 47, 54), (34, 41, 49, 53)),
        melody=(60, 63, 54, 66),
        notes_per_s=0.3,
        bright=0.2,
        room_s=5.5,
        drone=24,
        air=0.3,
        pulse_s=2.0,
    ),
    "moth": Piece(
        chords=((45, 57, 60, 64, 71), (43, 55, 59, 64, 69), (41, 53, 57, 64, 67)),
        melody=(83, 76, 81, 88, 79),
        notes_per_s=1.5,
        bright=0.75,
        room_s=3.0,
        drone=33,
    ),
    "night": Piece(
        chords=((37, 49, 56, 59, 64), (45, 52, 57, 61, 64), (42, 49, 57, 61, 66), (40, 52, 56, 59, 68)),
        melody=(76, 80, 73, 83, 71),
        notes_per_s=0.4,
        room_s=5.0,
        air=0.5,
    ),
}


def compose(mood: Mood, seconds: float, seed: int) -> Floats:
    """The piece for `mood`: float32[samples, 2] at 48 kHz, faded in and out, at `LOUDNESS_LUFS`."""
    piece, random = PIECES[mood], np.random.default_rng(seed)
    count = math.ceil(seconds * _MIX_HZ)
    dry = _pads(piece, count, random) + _notes(piece, count, random)
    if piece.drone:
        dry += 0.22 * _tone(piece.drone, count, 0.5, random)
    if piece.pulse_s:
        dry += _pulses(piece, count)
    mix = _in_room(dry, piece.room_s, random) + piece.air * 0.05 * _wind(count, random)
    loud = _leveled(_upsampled(mix * _fades(count)[:, None], round(seconds * RATE_HZ)))
    return np.asarray(loud, dtype=np.float32)


def write_score(mood: Mood, seconds: float, seed: int, to: Path) -> None:
    """Write the piece as 16-bit stereo WAV, dithered."""
    samples = compose(mood, seconds, seed)
    dither = np.random.default_rng(seed).random((2, *samples.shape), dtype=np.float32)
    whole = np.round(samples * 32_767 + dither[0] - dither[1]).astype("<i2")
    with wave.open(str(to), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(whole.tobytes())


def seed_of(text: str) -> int:
    """A number that is always the same for the same text."""
    return zlib.crc32(text.encode())


def _hz(note: float) -> float:
    return float(440 * 2 ** ((note - 69) / 12))  # equal temperament, A4 = 440 Hz


def _tone(note: float, count: int, bright: float, random: np.random.Generator) -> Floats:
    """A held note, float32[count, 2]: soft partials, the two sides a few cents apart, breathing slowly."""
    time = np.arange(count, dtype=np.float32) / _MIX_HZ
    sides = []
    for cents in (-4.0, 4.0):
        side = np.zeros(count, dtype=np.float32)
        for partial in range(1, 7):
            hertz = _hz(note + cents / 100) * partial
            if hertz < 6_000:
                level = bright ** (partial - 1) / partial**0.6
                sway = 1 + 0.25 * np.sin(2 * math.pi * (0.07 + 0.05 * partial) * time + random.uniform(0, 6))
                side += level * sway * np.sin(2 * math.pi * hertz * time + random.uniform(0, 6)).astype(np.float32)
        sides.append(side)
    return np.stack(sides, axis=1)


def _pads(piece: Piece, count: int, random: np.random.Generator) -> Floats:
    """The chords one after the other, each melting into the next."""
    total, share = np.zeros((count, 2), dtype=np.float32), math.ceil(count / len(piece.chords))
    overlap = min(share // 2, int(1.6 * _MIX_HZ))
    for number, chord in enumerate(piece.chords):
        start, end = max(0, number * share - overlap // 2), min(count, (number + 1) * share + overlap // 2)
        if end <= start:
            continue
        shape = np.clip(np.minimum(np.arange(end - start), np.arange(end - start)[::-1]) / max(1, overlap), 0, 1)
        swell = (np.sin(shape * math.pi / 2) ** 1.5).astype(np.float32)[:, None]
        for note in chord:
            gain = 0.1 * 2 ** (-(note - 40) / 40)
            total[start:end] += gain * swell * _tone(note, end - start, 0.35 + 0.3 * piece.bright, random)
    return total


def _notes(piece: Piece, count: int, random: np.random.Generator) -> Floats:
    """Struck notes, sparse, on a loose beat; what is struck rings on."""
    total, time_s = np.zeros((count, 2), dtype=np.float32), 1.2
    end_s = count / _MIX_HZ - 2.5
    weights = 0.72 ** np.arange(len(piece.melody))
    while time_s < end_s:
        note = int(random.choice(piece.melody, p=weights / weights.sum()))
        struck = _struck(note, piece.bright, float(random.uniform(0.5, 1.0)))
        start = int(time_s * _MIX_HZ)
        length = min(len(struck), count - start)
        side = random.uniform(0.3, 0.7)
        total[start : start + length, 0] += struck[:length] * math.sqrt(1 - side)
        total[start : start + length, 1] += struck[:length] * math.sqrt(side)
        time_s += float(random.choice((0.5, 1.0, 1.0, 1.5, 2.0))) / piece.notes_per_s
    return total


def _struck(note: int, bright: float, force: float) -> Floats:
    """A note between piano and bell: partials a little sharp, the high ones gone first."""
    length = int(3.5 * _MIX_HZ)
    time = np.arange(length, dtype=np.float32) / _MIX_HZ
    sound = np.zeros(length, dtype=np.float32)
    for partial in range(1, 8):
        hertz = _hz(note) * partial * math.sqrt(1 + 0.0006 * partial**2)  # stiffness of a string (Fletcher 1964)
        if hertz < 9_000:
            level = (bright * force) ** (0.8 * (partial - 1)) / partial
            sound += level * np.exp(-time * (0.9 + 0.75 * partial)) * np.sin(2 * math.pi * hertz * time)
    attack = np.minimum(1, time / 0.006)
    return np.asarray(0.32 * force * sound * attack * np.minimum(1, (3.5 - time) / 0.3), dtype=np.float32)


def _pulses(piece: Piece, count: int) -> Floats:
    """A heart far below: a sine that falls a little."""
    time = np.arange(count, dtype=np.float32) / _MIX_HZ
    since = time % piece.pulse_s
    beat = 0.4 * np.exp(-since * 5) * np.sin(2 * math.pi * (44 * since + 3 * np.exp(-since * 9)))
    return np.stack([beat, beat], axis=1).astype(np.float32)


def _wind(count: int, random: np.random.Generator) -> Floats:
    """Noise without its high and lowest parts, in slow gusts."""
    spectrum = np.fft.rfft(random.standard_normal((count, 2)), axis=0)
    hertz = np.fft.rfftfreq(count, 1 / _MIX_HZ)
    spectrum *= (1 / (1 + (hertz / 420) ** 2) * np.minimum(1, hertz / 120))[:, None]
    noise = np.fft.irfft(spectrum, count, axis=0)
    time = np.arange(count) / _MIX_HZ
    gusts = 0.6 + 0.4 * np.sin(2 * math.pi * 0.11 * time[:, None] + np.array([0.0, 1.1]))
    return np.asarray(noise / noise.std() * gusts, dtype=np.float32)


def _in_room(dry: Floats, room_s: float, random: np.random.Generator) -> Floats:
    """`dry` with the sound of a room: convolved with noise that dies away, its high part sooner."""
    length = int(room_s * _MIX_HZ)
    time = np.arange(length) / _MIX_HZ
    noise = random.standard_normal((length, 2))
    dull = np.cumsum(noise, axis=0)
    dull -= np.stack([np.convolve(dull[:, side], np.ones(400) / 400, mode="same") for side in (0, 1)], axis=1)
    tail = noise * np.exp(-time * 11 / room_s)[:, None] * 0.5 + dull * np.exp(-time * 6.9 / room_s)[:, None] * 0.25
    tail *= np.minimum(1, time / 0.02)[:, None]
    size = 1 << (len(dry) + length).bit_length()
    wet = np.fft.irfft(np.fft.rfft(dry, size, axis=0) * np.fft.rfft(tail, size, axis=0), size, axis=0)[: len(dry)]
    return np.asarray(0.6 * dry + wet * (0.75 * dry.std() / (wet.std() + 1e-9)), dtype=np.float32)


def _fades(count: int) -> Floats:
    time = np.arange(count) / _MIX_HZ
    share = np.clip(np.minimum(time / 2.0, (count / _MIX_HZ - time) / 3.0), 0, 1)
    return np.asarray(np.sin(share * math.pi / 2) ** 2, dtype=np.float32)


def _upsampled(mix: Floats, count: int) -> Floats:
    """From the mixing rate to 48 kHz, by its spectrum."""
    spectrum = np.fft.rfft(mix, axis=0)
    wide = np.zeros((len(mix) + 1, 2), dtype=complex)
    wide[: len(spectrum)] = spectrum
    return np.asarray(np.fft.irfft(wide, 2 * len(mix), axis=0)[:count] * 2, dtype=np.float32)


def _leveled(samples: Floats) -> Floats:
    gain = 10 ** ((LOUDNESS_LUFS - loudness(samples)) / 20)
    return np.asarray(PEAK_MAX * np.tanh(samples * gain / PEAK_MAX), dtype=np.float32)


def loudness(samples: Floats) -> float:
    """Loudness of stereo at 48 kHz in LUFS: ITU-R BS.1770-4 with K-weighting by spectrum and both gates."""
    block, hop = int(0.4 * RATE_HZ), int(0.1 * RATE_HZ)
    padded = samples if len(samples) >= block else np.pad(samples, ((0, block - len(samples)), (0, 0)))
    power = _k_weighted(padded) ** 2
    sums = np.concatenate([[0.0], np.cumsum(power.sum(axis=1))])
    starts = np.arange(0, len(padded) - block + 1, hop)
    blocks = (sums[starts + block] - sums[starts]) / block
    levels = -0.691 + 10 * np.log10(blocks + 1e-12)
    kept = blocks[levels > -70]
    if not len(kept):
        return -70.0
    gate = -0.691 + 10 * math.log10(float(kept.mean())) - 10
    kept = blocks[(levels > -70) & (levels > gate)]
    return float(-0.691 + 10 * math.log10(float(kept.mean())))


def _k_weighted(samples: Floats) -> NDArray[np.float64]:
    """BS.1770-4 annex 1, tables 1 and 2: the two filters' responses laid on the spectrum."""
    z = np.exp(-2j * math.pi * np.fft.rfftfreq(len(samples), 1))
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    high_pass = (1 - 2 * z + z**2) / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    spectrum = np.fft.rfft(samples, axis=0) * (shelf * high_pass)[:, None]
    return np.asarray(np.fft.irfft(spectrum, len(samples), axis=0))
