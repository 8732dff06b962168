"""Draws `docs/noise-sweep.svg` from the table that sweep.py wrote: no number in the picture comes from elsewhere."""

import csv
from pathlib import Path

from picture import STYLES, noise_sweep
from sweep import TABLE

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "noise-sweep.svg"


def main() -> None:
    with TABLE.open(newline="") as table:
        rows = list(csv.DictReader(table))
    levels = list(dict.fromkeys(row["snr_db"] for row in rows))
    names = ["clean" if level == "inf" else f"{level} dB" for level in levels]
    errors = {mode: [float(row["mae"]) for row in rows if row["mode"] == mode] for mode in STYLES}
    auto = [row for row in rows if row["mode"] == "auto"]
    guess = [float(row["mae_of_mean"]) for row in auto]
    totals = [sum(int(row[way]) for way in ("transcript", "simulated", "none")) for row in auto]
    simulated = [100 * int(row["simulated"]) / max(total, 1) for row, total in zip(auto, totals)]
    noise_sweep(PICTURE, names, errors, (guess, "always saying the mean"), simulated, "mean absolute error")


if __name__ == "__main__":
    main()
