#!/usr/bin/env python3
"""Recordings of tests/clips, damaged at random: each must become a report or a failure record.

    scripts/damaged_recordings.py make DIR [COUNT] [SEED]   (default 2000 files, seed 1)
    undertone run DIR --out REPORTS
    scripts/damaged_recordings.py check DIR REPORTS         counts outcomes; exit code 1 if one has none
"""

import collections
import json
import pathlib
import random
import sys

CLIPS = pathlib.Path(__file__).resolve().parent.parent / "tests" / "clips"


def damage(content, chance):
    """Bits flipped, bytes overwritten, stretches cut out, doubled, zeroed, or the end cut off."""
    content = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 30])):
        if not content:
            break
        # Half of the damage goes to the head, where the structure is.
        reach = len(content) if chance.random() < 0.5 else min(len(content), 2000)
        at = chance.randrange(reach)
        length = chance.choice([1, 4, 16, 200, 5000])
        match chance.randrange(6):
            case 0:
                content[at] ^= 1 << chance.randrange(8)
            case 1:
                content[at : at + length] = chance.randbytes(length)
            case 2:
                del content[at : at + length]
            case 3:
                content[at:at] = content[at : at + length]
            case 4:
                content[at : at + length] = bytes(length)
            case 5 if chance.random() < 0.3:
                del content[at:]
    return bytes(content)


def make(folder, count, seed):
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    clips = sorted(clip for clip in CLIPS.iterdir() if clip.suffix not in (".json", ".csv"))
    for number in range(count):
        clip = chance.choice(clips)
        path = folder / f"{number:05d}-{clip.stem}{clip.suffix}"
        path.write_bytes(damage(clip.read_bytes(), chance))


def check(folder, reports):
    outcomes = collections.Counter()
    for recording in sorted(folder.iterdir()):
        report = reports / f"{recording.name}.jsonl"
        failure = reports / f"{recording.name}.failed.json"
        if report.exists():
            first = json.loads(report.read_text().splitlines()[0])
            whole = "whole" if not first.get("media", {}).get("truncated") else "breaks off"
            outcomes[f"report, {whole}"] += 1
        elif failure.exists():
            record = json.loads(failure.read_text())
            kind = "worker ended" if record["quarantined"] else record["cause"]
            outcomes[f"failure, {kind}"] += 1
            if kind != "content":
                print(recording.name, record["error"])
        else:
            outcomes["nothing"] += 1
            print(recording.name, "has neither report nor failure record")
    print(*(f"{count:5} {outcome}" for outcome, count in outcomes.most_common()), sep="\n")
    return 1 if outcomes["nothing"] else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder, *numbers]:
            count, seed = [*map(int, numbers), *[2000, 1][len(numbers) :]]
            make(pathlib.Path(folder), count, seed)
        case ["check", folder, reports]:
            sys.exit(check(pathlib.Path(folder), pathlib.Path(reports)))
        case _:
            sys.exit(__doc__)
