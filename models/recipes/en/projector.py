"""Trains the projector: frames of Whisper's encoder become vectors that point at the language model's tokens.

The loss is CTC against the language model's own (normalised) token embeddings, with short vectors as blanks: vectors come to
point where the embeddings of the spoken words point, and to be short where nothing new is said.

WORK/projector/ENCODER-STACK/ holds the checkpoint, from which training goes on. `--minutes` ends it by the clock.
"""

import json
import math
import random
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import place
import sentences
from language import Language

LOG_EVERY, SAVE_EVERY = 25, 100
MASKS, MASK_POSITIONS = 2, 10
# Vectors shorter than this share of a token's are blanks.
LEAST_SHARE = 0.5
HELD_OUT = 150


class Projector(nn.Module):
    """norm, `stack` neighbouring frames, linear, GELU, linear: llama.cpp's projector of type glma."""

    def __init__(self, width, stack, hidden, out, dropout):
        super().__init__()
        self.stack = stack
        self.norm = nn.LayerNorm(width)
        self.first, self.second = nn.Linear(width * stack, hidden), nn.Linear(hidden, out)
        self.dropout = nn.Dropout(dropout)
        self.begin, self.end = nn.Parameter(torch.zeros(1, out)), nn.Parameter(torch.zeros(1, out))

    def forward(self, states):
        """`[batch, positions, width]` to `[batch, positions / stack, out]`."""
        batch, positions, width = states.shape
        frames = F.pad(self.norm(states), (0, 0, 0, -positions % self.stack)).reshape(batch, -1, width * self.stack)
        return self.second(self.dropout(F.gelu(self.first(self.dropout(frames)), approximate="tanh")))


class Letters(nn.Module):
    """The CTC output: which token a vector is nearest to; that it is none, its length says. Dropped at export.

    A blank is a short vector, so that whoever has the projector alone leaves blanks out by `least`.
    """

    def __init__(self, embeddings):
        super().__init__()
        self.register_buffer("embeddings", F.normalize(embeddings, dim=1), persistent=False)
        self.length = embeddings.norm(dim=1).mean().item()
        self.least = round(LEAST_SHARE * self.length)
        self.bias = nn.Parameter(torch.zeros(len(embeddings)))
        self.scale, self.sharpness = nn.Parameter(torch.tensor(2.5)), nn.Parameter(torch.tensor(2.5))

    def forward(self, vectors):
        """Logarithms of the probabilities of the blank and of each token."""
        with torch.autocast(vectors.device.type, dtype=torch.bfloat16):
            nearness = F.normalize(vectors, dim=-1) @ self.embeddings.T
        tokens = (nearness.float() * self.scale.exp() + self.bias).log_softmax(-1)
        spoken = (vectors.norm(dim=-1, keepdim=True) - self.least) / self.length * self.sharpness.exp()
        return torch.cat([F.logsigmoid(-spoken), F.logsigmoid(spoken) + tokens], -1)


@dataclass
class Item:
    states: torch.Tensor
    words: str
    tokens: list


class Material:
    """Shards of encode.py; those that are added later are taken up at the next pass."""

    def __init__(self, folder, language, stack):
        self.folder, self.language, self.stack = folder, language, stack
        self.seen, self.items, self.held_out = set(), [], []
        self.refresh()
        if not self.items:
            raise SystemExit(f"no states in {folder}: run encode.py first")

    def refresh(self):
        for path in sorted(self.folder.glob("*.pt")):
            if path in self.seen:
                continue
            self.seen.add(path)
            items = [Item(states, words, self.language.words(words)) for states, words in torch.load(path)]
            # CTC needs a frame for each token and one between equal ones.
            items = [item for item in items if 0 < len(item.tokens) < len(item.states) / self.stack - 1]
            if not self.held_out:
                self.held_out, items = items[:HELD_OUT], items[HELD_OUT:]
            known = {item.words for item in self.held_out}
            self.items.extend(item for item in items if item.words not in known)

    def batches(self, frames, rng):
        """Batches of about `frames` projected frames, padding included, of utterances of about one length."""
        while True:
            self.refresh()
            order = sorted(self.items, key=lambda item: len(item.states) * rng.uniform(0.85, 1.15))
            batches, batch, longest = [], [], 0
            for item in order:
                longest = max(longest, len(item.states))
                if batch and longest * (len(batch) + 1) > frames * self.stack:
                    batches.append(batch)
                    batch, longest = [], len(item.states)
                batch.append(item)
            rng.shuffle(batches)
            yield from batches


def padded(batch, rng, width):
    """`[batch, positions, width]` with a few stretches blanked, and the positions of each."""
    states = torch.zeros(len(batch), max(len(item.states) for item in batch), width)
    for row, item in zip(states, batch):
        row[:len(item.states)] = item.states.float()
        for _ in range(MASKS if rng else 0):
            start = rng.randint(0, max(0, len(item.states) - MASK_POSITIONS))
            row[start:start + rng.randint(0, MASK_POSITIONS)] = 0
    return states


