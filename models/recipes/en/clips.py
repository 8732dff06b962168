"""Labelled clips of the spoken sentences, clean and in noise, for `undertone extract`, and for the noise sweep.

    python clips.py train    WORK/clips/train: whole sentences that no projector heard, most of them in noise
    python clips.py val      WORK/clips/val: the same of the validation split, in voices that no training heard
    python clips.py test     WORK/clips/test: the same of the test split, in those voices
    python clips.py sweep    WORK/clips/{voices,librispeech}/LEVEL: at fixed levels of a noise that no training heard

Each folder has a labels.csv. LibriSpeech has no labels: there `label` is 0, and the score of the true words is the measure.
"""

import csv
import json
import re

import numpy as np
import soundfile

import disturb
import place

MEASURED_NOISE = "running_tap"
LEVELS_DB = (None, 20, 10, 5, 0, -5)
TRAIN_SNR_DB, TRAIN_CLEAN_SHARE = (-5.0, 20.0), 0.4
VAL_COUNT, SWEEP_COUNT = 300, 100
# Split: part of the sentences, and how many of them.
PARTS = {"train": ("network", None), "val": ("valid", VAL_COUNT), "test": ("test", None)}
QUIET_S = 0.3


def spoken(options, part):
    lines = (options.work / "speech" / f"{part}.jsonl").read_text().splitlines()
    return [(options.work / "speech" / line["file"], line) for line in map(json.loads, lines)]


def surround(wave, rng):
    """Recordings do not begin with the first sound."""
    return np.concatenate([np.zeros(int(rng.uniform(0.05, QUIET_S) * disturb.RATE_HZ), np.float32), wave,
                           np.zeros(int(rng.uniform(0.05, QUIET_S) * disturb.RATE_HZ), np.float32)])


def write(folder, clips):
    """(name, samples, row) as a folder with its table."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, samples, row in clips:
        peak = np.abs(samples).max()
        soundfile.write(folder / f"{name}.wav", samples / max(1.0, peak), disturb.RATE_HZ, subtype="PCM_16")
        rows.append({"file": f"{name}.wav"} | row)
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ["file", "text", "label", "split", "source"])
        table.writeheader()
        table.writerows(rows)
    print(f"{folder}: {len(rows)} clips")


def row(line, split):
    return {"text": line["text"], "label": line["label"], "split": split, "source": line["video"]}


def mixed(options, part, split, count):
    heard = [path for path, _ in spoken(options, part)[:200]]
    disturber = disturb.Disturber(options.data / "noise", heard, seed=2)
    for index, (path, line) in enumerate(spoken(options, part)[:count]):
        rng = np.random.default_rng([len(part), index])
        wave = surround(disturb.read(path), rng)
        if rng.random() > TRAIN_CLEAN_SHARE:
            wave = disturb.noise.mix(wave, disturber.noise(len(wave), rng), rng.uniform(*TRAIN_SNR_DB))
        yield f"{index:05}", wave, row(line, split)


def librispeech(options):
    folder = options.data / "speech" / "librispeech"
    for line in (folder / "test-other.tsv").read_text().splitlines():
        name, words = re.split(r"\t", line, maxsplit=1)
        if (folder / f"{name}.flac").exists():
            yield name, folder / f"{name}.flac", {"text": words, "label": 0, "split": "test", "source": name.split("-")[0]}


def sweep(options):
    tap = disturb.read(options.data / "noise" / f"{MEASURED_NOISE}.wav")
    voices = spoken(options, "valid")[VAL_COUNT:VAL_COUNT + SWEEP_COUNT]
    sets = {"voices": [(f"{index:05}", path, row(line, "test")) for index, (path, line) in enumerate(voices)],
            "librispeech": list(librispeech(options))}
    for name, clips in sets.items():
        for level in LEVELS_DB:
            made = []
            for index, (key, path, line) in enumerate(clips):
                rng = np.random.default_rng([index, len(name)])
                wave = surround(disturb.read(path), rng)
                start = rng.integers(len(tap) - len(wave)) if len(wave) < len(tap) else 0
                noise = np.resize(tap[start:start + len(wave)], len(wave))
                made.append((key, wave if level is None else disturb.noise.mix(wave, noise, level), line))
            write(options.work / "clips" / name / ("clean" if level is None else f"{level}dB"), made)


def main():
    options = place.parser(__doc__)
    options.add_argument("what", choices=["train", "val", "test", "sweep"])
    options = options.parse_args()
    if options.what == "sweep":
        sweep(options)
    else:
        part, count = PARTS[options.what]
        write(options.work / "clips" / options.what, mixed(options, part, options.what, count))


if __name__ == "__main__":
    main()
