"""Sounds that disturb or replace speech: hiss, rumble, hum, tones, music-like chords, knocks and babble."""

import numpy as np

RATE_HZ = 16000
BANK_SECONDS = 20
TAKES = 6
KINDS = ("white", "pink", "brown", "band", "hum", "tones", "music", "knocks", "babble")


def _coloured(rng, n, slope):
    spectrum = np.fft.rfft(rng.standard_normal(n))
    return np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 20.0) ** slope, n)


def _band(rng, n):
    """Noise in one band that swells and fades, as from traffic or a fan."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.arange(len(spectrum)) * RATE_HZ / n
    centre, width = rng.uniform(150, 4000), rng.uniform(200, 2000)
    swell = 1.0 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.2, 3.0) * np.arange(n) / RATE_HZ)
    return np.fft.irfft(spectrum * np.exp(-(((hz - centre) / width) ** 2)), n) * swell


def _partials(rng, time, base, count, decay):
    return sum(np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6)) * decay**k for k in range(1, count + 1))


def _hum(rng, n):
    return _partials(rng, np.arange(n) / RATE_HZ, rng.choice([50.0, 60.0, 100.0, 120.0]), 12, rng.uniform(0.6, 0.9))


def _notes(rng, n, partials, seconds, voices):
    """Notes one after another, several at once: beeps with one partial, music with many."""
    sound = np.zeros(n)
    start = 0
    while start < n:
        length = int(RATE_HZ * rng.uniform(*seconds))
        time = np.arange(min(length, n - start)) / RATE_HZ
        envelope = np.minimum(time / 0.01, 1.0) * np.exp(-time * rng.uniform(0.5, 5.0))
        for _ in range(rng.integers(1, voices + 1)):
            pitch = 110.0 * 2 ** (rng.integers(0, 48) / 12)
            sound[start : start + len(time)] += envelope * _partials(rng, time, pitch, partials, 0.6)
        start += length
    return sound


def _knocks(rng, n):
    sound = np.zeros(n)
    for start in rng.integers(0, n - 2000, size=rng.integers(20, 100)):
        length = rng.integers(100, 2000)
        sound[start : start + length] += rng.standard_normal(length) * np.exp(-np.arange(length) / (length / 5))
    return sound


def _babble(rng, n, clips):
    """Many people at once: nobody can be understood."""
    sound = np.zeros(n)
    for _ in range(8):
        start = 0
        while start < n:
            wave = clips.wave(rng.integers(len(clips)))[: n - start]
            sound[start : start + len(wave)] += wave
            start += max(len(wave), 1)
    return sound


class NoiseBank:
    """A few takes of every kind, made once; pieces are cut at random."""

    def __init__(self, clips, seed):
        rng = np.random.default_rng(seed)
        self.takes = {kind: [self._make(kind, rng, clips) for _ in range(TAKES)] for kind in KINDS}

    @staticmethod
    def _make(kind, rng, clips):
        n = BANK_SECONDS * RATE_HZ
        sound = {
            "white": lambda: rng.standard_normal(n),
            "pink": lambda: _coloured(rng, n, 0.5),
            "brown": lambda: _coloured(rng, n, 1.0),
            "band": lambda: _band(rng, n),
            "hum": lambda: _hum(rng, n),
            "tones": lambda: _notes(rng, n, 1, (0.1, 1.0), 1),
            "music": lambda: _notes(rng, n, 8, (0.15, 0.8), 4),
            "knocks": lambda: _knocks(rng, n),
            "babble": lambda: _babble(rng, n, clips),
        }[kind]()
        return (sound / np.sqrt(np.mean(sound**2) + 1e-12)).astype(np.float32)

    def cut(self, n, rng, kind=None):
        """`n` samples at unit power."""
        take = self.takes[kind or KINDS[rng.integers(len(KINDS))]][rng.integers(TAKES)]
        start = rng.integers(len(take) - n)
        return take[start : start + n]


def mix(wave, noise, snr_db):
    """Speech with noise at a signal-to-noise ratio over the whole utterance."""
    power = np.mean(wave**2) + 1e-12
    noise_power = np.mean(noise**2) + 1e-12
    return wave + noise * np.float32(np.sqrt(power / noise_power / 10 ** (snr_db / 10)))
