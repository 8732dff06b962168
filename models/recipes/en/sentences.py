"""The sentences that are spoken: pieces for the projector, whole ones for the fusion network, others to measure on.

Three parts of CMU-MOSEI, none of which has a sentence of another: the projector hears pieces of the first, the network is
taught with whole sentences of the second (of which the projector knows nothing, as of a user's), and figures are of
the validation split.
"""

import csv
import hashlib
import random
import re
from dataclasses import dataclass

LONGEST_WORDS = 30
PIECE_WORDS = (3, 22)


@dataclass(frozen=True)
class Sentence:
    """`part` is projector, network or valid; `key` names it for good."""

    part: str
    key: str
    text: str
    label: float
    video: str


def speakable(text):
    """Without marks of the transcribers such as (uhh), and without what no voice can read."""
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", text)
    text = re.sub(r"[^A-Za-z0-9' ,.?!]", " ", text)
    return re.sub(r"\s+", " ", text).strip()


def letters(text):
    """The words alone, in lower case: what the projector is taught to hear."""
    return " ".join(re.sub(r"[^a-z0-9' ]", " ", text.lower()).split())


def _part(row):
    if row["mode"] != "train":
        return row["mode"]
    # By video, so that a speaker's sentences stay together.
    return "network" if hashlib.sha256(row["video_id"].encode()).digest()[0] % 4 == 0 else "projector"


def read(table, sizes, seed=1):
    """`sizes` sentences of each part, in an order that does not depend on the sizes."""
    rng, found = random.Random(seed), {part: [] for part in sizes}
    with open(table, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            part, text = _part(row), speakable(row["text"])
            words = text.split()
            if part == "projector" and len(words) > PIECE_WORDS[0]:
                length = rng.randint(*PIECE_WORDS)
                start = rng.randint(0, max(0, len(words) - length))
                text = " ".join(words[start:start + length])
            elif part == "projector" or not 2 <= len(words) <= LONGEST_WORDS:
                continue
            if part in found and letters(text):
                key = f"{row['video_id']}$_${row['clip_id']}"
                found[part].append(Sentence(part, key, text, float(row["label"]), row["video_id"]))
    for part in found.values():
        rng.shuffle(part)
    return [sentence for part, size in sizes.items() for sentence in found[part][:size]]
