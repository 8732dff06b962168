"""The noise sweep: the same clips at several noise levels through the whole program, in three text modes.

    python sweep.py CLIPS --out REPORTS

CLIPS holds a folder of labelled clips for each level (`inf`, `20` … in dB; clips.py --snr-db makes them). Writes
`sweep.csv` beside the bundle's models, a line for each level and mode: how utterances got their text, word error rate
of what Whisper heard, and the error and correlation of the clips' scores. `draw_sweep.py` makes the picture of it.
"""

import csv
import subprocess
from pathlib import Path

import workspace
from score_reports import score

MODES = ("auto", "transcript", "simulated")
TABLE = workspace.BUNDLE / "sweep.csv"
COLUMNS = ["snr_db", "mode", "clips", "transcript", "simulated", "none", "wer", "mae", "corr", "mae_of_mean"]


def run(program: Path, clips: Path, mode: str, reports: Path) -> None:
    """Scores a folder; exit status 1 says that single recordings failed, which `score` names."""
    command = [program, "run", clips, "--out", reports, "--force", "--set", f"bundle={workspace.BUNDLE}",
               "--set", f"text.mode={mode}"]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(map(str, command))} ended with status {ended.returncode}:\n{ended.stderr}")


def main() -> None:
    options = workspace.parser(__doc__.splitlines()[0])
    options.add_argument("clips", type=Path)
    options.add_argument("--out", type=Path, required=True, help="folder for the reports")
    options.add_argument("--program", type=Path, default=workspace.PROGRAM)
    arguments = options.parse_args()
    levels = sorted((float(folder.name) for folder in arguments.clips.iterdir()), reverse=True)
    rows = []
    for level in levels:
        clips = arguments.clips / f"{level:g}"
        for mode in MODES:
            reports = arguments.out / clips.name / mode
            run(arguments.program, clips, mode, reports)
            row = score(clips, reports)
            if row["missing"]:
                raise SystemExit(f"{clips}: without a report in mode {mode}: {', '.join(row['missing'])}")
            row |= {"snr_db": f"{level:g}", "mode": mode}
            rows.append({name: round(row[name], 3) if isinstance(row[name], float) else row[name] for name in COLUMNS})
            print(rows[-1], flush=True)
    with TABLE.open("w", newline="") as table:
        writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
