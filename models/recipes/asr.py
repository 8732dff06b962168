"""A Whisper of 1.35 million parameters, trained from scratch.

The shapes, activations and spectrograms are Whisper's, so that whisper.cpp runs it. Two things are ours: a CTC loss on
letters at the encoder, which gets a small model going and is dropped at export, and a last dimension of the decoder's
final layer norm that is always 1, so that a single weight keeps the thousands of unused vocabulary rows from winning.
"""

import workspace  # first: sets the number of BLAS threads

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import material
import mel
import pieces
import stream
import training
from attention import attend
from noise import NoiseBank

WIDTH, HEADS = 128, 4
AUDIO_LAYERS, TEXT_LAYERS = 3, 2
TEXT_CONTEXT = 128
POSITIONS_PER_SECOND = 50
POSITION_STEP, POSITION_MARGIN = 16, 8
PEAK_RATE = 2e-3
STEPS = 11000
NOISE_STEPS = (1000, 5000)
SMOOTHING = 0.05
CTC_WEIGHT = 0.5
IGNORED = -100


class Special:
    """Ids of the special tokens here; export_asr.py moves them to where Whisper's format has them."""

    END, START, NO_TIMESTAMPS = pieces.PIECES, pieces.PIECES + 1, pieces.PIECES + 2
    COUNT = 3


