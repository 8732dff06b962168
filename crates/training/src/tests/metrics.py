"""The field's metrics of random and edge-case vectors, for metrics.rs.

    python crates/training/src/tests/metrics.py        (needs numpy and scikit-learn)

Says what MMSA's metricsTop says of a regression on MOSI or MOSEI, and of one on CH-SIMS where the
truth lies within -1 and 1, with numpy and scikit-learn as it does; NaN becomes null. Written to
metrics.json beside this script.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, f1_score


def classes(truth, predicted, limit):
    y, p = (np.round(np.clip(values, -limit, limit)) for values in (truth, predicted))
    return float(np.sum(y == p)) / len(truth)


def metrics(truth, predicted):
    has0 = truth >= 0, predicted >= 0
    kept = truth != 0
    non0 = truth[kept] > 0, predicted[kept] > 0
    some = kept.any()
    values = {
        "mae": float(np.mean(np.abs(predicted - truth))),
        "corr": float(np.corrcoef(predicted, truth)[0][1]),
        "acc7": classes(truth, predicted, 3.0),
        "acc5": classes(truth, predicted, 2.0),
        "acc2_has0": accuracy_score(*has0),
        "f1_has0": f1_score(*has0, average="weighted"),
        "acc2_non0": accuracy_score(*non0) if some else math.nan,
        "f1_non0": f1_score(*non0, average="weighted") if some else math.nan,
    }
    return {name: None if math.isnan(value) else float(value) for name, value in values.items()}


def sims(truth, predicted):
    """As MMSA's __eval_sims_regression."""
    if np.abs(truth).max() > 1:
        return None
    truth, predicted = np.clip(truth, -1.0, 1.0), np.clip(predicted, -1.0, 1.0)

    def classes_of(values, ends):
        found = values.copy()
        for number, (low, high) in enumerate(zip(ends, ends[1:])):
            found[np.logical_and(values > low, values <= high)] = number
        return found

    two, three, five = [-1.01, 0.0, 1.01], [-1.01, -0.1, 0.1, 1.01], [-1.01, -0.7, -0.1, 0.1, 0.7, 1.01]
    same = lambda ends: float(np.mean(classes_of(truth, ends) == classes_of(predicted, ends)))
    corr = float(np.corrcoef(predicted, truth)[0][1])
    return {
        "mae": float(np.mean(np.abs(predicted - truth))),
        "corr": None if math.isnan(corr) else corr,
        "acc2": same(two),
        "acc3": same(three),
        "acc5": same(five),
        "f1": float(f1_score(classes_of(truth, two), classes_of(predicted, two), average="weighted")),
    }


def cases():
    rng = np.random.default_rng(11)
    for size in (2, 17, 400):
        truth = rng.integers(-9, 10, size) / 3
        yield truth, truth + rng.normal(0, 1.2, size)
    grid = np.arange(-8, 9) / 2
    yield grid, grid[::-1]  # halves, beyond the limits, the wrong way round
    yield grid, np.zeros_like(grid)  # a constant prediction
    yield np.zeros(5), np.array([-1, -0.0, 0.0, 0.4, 2])  # nothing but neutral
    yield np.array([1.0, 2.0, 3.0]), np.array([0.5, 2.5, 1.5])  # one class only
    yield np.array([-1.0, 1.0, 0.0]), np.array([-0.5, -0.5, 0.5])
    yield np.array([1.5]), np.array([1.5])  # one utterance
    truth = rng.integers(-5, 6, 300) / 5  # CH-SIMS
    yield truth, truth + rng.normal(0, 0.4, 300)
    ends = np.array([-1, -0.7, -0.1, 0, 0.1, 0.7, 1])
    yield np.repeat(ends, 7), np.tile(ends, 7)  # at the ends of all classes
    yield np.array([-1.0, -0.2, 0.6]), np.array([-3.0, -2.0, 4.0])  # clipped
    yield np.array([0.4, 0.4]), np.array([0.3, -0.3])  # a constant truth


def main():
    warnings.simplefilter("ignore")
    out = []
    for truth, predicted in cases():
        truth, predicted = truth.astype(np.float32), predicted.astype(np.float32)
        out.append({"truth": truth.tolist(), "predicted": predicted.tolist(), **metrics(truth, predicted), "sims": sims(truth, predicted)})
    lines = ",\n".join(json.dumps(case) for case in out)
    Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
