"""Recordings in which nothing is said: what the gate must refuse.

    python speechless.py --split test

writes three folders of audio files, each with a `labels.csv` whose column `speech` is `none`: `sounds` (noise, hum,
tones, music, knocks, silence), `babble` (many people at once) and `languages` (speech in other languages and made-up
words). `undertone calibrate` fits the gate on those of the split `val` and measures it on those of `test`.
"""

import csv
from pathlib import Path

import numpy as np

import material
import workspace
from clips import noise_bank
from corpus import SPLITS
from muxing import CONTAINERS, write_clip
from noise import KINDS, mix
from soundtracks import FLOOR_DBFS, PEAK
from speech import RATE_HZ

SIZES = {
    "val": {"sounds": 200, "babble": 60, "languages": 60},
    "test": {"sounds": 500, "babble": 100, "languages": 100},
}
SECONDS = (1.0, 8.0)
LEVEL_DBFS = (-45.0, -12.0)
SECOND_SOUND_SHARE = 0.3
SOUNDS = (*(kind for kind in KINDS if kind != "babble"), "silence")


def _at(wave, level_dbfs):
    return wave * np.float32(10 ** (level_dbfs / 20) / np.sqrt(np.mean(wave**2) + 1e-12))


def _sound(index, bank, rng):
    kind = SOUNDS[index % len(SOUNDS)]
    samples = int(rng.uniform(*SECONDS) * RATE_HZ)
    if kind == "silence":
        return kind, np.zeros(samples, np.float32)
    wave = bank.cut(samples, rng, kind)
    if rng.uniform() < SECOND_SOUND_SHARE:
        wave = mix(wave, bank.cut(samples, rng, str(rng.choice(SOUNDS[:-1]))), rng.uniform(0.0, 20.0))
    return kind, _at(wave, rng.uniform(*LEVEL_DBFS))


def _babble(index, bank, rng):
    return "babble", _at(bank.cut(int(rng.uniform(*SECONDS) * RATE_HZ), rng, "babble"), rng.uniform(*LEVEL_DBFS))


def make(work: Path, split: str) -> None:
    """Makes the folders of a split that are not there yet; a folder is there when it has its labels."""
    bank, refused = noise_bank(split, seed=3), material.load(work, split, refused=True)

    def language(index, bank, rng):
        return "language", _at(refused.wave(index % len(refused))[: int(SECONDS[1] * RATE_HZ)], rng.uniform(-30, -18))

    makers = {"sounds": _sound, "babble": _babble, "languages": language}
    for number, (name, maker) in enumerate(makers.items()):
        folder = work / "speechless" / split / name
        if (folder / "labels.csv").exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for index in range(SIZES[split][name]):
            rng = np.random.default_rng([SPLITS.index(split), 3, number, index])
            kind, wave = maker(index, bank, rng)
            hiss = 10 ** (FLOOR_DBFS / 20) * rng.standard_normal(len(wave)).astype(np.float32)
            file = f"{index:04}-{kind}.m4a"
            write_clip(folder / file, CONTAINERS["m4a"], None, np.clip(wave + hiss, -PEAK, PEAK))
            rows.append([file, 0, "none", split, kind])
        with open(folder / "labels.part", "w", newline="") as table:
            writer = csv.writer(table, lineterminator="\n")
            writer.writerow(["file", "label", "speech", "split", "kind"])
            writer.writerows(rows)
        (folder / "labels.part").rename(folder / "labels.csv")
        print(f"{split}/{name}: {len(rows)} recordings", flush=True)


if __name__ == "__main__":
    parser = workspace.parser(__doc__.splitlines()[0])
    parser.add_argument("--split", choices=SIZES, required=True)
    options = parser.parse_args()
    make(options.work, options.split)
