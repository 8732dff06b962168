"""Word error rates of the projector.

On sentences that voices of programs speak which no training heard (speech/valid.jsonl), and on people's speech
(LibriSpeech test-other), each alone in a window as in the program.
"""

import json
import re

import torch

import disturb
import place
import sentences
from language import Language
from projector import Letters, Projector
from whisper_encoder import FRAME_SAMPLES, Encoder

TAIL_POSITIONS = 5


def errors(said, heard):
    """Word errors of one utterance."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        before, row[0] = row[:], i
        for j, other in enumerate(heard, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (word != other))
    return row[-1]


class Hearer:
    def __init__(self, options):
        state = torch.load(options.work / "projector" / options.checkpoint / "checkpoint.pt")
        stack, weights = state["options"]["stack"], state["projector"]
        self.language = Language(options.models / "gemma-3-270m", "gemma-3-270m-q4_k_m.gguf")
        hidden, width = weights["first.weight"].shape[0], weights["norm.weight"].shape[0]
        self.projector = Projector(width, stack, hidden, self.language.width, 0.0).eval()
        self.projector.load_state_dict(weights)
        self.vocabulary = state["vocabulary"]
        self.letters = Letters(self.language.embed(torch.tensor(self.vocabulary)).float())
        self.letters.load_state_dict(state["letters"])
        self.encoder = Encoder.read(options.models / state["options"]["encoder"])
        self.encoder.change(state.get("changes", {}))

    @torch.inference_mode()
    def vectors(self, samples):
        last = -(-len(samples) // FRAME_SAMPLES) + TAIL_POSITIONS
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.encoder(torch.from_numpy(samples))[:last].float()
        return self.projector(states[None])[0]

    @torch.inference_mode()
    def words(self, vectors):
        best = self.letters(vectors).argmax(-1).tolist()
        kept = [self.vocabulary[at - 1] for i, at in enumerate(best) if at and (i == 0 or best[i - 1] != at)]
        return self.language.text(kept)


def sets(options):
    for line in list(map(json.loads, (options.work / "speech" / "valid.jsonl").read_text().splitlines()))[:options.count]:
        yield "held-out voices", options.work / "speech" / line["file"], line["text"]
    folder = options.data / "speech" / "librispeech"
    for line in (folder / "test-other.tsv").read_text().splitlines():
        name, words = re.split(r"\t", line, maxsplit=1)
        if (folder / f"{name}.flac").exists():
            yield "LibriSpeech test-other", folder / f"{name}.flac", words


def main():
    options = place.parser(__doc__)
    options.add_argument("--checkpoint", default="whisper-base-5")
    options.add_argument("--count", type=int, default=60)
    options.add_argument("--show", type=int, default=8)
    options.add_argument("--threads", type=int, default=1)
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    hearer, totals = Hearer(options), {}
    for name, path, words in sets(options):
        samples = disturb.read(path)
        if len(samples) > 15 * 16000:
            continue
        vectors, said = hearer.vectors(samples), sentences.letters(words).split()
        heard = hearer.words(vectors)
        total = totals.setdefault(name, [0, 0, 0])
        total[0] += errors(said, sentences.letters(heard).split())
        total[1] += len(said)
        total[2] += 1
        if total[2] <= options.show:
            print(" ".join(said), f"   heard: {heard}", sep="\n", flush=True)
    for name, (wrong, said, count) in totals.items():
        print(f"{name}, {count} utterances: word error rate {wrong / said:.3f}")


if __name__ == "__main__":
    main()
