#!/usr/bin/env python3
"""Runs the examples of docs/training.md that hand the epochs of a training to MLflow and TensorBoard, and
reads back what these have. Arguments: the manual; a folder with `work/network` in it."""

import csv
import math
import os
import re
import sys
from pathlib import Path

MANUAL, FOLDER = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
# Files in the folder, and nothing on any server. The small MLflow has no database, and keeps files only
# when told that this is meant.
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_TRACKING_URI"] = (FOLDER / "mlruns").resolve().as_uri()
os.chdir(FOLDER)

import mlflow  # noqa: E402
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402


def example(about):
    blocks = re.findall(r"```python\n(.*?)```", MANUAL.read_text(), re.DOTALL)
    (block,) = [block for block in blocks if about in block]
    return compile(block, f"{MANUAL.name}: {about}", "exec")


def expected():
    """{name: [(step, value)]}"""
    found = {}
    with open("work/network/metrics.csv") as file:
        for row in csv.DictReader(file):
            step = int(row.pop("epoch"))
            for name, value in row.items():
                if value:
                    found.setdefault(name, []).append((step, float(value)))
    if "validation/complete/mae" not in found:
        sys.exit(f"metrics.csv has no validation/complete/mae: {sorted(found)}")
    return found


def compare(program, got, want, tolerance):
    for name, values in want.items():
        has = got(name)
        same = len(has) == len(values) and all(
            step == other and math.isclose(value, given, rel_tol=tolerance, abs_tol=tolerance)
            for (step, value), (other, given) in zip(values, has)
        )
        if not same:
            sys.exit(f"{program}: {name} is {has}, expected {values}")
    print(f"{program}: {len(want)} metrics of {max(map(len, want.values()))} epochs")


def main():
    want = expected()
    exec(example("mlflow"), {})
    client = mlflow.MlflowClient()
    (run,) = client.search_runs(["0"])
    history = lambda name: [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, name)]
    compare("MLflow", history, want, 1e-12)

    exec(example("tensorboardX"), {})
    events = EventAccumulator("runs/work/network").Reload()
    # Event files hold single precision.
    compare("TensorBoard", lambda name: [(one.step, one.value) for one in events.Scalars(name)], want, 1e-6)


main()
