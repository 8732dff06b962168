"""From which confidence on a transcript is the better text: the gate's threshold, from reports on validation clips.

    python gate_threshold.py CLIPS REPORTS [--write]

CLIPS holds folders of labelled clips, REPORTS the same folders with `transcript` and `simulated` reports of them, one
per clip. For every candidate the error is counted that the program would make if it took the transcript from that
confidence on and the simulation below. --write puts the best one into the bundle.
"""

import csv
import re
from pathlib import Path

import numpy as np

import workspace
from score_reports import read_report

CANDIDATES = np.round(np.arange(0.3, 0.96, 0.05), 2)
MANIFEST = workspace.BUNDLE / "bundle.toml"


def clip_scores(path: Path) -> tuple[float, float] | None:
    """A clip's score and the least confidence in a transcript of it."""
    *_, summary = lines = read_report(path)
    if not summary.get("sentiment"):
        return None
    confidences = [line["text"].get("confidence") or 0.0 for line in lines if line["kind"] == "utterance"]
    return summary["sentiment"]["mean"], min(confidences)


def main() -> None:
    options = workspace.parser(__doc__.splitlines()[0])
    options.add_argument("clips", type=Path)
    options.add_argument("reports", type=Path)
    options.add_argument("--write", action="store_true")
    arguments = options.parse_args()
    rows = []
    for table in sorted(arguments.clips.glob("*/labels.csv")):
        reports = arguments.reports / table.parent.name
        for label in csv.DictReader(table.open(newline="")):
            read = clip_scores(reports / "transcript" / f"{label['file']}.jsonl")
            simulated = clip_scores(reports / "simulated" / f"{label['file']}.jsonl")
            if read and simulated:
                rows.append((float(label["valence"]), read[0], read[1], simulated[0]))
    truth, read, confidence, simulated = np.array(rows).T
    errors = [np.abs(truth - np.where(confidence >= least, read, simulated)).mean() for least in CANDIDATES]
    for least, error in zip(CANDIDATES, errors):
        print(f"threshold {least:.2f}: MAE {error:.4f}, {np.mean(confidence >= least):.0%} transcribed")
    print(f"all transcribed: {np.abs(truth - read).mean():.4f}; all simulated: {np.abs(truth - simulated).mean():.4f}")
    best = float(CANDIDATES[int(np.argmin(errors))])
    print(f"best: {best:.2f}, on {len(rows)} clips")
    if arguments.write:
        text = MANIFEST.read_text()
        MANIFEST.write_text(re.sub(r"(?m)^threshold = .*$", f"threshold = {best:.2f}", text))


if __name__ == "__main__":
    main()
