"""VADER's rated reviews as a table of labelled texts, which anybody may use (MIT): the network of `en-small` learned from them.

    python reviews.py           WORK/reviews.csv: text, label, split, source
    undertone extract WORK/reviews.csv --label-range=-4..4 --set bundle=en-small --out WORK/features/reviews

10,605 sentences of movie reviews and 3,708 of Amazon's. Every tenth review is for validation.
"""

import csv
import hashlib

import place

FILES = {"movies": "vader-movie-reviews.tsv", "amazon": "vader-amazon-reviews.tsv"}
VALIDATION = 10


def rows(texts):
    for shop, name in FILES.items():
        for line in (texts / name).read_text(encoding="utf-8").splitlines():
            key, rating, text = line.split("\t", 2)
            # Amazon's keys are REVIEW_SENTENCE; of the movies, each sentence has one of its own.
            source = f"{shop}-{key.split('_')[0]}"
            is_held_out = int(hashlib.sha256(source.encode()).hexdigest(), 16) % VALIDATION == 0
            yield {"text": text, "label": rating, "split": "val" if is_held_out else "train", "source": source}


def main():
    options = place.parser(__doc__.splitlines()[0]).parse_args()
    path = options.work / "reviews.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ["text", "label", "split", "source"])
        table.writeheader()
        table.writerows(rows(options.data / "text"))
    print(path)


if __name__ == "__main__":
    main()
