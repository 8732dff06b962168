"""What live.py hears: utterances in windows of 30 s, in other voices, rooms and noise each time, made on the GPU."""

import json
import math
import multiprocessing

import numpy as np
import soundfile
import torch
import torch.nn.functional as F

from whisper_encoder import FRAME_SAMPLES, RATE_HZ, WINDOW_SAMPLES

STACK = 5
STEP_SAMPLES = STACK * FRAME_SAMPLES
WINDOW_STEPS = WINDOW_SAMPLES // STEP_SAMPLES
GAP_STEPS = (3, 10)
LONGEST_S = 14
SPEEDS, SPEED_SHARE = (0.82, 1.2), 0.7
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
        with multiprocessing.get_context("spawn").Pool() as pool:
            files = pool.map(read, [folder / name for name in names])
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

    def _fits(self, utterance):
        tokens, length = self.tokens[utterance], self.lengths[utterance]
        # CTC needs a step for each token and one between equal ones.
        return 0 < len(tokens) < length / STEP_SAMPLES / SPEEDS[1] - 1 and length < LONGEST_S * RATE_HZ


def read(path):
    samples, rate = soundfile.read(path, dtype="int16")
    if rate != RATE_HZ:
        raise SystemExit(f"{path}: {rate} Hz, expected {RATE_HZ}")
    return samples


class Windows:
    """Utterances one after another in windows of 30 s: of each its window, first step, steps, speed."""

    def __init__(self, speech, rng, alone=False):
        self.speech, self.rng, self.alone = speech, rng, alone

    def batches(self, places, count):
        """Lists of (utterance, window, first step, steps, speed) for `count` windows each."""
        batch, window, step = [], 0, 0
        for utterance in self.rng.sample(places, len(places)) if not self.alone else places:
            speed = self.rng.uniform(*SPEEDS) if not self.alone and self.rng.random() < SPEED_SHARE else 1.0
            length = int(self.speech.lengths[utterance] / speed)
            # What follows an utterance belongs to it, as far as the program reads on.
            steps = -(-length // STEP_SAMPLES) + 1
            if step + steps > WINDOW_STEPS or (self.alone and step):
                window, step = window + 1, 0
                if window == count:
                    yield batch
                    batch, window = [], 0
            batch.append((utterance, window, step, steps, speed))
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
