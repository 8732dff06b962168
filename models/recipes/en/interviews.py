"""Twenty made interviews for docs/research.md: owners' reviews of a product, spoken by one voice each, some in noise.

    python interviews.py --out interviews     interviews/NAME.wav, and ratings.csv: what people said of each product

Texts and ratings are VADER's Amazon reviews (MIT); voices are those that no training heard.
"""

import argparse
import csv
import random
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import numpy as np
import soundfile

import clips
import disturb
import place
import sentences
import voices

COUNT, SENTENCES = 20, range(8, 15)
PAUSE_S = (0.6, 1.2)
NOISY_SHARE, SNR_DB = 0.4, 8.0


def products(texts):
    """(product, [(rating, sentence)]), the ratings from -3 to 3."""
    found = defaultdict(list)
    for line in (texts / "vader-amazon-reviews.tsv").read_text(encoding="utf-8").splitlines():
        key, rating, text = line.split("\t", 2)
        said = sentences.speakable(text)
        if len(said.split()) >= 3:
            found[key.split("_")[0]].append((0.75 * float(rating), said))
    return sorted((name, said) for name, said in found.items() if len(said) in SENTENCES)


def spread(found):
    """COUNT of them, evenly from the worst to the best rated."""
    ranked = sorted(found, key=lambda product: fmean(rating for rating, _ in product[1]))
    return [ranked[round(at)] for at in np.linspace(0, len(ranked) - 1, COUNT)]


def spoken(name, said, folder):
    """The sentences with pauses between them, by one voice."""
    rng, parts = np.random.default_rng(int(name)), []
    for text in said:
        # One seed, one voice.
        voices.speak(text, folder / "sentence.wav", seed=name, held_out=True)
        parts += [disturb.read(folder / "sentence.wav"), np.zeros(int(rng.uniform(*PAUSE_S) * disturb.RATE_HZ), np.float32)]
    return clips.surround(np.concatenate(parts), rng)


def main():
    options = place.parser(__doc__)
    options.add_argument("--out", type=Path, required=True)
    options = options.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    tap = disturb.read(options.data / "noise" / f"{clips.MEASURED_NOISE}.wav")
    rows = []
    for at, (name, said) in enumerate(spread(products(options.data / "text"))):
        wave = spoken(name, [text for _, text in said], options.out)
        noisy = random.Random(at).random() < NOISY_SHARE
        if noisy:
            wave = disturb.noise.mix(wave, np.resize(tap, len(wave)), SNR_DB)
        soundfile.write(options.out / f"product-{name}.wav", wave / max(1.0, np.abs(wave).max()), disturb.RATE_HZ, subtype="PCM_16")
        rows.append({"name": f"product-{name}.wav", "rating": round(fmean(rating for rating, _ in said), 3), "noisy": int(noisy)})
    (options.out / "sentence.wav").unlink()
    with open(options.out / "ratings.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    main()
