"""How well the whole program does on labelled clips, from the reports that `undertone run` wrote of them.

    python score_reports.py CLIPS auto=REPORTS simulated=REPORTS none=REPORTS

CLIPS is a folder with labels.csv. A row of the table for each folder of reports: how many utterances went each way,
the word error rate of what Whisper heard (over all clips, trusted or not) and of what was trusted, and the error and
correlation of a clip's mean score with its valence. Where nothing was transcribed at all there is no word error rate;
of what was trusted there is none where nothing was. A clip without a report counts in no row but is named.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

from measures import word_errors


def read_report(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def score(clips: Path, reports: Path) -> dict:
    truth, mean = [], []
    ways = {"transcript": 0, "simulated": 0, "none": 0}
    errors, words, trusted_errors, trusted_words = 0, 0, 0, 0
    listened = False
    missing = []
    for label in csv.DictReader((clips / "labels.csv").open()):
        path = reports / f"{label['file']}.jsonl"
        if not path.exists():
            missing.append(label["file"])
            continue
        *_, summary = lines = read_report(path)
        utterances = [line for line in lines if line["kind"] == "utterance"]
        for utterance in utterances:
            ways[utterance["text"]["source"]] += 1
        heard = [u["text"]["transcript"] for u in utterances if u["text"].get("transcript") is not None]
        listened = listened or bool(heard)
        heard = " ".join(heard)
        wrong, said = word_errors(label["text"], heard), len(label["text"].split())
        errors, words = errors + wrong, words + said
        if utterances and all(u["text"]["source"] == "transcript" for u in utterances):
            trusted_errors, trusted_words = trusted_errors + wrong, trusted_words + said
        if summary.get("sentiment"):
            truth.append(float(label["valence"]))
            mean.append(summary["sentiment"]["mean"])
    truth, mean = np.array(truth), np.array(mean)
    return {
        "clips": len(truth),
        **ways,
        "wer": errors / max(words, 1) if listened else "",
        "trusted_wer": trusted_errors / trusted_words if trusted_words else "",
        "mae": float(np.abs(truth - mean).mean()),
        "corr": float(np.corrcoef(truth, mean)[0, 1]),
        "mae_of_mean": float(np.abs(truth - truth.mean()).mean()),
        "missing": missing,
    }


def main() -> None:
    clips = Path(sys.argv[1])
    columns = ["clips", "transcript", "simulated", "none", "wer", "trusted_wer", "mae", "corr", "mae_of_mean"]
    print("mode".ljust(12) + "".join(name.rjust(12) for name in columns))
    for argument in sys.argv[2:]:
        mode, _, reports = argument.partition("=")
        row = score(clips, Path(reports))
        cells = [f"{row[name]:.3f}" if isinstance(row[name], float) else str(row[name]) for name in columns]
        print(mode.ljust(12) + "".join(cell.rjust(12) for cell in cells))
        if row["missing"]:
            print(f"  without a report: {', '.join(row['missing'])}")


if __name__ == "__main__":
    main()
