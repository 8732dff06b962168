"""Trains the projector on a GPU, from what pack.py packed: every utterance is disturbed anew each time it is heard.

What encode.py does for a CPU once, and in files, is done here in memory for every batch: voices of other speeds and
throats, rooms, microphones, noise, Whisper's encoder. WORK/projector/NAME/checkpoint.pt is what projector.py writes.
`--rank` also trains changes of low rank to the encoder's own layers.

At the end it listens, `--passes` times in other disturbances, to what only the network learns from and is measured on:
heard.jsonl beside the checkpoint has the tokens (simulated.py makes a table of texts of them).
"""

import json
import math
import random
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import soundfile
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

import place
from projector import Letters, Projector
from whisper_encoder import FRAME_SAMPLES, RATE_HZ, WINDOW_SAMPLES, Encoder, mel

STACK = 5
STEP_SAMPLES = STACK * FRAME_SAMPLES
WINDOW_STEPS = WINDOW_SAMPLES // STEP_SAMPLES
GAP_STEPS = (3, 10)
LONGEST_S = 14
SPEEDS, SPEED_SHARE = (0.82, 1.2), 0.7
WARPS = (0.88, 1.14)
CLEAN_SHARE, SNR_DB, BABBLE_SHARE = 0.3, (-4.0, 25.0), 0.15
ROOM_SHARE, ROOM_S, ROOM_STRENGTH = 0.4, (0.15, 0.7), (0.02, 0.15)
MICROPHONE_SHARE, MICROPHONE_DB, TELEPHONE_SHARE = 0.5, 5.0, 0.08
MASKED_MELS, MASKED_FRAMES, MASKS = 10, 14, 6
FFT = 1 << 19
HELD_OUT_REAL = 24


class Speech:
    """All utterances as one strip of samples on the GPU, and where each begins and ends."""

    def __init__(self, folder, device):
        lines = [json.loads(line) for line in (folder / "utterances.jsonl").read_text().splitlines()]
        names = sorted({line["file"] for line in lines})
        with ThreadPoolExecutor(16) as pool:
            files = list(pool.map(lambda name: read(folder / name), names))
        first = dict(zip(names, np.cumsum([0] + [len(samples) for samples in files])))
        self.samples = torch.from_numpy(np.concatenate([*files, np.zeros(4, np.int16)])).to(device)
        self.starts = np.array([first[line["file"]] + line["start"] for line in lines])
        self.lengths = np.array([line["samples"] for line in lines])
        self.tokens = [line["tokens"] for line in lines]
        self.origins = np.array([line["origin"] for line in lines])
        whole = np.concatenate(files)
        self.loudness = np.array([np.sqrt(np.mean(np.square(whole[start:start + length], dtype=np.float64)) + 1)
                                  for start, length in zip(self.starts, self.lengths)])

    def learned(self, real_times):
        """Places of what is learned from, people's speech several times; and of what is held out."""
        fit = [i for i in range(len(self.tokens)) if self._fits(i)]
        real = [i for i in fit if self.origins[i] == "real"]
        held = [i for i in fit if self.origins[i] == "valid"][:200]
        made = [i for i in fit if self.origins[i] == "made"]
        return made + real[HELD_OUT_REAL:] * real_times, {"valid": held, "real": real[:HELD_OUT_REAL]}

    def _fits(self, place):
        tokens, length = self.tokens[place], self.lengths[place]
        # CTC needs a step for each token and one between equal ones.
        return 0 < len(tokens) < length / STEP_SAMPLES / SPEEDS[1] - 1 and length < LONGEST_S * RATE_HZ


def read(path):
    decoded = path.with_suffix(".npy")
    if decoded.exists():
        return np.load(decoded)
    samples, rate = soundfile.read(path, dtype="int16")
    assert rate == RATE_HZ, f"{path}: {rate} Hz"
    return samples


