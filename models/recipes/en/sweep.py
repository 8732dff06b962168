"""The noise sweep of `en`: how far scores are from those of the true words, for each source of text.

    python sweep.py WORK/clips/voices --bundle BUNDLE --out WORK/sweep/voices
    python sweep.py WORK/clips/librispeech --bundle BUNDLE --out WORK/sweep/librispeech

The folder holds a folder of clips for each level (clips.py sweep). Each is scored twice, from transcripts alone and from
simulated text alone; `auto` is the one or the other by the gate of the reports. Writes sweep.csv (a line for each level and
source) and utterances.csv (a line for each clip). With labels also the error against them. Prints how far `auto` would be with
other thresholds: choose one on clips that are not those it is measured on.
"""

import argparse
import csv
import json
import subprocess
from pathlib import Path

import numpy as np

PROGRAM = Path(__file__).resolve().parents[3] / "target" / "release" / "undertone"
# A clip is one utterance, as long as it is.
WHOLE = ["utterances.pause_s=5", "utterances.max_s=30"]
LEVELS = ("clean", "20dB", "10dB", "5dB", "0dB", "-5dB")
THRESHOLDS = np.arange(0, 1.05, 0.05)


def run(*command):
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if ended.returncode not in (0, 1):
        raise SystemExit(f"{command} ended with {ended.returncode}:\n{ended.stderr}")


def labels(folder):
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def true_scores(options, rows):
    """The complete flow's score of the true words, by file."""
    table = options.out / "words.csv"
    options.out.mkdir(parents=True, exist_ok=True)
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label", "split", "source"])
        writer.writerows([name, row["text"], row["label"], "test", row["source"]] for name, row in rows.items())
    # Features of another bundle are refused.
    run(options.program, "extract", table, "--out", options.out / "features", "--set", f"bundle={options.bundle}")
    run(options.program, "eval", options.out / "features", "--network", options.bundle, "--protocol", "complete",
        "--out", options.out / "words")
    with open(options.out / "words" / "predictions.csv", newline="", encoding="utf-8") as file:
        return {row["id"]: float(row["complete"]) for row in csv.DictReader(file)}


def reports(options, level, mode):
    """By file: its score and the confidence in its transcript; a clip without a score is left out."""
    out = options.out / level / mode
    settings = [f"bundle={options.bundle}", f"text.mode={mode}", *WHOLE]
    run(options.program, "run", options.clips / level, "--out", out, *[part for one in settings for part in ("--set", one)])
    scores = {}
    for path in out.glob("*.jsonl"):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        spoken = [line for line in lines if line["kind"] == "utterance" and line["sentiment"] is not None]
        if spoken:
            seconds = [line["end_s"] - line["start_s"] for line in spoken]
            confidence = min(line["text"].get("confidence") or 0 for line in spoken)
            scores[path.name.removesuffix(".jsonl")] = (
                float(np.average([line["sentiment"]["score"] for line in spoken], weights=seconds)), confidence, spoken[0]["text"]["gate"])
    return scores


def figures(level, source, scores, true, rows, simulated):
    files = [name for name in scores if name in true]
    ours, theirs = (np.array([of[name] for name in files]) for of in (scores, true))
    said = np.array([float(rows[name]["label"]) for name in files])
    line = {"level": level, "source": source, "clips": len(files), "simulated": round(simulated, 3),
            "distance": round(float(np.abs(ours - theirs).mean()), 3), "corr": round(float(np.corrcoef(ours, theirs)[0, 1]), 3)}
    if said.any():
        line |= {"mae": round(float(np.abs(ours - said).mean()), 3), "mae_true_words": round(float(np.abs(theirs - said).mean()), 3)}
    return line


def by_threshold(utterances):
    """(threshold, distance) over all levels."""
    confidence, heard, simulated, true = np.array([line[2:6] for line in utterances], float).T
    for threshold in THRESHOLDS:
        yield threshold, np.abs(np.where(confidence >= threshold, heard, simulated) - true).mean()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("clips", type=Path)
    options.add_argument("--bundle", required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--levels", nargs="+", default=LEVELS)
    options.add_argument("--program", type=Path, default=PROGRAM)
    options = options.parse_args()
    rows = labels(options.clips / options.levels[0])
    true, lines, utterances = true_scores(options, rows), [], []
    for level in options.levels:
        heard, simulated = (reports(options, level, mode) for mode in ("transcript", "simulated"))
        # A clip in which no voice was found has no score: it is that of nothing, 0.
        heard_scores = {name: heard[name][0] if name in heard else 0.0 for name in rows}
        simulated_scores = {name: simulated[name][0] if name in simulated else 0.0 for name in rows}
        trusted = {name: name in heard and heard[name][1] >= heard[name][2] for name in rows}
        auto = {name: heard_scores[name] if trusted[name] else simulated_scores[name] for name in rows}
        share = 1 - sum(trusted.values()) / len(rows)
        for source, scores, part in (("auto", auto, share), ("transcript", heard_scores, 0.0), ("simulated", simulated_scores, 1.0)):
            lines.append(figures(level, source, scores, true, rows, part))
            print(lines[-1], flush=True)
        utterances += [[level, name, heard[name][1] if name in heard else 0.0, heard_scores[name], simulated_scores[name], true[name],
                        rows[name]["label"]] for name in rows]
    print(" ".join(f"{threshold:.2f}: {distance:.4f}" for threshold, distance in by_threshold(utterances)))
    with open(options.out / "sweep.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(dict.fromkeys(key for line in lines for key in line)))
        table.writeheader()
        table.writerows(lines)
    with open(options.out / "utterances.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["level", "file", "confidence", "transcript", "simulated", "true_words", "label"])
        writer.writerows(utterances)


if __name__ == "__main__":
    main()
