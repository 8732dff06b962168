"""Endless training utterances: speech disturbed in many ways, and sounds that must be refused (empty text).

Everything is made on the fly from the clips of material.py, so no utterance is heard twice in the same form.
Noise grows during training: a model that starts at 0 dB never gets going.
"""

import queue
import threading
from dataclasses import dataclass

import numpy as np
import scipy.fft

import corpus
from noise import KINDS, mix

RATE_HZ = 16000
REFUSED_SHARE = 0.09
PAIR_SHARE = 0.02
CLEAN_SHARE = 0.3
SNR_RANGE_DB = (-3.0, 35.0)
EASY_SNR_DB = 20.0
MAX_SECONDS = 7.8
WARP_RANGE = (0.86, 1.16)
WARPS = 16
RESAMPLE_RANGE = (0.9, 1.1)
COLOURED_SHARE, COLOUR_DB = 0.5, 5.0
COLOUR_KNOTS_HZ = (80, 250, 600, 1200, 2000, 3000, 4500, 8000)
COLOUR_GRID_HZ = np.geomspace(50, 8000, 60)
ECHO_SHARE, ECHO_RANGE_S, ECHO_MAX = 0.15, (0.005, 0.12), 0.6
BATCHES_PER_BUCKET = 24


@dataclass
class Utterance:
    wave: np.ndarray
    text: str
    valence: float
    warp: float


class Disturber:
    """Turns clips into training utterances; noise gets hard between two steps of training."""

    def __init__(self, clips, refused, bank, noise_steps):
        self.clips, self.refused, self.bank, self.noise_steps = clips, refused, bank, noise_steps
        self.warps = np.linspace(*WARP_RANGE, WARPS)

    def spoken(self, index, step, rng):
        """A clip in a changed voice, with silence around it, at some level, in some noise."""
        wave, text, valence = self.clips.wave(index), self.clips.texts[index], float(self.clips.valences[index])
        if rng.random() < PAIR_SHARE:
            other = rng.integers(len(self.clips))
            gap = np.zeros(int(rng.uniform(0.2, 0.5) * RATE_HZ), np.float32)
            both = np.concatenate([wave, gap, self.clips.wave(other)])
            if len(both) < MAX_SECONDS * 0.85 * RATE_HZ:
                wave, text = both, f"{text} {self.clips.texts[other]}"
                valence = corpus.limited(corpus.EACH_OF_AND * (valence + float(self.clips.valences[other])))
        wave = self._surround(self._colour(self._resample(wave, rng), rng), rng)
        if rng.random() > CLEAN_SHARE:
            hard = np.interp(step, self.noise_steps, (0.0, 1.0))
            lowest = EASY_SNR_DB + hard * (SNR_RANGE_DB[0] - EASY_SNR_DB)
            wave = mix(wave, self.bank.cut(len(wave), rng), rng.uniform(lowest, SNR_RANGE_DB[1]))
        return Utterance(self._level(wave, rng), text, valence, rng.choice(self.warps))

    def refusable(self, rng):
        """Silence, noise, tones, babble, foreign or made-up speech: the text is empty."""
        kind = rng.choice(["silence", "noise", "speech"], p=[0.15, 0.45, 0.4])
        if kind == "speech":
            wave = self._resample(self.refused.wave(rng.integers(len(self.refused))), rng)
            wave = self._surround(wave[: int(MAX_SECONDS * 0.8 * RATE_HZ)], rng)
            if rng.random() > CLEAN_SHARE:
                wave = mix(wave, self.bank.cut(len(wave), rng), rng.uniform(*SNR_RANGE_DB))
        else:
            samples = int(rng.uniform(0.6, 4.0) * RATE_HZ)
            wave = self.bank.cut(samples, rng, str(rng.choice(KINDS)))
            if rng.random() < 0.3:
                wave = mix(wave, self.bank.cut(samples, rng), rng.uniform(0.0, 20.0))
            if kind == "silence":
                wave = wave * np.float32(rng.choice([0.0, 10 ** rng.uniform(-5.0, -2.5)]))
                return Utterance(wave, "", 0.0, 1.0)
        return Utterance(self._level(wave, rng), "", 0.0, rng.choice(self.warps))

    @staticmethod
    def _resample(wave, rng):
        factor = rng.uniform(*RESAMPLE_RANGE)
        return np.interp(np.arange(0, len(wave) - 1, factor), np.arange(len(wave)), wave).astype(np.float32)

    @staticmethod
    def _colour(wave, rng):
        """Another timbre, and sometimes one echo: voices and rooms differ in both."""
        coloured, echoed = rng.random() < COLOURED_SHARE, rng.random() < ECHO_SHARE
        if not coloured and not echoed:
            return wave
        size = scipy.fft.next_fast_len(len(wave) + RATE_HZ // 8, real=True)
        spectrum = scipy.fft.rfft(wave, size)
        hz = np.arange(len(spectrum), dtype=np.float32) * (RATE_HZ / size)
        if coloured:
            knots_db = rng.normal(0.0, COLOUR_DB, len(COLOUR_KNOTS_HZ))
            coarse = np.interp(np.log(COLOUR_GRID_HZ), np.log(COLOUR_KNOTS_HZ), knots_db)
            spectrum *= np.interp(hz, COLOUR_GRID_HZ, 10 ** (coarse / 20)).astype(np.float32)
        changed = scipy.fft.irfft(spectrum, size)[: len(wave)]
        if echoed:
            delay = int(rng.uniform(*ECHO_RANGE_S) * RATE_HZ)
            changed[delay:] += np.float32(rng.uniform(0.1, ECHO_MAX)) * changed[:-delay]
        return changed

    @staticmethod
    def _surround(wave, rng):
        before, after = (int(rng.exponential(0.12) * RATE_HZ) for _ in range(2))
        return np.pad(wave, (min(before, RATE_HZ // 2), min(after, RATE_HZ // 2)))

    @staticmethod
    def _level(wave, rng):
        return wave * np.float32(rng.uniform(0.05, 0.9) / (np.abs(wave).max() + 1e-6))


class Stream:
    """Batches of similar length, made one thread ahead of the training step."""

    def __init__(self, disturber, batch, seed, first_step, collate):
        self.disturber, self.batch, self.collate = disturber, batch, collate
        self.rng = np.random.default_rng([seed, first_step])
        self.step = first_step
        self.ready = queue.Queue(maxsize=8)
        threading.Thread(target=self._produce, name="stream", daemon=True).start()

    def __next__(self):
        return self.ready.get()

    def _produce(self):
        while True:
            for utterances in self._bucket():
                self.ready.put(self.collate(utterances, self.step, self.rng))
                self.step += 1

    def _bucket(self):
        """Draws several batches' worth, sorts by length and deals them out in random order."""
        utterances = [self._draw() for _ in range(self.batch * BATCHES_PER_BUCKET)]
        utterances.sort(key=lambda utterance: len(utterance.wave))
        for first in self.rng.permutation(BATCHES_PER_BUCKET) * self.batch:
            yield utterances[first : first + self.batch]

    def _draw(self):
        if self.rng.random() < REFUSED_SHARE:
            return self.disturber.refusable(self.rng)
        return self.disturber.spoken(self.rng.integers(len(self.disturber.clips)), self.step, self.rng)
