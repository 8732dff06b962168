"""What both trainings share: the schedule, checkpoints to go on from, and a log line now and then."""

import json
import math
import os
import time

import torch
import torch.nn.functional as F

CHECKPOINT_EVERY = 250
LOG_EVERY = 50
WARM_UP_STEPS = 200
GRADIENT_LIMIT = 1.0


def add_options(options, steps):
    options.add_argument("--steps", type=int, default=steps)
    options.add_argument("--minutes", type=float, default=None,
                         help="end the schedule after this time if the steps take longer (then not reproducible)")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--batch", type=int, default=16)


def ctc_per_letter(letters, lengths, batch):
    """CTC loss per letter of the batch. PyTorch's own mean divides by each text's length, which for an empty text
    is counted as 1: utterances to refuse would outweigh all the others."""
    total = F.ctc_loss(letters, batch["labels"], lengths, batch["label_lengths"], reduction="sum", zero_infinity=True)
    return total / batch["label_lengths"].sum().clamp_min(1)


class Trainer:
    """Runs AdamW with warm-up and cosine decay to zero; goes on from the last checkpoint."""

    def __init__(self, name, model, arguments, peak_rate):
        torch.set_num_threads(arguments.threads)
        self.folder = arguments.work / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.model, self.arguments, self.peak_rate = model, arguments, peak_rate
        decayed = [p for p in model.parameters() if p.ndim > 1]
        rest = [p for p in model.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=peak_rate, betas=(0.9, 0.98), fused=True)
        self.step, self.seconds = 0, 0.0
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, weights_only=True)
            model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.seconds = state["step"], state["seconds"]

    @property
    def checkpoint(self):
        return self.folder / "checkpoint.pt"

    @property
    def progress(self):
        by_steps = self.step / self.arguments.steps
        minutes = self.arguments.minutes
        return min(1.0, max(by_steps, self.seconds / 60 / minutes if minutes else 0.0))

    def run(self, stream, losses):
        """`losses(batch, step)` gives the total and a dict of its parts."""
        while self.progress < 1.0:
            started = time.monotonic()
            warm_up = min(1.0, (self.step + 1) / WARM_UP_STEPS)
            rate = self.peak_rate * warm_up * 0.5 * (1 + math.cos(math.pi * self.progress))
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            # bfloat16 matrix products are several times faster on CPUs that have them; weights stay in float32.
            with torch.autocast("cpu", dtype=torch.bfloat16):
                total, parts = losses(next(stream), self.step)
            self.optimizer.zero_grad(set_to_none=True)
            total.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), GRADIENT_LIMIT)
            self.optimizer.step()
            self.step += 1
            self.seconds += time.monotonic() - started
            self._record(parts, rate)
        self._save()

    def _record(self, parts, rate):
        if self.step % LOG_EVERY == 0:
            line = {"step": self.step, "seconds": round(self.seconds), "progress": round(self.progress, 4)}
            line["rate"] = rate
            line |= {name: round(value.item(), 4) for name, value in parts.items()}
            print(json.dumps(line), flush=True)
        if self.step % CHECKPOINT_EVERY == 0:
            self._save()

    def _save(self):
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
                 "step": self.step, "seconds": self.seconds}
        partial = self.checkpoint.with_suffix(".part")
        torch.save(state, partial)
        os.replace(partial, self.checkpoint)