def vocabulary(work, language):
    """Tokens of all that is spoken, also of what is not encoded yet: a checkpoint fits later material."""
    found = set()
    for table in ("projector.jsonl", "reviews.jsonl", "real.jsonl"):
        for line in (work / "speech" / table).read_text().splitlines() if (work / "speech" / table).exists() else ():
            found.update(language.words(sentences.letters(json.loads(line)["text"])))
    return sorted(found)


class Training:
    def __init__(self, options):
        torch.set_num_threads(options.threads)
        torch.manual_seed(1)
        self.options, self.rng = options, random.Random(1)
        self.language = Language(options.models / "gemma-3-270m", "gemma-3-270m-q4_k_m.gguf")
        self.material = Material(options.work / "states" / options.encoder, self.language, options.stack)
        self.folder = options.work / "projector" / f"{options.encoder}-{options.stack}"
        self.folder.mkdir(parents=True, exist_ok=True)
        checkpoint = self.folder / "checkpoint.pt"
        self.state = torch.load(checkpoint) if checkpoint.exists() else {}
        self.vocabulary = self.state.get("vocabulary") or vocabulary(options.work, self.language)
        self.index = {token: place for place, token in enumerate(self.vocabulary, 1)}
        self.frame_width = self.material.items[0].states.shape[1]
        self.projector = Projector(self.frame_width, options.stack, options.hidden, self.language.width, options.dropout)
        self.letters = Letters(self.language.embed(torch.tensor(self.vocabulary)).float())
        self.done = 0.0
        if self.state:
            self.projector.load_state_dict(self.state["projector"])
            self.letters.load_state_dict(self.state["letters"])
            self.done = self.state["done"]

    def loss(self, vectors, batch):
        lengths = torch.tensor([-(-len(item.states) // self.options.stack) for item in batch])
        known = [[self.index[token] for token in item.tokens if token in self.index] for item in batch]
        targets, sizes = torch.tensor(sum(known, [])), torch.tensor([len(one) for one in known])
        scores = self.letters(vectors).transpose(0, 1)
        return F.ctc_loss(scores, targets, lengths, sizes, reduction="sum", zero_infinity=True) / sizes.sum()

    def run(self, minutes, peak_rate=1.2e-3, frames=1200):
        if self.done >= 1:
            return
        if not self.state:
            self._rescale()
        self.projector.train()
        parameters = [*self.projector.parameters(), *self.letters.parameters()]
        optimizer = torch.optim.AdamW(parameters, peak_rate, betas=(0.9, 0.98), weight_decay=0.02)
        if self.state:
            optimizer.load_state_dict(self.state["optimizer"])
        step, started, before = 0, time.monotonic(), self.done
        for batch in self.material.batches(frames, self.rng):
            self.done = min(1.0, before + (time.monotonic() - started) / 60 / minutes)
            for group in optimizer.param_groups:
                group["lr"] = peak_rate * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * self.done))
            with torch.autocast("cpu", dtype=torch.bfloat16):
                vectors = self.projector(padded(batch, self.rng, self.frame_width)).float()
            loss = self.loss(vectors, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            step += 1
            if step % LOG_EVERY == 0:
                print(json.dumps({"step": step, "done": round(self.done, 3), "items": len(self.material.items),
                                  "seconds": round(time.monotonic() - started), "loss": round(loss.item(), 3)}), flush=True)
            if step % SAVE_EVERY == 0 or self.done >= 1:
                self._save(optimizer)
            if self.done >= 1:
                return

    def _rescale(self):
        """Training begins with vectors that are as likely blanks as not."""
        with torch.no_grad():
            wanted = self.letters.least
            self.projector.eval()
            vectors = self.projector(padded(self.material.items[:64], None, self.frame_width))
            factor = wanted / vectors.norm(dim=-1).mean()
            self.projector.second.weight.mul_(factor)
            self.projector.second.bias.mul_(factor)
            self.projector.begin.normal_(0, wanted / math.sqrt(self.language.width))
            self.projector.end.normal_(0, wanted / math.sqrt(self.language.width))

    def _save(self, optimizer):
        options = {name: getattr(self.options, name) for name in ("encoder", "stack", "hidden")}
        state = {"projector": self.projector.state_dict(), "letters": self.letters.state_dict(), "done": self.done,
                 "blank_below": self.letters.least, "length": self.letters.length, "optimizer": optimizer.state_dict(),
                 "options": options, "vocabulary": self.vocabulary}
        partial = self.folder / "checkpoint.part"
        torch.save(state, partial)
        partial.rename(self.folder / "checkpoint.pt")


def main():
    options = place.parser(__doc__)
    options.add_argument("--encoder", default="whisper-base", choices=["whisper-base", "whisper-tiny.en"])
    options.add_argument("--stack", type=int, default=5)
    options.add_argument("--hidden", type=int, default=1536)
    options.add_argument("--dropout", type=float, default=0.1)
    options.add_argument("--minutes", type=float, default=50)
    options.add_argument("--threads", type=int, default=2)
    options = options.parse_args()
    Training(options).run(options.minutes)


if __name__ == "__main__":
    main()