class Windows:
    """Utterances one after another in windows of 30 s: of each its window, first step, steps, speed."""

    def __init__(self, speech, rng, alone=False):
        self.speech, self.rng, self.alone = speech, rng, alone

    def batches(self, places, count):
        """Lists of (place, window, first step, steps, speed) for `count` windows each."""
        batch, window, step = [], 0, 0
        for place_ in self.rng.sample(places, len(places)) if not self.alone else places:
            speed = self.rng.uniform(*SPEEDS) if not self.alone and self.rng.random() < SPEED_SHARE else 1.0
            length = int(self.speech.lengths[place_] / speed)
            # What follows an utterance belongs to it, as far as the program reads on.
            steps = -(-length // STEP_SAMPLES) + 1
            if step + steps > WINDOW_STEPS or (self.alone and step):
                window, step = window + 1, 0
                if window == count:
                    yield batch
                    batch, window = [], 0
            batch.append((place_, window, step, steps, speed))
            step += steps + (0 if self.alone else self.rng.randint(*GAP_STEPS))
        if batch:
            yield batch


def sounds(speech, batch, count, loudness_db, device):
    """`[count, 480000]`: the utterances at their speeds, each of unit power but for `loudness_db`; silence between."""
    places = np.array([one[0] for one in batch])
    windows, steps, speeds = (torch.tensor([one[i] for one in batch], device=device) for i in (1, 2, 4))
    lengths = torch.from_numpy(speech.lengths[places]).to(device)
    heard = (lengths / speeds).long()
    which = torch.repeat_interleave(torch.arange(len(batch), device=device), heard)
    within = torch.arange(len(which), device=device) - (heard.cumsum(0) - heard)[which]
    at = within * speeds[which]
    whole = at.long().clamp(max=(lengths - 2).clamp(min=0)[which])
    part = (at - whole).float()
    first = torch.from_numpy(speech.starts[places]).to(device)[which] + whole
    p, q, r, s = (speech.samples[(first + shift).clamp(min=0)].float() for shift in (-1, 0, 1, 2))
    # Catmull and Rom's spline through four samples.
    value = q + 0.5 * part * (r - p + part * (2 * p - 5 * q + 4 * r - s + part * (3 * (q - r) + s - p)))
    gain = torch.from_numpy(10 ** (loudness_db / 20) / speech.loudness[places]).float().to(device)
    strip = torch.zeros(count * WINDOW_SAMPLES, device=device)
    strip[windows[which] * WINDOW_SAMPLES + steps[which] * STEP_SAMPLES + within] = value * gain[which]
    return strip.view(count, WINDOW_SAMPLES)


class Disturber:
    """Rooms, microphones and noise for whole windows."""

    def __init__(self, noise, device):
        takes = torch.from_numpy(noise).to(device).float().view(-1, 20 * RATE_HZ)
        self.noise = takes / takes.square().mean(1, keepdim=True).sqrt()
        self.device = device
        self.hz = torch.linspace(0, RATE_HZ / 2, FFT // 2 + 1, device=device)

    def _chance(self, count, share):
        return (torch.rand(count, device=self.device) < share)[:, None]

    def _uniform(self, count, low, high):
        return torch.rand(count, 1, device=self.device) * (high - low) + low

    def _rooms(self, count):
        taps = int(ROOM_S[1] * RATE_HZ)
        time = torch.arange(taps, device=self.device) / RATE_HZ
        tail = torch.randn(count, taps, device=self.device) * torch.exp(-6.9 * time / self._uniform(count, *ROOM_S))
        tail = tail * self._uniform(count, *ROOM_STRENGTH) * self._chance(count, ROOM_SHARE)
        tail[:, 0] = 1
        return tail

    def _microphones(self, count):
        """Smooth curves over the logarithm of frequency; some of them telephones."""
        points = torch.randn(count, 1, 10, device=self.device) * MICROPHONE_DB * self._chance(count, MICROPHONE_SHARE)[:, None]
        octaves = (self.hz.clamp(min=40) / 40).log2() / math.log2(200)
        grid = torch.stack([octaves * 2 - 1, torch.zeros_like(octaves)], -1).expand(count, 1, -1, 2)
        curve = F.grid_sample(points[:, :, None], grid, mode="bilinear", padding_mode="border", align_corners=True)[:, 0, 0]
        outside = ((self.hz < 300) | (self.hz > 3400)).float() * -30
        return 10 ** ((curve + outside * self._chance(count, TELEPHONE_SHARE)) / 20)

    def _noise(self, sounds):
        count = len(sounds)
        which = torch.randint(len(self.noise), (count,), device=self.device)
        shift = torch.randint(self.noise.shape[1], (count, 1), device=self.device)
        at = (torch.arange(WINDOW_SAMPLES, device=self.device) + shift) % self.noise.shape[1]
        recorded = self.noise[which].gather(1, at)
        babble = sum(sounds.roll(shift, 0).roll(3000 * shift, 1) for shift in range(1, 6))
        return torch.where(self._chance(count, BABBLE_SHARE), babble, recorded)

    def __call__(self, sounds):
        count = len(sounds)
        spectrum = torch.fft.rfft(sounds, FFT) * torch.fft.rfft(self._rooms(count), FFT) * self._microphones(count)
        heard = torch.fft.irfft(spectrum, FFT)[:, :WINDOW_SAMPLES]
        noise = self._noise(sounds)
        spoken = (sounds != 0).float().mean(1, keepdim=True)
        power = heard.square().mean(1, keepdim=True) / spoken.clamp(min=0.01)
        wanted = power / 10 ** (self._uniform(count, *SNR_DB) / 10) * ~self._chance(count, CLEAN_SHARE)
        noisy = heard + noise * (wanted / (noise.square().mean(1, keepdim=True) + 1e-9)).sqrt()
        return noisy / noisy.abs().amax(1, keepdim=True).clamp(min=1e-6) * 10 ** (self._uniform(count, -18, 0) / 20)


def masked(mels):
    """A few bands and moments of each window without their content."""
    count, bands, frames = mels.shape
    low = mels.amin((1, 2), keepdim=True)
    band, frame = torch.arange(bands, device=mels.device), torch.arange(frames, device=mels.device)
    hidden = torch.zeros_like(mels, dtype=torch.bool)
    for along, width, times in ((band[:, None], MASKED_MELS, 2), (frame[None, :], MASKED_FRAMES, MASKS)):
        size = along.numel()
        for _ in range(times):
            start = torch.randint(size, (count, 1, 1), device=mels.device)
            length = torch.randint(width + 1, (count, 1, 1), device=mels.device)
            hidden |= (along >= start) & (along < start + length)
    return torch.where(hidden, low, mels)


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
        tensors = load_file(options.work / "pack" / "models.safetensors")
        encoder = {name.removeprefix("encoder/"): tensor.to(self.device).float()
                   for name, tensor in tensors.items() if name.startswith("encoder/")}
        self.encoder = Encoder(encoder)
        self.vocabulary = tensors["tokens"].tolist()
        embeddings = tensors["embeddings"].float().to(self.device)
        self.projector = Projector(self.encoder.width, STACK, options.hidden, embeddings.shape[1], options.dropout)
        self.letters = Letters(embeddings)
        for module, prefix in ((self.projector, "projector/"), (self.letters, "letters/")):
            begun = {name.removeprefix(prefix): tensor.float() for name, tensor in tensors.items() if name.startswith(prefix)}
            if begun:
                module.load_state_dict(begun, strict=module is self.projector)
            module.to(self.device)
        self.changes = nn.ModuleDict()
        if options.rank:
            layers = [name for name in encoder if "linear_" in name and name.endswith("/weight")]
            self.encoder.changes = {name.removesuffix("/weight"): Change(encoder[name], options.rank) for name in layers}
            self.changes = nn.ModuleDict({name.replace("/", "-"): change for name, change in self.encoder.changes.items()})
            self.changes.to(self.device)
        self.speech = Speech(options.work / "pack", self.device)
        self.disturber = Disturber(read(options.work / "pack" / "noise.opus"), self.device)
        self.warps = torch.stack([torch.from_numpy(mel.filters(warp)) for warp in np.linspace(*WARPS, 25)]).to(self.device)
        self.learned, self.held_out = self.speech.learned(options.real_times)

    def mels(self, batch, count, disturb):
        loudness = self.numbers.uniform(-3, 3, len(batch)) if disturb else np.zeros(len(batch))
        sound = sounds(self.speech, batch, count, loudness, self.device)
        if not disturb:
            return self.encoder.mels(sound / sound.abs().amax(1, keepdim=True).clamp(min=1e-6))
        warps = self.warps[torch.randint(len(self.warps), (count,), device=self.device)]
        return masked(self.encoder.mels(self.disturber(sound), warps))

    def vectors(self, mels):
        """`[windows, 300, out]`."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16), torch.set_grad_enabled(bool(self.options.rank) and torch.is_grad_enabled()):
            states = self.encoder.states(mels)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
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
        for place_, heard in self.hear(places, disturb):
            wrong += distance(self.speech.tokens[place_], heard)
            said += len(self.speech.tokens[place_])
        return round(wrong / said, 3)

    @torch.no_grad()
    def hear(self, places, disturb):
        """(place, the best token of each step without blanks and repetitions) of utterances, each alone in its window."""
        for batch in Windows(self.speech, self.rng, alone=True).batches(places, self.options.windows):
            best = self.letters(self.vectors(self.mels(batch, self.options.windows, disturb))).argmax(-1).cpu().numpy()
            for place_, window, _, steps, _ in batch:
                row = best[window][:steps].tolist()
                yield place_, [token for i, token in enumerate(row) if token and (i == 0 or row[i - 1] != token)]

    def listen(self, passes):
        self.projector.eval()
        lines, names = [], ("network", "valid")
        for number in range(passes):
            # Clean at first.
            for name in names:
                places = np.flatnonzero(self.speech.origins == name).tolist()
                index = {place_: number for number, place_ in enumerate(places)}
                for place_, heard in self.hear(places, number > 0):
                    tokens = [self.vocabulary[token - 1] for token in heard]
                    lines.append({"part": name, "index": index[place_], "pass": number, "tokens": tokens})
        place.write(self.folder / "heard.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

    def run(self):
        options, started, step = self.options, time.monotonic(), 0
        own = [*self.projector.parameters(), *self.letters.parameters()]
        optimizer = torch.optim.AdamW([{"params": own, "peak": options.rate},
                                       {"params": list(self.changes.parameters()), "peak": options.rate / 2}],
                                      betas=(0.9, 0.98), weight_decay=0.02)
        done, epoch, report = 0.0, 0, 0.1
        while done < 1:
            epoch += 1
            for batch in Windows(self.speech, self.rng).batches(self.learned, options.windows):
                done = min(1.0, (time.monotonic() - started) / 60 / options.minutes)
                for group in optimizer.param_groups:
                    group["lr"] = group["peak"] * min(1, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * done))
                loss = self.loss(self.vectors(self.mels(batch, options.windows, True)), batch)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_([*own, *self.changes.parameters()], 1.0)
                optimizer.step()
                step += 1
                if done >= report or done >= 1 or step in (10, 100):
                    report = done + 0.1
                    print(json.dumps({"step": step, "epoch": epoch, "done": round(done, 3), "seconds": round(time.monotonic() - started),
                                      "loss": round(loss.item(), 3), "clean": self.errors(False), "noisy": self.errors(True)}), flush=True)
                    self.save(done)
                if done >= 1:
                    break

    def save(self, done):
        options = {"encoder": self.options.encoder, "stack": STACK, "hidden": self.options.hidden}
        state = {"projector": half(self.projector), "letters": {name: tensor.cpu() for name, tensor in self.letters.state_dict().items()}, "changes": half(self.changes), "done": done,
                 "blank_below": self.letters.least, "length": self.letters.length, "options": options, "vocabulary": self.vocabulary}
        torch.save(state, self.folder / "checkpoint.part")
        (self.folder / "checkpoint.part").rename(self.folder / "checkpoint.pt")


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
    options.add_argument("--passes", type=int, default=4)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--device", default="cuda")
    options = options.parse_args()
    training = Live(options)
    training.run()
    training.listen(options.passes)


if __name__ == "__main__":
    main()
