"""Speaks the sentences: WORK/speech/PART/NNNNN.wav with a line each in WORK/speech/PART.jsonl. Goes on where it stopped."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import groupby

import place
import sentences
import voices

SIZES = {"projector": 12400, "network": 2400, "valid": 600, "test": 1200, "reviews": 14400}
# What is spoken by voices that no training hears.
HELD_OUT = ("valid", "test")


def _speak(job):
    index, sentence, folder = job
    out = folder / f"{index:05}.wav"
    if not out.exists():
        voices.speak(sentence.text, out, seed=f"{sentence.part} {index}", held_out=sentence.part in HELD_OUT)
    return asdict(sentence) | {"file": str(out.relative_to(folder.parent))}


def main():
    options = place.parser(__doc__).parse_args()
    wanted = sentences.read(options.data / "text", SIZES)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for part, of_part in groupby(wanted, key=lambda sentence: sentence.part):
            folder = options.work / "speech" / part
            folder.mkdir(parents=True, exist_ok=True)
            jobs = [(index, sentence, folder) for index, sentence in enumerate(of_part)]
            lines = []
            for line in pool.map(_speak, jobs):
                lines.append(json.dumps(line))
                if len(lines) % 500 == 0:
                    print(f"{part}: {len(lines)} of {len(jobs)} spoken", flush=True)
            place.write(folder.with_suffix(".jsonl"), "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
