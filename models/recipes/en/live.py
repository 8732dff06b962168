"""Trains the projector on a GPU, from what pack.py packed: every utterance is disturbed anew each time it is heard.

What encode.py does for a CPU once, and in files, is done here in memory for every batch: voices of other speeds and
throats, rooms, microphones, noise, Whisper's encoder. WORK/projector/NAME/checkpoint.pt is what projector.py writes.
`--rank` also trains changes of low rank to the encoder's own layers.
"""

import json
import math
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

import place
from live_sound import STACK, WINDOW_STEPS, Disturber, Speech, Windows, masked, read, sounds
from projector import Letters, Projector
from whisper_encoder import Encoder, mel

# Of the axis of frequency: throats of other lengths.
WARPS = (0.88, 1.14)
REPORT_SHARE = 0.1


class Change(nn.Module):
    """A change of low rank to the weights of a linear layer."""

    def __init__(self, weight, rank):
        super().__init__()
        rows, columns = weight.shape
        self.up = nn.Parameter(torch.zeros(rows, rank))
        self.down = nn.Parameter(torch.randn(rank, columns) / math.sqrt(columns))

    def forward(self):
        return self.up @ self.down


class Live:
    def __init__(self, options):
        torch.manual_seed(options.seed)
        self.options, self.device = options, torch.device(options.device)
        self.folder = options.work / "projector" / options.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rng, self.numbers = random.Random(options.seed), np.random.default_rng(options.seed)
        tensors = {name: tensor.to(self.device) for name, tensor in load_file(options.work / "pack" / "models.safetensors").items()}
        self.vocabulary = tensors["tokens"].tolist()
        self._load(tensors)
        self.speech = Speech(options.work / "pack", self.device)
        self.disturber = Disturber(read(options.work / "pack" / "noise.opus"), self.device)
        warps = [torch.from_numpy(mel.filters(warp)) for warp in np.linspace(*WARPS, 25)]
        self.warps = torch.stack(warps).to(self.device)
        self.learned, self.held_out = self.speech.learned(options.real_times)

    def _load(self, tensors):
        self.encoder = Encoder(under("encoder/", tensors))
        embeddings = tensors["embeddings"].float()
        self.projector = Projector(self.encoder.width, STACK, self.options.hidden, embeddings.shape[1], self.options.dropout)
        self.letters = Letters(embeddings)
        for module, prefix in ((self.projector, "projector/"), (self.letters, "letters/")):
            if begun := under(prefix, tensors):
                # Biases belong to a vocabulary.
                module.load_state_dict(begun, strict=module is self.projector)
            module.to(self.device)
        weights = self.encoder.weights
        layers = [name for name in weights if "linear_" in name and name.endswith("/weight")] if self.options.rank else []
        self.encoder.changes = {name.removesuffix("/weight"): Change(weights[name], self.options.rank) for name in layers}
        named = {name.replace("/", "-"): change for name, change in self.encoder.changes.items()}
        self.changes = nn.ModuleDict(named).to(self.device)

    def mels(self, batch, count, disturb):
        loudness = self.numbers.uniform(-3, 3, len(batch)) if disturb else np.zeros(len(batch))
        sound = sounds(self.speech, batch, count, loudness, self.device)
        if not disturb:
            return self.encoder.mels(sound / sound.abs().amax(1, keepdim=True).clamp(min=1e-6))
        warps = self.warps[torch.randint(len(self.warps), (count,), device=self.device)]
        return masked(self.encoder.mels(self.disturber(sound), warps))

    def vectors(self, mels):
        """`[windows, 300, out]`."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            with torch.set_grad_enabled(len(self.changes) > 0 and torch.is_grad_enabled()):
                states = self.encoder.states(mels)
            return self.projector(states.float()).float()

    def loss(self, vectors, batch):
        """CTC's, by token; in groups of utterances of about one length."""
        flat, total, tokens = vectors.flatten(0, 1), 0.0, 0
        ordered = sorted(batch, key=lambda one: one[3])
        groups = [ordered[i * len(ordered) // 4:(i + 1) * len(ordered) // 4] for i in range(4)]
        for group in filter(None, groups):
            longest = group[-1][3]
            first = torch.tensor([one[1] * WINDOW_STEPS + one[2] for one in group], device=self.device)
            steps = (first + torch.arange(longest, device=self.device)[:, None]).clamp(max=len(flat) - 1)
            targets = [self.speech.tokens[one[0]] for one in group]
            sizes = torch.tensor([len(target) for target in targets], device=self.device)
            lengths = torch.tensor([one[3] for one in group], device=self.device)
            total = total + F.ctc_loss(self.letters(flat[steps]), torch.tensor(sum(targets, []), device=self.device), lengths,
                                       sizes, reduction="sum", zero_infinity=True)
            tokens += sum(map(len, targets))
        return total / tokens

    @torch.no_grad()
    def errors(self, disturb):
        """Errors by token of what is held out, each alone in its window, with the best token at each step."""
        self.projector.eval()
        with torch.random.fork_rng():
            torch.manual_seed(5)
            shares = {name: self._errors(places, disturb) for name, places in self.held_out.items()}
        self.projector.train()
        return shares

    def _errors(self, places, disturb):
        wrong = said = 0
        for utterance, heard in self.hear(places, disturb):
            wrong += distance(self.speech.tokens[utterance], heard)
            said += len(self.speech.tokens[utterance])
        return round(wrong / said, 3)

    @torch.no_grad()
    def hear(self, places, disturb):
        """(utterance, the best token of each step without blanks and repetitions) of utterances, each alone in its window."""
        for batch in Windows(self.speech, self.rng, alone=True).batches(places, self.options.windows):
            best = self.letters(self.vectors(self.mels(batch, self.options.windows, disturb))).argmax(-1).cpu().numpy()
            for utterance, window, _, steps, _ in batch:
                row = best[window][:steps].tolist()
                yield utterance, [token for i, token in enumerate(row) if token and (i == 0 or row[i - 1] != token)]

    def run(self):
        options, started, step = self.options, time.monotonic(), 0
        own = [*self.projector.parameters(), *self.letters.parameters()]
        optimizer = torch.optim.AdamW([{"params": own, "peak": options.rate},
                                       {"params": list(self.changes.parameters()), "peak": options.rate / 2}],
                                      betas=(0.9, 0.98), weight_decay=0.02)
        report = REPORT_SHARE
        for batch in self.endless():
            seconds = time.monotonic() - started
            done = min(1.0, seconds / 60 / options.minutes)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * min(1, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * done))
            loss = self.loss(self.vectors(self.mels(batch, options.windows, True)), batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_([*own, *self.changes.parameters()], 1.0)
            optimizer.step()
            step += 1
            if done >= report or done >= 1:
                report = done + REPORT_SHARE
                line = {"step": step, "done": round(done, 3), "seconds": round(seconds), "loss": round(loss.item(), 3)}
                print(json.dumps(line | {"clean": self.errors(False), "noisy": self.errors(True)}), flush=True)
                self.save(done)
            if done >= 1:
                return

    def endless(self):
        while True:
            yield from Windows(self.speech, self.rng).batches(self.learned, self.options.windows)

    def save(self, done):
        options = {"encoder": self.options.encoder, "stack": STACK, "hidden": self.options.hidden}
        letters = {name: tensor.cpu() for name, tensor in self.letters.state_dict().items()}
        state = {"projector": half(self.projector), "letters": letters, "changes": half(self.changes), "done": done,
                 "blank_below": self.letters.least, "length": self.letters.length, "options": options, "vocabulary": self.vocabulary}
        torch.save(state, self.folder / "checkpoint.part")
        (self.folder / "checkpoint.part").rename(self.folder / "checkpoint.pt")


def under(prefix, tensors):
    """Those whose names begin so, in single precision, without it."""
    return {name.removeprefix(prefix): tensor.float() for name, tensor in tensors.items() if name.startswith(prefix)}


def half(module):
    return {name: tensor.half().cpu() for name, tensor in module.state_dict().items()}


def distance(said, heard):
    row = list(range(len(heard) + 1))
    for i, token in enumerate(said, 1):
        before, row[0] = row[:], i
        for j, other in enumerate(heard, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (token != other))
    return row[-1]


def main():
    options = place.parser(__doc__)
    options.add_argument("--name", default="live")
    options.add_argument("--encoder", default="whisper-base", help="the one that was packed")
    options.add_argument("--hidden", type=int, default=1536)
    options.add_argument("--rank", type=int, default=0)
    options.add_argument("--dropout", type=float, default=0.1)
    options.add_argument("--rate", type=float, default=1.2e-3)
    options.add_argument("--windows", type=int, default=48)
    options.add_argument("--real-times", type=int, default=8)
    options.add_argument("--minutes", type=float, default=8)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--device", default="cuda")
    Live(options.parse_args()).run()


if __name__ == "__main__":
    main()
