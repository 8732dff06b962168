"""Draws `docs/noise-en.svg` from the tables that sweep.py wrote: no number in the picture comes from elsewhere.

    python draw_sweep.py WORK/sweep/librispeech
"""

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1]))
from picture import STYLES, noise_sweep

PICTURE = Path(__file__).resolve().parents[3] / "docs" / "noise-en.svg"


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main():
    folder = Path(sys.argv[1])
    rows, utterances = read(folder / "sweep.csv"), read(folder / "utterances.csv")
    levels = list(dict.fromkeys(row["level"] for row in rows))
    errors = {source: [float(row["distance"]) for row in rows if row["source"] == source] for source in STYLES}
    true = np.array([float(row["true_words"]) for row in utterances if row["level"] == levels[0]])
    median = float(np.abs(true - np.median(true)).mean())
    simulated = [100 * float(row["simulated"]) for row in rows if row["source"] == "auto"]
    noise_sweep(PICTURE, [level.replace("dB", " dB") for level in levels], errors, ([median] * len(levels), "always saying the median"),
                simulated, "distance from the score of the true words")
    print(f"saying {np.median(true):.2f} every time: {median:.3f}")


if __name__ == "__main__":
    main()
