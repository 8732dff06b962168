"""Where these recipes find what they need, and keep what they make: never inside the repository."""

import argparse
import os
from pathlib import Path

WORK = "~/.cache/undertone/recipes-en"
TEXTS = "~/.cache/undertone/texts"
MODELS = "~/.cache/undertone/sources"


def _folder(text):
    return Path(text).expanduser().resolve()


def parser(description):
    """An argument parser with the options that every recipe has."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--work", type=_folder, default=_folder(os.environ.get("UNDERTONE_WORK_EN", WORK)),
                         help=f"working folder (UNDERTONE_WORK_EN, else {WORK})")
    options.add_argument("--data", type=_folder, default=_folder(os.environ.get("UNDERTONE_TEXTS", TEXTS)),
                         help=f"folder with text/mosei-label.csv, noise/ and speech/librispeech-train/ (UNDERTONE_TEXTS, else {TEXTS})")
    options.add_argument("--models", type=_folder, default=_folder(os.environ.get("UNDERTONE_SOURCES", MODELS)),
                         help=f"what scripts/models-from-packages.sh fetched (UNDERTONE_SOURCES, else {MODELS})")
    return options


def write(path, text):
    """A whole file or none."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
