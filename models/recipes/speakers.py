#!/usr/bin/env python3
"""Fits the weights by which voices are told apart: crates/speakers/src/weights.json.

    cargo build --release -p undertone-features --example voices
    python speakers.py LIBRISPEECH --voices target/release/examples/voices

LIBRISPEECH is a folder of FLAC files SPEAKER-CHAPTER-NUMBER.flac of many speakers (251 of
train-clean-100, one utterance each). Needs numpy and soundfile. The last 51 of a shuffle with a
fixed seed are held out, for benches/speakers.py.

Probabilistic linear discriminant analysis with two covariances: a voice is its speaker, from
N(0, B), plus what differs between its utterances, from N(0, W). The projection makes W one and B
diagonal. Half and all of the mean cepstrum of each speaker is taken away in two more copies of the
data: every speaker of LibriSpeech has a microphone of his own, which would otherwise be what is
learned, and in a recording all share one.
"""

import argparse
import json
import struct
import subprocess
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16_000
CEPSTRA = 19
WIDTH = 30
HELD_OUT = 51
# Shares of the speakers' mean cepstra that are taken away.
COPIES = (0.0, 0.5, 1.0)
SHRINKAGE = 0.1


def shuffled(folder):
    """The files in the order of which the last HELD_OUT are not learned from."""
    files = sorted(Path(folder).glob("*.flac"), key=lambda file: file.stem)
    return [files[i] for i in np.random.default_rng(1).permutation(len(files))]


def speaker(file):
    return file.stem.split("-")[0]


def pieces(samples, draw, shortest_s=1.2, longest_s=5.0):
    """Cuts at quiet places: (first, end) of each piece in samples, without silence around it."""
    step = RATE_HZ // 100
    count = len(samples) // step
    power = np.square(samples[: count * step].reshape(count, step)).mean(1)
    level = 10 * np.log10(np.convolve(power, np.ones(5) / 5, "same") + 1e-10)
    heard = level > np.quantile(level, 0.95) - 32
    first, end = heard.argmax(), count - heard[::-1].argmax()
    cuts = []
    while first < end:
        rest_s = (end - first) / 100
        if rest_s < 2 * shortest_s or (rest_s < longest_s and draw.random() < 0.3):
            cuts.append((first, end))
            break
        at = min(first + int(100 * draw.uniform(shortest_s, longest_s)), end - int(100 * shortest_s))
        low = max(first + int(80 * shortest_s), at - 60)
        cut = low + int(np.argmin(level[low : at + 60]))
        cuts.append((first, cut))
        first = cut
    found = []
    for first, end in cuts:
        inside = np.flatnonzero(heard[first:end])
        if len(inside) and inside[-1] + 1 - inside[0] >= 60:
            found.append(((first + inside[0]) * step, (first + inside[-1] + 1) * step))
    return found


def measure(program, utterances):
    """Features and time steps of each utterance; None where there is no voice."""
    sent = b"".join(struct.pack("<I", len(one)) + one.astype("<f4").tobytes() for one in utterances)
    done = subprocess.run([program], input=sent, capture_output=True, check=True)
    rows = [line.split() for line in done.stdout.decode().split("\n")[: len(utterances)]]
    return [(np.array(row[1:], float), int(row[0])) if row else None for row in rows]


def fit(features, steps, speakers):
    """The projection, the spread of speakers, and how sure a voice of so many steps is."""
    mean = features.mean(0)
    scale = 1 / (features.std(0) + 1e-9)
    scaled = (features - mean) * scale
    names = np.unique(speakers)
    centres = np.array([scaled[speakers == name].mean(0) for name in names])
    errors = scaled - centres[np.searchsorted(names, speakers)]
    within = errors.T @ errors / (len(errors) - len(names))
    size = len(within)
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.eye(size) * np.trace(within) / size
    counts = np.array([np.sum(speakers == name) for name in names])
    between = np.cov(centres.T) - within * np.mean(1 / counts)
    root = np.linalg.inv(np.linalg.cholesky(within))
    values, vectors = np.linalg.eigh(root @ between @ root.T)
    order = np.argsort(-values)[:WIDTH]
    projection = scale[:, None] * (root.T @ vectors[:, order])
    # What differs between utterances is less for longer ones: constant + of_steps / steps.
    projected = (features - mean) @ projection
    squares, inverse = [], []
    for name, count in zip(names, counts):
        if count > 1:
            own = projected[speakers == name]
            squares.append(np.square(own - own.mean(0)).mean(1) * count / (count - 1))
            inverse.append(1 / steps[speakers == name])
    inverse = np.concatenate(inverse)
    table = np.stack([np.ones(len(inverse)), inverse], 1)
    (constant, of_steps), *_ = np.linalg.lstsq(table, np.concatenate(squares), rcond=None)
    rounded = lambda values: [float(f"{value:.6g}") for value in np.ravel(values)]
    return {
        "mean": rounded(mean),
        "projection": [rounded(row) for row in projection.T],
        "between": rounded(np.maximum(values[order], 1e-3)),
        "within": {"constant": rounded(constant)[0], "of_steps": rounded(of_steps)[0]},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--voices", required=True, help="the example `voices` of undertone-features")
    default = Path(__file__).parents[2] / "crates/speakers/src/weights.json"
    parser.add_argument("--to", type=Path, default=default)
    options = parser.parse_args()
    files = shuffled(options.folder)[:-HELD_OUT]
    draw = np.random.default_rng(0)
    utterances, names = [], []
    for file in files:
        samples, rate_hz = soundfile.read(file, dtype="float32")
        assert rate_hz == RATE_HZ, f"{file}: {rate_hz} Hz"
        for first, end in pieces(samples, draw):
            utterances.append(samples[first:end])
            names.append(speaker(file))
    voices = measure(options.voices, utterances)
    names = np.array([name for name, voice in zip(names, voices) if voice])
    steps = np.array([voice[1] for voice in voices if voice], float)
    features = np.array([voice[0] for voice in voices if voice])

    means = {}
    for name in np.unique(names):
        own = names == name
        means[name] = np.average(features[own, :CEPSTRA], axis=0, weights=steps[own])
    middle = np.mean(list(means.values()), axis=0)
    copies, labels = [], []
    for share in COPIES:
        copy = features.copy()
        copy[:, :CEPSTRA] -= share * np.array([means[name] - middle for name in names])
        copies.append(copy)
        labels.append(np.char.add(names, f"/{share}"))
    fitted = fit(np.concatenate(copies), np.tile(steps, len(COPIES)), np.concatenate(labels))
    options.to.write_text(json.dumps(fitted) + "\n")
    print(f"{len(files)} speakers, {len(names)} utterances: {fitted['within']}, {fitted['between'][:4]}")


if __name__ == "__main__":
    main()
