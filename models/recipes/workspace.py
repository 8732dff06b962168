"""Where the recipes keep what they make on the way (speech, checkpoints): never inside the repository."""

import argparse
import os
from pathlib import Path

# Small matrices: a second BLAS thread costs more than it brings. Has to be set before NumPy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

DEFAULT = "~/.cache/undertone/recipes"
BUNDLE = Path(__file__).resolve().parents[1] / "demo"
PROGRAM = BUNDLE.parents[1] / "target" / "release" / "undertone"


def parser(description):
    """An argument parser with the options that every recipe has."""
    options = argparse.ArgumentParser(description=description)
    default = os.environ.get("UNDERTONE_WORK", DEFAULT)
    options.add_argument("--work", type=lambda text: Path(text).expanduser(), default=Path(default).expanduser(),
                         help=f"working folder (UNDERTONE_WORK, else {DEFAULT})")
    return options
