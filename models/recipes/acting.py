"""What a drawn head does: how it looks for a sentiment, and how it moves through time.

Only numbers live here; `faces.py` turns them into pixels.
"""

from dataclasses import dataclass

import numpy as np

VALENCE_SPREAD = 1.5
"""Standard deviation of the corpus' valence, so that correlations come out as intended."""

FELT = 0.6
"""Correlation of what the speaker feels with what the sentence says."""

SHOWN = 0.83
"""Correlation of one facial sign with what is felt. FELT * SHOWN is 0.5; the shared
feeling keeps smile and brows together from telling much more than one of them."""


@dataclass(frozen=True)
class Expression:
    """Facial signs of one clip, in [-1, 1]; positive is a smile and raised brows."""

    smile: float
    brows: float


def expression(valence: float, rng: np.random.Generator) -> Expression:
    """Draw an expression that correlates with `valence` at about 0.5 per sign."""
    felt = FELT * valence / VALENCE_SPREAD + np.sqrt(1 - FELT**2) * rng.standard_normal()
    signs = SHOWN * felt + np.sqrt(1 - SHOWN**2) * rng.standard_normal(2)
    smile, brows = np.tanh(0.6 * signs)
    return Expression(float(smile), float(brows))


def plain_expression(valence: float) -> Expression:
    """The expression without noise, for clips whose face must agree with the words."""
    shown = float(np.tanh(0.8 * valence / VALENCE_SPREAD))
    return Expression(shown, shown)


@dataclass(frozen=True)
class Moment:
    """Everything about the head that changes from frame to frame."""

    smile: float
    brows: float
    eyes: float  # 0 shut, 1 open
    mouth: float  # 0 shut, 1 wide open
    gaze: tuple[float, float]
    shift: tuple[float, float]  # pixels of the output frame
    roll: float  # radians
    scale: float
    covered: bool  # something is held before the face


def _drift(count: int, fps: float, rng: np.random.Generator) -> np.ndarray:
    """A slow aperiodic wander within about [-1, 1]."""
    time_s = np.arange(count) / fps
    hertz = rng.uniform(0.08, 0.6, 3)
    phase = rng.uniform(0, 2 * np.pi, 3)
    weight = np.array([0.5, 0.3, 0.2])
    return (np.sin(2 * np.pi * np.outer(time_s, hertz) + phase) * weight).sum(axis=1)


def _blinks(count: int, fps: float, rng: np.random.Generator) -> np.ndarray:
    """Eye opening: a blink of two to three frames every three seconds or so."""
    opening = np.ones(count)
    at = rng.exponential(1.5)
    while at * fps < count:
        frame = int(at * fps)
        opening[frame : frame + 2] = 0.0
        opening[frame + 2 : frame + 3] = 0.5
        at += 1.0 + rng.exponential(2.0)
    return opening


def loudness(samples: np.ndarray, rate_hz: int, fps: float, count: int) -> np.ndarray:
    """Loudness in [0, 1] at each video frame, relative to the loud parts of `samples`."""
    half = int(rate_hz / fps / 2)
    centres = (np.arange(count) / fps * rate_hz).astype(int)
    levels = np.array(
        [np.sqrt(np.mean(np.square(samples[max(0, c - half) : c + half])) + 1e-12)
         if c - half < len(samples) else 0.0 for c in centres]
    )  # fmt: skip
    return np.clip(levels / max(float(np.percentile(levels, 90)), 1e-3), 0, 1)


def perform(
    face: Expression, loud: np.ndarray, fps: float, rng: np.random.Generator, covered_share: float = 0.0
) -> list[Moment]:
    """One `Moment` per entry of `loud`; the face is covered for `covered_share` of the time."""
    count = len(loud)
    wander = [_drift(count, fps, rng) for _ in range(8)]
    eyes = _blinks(count, fps, rng)
    articulation = rng.uniform(0.75, 1.25) * rng.uniform(0.6, 1.0, count)
    start = rng.uniform(0, 1 - covered_share) * count
    end = start + covered_share * count
    return [
        Moment(
            smile=float(np.clip(face.smile + 0.15 * wander[0][i], -1, 1)),
            brows=float(np.clip(face.brows + 0.2 * wander[1][i] + 0.1 * (loud[i] - 0.5), -1, 1)),
            eyes=float(eyes[i]),
            mouth=float(np.clip(loud[i] * articulation[i], 0, 1)),
            gaze=(float(0.5 * wander[2][i]), float(0.3 * wander[3][i])),
            shift=(float(7 * wander[4][i]), float(4 * wander[5][i])),
            roll=float(0.05 * wander[6][i]),
            scale=float(1 + 0.03 * wander[7][i]),
            covered=bool(start <= i < end),
        )
        for i in range(count)
    ]