def sinusoids(length, width):
    """Whisper's fixed position table for the encoder."""
    scales = torch.exp(-math.log(10000) / (width // 2 - 1) * torch.arange(width // 2))
    angles = torch.arange(length)[:, None] * scales[None, :]
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class Attention(nn.Module):
    """Whisper's attention: the key has no bias."""

    def __init__(self):
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH, bias=False)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, x, context=None, causal=False):
        context = x if context is None else context
        query, key, value = (part.unflatten(2, (HEADS, -1)).transpose(1, 2)
                             for part in (self.query(x), self.key(context), self.value(context)))
        mixed = attend(query, key, value, causal)
        return self.out(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, cross):
        super().__init__()
        self.attn, self.attn_ln = Attention(), nn.LayerNorm(WIDTH)
        self.cross_attn, self.cross_attn_ln = (Attention(), nn.LayerNorm(WIDTH)) if cross else (None, None)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU("tanh"), nn.Linear(4 * WIDTH, WIDTH))
        self.mlp_ln = nn.LayerNorm(WIDTH)

    def forward(self, x, context=None):
        x = x + self.attn(self.attn_ln(x), causal=context is not None)
        if context is not None:
            x = x + self.cross_attn(self.cross_attn_ln(x), context)
        return x + self.mlp(self.mlp_ln(x))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(mel.MELS, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.register_buffer("positional_embedding", sinusoids(1500, WIDTH), persistent=False)
        self.blocks = nn.ModuleList(Block(cross=False) for _ in range(AUDIO_LAYERS))
        self.ln_post = nn.LayerNorm(WIDTH)

    def forward(self, spectrogram):
        x = F.gelu(self.conv1(spectrogram.transpose(1, 2)), approximate="tanh")
        x = F.gelu(self.conv2(x), approximate="tanh").transpose(1, 2)
        x = x + self.positional_embedding[: x.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.ln_post(x)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.token_embedding = nn.Embedding(pieces.PIECES + Special.COUNT, WIDTH)
        self.positional_embedding = nn.Parameter(0.02 * torch.randn(TEXT_CONTEXT, WIDTH))
        self.blocks = nn.ModuleList(Block(cross=True) for _ in range(TEXT_LAYERS))
        self.ln = nn.LayerNorm(WIDTH)
        nn.init.normal_(self.token_embedding.weight, std=0.05)

    def forward(self, tokens, context):
        x = self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, context)
        return F.layer_norm(x, (WIDTH,), *self.final_norm()) @ self.token_embedding.weight.T

    def final_norm(self):
        """Weight and bias of the last layer norm, its last dimension fixed to the constant 1."""
        weight = torch.cat([self.ln.weight[:-1], self.ln.weight.new_zeros(1)])
        return weight, torch.cat([self.ln.bias[:-1], self.ln.bias.new_ones(1)])


class Whisper(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()
        self.letters = nn.Linear(WIDTH, len(pieces.LETTERS) + 1)

    @torch.no_grad()
    def transcribe(self, spectrograms, limit=60):
        """Greedy decoding of a batch: lists of piece ids and the mean probability of each text (end included)."""
        context = self.encoder(spectrograms)
        tokens = torch.tensor([[Special.START, Special.NO_TIMESTAMPS]] * len(context))
        log_probability = torch.zeros(len(context), 0)
        ended = torch.zeros(len(context), dtype=torch.bool)
        while not ended.all() and tokens.shape[1] < limit:
            logits = self.decoder(tokens, context)[:, -1]
            logits[:, [Special.START, Special.NO_TIMESTAMPS]] = -math.inf
            best = logits.log_softmax(-1).max(-1)
            log_probability = torch.cat([log_probability, best.values.masked_fill(ended, math.nan)[:, None]], 1)
            tokens = torch.cat([tokens, best.indices.masked_fill(ended, Special.END)[:, None]], 1)
            ended |= best.indices == Special.END
        texts = [[t for t in row if t != Special.END] for row in tokens[:, 2:].tolist()]
        return texts, log_probability.nanmean(1).exp().tolist()


def positions_for(samples):
    """Encoder positions for an utterance, as the program asks of whisper.cpp: its length and a margin, in whole
    steps."""
    voiced = -(-(samples * POSITIONS_PER_SECOND) // mel.RATE_HZ)
    return -(-(voiced + POSITION_MARGIN) // POSITION_STEP) * POSITION_STEP


def collate(tokenizer):
    """Makes batches: spectrograms of one audio context, decoder input and target, letters for CTC."""

    def make(utterances, _step, rng):
        longest = max(positions_for(len(utterance.wave)) for utterance in utterances)
        extra = rng.integers(0, 3) if rng.random() < 0.96 else rng.integers(3, 16)
        positions = longest + int(extra) * POSITION_STEP
        spectrograms = np.stack([mel.whisper(u.wave, positions, u.warp) for u in utterances])
        encoded = [tokenizer.encode(u.text).ids if u.text else [] for u in utterances]
        length = max(map(len, encoded)) + 2
        inputs = np.full((len(encoded), length), Special.END)
        targets = np.full((len(encoded), length), IGNORED)
        for row, ids in enumerate(encoded):
            inputs[row, : len(ids) + 2] = [Special.START, Special.NO_TIMESTAMPS, *ids]
            targets[row, 1 : len(ids) + 2] = [*ids, Special.END]
        labels = [pieces.letters(u.text) for u in utterances]
        return {
            "mel": torch.from_numpy(spectrograms),
            "inputs": torch.from_numpy(inputs),
            "targets": torch.from_numpy(targets),
            "labels": torch.tensor([label for row in labels for label in row], dtype=torch.long),
            "label_lengths": torch.tensor([len(row) for row in labels]),
        }

    return make


def losses(model):
    def compute(batch, step):
        context = model.encoder(batch["mel"])
        logits = model.decoder(batch["inputs"], context)
        text = F.cross_entropy(logits.float().flatten(0, 1), batch["targets"].flatten(), ignore_index=IGNORED,
                               label_smoothing=SMOOTHING)
        letters = model.letters(context).float().log_softmax(-1).transpose(0, 1)
        lengths = torch.full((letters.shape[1],), letters.shape[0])
        ctc = training.ctc_per_letter(letters, lengths, batch)
        return text + CTC_WEIGHT * ctc, {"text": text, "ctc": ctc}

    return compute


def main():
    options = workspace.parser(__doc__)
    training.add_options(options, STEPS)
    arguments = options.parse_args()
    torch.manual_seed(1)
    model = Whisper()
    trainer = training.Trainer("asr", model, arguments, PEAK_RATE)
    clips = material.load(arguments.work, "train")
    refused = material.load(arguments.work, "train", refused=True)
    disturber = stream.Disturber(clips, refused, NoiseBank(clips, seed=2), NOISE_STEPS)
    make = collate(pieces.load(arguments.work))
    source = stream.Stream(disturber, arguments.batch, seed=3, first_step=trainer.step, collate=make)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, from step {trainer.step}", flush=True)
    trainer.run(source, losses(model))


if __name__ == "__main__":
    main()
