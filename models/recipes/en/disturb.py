"""Rooms, levels and noise for training: no utterance is heard twice in the same form."""

import sys
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

sys.path.append(str(Path(__file__).resolve().parents[1]))
import noise  # noqa: E402

RATE_HZ = 16000
# Recordings of noise that training hears; the others are for measuring (measure_sets.py).
HEARD_NOISE = ("doing_the_dishes", "exercise_bike", "pink_noise")
MADE_NOISE = ("white", "brown", "band", "hum", "music", "babble")
CLEAN_SHARE = 0.35
SNR_DB = (-3.0, 25.0)
ROOM_SHARE = 0.35
LEVELS_DB = (-12.0, 6.0)


def read(path):
    samples, rate = soundfile.read(path, dtype="float32")
    if rate != RATE_HZ:
        raise SystemExit(f"{path}: {rate} Hz, expected {RATE_HZ}")
    return samples if samples.ndim == 1 else samples.mean(1)


def at_speed(samples, speed):
    """`samples` played at another speed, and so at another pitch."""
    return scipy.signal.resample(samples, round(len(samples) / speed)).astype(np.float32)


class Spoken:
    """What noise.NoiseBank makes babble of."""

    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def wave(self, index):
        return read(self.paths[index])


class Disturber:
    """`disturber(wave, rng)`: speech in a room, at some level, in some noise."""

    def __init__(self, noise_folder, speech_paths, seed):
        self.recorded = [read(noise_folder / f"{name}.wav") for name in HEARD_NOISE]
        self.made = noise.NoiseBank(Spoken(speech_paths), seed)

    def noise(self, n, rng):
        """`n` samples of a noise that training hears."""
        if rng.random() < 0.5:
            kind = str(rng.choice(MADE_NOISE))
            return np.concatenate([self.made.cut(min(n, 10 * RATE_HZ), rng, kind)] * (n // (10 * RATE_HZ) + 1))[:n]
        take = self.recorded[rng.integers(len(self.recorded))]
        start = rng.integers(max(1, len(take) - n))
        return np.resize(take[start:start + n], n)

    @staticmethod
    def _room(wave, rng):
        seconds = rng.uniform(0.15, 0.6)
        n = int(seconds * RATE_HZ)
        tail = rng.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n) * rng.uniform(0.02, 0.12)
        tail[0] = 1.0
        return scipy.signal.fftconvolve(wave, tail)[:len(wave)].astype(np.float32)

    def __call__(self, wave, rng):
        if rng.random() < ROOM_SHARE:
            wave = self._room(wave, rng)
        if rng.random() > CLEAN_SHARE:
            wave = noise.mix(wave, self.noise(len(wave), rng), rng.uniform(*SNR_DB))
        wave = wave * np.float32(10 ** (rng.uniform(*LEVELS_DB) / 20))
        peak = np.abs(wave).max()
        return wave / peak if peak > 1 else wave
