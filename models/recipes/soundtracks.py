"""Soundtracks of the clips: sentences with pauses between them, at a level, with or without noise."""

from dataclasses import dataclass

import numpy as np

from noise import NoiseBank
from speech import RATE_HZ

FLOOR_DBFS = -62.0
"""Every microphone hisses a little; digital silence would be an unfair hint."""

PEAK = 0.98


@dataclass(frozen=True)
class Noise:
    kind: str
    snr_db: float


@dataclass(frozen=True)
class Soundtrack:
    """`clean` moves the mouth, `samples` is what is heard; `spans_s` is where each sentence lies."""

    samples: np.ndarray
    clean: np.ndarray
    spans_s: list[tuple[float, float]]

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE_HZ


def _rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples)) + 1e-12))


def _gain(decibels: float) -> float:
    return 10 ** (decibels / 20)


def soundtrack(
    spoken: list[np.ndarray],
    pauses_s: list[float],
    level_dbfs: float,
    noise: Noise | None,
    bank: NoiseBank,
    rng: np.random.Generator,
) -> Soundtrack:
    """Lay the spoken sentences out with a pause before each and one after the last.

    The signal-to-noise ratio is that of the spoken stretches, without the pauses.
    """
    parts, spans, filled = [], [], 0
    for pause_s, words in zip(pauses_s, [*spoken, np.zeros(0, np.float32)], strict=True):
        parts.append(np.zeros(int(pause_s * RATE_HZ), np.float32))
        start = filled + len(parts[-1])
        filled = start + len(words)
        if len(words):
            parts.append(words * (_gain(level_dbfs) / _rms(words)))
            spans.append((start / RATE_HZ, filled / RATE_HZ))
    clean = np.concatenate(parts).astype(np.float32)
    heard = clean + _gain(FLOOR_DBFS) * rng.standard_normal(len(clean)).astype(np.float32)
    if noise:
        heard += bank.cut(len(clean), rng, noise.kind) * _gain(level_dbfs - noise.snr_db)
    loudest = float(np.max(np.abs(heard)))
    if loudest > PEAK:
        heard *= PEAK / loudest
    return Soundtrack(heard, clean, spans)
