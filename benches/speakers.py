#!/usr/bin/env python3
"""How well the program tells speakers apart: diarization error rate on recordings that are joined
from LibriSpeech, with the speakers that models/recipes/speakers.py has not learned from.

    python benches/speakers.py target/release/undertone LIBRISPEECH [--heard all] [--gap 0.6 1.2]
        [--alike 0.5] [--recordings 40]

LIBRISPEECH is a folder of FLAC files SPEAKER-CHAPTER-NUMBER.flac. Of a folder with one file for each
speaker those that the recipe held out are taken; `--heard all` takes every file, of a folder that it
never saw. Needs numpy, scipy and soundfile.

Each recording has one to four speakers, who take turns of one or two stretches of 1 to 5 s, cut from
their files at quiet places, with a silence of `--gap` seconds after each. `--alike 0.5` takes half of
what their mean spectra differ in away, in decibels: in LibriSpeech each has a microphone and a room of
his own, and in a recording of one conversation all share one.

The program runs as it is, without text (`text.mode=none`), so its own voice activity cuts the
utterances, and what it misses or adds counts. The rate is the time that is missed, heard where nobody
speaks, or given to the wrong speaker, by the time that is spoken, with the best assignment of numbers
to speakers, in steps of 10 ms, without 0.25 s around each start and end of a stretch.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from scipy.optimize import linear_sum_assignment
from scipy.signal import firwin2

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "models/recipes"))
from speakers import HELD_OUT, RATE_HZ, pieces, shuffled, speaker  # noqa: E402

COLLAR_S = 0.25
STEP_S = 0.01
FFT = 1024


def read(files, draw):
    """The pieces of each speaker, in order."""
    spoken = {}
    for file in sorted(files, key=lambda file: file.stem):
        samples, rate_hz = soundfile.read(file, dtype="float32")
        assert rate_hz == RATE_HZ, f"{file}: {rate_hz} Hz"
        cut = [samples[first:end] for first, end in pieces(samples, draw)]
        spoken.setdefault(speaker(file), []).extend(cut)
    return spoken


def mean_spectrum(stretches):
    """Mean level in decibels of each of FFT / 2 + 1 frequencies, smoothed, of the louder half."""
    sound = np.concatenate(stretches)
    frames = sound[: len(sound) // FFT * FFT].reshape(-1, FFT) * np.hanning(FFT)
    power = np.square(np.abs(np.fft.rfft(frames))) + 1e-9
    loud = power.sum(1) >= np.median(power.sum(1))
    level = 10 * np.log10(power[loud]).mean(0)
    return np.convolve(np.pad(level, 8, "edge"), np.ones(17) / 17, "valid")


def made_alike(spoken, share):
    """The speakers with this share of the differences of their mean spectra taken away."""
    spectra = {name: mean_spectrum(stretches) for name, stretches in spoken.items()}
    middle = np.mean(list(spectra.values()), axis=0)
    alike = {}
    for name, stretches in spoken.items():
        gain_db = np.clip(share * (middle - spectra[name]), -30, 30)
        gain_db -= gain_db.mean()
        fir = firwin2(255, np.linspace(0, 1, len(gain_db)), 10 ** (gain_db / 20))
        alike[name] = [np.convolve(stretch, fir, "same") for stretch in stretches]
    return alike


def recording(spoken, names, gap_s, draw):
    """Samples, and who speaks from when to when."""
    waiting = [list(spoken[name]) for name in names]
    sound, turns, at, last = [np.zeros(RATE_HZ // 2)], [], RATE_HZ // 2, None
    while any(waiting):
        able = [i for i, one in enumerate(waiting) if one]
        turn = draw.choice([i for i in able if i != last] or able)
        for _ in range(draw.integers(1, 3)):
            if waiting[turn]:
                stretch = waiting[turn].pop(0)
                level = np.sqrt(np.mean(np.square(stretch))) + 1e-9
                silence = np.zeros(int(RATE_HZ * draw.uniform(*gap_s)))
                sound += [stretch * (0.05 / level), silence]
                turns.append((at / RATE_HZ, (at + len(stretch)) / RATE_HZ, names[turn]))
                at += len(stretch) + len(silence)
        last = turn
    sound = np.concatenate(sound)
    return np.clip(sound + draw.normal(0, 3e-4, len(sound)), -1, 1), turns


def errors(truth, found):
    """Seconds missed, added, confused, spoken; and the number of speakers found."""
    count = int(max(end for _, end, _ in truth + found) / STEP_S) + 2

    def grid(turns):
        names = sorted({name for *_, name in turns})
        steps = np.full(count, -1)
        for start, end, name in turns:
            steps[round(start / STEP_S) : round(end / STEP_S)] = names.index(name)
        return steps, len(names)

    (real, reals), (guess, guesses) = grid(truth), grid(found)
    counted = np.ones(count, bool)
    for turn in truth:
        for edge in turn[:2]:
            low = max(0, round((edge - COLLAR_S) / STEP_S))
            counted[low : round((edge + COLLAR_S) / STEP_S)] = False
    real, guess = real[counted], guess[counted]
    together = np.array(
        [[np.sum((real == i) & (guess == j)) for j in range(guesses)] for i in range(reals)]
    ).reshape(reals, guesses)
    right = together[linear_sum_assignment(-together)].sum()
    missed, added = np.sum((real >= 0) & (guess < 0)), np.sum((real < 0) & (guess >= 0))
    confused = np.sum(real >= 0) - missed - right
    return np.array([missed, added, confused, np.sum(real >= 0)]) * STEP_S, guesses


def found_in(report):
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    utterances = [line for line in lines if line["kind"] == "utterance"]
    return [(one["start_s"], one["end_s"], one["speaker"]) for one in utterances if "speaker" in one]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--heard", choices=["held-out", "all"], default="held-out")
    parser.add_argument("--gap", type=float, nargs=2, default=(0.6, 1.2), metavar="S")
    parser.add_argument("--alike", type=float, default=0.0)
    parser.add_argument("--recordings", type=int, default=40)
    parser.add_argument("--keep", type=Path, help="keeps recordings and reports here")
    options = parser.parse_args()
    files = shuffled(options.folder)
    draw = np.random.default_rng(6)
    spoken = read(files if options.heard == "all" else files[-HELD_OUT:], draw)
    if options.alike:
        spoken = made_alike(spoken, options.alike)
    with tempfile.TemporaryDirectory() as work:
        work = options.keep or Path(work)
        media, reports, truths = work / "media", work / "reports", {}
        media.mkdir(parents=True, exist_ok=True)
        for people in range(1, 5):
            for number in range(options.recordings):
                names = list(draw.choice(sorted(spoken), people, replace=False))
                sound, turns = recording(spoken, names, options.gap, draw)
                name = f"{people}-{number:03}.wav"
                soundfile.write(media / name, sound, RATE_HZ, "PCM_16")
                truths[name] = turns
        command = [options.program, "run", media, "-o", reports, "--set", "text.mode=none", "-q"]
        subprocess.run(command, check=True)
        print(f"{len(spoken)} speakers, gaps {options.gap[0]}-{options.gap[1]} s, alike {options.alike}")
        for people in range(1, 5):
            sums, numbers = np.zeros(4), []
            for name in (name for name in truths if name.startswith(f"{people}-")):
                seconds, guesses = errors(truths[name], found_in(reports / f"{name}.jsonl"))
                sums += seconds
                numbers.append(guesses)
            missed, added, confused = 100 * sums[:3] / sums[3]
            right = 100 * np.mean(np.array(numbers) == people)
            print(
                f"{people} speakers: error {missed + added + confused:5.1f} % (missed {missed:.1f}, added "
                f"{added:.1f}, confused {confused:.1f}), number right in {right:.0f} %, {np.mean(numbers):.1f} "
                f"found, {sums[3] / len(numbers):.0f} s each"
            )


if __name__ == "__main__":
    main()
