"""Draws `docs/noise-sweep.svg` from the table that sweep.py wrote: no number in the picture comes from elsewhere."""

import csv
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

from sweep import TABLE

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "noise-sweep.svg"
STYLES = {
    "transcript": ("transcript only", "#b5541c", "--"),
    "simulated": ("simulated text only", "#2a7f9e", "--"),
    "auto": ("auto: the gate decides", "#1b1b1b", "-"),
}


def main() -> None:
    with TABLE.open(newline="") as table:
        rows = list(csv.DictReader(table))
    levels = list(dict.fromkeys(row["snr_db"] for row in rows))
    names = ["clean" if level == "inf" else f"{level} dB" for level in levels]
    # The same file from the same table: no date, no random ids; text stays text.
    plt.rcParams |= {"svg.hashsalt": "undertone", "svg.fonttype": "none", "font.family": "sans-serif"}
    figure, (errors, shares) = plt.subplots(2, 1, figsize=(7, 5.2), sharex=True, height_ratios=(2.4, 1))
    for mode, (label, colour, line) in STYLES.items():
        maes = [float(row["mae"]) for row in rows if row["mode"] == mode]
        errors.plot(names, maes, line, color=colour, marker="o", markersize=4, label=label)
    guess = [float(row["mae_of_mean"]) for row in rows if row["mode"] == "auto"]
    errors.plot(names, guess, ":", color="#999999", label="always saying the mean")
    errors.set_ylabel("mean absolute error")
    errors.set_ylim(bottom=0)
    errors.legend(frameon=False, loc="lower right")
    auto = [row for row in rows if row["mode"] == "auto"]
    totals = [sum(int(row[way]) for way in ("transcript", "simulated", "none")) for row in auto]
    simulated = [100 * int(row["simulated"]) / max(total, 1) for row, total in zip(auto, totals)]
    shares.bar(names, simulated, color="#2a7f9e", width=0.5)
    shares.set_ylabel("% simulated\n(auto)")
    shares.set_ylim(0, 100)
    shares.set_xlabel("speech over noise")
    for axes in (errors, shares):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.25)
    figure.tight_layout()
    figure.savefig(PICTURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
