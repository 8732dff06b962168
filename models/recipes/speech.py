"""Synthetic speech from espeak-ng: many accents and voice variants, delivery that hints at the sentiment.

A share of the voice variants is held out by whole families (near copies such as `klatt` to `klatt6` go together),
so that a test voice is one that training never heard, not a sibling of one it did.
"""

import functools
import subprocess
from dataclasses import dataclass

import numpy as np
from scipy.signal import resample_poly

RATE_HZ = 16000
WAV_HEADER_BYTES = 44
SPEED_RANGE = (130, 200)
PITCH_RANGE = (5, 95)
PAUSE_RANGE_S = (0.15, 0.3)

ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
FOREIGN = ("de", "fr-fr", "es", "it", "fi", "pl", "tr", "nl", "sv", "pt", "hu", "cs", "ro", "id", "sw", "el", "ru")

# Whispered, distorted or badly intelligible voices would cost a small model more than they teach it.
UNUSED_VARIANTS = frozenset({"whisper", "whisperf", "Demonic", "fast", "UniRobot", "croak", "AnxiousAndy"})
HELD_OUT_VARIANTS = {
    "val": ("f4", "m5", "Alicia", "Diogo", "victor"),
    "test": ("f2", "m3", "Annie", "Marco", "quincy", "steph", "steph2", "steph3"),
}

# Delivery: correlation of the valence with pitch and with speed, each on its own. A listener hears less of it: voices
# differ in pitch and passages in how many words they can be said faster.
PITCH_CORRELATION, SPEED_CORRELATION = 0.4, 0.4
VALENCE_SPREAD = 1.5


@dataclass(frozen=True)
class Voice:
    """An espeak-ng language or accent with a variant (None: the plain voice)."""

    accent: str
    variant: str | None = None

    @property
    def name(self):
        return f"{self.accent}+{self.variant}" if self.variant else self.accent


@functools.cache
def variants():
    """The variants this espeak-ng installation has, less the unused ones."""
    listing = subprocess.run(["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True).stdout
    names = {word.removeprefix("!v/") for word in listing.split() if word.startswith("!v/")}
    # A file name with a space ("Mr Serious") is cut by the listing and cannot be asked for by that name.
    return tuple(sorted(names - UNUSED_VARIANTS - {"Mr"}))


@functools.cache
def voices(split):
    """All voices of a split: every accent with every variant that belongs to the split."""
    held_out = {name for names in HELD_OUT_VARIANTS.values() for name in names}
    if split == "train":
        chosen = [None, *(name for name in variants() if name not in held_out)]
    else:
        chosen = [name for name in variants() if name in HELD_OUT_VARIANTS[split]]
    return tuple(Voice(accent, variant) for accent in ACCENTS for variant in chosen)


@functools.cache
def foreign_voices(split):
    """Voices of other languages, for speech that the models must refuse."""
    variants_used = sorted({voice.variant for voice in voices(split) if voice.variant})
    return tuple(Voice(language, variant) for language in FOREIGN for variant in variants_used)


def delivery(valence, rng):
    """Speed and pitch for espeak-ng: a weak hint at the valence under a speaker's own habits (rng: numpy Generator)."""
    hint = valence / VALENCE_SPREAD
    speed = _hinted(hint, SPEED_CORRELATION, 165.0, 15.0, rng)
    pitch = _hinted(hint, PITCH_CORRELATION, 50.0, 17.0, rng)
    return int(np.clip(speed, *SPEED_RANGE)), int(np.clip(pitch, *PITCH_RANGE))


def _hinted(hint, correlation, centre, spread, rng):
    return centre + spread * (correlation * hint + np.sqrt(1.0 - correlation**2) * rng.standard_normal())


def speak_passage(passage, voice, speed, pitch, pauses_s):
    """The passage's sentences one after the other, with the given pauses between them."""
    parts = [speak(passage.sentences[0], voice, speed, pitch)]
    for pause_s, sentence in zip(pauses_s, passage.sentences[1:], strict=True):
        parts += [np.zeros(int(pause_s * RATE_HZ), np.float32), speak(sentence, voice, speed, pitch)]
    return np.concatenate(parts)


def pauses(passage, rng):
    """Seconds between the sentences of a passage: too short for the program to take them for two utterances."""
    return [float(pause_s) for pause_s in rng.uniform(*PAUSE_RANGE_S, len(passage.sentences) - 1)]


def speak(text, voice, speed, pitch):
    """The text as float32 mono samples at 16 kHz, trimmed of the silence espeak-ng adds at the end."""
    command = ["espeak-ng", "--stdout", "-v", voice.name, "-s", str(speed), "-p", str(pitch), text]
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    samples = np.frombuffer(wav[WAV_HEADER_BYTES : len(wav) - len(wav) % 2], dtype="<i2").astype(np.float32) / 32768.0
    resampled = resample_poly(samples, 320, 441).astype(np.float32)
    loud = np.flatnonzero(np.abs(resampled) > 1e-3)
    return resampled[: loud[-1] + 1] if len(loud) else resampled


if __name__ == "__main__":
    from corpus import passages

    for split in ("train", "val", "test"):
        print(split, len(voices(split)), "voices,", len(foreign_voices(split)), "foreign")
    generator = np.random.default_rng(1)
    sample = passages("train", 5000, seed=1)
    deliveries = np.array([delivery(passage.valence, generator) for passage in sample])
    valences = np.array([passage.valence for passage in sample])
    for column, name in enumerate(("speed", "pitch")):
        print(f"correlation of valence and {name}: {np.corrcoef(valences, deliveries[:, column])[0, 1]:.2f}")
