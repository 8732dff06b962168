"""Speech on disk for training and evaluation: passages in many voices, and speech that must be refused.

One file per shard, so that making them can be interrupted and goes on where it stopped. Refused speech is other
languages and made-up words: it sounds like speech and has no transcript.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

import corpus
import speech
import workspace

SHARD = 1000
SIZES = {"train": 32000, "test": 600}
REFUSED_SIZES = {"train": 2000, "val": 100, "test": 200}
SYLLABLE_STARTS = "b d f g h j k l m n p r s t v z br dr kl pr st tr sk".split()
SYLLABLE_VOWELS = "a e i o u ai ea ou".split()
SYLLABLE_ENDS = ["", "", "n", "r", "s", "l", "k", "m"]
MADE_UP_IN_ENGLISH = 0.3


@dataclass
class Clips:
    """Utterances of one split: samples end to end (int16) with offsets, and what was said (empty if refused)."""

    samples: np.ndarray
    offsets: np.ndarray
    texts: list[str]
    valences: np.ndarray

    def __len__(self):
        return len(self.texts)

    def wave(self, index):
        part = self.samples[self.offsets[index] : self.offsets[index + 1]]
        return part.astype(np.float32) / 32768.0

    def seconds(self, index):
        return (self.offsets[index + 1] - self.offsets[index]) / speech.RATE_HZ


def _made_up_words(rng):
    words = []
    for _ in range(rng.integers(3, 12)):
        syllables = rng.integers(1, 4)
        words.append("".join(rng.choice(SYLLABLE_STARTS) + rng.choice(SYLLABLE_VOWELS) + rng.choice(SYLLABLE_ENDS)
                             for _ in range(syllables)))
    return " ".join(words)


def _speak_passage(split, index, passage):
    rng = np.random.default_rng([hash_of(split), index])
    chosen = speech.voices(split)
    voice = chosen[rng.integers(len(chosen))]
    return speech.speak_passage(passage, voice, *speech.delivery(passage.valence, rng), speech.pauses(passage, rng))


def _speak_refused(split, index):
    rng = np.random.default_rng([hash_of(split), 7, index])
    english = rng.random() < MADE_UP_IN_ENGLISH
    chosen = speech.voices(split) if english else speech.foreign_voices(split)
    voice = chosen[rng.integers(len(chosen))]
    return speech.speak(_made_up_words(rng), voice, *speech.delivery(0.0, rng))


def hash_of(split):
    return sum(split.encode())


def _write_shard(path, waves, texts, valences):
    samples = np.concatenate([(np.clip(wave, -1, 1) * 32767).astype(np.int16) for wave in waves])
    offsets = np.cumsum([0] + [len(wave) for wave in waves])
    partial = path.with_suffix(".part.npz")
    np.savez(partial, samples=samples, offsets=offsets, texts=np.array(texts), valences=np.array(valences, np.float32))
    os.replace(partial, path)


def make_passages(work, split, pool):
    """Makes the shards of a split's passages that are not there yet."""
    passages = corpus.passages(split, SIZES[split], seed=1)
    for start in range(0, len(passages), SHARD):
        path = work / "speech" / f"{split}-{start // SHARD:03}.npz"
        if path.exists():
            continue
        part = passages[start : start + SHARD]
        waves = list(pool.map(lambda item: _speak_passage(split, start + item[0], item[1]), enumerate(part)))
        _write_shard(path, waves, [p.text for p in part], [p.valence for p in part])
        print(f"{path.name}: {len(part)} utterances", flush=True)


def make_refused(work, split, pool):
    """Makes a split's refused speech if it is not there yet."""
    path = work / "speech" / f"{split}-refused.npz"
    if not path.exists():
        waves = list(pool.map(lambda i: _speak_refused(split, i), range(REFUSED_SIZES[split])))
        _write_shard(path, waves, [""] * len(waves), [0.0] * len(waves))


def load(work, split, refused=False):
    """All shards of a split, or its refused speech."""
    pattern = f"{split}-refused.npz" if refused else f"{split}-[0-9]*[0-9].npz"
    shards = [np.load(path) for path in sorted((work / "speech").glob(pattern))]
    if not shards:
        raise SystemExit(f"no speech for {split!r} in {work / 'speech'}: run material.py first")
    lengths = np.concatenate([np.diff(shard["offsets"]) for shard in shards])
    return Clips(
        samples=np.concatenate([shard["samples"] for shard in shards]),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        texts=[str(text) for shard in shards for text in shard["texts"]],
        valences=np.concatenate([shard["valences"] for shard in shards]),
    )


if __name__ == "__main__":
    options = workspace.parser(__doc__).parse_args()
    (options.work / "speech").mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for name in REFUSED_SIZES:
            make_refused(options.work, name, threads)
        for name in SIZES:
            make_passages(options.work, name, threads)
