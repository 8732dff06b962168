"""The figure of docs/research.md: the mean sentiment of each recording, with its interval, beside what people said.

    python scripts/research_figure.py REPORTS RATINGS.csv --out figure.svg

REPORTS is a folder of reports, RATINGS.csv has the columns `name` (of the recording) and `rating` (-3 to 3).
Needs pandas and matplotlib.
"""

import argparse
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

DRAWS = 2000
SIMULATED_SHARE = 0.1


def summary(report):
    """Of one recording: its name, mean, interval and share of simulated text; `None` without any score."""
    line = json.loads(report.read_text(encoding="utf-8").splitlines()[-1])
    sentiment = line["sentiment"]
    if sentiment is None:
        return None
    interval = sentiment["interval_90"]
    return {"name": Path(line["path"]).name, "mean": sentiment["mean"], "low": interval["low"], "high": interval["high"],
            "simulated": line["text"]["simulated"]}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("reports", type=Path)
    options.add_argument("ratings", type=Path)
    options.add_argument("--out", type=Path, required=True)
    options = options.parse_args()
    found = {report: summary(report) for report in sorted(options.reports.rglob("*.jsonl")) if report.name != "reports.jsonl"}
    for report in (report for report, scored in found.items() if scored is None):
        print(f"{report}: no score, left out")
    both = pd.DataFrame([scored for scored in found.values() if scored]).merge(pd.read_csv(options.ratings), on="name")
    generator = np.random.default_rng(1)
    drawn = [both.iloc[generator.integers(len(both), size=len(both))] for _ in range(DRAWS)]
    low, high = np.percentile([one["mean"].corr(one["rating"]) for one in drawn], [2.5, 97.5])
    within = both["rating"].between(both["low"], both["high"]).mean()
    print(f"{len(both)} recordings: correlation {both['mean'].corr(both['rating']):.2f} (95 % interval {low:.2f} to {high:.2f}), "
          f"mean absolute error {(both['mean'] - both['rating']).abs().mean():.2f}, {within:.0%} of the ratings within the intervals")

    plt.rcParams["svg.hashsalt"] = "undertone"
    figure, axes = plt.subplots(figsize=(5, 4), layout="constrained")
    heard = both["simulated"] < SIMULATED_SHARE
    for rows, colour, label in ((both[heard], "#3b6ea5", "transcribed"), (both[~heard], "#c0662b", f"{SIMULATED_SHARE:.0%} or more simulated")):
        axes.errorbar(rows["rating"], rows["mean"], yerr=[rows["mean"] - rows["low"], rows["high"] - rows["mean"]],
                      fmt="o", color=colour, capsize=2, label=label)
    axes.plot([-2, 2], [-2, 2], color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="rating by people", ylabel="mean sentiment, 90 % interval")
    axes.legend(frameon=False)
    figure.savefig(options.out, metadata={"Date": None})


if __name__ == "__main__":
    main()
