"""Whisper's states of the projector's sentences, disturbed, several to a window of 30 s.

WORK/states/ENCODER/ORIGIN-PASS-NNN.pt holds the utterances of 40 windows: states `[positions, width]` (f16) and words. The
origin is `made` (voices of programs), `reviews` (the same, of VADER's) or `real` (people, real_speech.py). Every pass disturbs anew, and those after the first
play each utterance faster or slower, which is another voice. Goes on where it stopped.
"""

import json
import random
import time
from itertools import islice

import numpy as np
import torch

import disturb
import place
import sentences
from whisper_encoder import FRAME_SAMPLES, RATE_HZ, WINDOW_SAMPLES, Encoder

ORIGINS = {"made": "projector.jsonl", "reviews": "reviews.jsonl", "real": "real.jsonl"}
WINDOWS_PER_SHARD = 40
GAP_S = (0.3, 0.9)
SPEEDS = (0.87, 1.15)
# What follows an utterance belongs to it, as far as the program reads on: one frame of the projector.
TAIL_POSITIONS = 5


def batched(items, size):
    """Lists of `size` items, the last one shorter."""
    items = iter(items)
    while group := list(islice(items, size)):
        yield group


def spoken(work, origin):
    """(path, words) of everything of an origin that the projector learns from."""
    table = work / "speech" / ORIGINS[origin]
    lines = [json.loads(line) for line in table.read_text().splitlines()]
    return [(work / "speech" / line["file"], sentences.letters(line["text"])) for line in lines]


def windows(utterances, seed):
    """Utterances packed into windows: lists of (samples, words, first sample)."""
    rng = random.Random(seed)
    order = utterances[:]
    rng.shuffle(order)
    window, start = [], 0
    for path, words in order:
        samples = disturb.read(path)[:WINDOW_SAMPLES]
        if seed > 0:
            samples = disturb.at_speed(samples, rng.uniform(*SPEEDS))[:WINDOW_SAMPLES]
        if start + len(samples) > WINDOW_SAMPLES:
            yield window
            window, start = [], 0
        window.append((samples, words, start))
        start += len(samples) + int(rng.uniform(*GAP_S) * RATE_HZ)
        start += -start % FRAME_SAMPLES
    yield window


def encode(encoder, disturber, window, rng):
    sound = np.zeros(WINDOW_SAMPLES, np.float32)
    for samples, _, start in window:
        sound[start:start + len(samples)] = disturber(samples, rng)
    # Twice as fast, and 2 % from what f32 gives: less than a little noise.
    with torch.autocast("cpu", dtype=torch.bfloat16):
        states = encoder(torch.from_numpy(sound)).half()
    for samples, words, start in window:
        first = start // FRAME_SAMPLES
        last = first + -(-len(samples) // FRAME_SAMPLES) + TAIL_POSITIONS
        yield states[first:last].clone(), words


def main():
    options = place.parser(__doc__)
    options.add_argument("--encoder", default="whisper-base", choices=["whisper-base", "whisper-tiny.en"])
    options.add_argument("--origin", default="made", choices=list(ORIGINS))
    options.add_argument("--passes", type=int, nargs="+", default=[0, 1], help="which passes to make")
    options.add_argument("--shards", type=int, default=None, help="stop after so many shards of each pass")
    options.add_argument("--threads", type=int, default=2)
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    folder = options.work / "states" / options.encoder
    folder.mkdir(parents=True, exist_ok=True)
    utterances, encoder = spoken(options.work, options.origin), Encoder.read(options.models / options.encoder)
    disturber = disturb.Disturber(options.data / "noise", [path for path, _ in utterances[:200]], seed=1)
    started = time.monotonic()
    for number in options.passes:
        for index, group in enumerate(batched(windows(utterances, seed=number), WINDOWS_PER_SHARD)):
            out = folder / f"{options.origin}-{number}-{index:03}.pt"
            if out.exists():
                continue
            if index == options.shards:
                break
            rng = np.random.default_rng([number, index])
            shard = [one for window in group for one in encode(encoder, disturber, window, rng)]
            torch.save(shard, out.with_suffix(".part"))
            out.with_suffix(".part").rename(out)
            print(f"{out.name}: {len(shard)} utterances, {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
