"""The sentences that are spoken: pieces for the projector, whole ones for the fusion network, others to measure on.

Four parts of CMU-MOSEI, none of which has a sentence of another: the projector hears pieces of the first, the network is
taught with whole sentences of the second (of which the projector knows nothing, as of a user's), epochs and intervals are
chosen on the validation split, and figures are of the test split. The projector hears pieces of VADER's reviews too.
"""

import csv
import hashlib
import random
import re
from dataclasses import dataclass

LONGEST_WORDS = 30
PIECE_WORDS = (3, 22)
# What the projector learns from, and hears in pieces.
HEARD = ("projector", "reviews")


@dataclass(frozen=True)
class Sentence:
    """`part` is projector, reviews, network, valid or test; `key` names it for good; `label` is -3 to 3, VADER's too."""

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


def _mosei(texts):
    """(part, key, text, label, video) of every sentence."""
    with open(texts / "mosei-label.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = f"{row['video_id']}$_${row['clip_id']}"
            yield _part(row), key, row["text"], float(row["label"]), row["video_id"]


def _reviews(texts):
    for name in ("vader-movie-reviews.tsv", "vader-amazon-reviews.tsv"):
        for line in (texts / name).read_text(encoding="utf-8").splitlines():
            key, rating, text = line.split("\t", 2)
            # VADER's raters gave -4 to 4.
            yield "reviews", f"{name} {key}", text, 0.75 * float(rating), key.split("_")[0]


def _piece(words, rng):
    length = rng.randint(*PIECE_WORDS)
    start = rng.randint(0, max(0, len(words) - length))
    return words[start:start + length]


def _read(rows, parts, seed):
    rng, found = random.Random(seed), {part: [] for part in parts}
    for part, key, text, label, video in rows:
        words = speakable(text).split()
        if part in HEARD and len(words) > PIECE_WORDS[0]:
            words = _piece(words, rng)
        elif part in HEARD or not 2 <= len(words) <= LONGEST_WORDS:
            continue
        text = " ".join(words)
        if part in found and letters(text):
            found[part].append(Sentence(part, key, text, label, video))
    for part in found.values():
        rng.shuffle(part)
    return found


def read(texts, sizes, seed=1):
    """`sizes` sentences of each part, from a folder of texts, in an order that does not depend on the sizes."""
    found = _read(_mosei(texts), ("projector", "network", "valid", "test"), seed) | _read(_reviews(texts), ("reviews",), seed)
    return [sentence for part, size in sizes.items() for sentence in found[part][:size]]
