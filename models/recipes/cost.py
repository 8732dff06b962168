"""What the program costs with this bundle: seconds to load it, and CPU seconds per four seconds of speech.

    python cost.py CLIPS

Runs it on one clip and on all clips of a folder, in each text mode; the difference is what the other clips cost, so
that loading does not count. CPU time is that of all threads together.
"""

import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import workspace
from score_reports import read_report

UTTERANCE_S = 4.0


def run(program: Path, clips: list[Path], mode: str, reports: Path) -> tuple[float, float, list[dict]]:
    """Wall and CPU seconds of the program, and the reports' summaries."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([program, "run", *clips, "--out", reports, "--force", "--set", f"bundle={workspace.BUNDLE}",
                    "--set", f"text.mode={mode}"], check=True, capture_output=True)
    wall_s, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall_s, cpu_s, [read_report(path)[-1] for path in sorted(reports.rglob("*.jsonl"))]


def main() -> None:
    options = workspace.parser(__doc__.splitlines()[0])
    options.add_argument("clips", type=Path)
    options.add_argument("--program", type=Path, default=workspace.PROGRAM)
    arguments = options.parse_args()
    clips = sorted(path for path in arguments.clips.iterdir() if path.suffix != ".csv")
    for mode in ("transcript", "simulated"):
        with tempfile.TemporaryDirectory() as folder:
            one_wall_s, one_cpu_s, [one] = run(arguments.program, clips[:1], mode, Path(folder) / "one")
            _, all_cpu_s, every = run(arguments.program, clips, mode, Path(folder) / "all")
        speech_s = sum(summary["scored_s"] for summary in every) - one["scored_s"]
        per_utterance_s = (all_cpu_s - one_cpu_s) / speech_s * UTTERANCE_S
        row = {"mode": mode, "clips": len(clips), "start_s": round(one_wall_s - sum(one["stage_s"].values()), 2),
               f"cpu_s_per_{UTTERANCE_S:g}_s": round(per_utterance_s, 3)}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
