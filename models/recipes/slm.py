"""A speech language model of 1.67 million parameters in the shape of Qwen3-ASR, trained from scratch.

An audio encoder and a projector (llama.cpp's `qwen3a`) put embeddings into a small llama, which writes what was said:

    <s> <|audio_start|> audio <|audio_end|> <|text|> text </s>

Rows without audio (`<s> <|text|> text </s>`) teach it to read a transcript alone. Four helpers are dropped at export:

- a CTC loss on letters at the encoder (three outputs per position: 13 positions a second are too few for letters);
- a push that makes some heads of the language model look at about the place in the audio where each piece is spoken:
  without it the encoder hears long before the language model listens;
- a loss that draws the mean hidden state after audio to that of the text alone;
- a head that reads the valence from it, which stands in for what a large language model knows about sentiment.

The first steps train the encoder by CTC alone: until it hears something the language model has nothing to learn from
it. The last steps replace a few pieces of the text in half of the rows with audio, so that what the model makes of a
passage rests on the audio too and survives a word that it heard wrongly.
"""

import workspace  # first: sets the number of BLAS threads

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import material
import mel
import pieces
import stream
import training
from attention import attend, weigh
from noise import NoiseBank

WIDTH, HEADS, HEAD = 128, 4, 32
AUDIO_LAYERS, AUDIO_FEED_FORWARD, CHANNELS = 4, 512, 32
TEXT_LAYERS, TEXT_FEED_FORWARD = 3, 384
POSITIONS = 13
LETTERS_PER_POSITION = 3
ROPE_BASE = 10000.0
NORM_EPSILON = 1e-5
PEAK_RATE = 2e-3
STEPS = 18000
NOISE_STEPS = (8000, 12000)
SMOOTHING = 0.05
CTC_WEIGHT, VALENCE_WEIGHT, AGREEMENT_WEIGHT = 0.5, 0.1, 0.4
MISREAD_FROM_STEP, MISREAD_ROWS, MISREAD_PIECES = 15000, 0.5, 0.1
GUIDANCE_WEIGHT, GUIDED_STEPS, GUIDED_HEADS, GUIDE_WIDTH = 0.2, 14000, 2, 0.1
AUDIO_FROM = 2  # where the audio begins in a row
TEXT_ONLY_ROWS = 6
LISTEN_FIRST_STEPS = 1500
IGNORED = -100


class Special:
    """Control tokens, after the pieces; the GGUF file has them at the same ids."""

    START, END, AUDIO_START, AUDIO_END, TEXT = range(pieces.PIECES, pieces.PIECES + 5)
    NAMES = ("<s>", "</s>", "<|audio_start|>", "<|audio_end|>", "<|text|>")


VOCABULARY = pieces.PIECES + len(Special.NAMES)


class AudioLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attn_q, self.attn_k, self.attn_v, self.attn_out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.ffn_up = nn.Linear(WIDTH, AUDIO_FEED_FORWARD)
        self.ffn_down = nn.Linear(AUDIO_FEED_FORWARD, WIDTH)

    def forward(self, x, hidden):
        normed = self.ln1(x)
        parts = (part(normed).unflatten(2, (HEADS, HEAD)).transpose(1, 2)
                 for part in (self.attn_q, self.attn_k, self.attn_v))
        x = x + self.attn_out(attend(*parts, mask=hidden).transpose(1, 2).flatten(2))
        return x + self.ffn_down(F.gelu(self.ffn_up(self.ln2(x))))


class AudioEncoder(nn.Module):
    """Blocks of one second → 13 positions each; attention over all blocks; a projector into the language model."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, CHANNELS, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(CHANNELS, CHANNELS, 3, stride=2, padding=1)
        self.conv3 = nn.Conv2d(CHANNELS, CHANNELS, 3, stride=2, padding=1)
        self.conv_out = nn.Linear(CHANNELS * mel.MELS // 8, WIDTH, bias=False)
        self.position_embd = nn.Parameter(0.02 * torch.randn(POSITIONS, WIDTH))
        self.blk = nn.ModuleList(AudioLayer() for _ in range(AUDIO_LAYERS))
        self.post_ln = nn.LayerNorm(WIDTH)
        self.mlp1, self.mlp2 = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self._keep_the_signal()

    def _keep_the_signal(self):
        """PyTorch's own initial kernels shrink the audio to a hundredth, below the biases: it would learn late."""
        for conv in (self.conv1, self.conv2, self.conv3):
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            nn.init.zeros_(conv.bias)
        nn.init.normal_(self.conv_out.weight, std=self.conv_out.in_features**-0.5)

    def forward(self, spectrograms, blocks):
        """[batch, 100 * most blocks, 80] and the blocks of each → encoder states and projected embeddings."""
        batch, frames, _ = spectrograms.shape
        x = spectrograms.reshape(-1, 1, mel.BLOCK_FRAMES, mel.MELS).transpose(2, 3)
        x = x.contiguous(memory_format=torch.channels_last)
        for conv in (self.conv1, self.conv2, self.conv3):
            x = F.gelu(conv(x))
        x = self.conv_out(x.permute(0, 3, 1, 2).flatten(2)) + self.position_embd
        x = x.reshape(batch, -1, WIDTH)
        beyond = torch.arange(x.shape[1]) >= POSITIONS * blocks[:, None]
        for layer in self.blk:
            x = layer(x, beyond[:, None, None, :])
        x = self.post_ln(x)
        return x, self.mlp2(F.gelu(self.mlp1(x)))


class TextLayer(nn.Module):
    """A llama block: RMS norms, rotary positions in interleaved pairs, SwiGLU, no biases."""

    def __init__(self):
        super().__init__()
        self.attn_norm, self.ffn_norm = (nn.RMSNorm(WIDTH, eps=NORM_EPSILON) for _ in range(2))
        self.attn_q, self.attn_k, self.attn_v = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))
        self.attn_output = nn.Linear(WIDTH, WIDTH, bias=False)
        self.ffn_gate, self.ffn_up = (nn.Linear(WIDTH, TEXT_FEED_FORWARD, bias=False) for _ in range(2))
        self.ffn_down = nn.Linear(TEXT_FEED_FORWARD, WIDTH, bias=False)

    def forward(self, x, turn):
        normed = self.attn_norm(x)
        query, key, value = (part(normed).unflatten(2, (HEADS, HEAD)).transpose(1, 2)
                             for part in (self.attn_q, self.attn_k, self.attn_v))
        weights = weigh(rotate(query, turn), rotate(key, turn), causal=True)
        mixed = weights.to(value.dtype) @ value
        x = x + self.attn_output(mixed.transpose(1, 2).flatten(2))
        normed = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(normed)) * self.ffn_up(normed)), weights


def rotate(x, turn):
    """Turns neighbouring pairs of dimensions by the angle of their position."""
    cosine, sine = turn
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cosine - odd * sine, even * sine + odd * cosine], -1).flatten(-2).to(x.dtype)


def turns(length):
    angles = torch.arange(length)[:, None] * ROPE_BASE ** (-torch.arange(0, HEAD, 2) / HEAD)[None, :]
    return angles.cos(), angles.sin()


class LanguageModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.token_embd = nn.Embedding(VOCABULARY, WIDTH)
        self.blk = nn.ModuleList(TextLayer() for _ in range(TEXT_LAYERS))
        self.output_norm = nn.RMSNorm(WIDTH, eps=NORM_EPSILON)
        nn.init.normal_(self.token_embd.weight, std=0.05)

    def forward(self, x, looks=None):
        """Hidden states; `looks`, a list, gets the attention weights of each layer."""
        turn = turns(x.shape[1])
        for layer in self.blk:
            x, weights = layer(x, turn)
            if looks is not None:
                looks.append(weights)
        return self.output_norm(x)

    def logits(self, hidden):
        return hidden @ self.token_embd.weight.T


class SpeechLanguageModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.audio, self.text = AudioEncoder(), LanguageModel()
        self.letters = nn.Linear(WIDTH, LETTERS_PER_POSITION * (len(pieces.LETTERS) + 1))
        self.valence = nn.Linear(WIDTH, 1)

    def read(self, rows, audio=None, looks=None):
        """Hidden states of rows that name tokens by id and audio embeddings by VOCABULARY + their place in `audio`."""
        table = self.text.token_embd.weight
        if audio is not None:
            table = torch.cat([table, audio.flatten(0, 1).to(table.dtype)])
        return self.text(F.embedding(rows, table), looks)

    @torch.no_grad()
    def listen(self, spectrograms, limit=60):
        """Greedy decoding of a batch: piece ids, mean probability of each text (end included), and the mean hidden
        state over the generated pieces (zeros where nothing was generated)."""
        stacked, blocks = stack(spectrograms)
        _, audio = self.audio(stacked, blocks)
        rows = [prompt(i, int(blocks[i]), int(blocks.max())) for i in range(len(blocks))]
        starts = [len(row) for row in rows]
        probability, open_rows = [[] for _ in rows], set(range(len(rows)))
        while open_rows:
            hidden = self.read(padded(rows), audio)
            last = torch.tensor([len(row) - 1 for row in rows])
            best = self.text.logits(hidden[torch.arange(len(rows)), last]).log_softmax(-1).max(-1)
            for i in sorted(open_rows):
                probability[i].append(float(best.values[i]))
                if best.indices[i] == Special.END or len(rows[i]) - starts[i] >= limit:
                    open_rows.remove(i)
                else:
                    rows[i].append(int(best.indices[i]))
        texts = [row[start:] for row, start in zip(rows, starts)]
        means = [h[start : len(row)].mean(0) if len(row) > start else h.new_zeros(WIDTH)
                 for h, row, start in zip(hidden, rows, starts)]
        return texts, [float(np.exp(np.mean(p))) for p in probability], torch.stack(means)

    @torch.no_grad()
    def recite(self, texts, spectrograms=None):
        """Mean hidden states over given texts' pieces, read alone or after audio."""
        if spectrograms is None:
            audio, prompts = None, [prompt() for _ in texts]
        else:
            stacked, blocks = stack(spectrograms)
            _, audio = self.audio(stacked, blocks)
            prompts = [prompt(i, int(blocks[i]), int(blocks.max())) for i in range(len(blocks))]
        hidden = self.read(padded([before + text for before, text in zip(prompts, texts)]), audio)
        return torch.stack([h[len(before) : len(before) + len(text)].mean(0)
                            for h, before, text in zip(hidden, prompts, texts)])


def padded(rows):
    """Rows of different length as one tensor; what stands after a row's end is never looked at."""
    length = max(map(len, rows))
    return torch.tensor([row + [Special.END] * (length - len(row)) for row in rows])


def audio_rows(utterance, blocks, most_blocks):
    """Names of one utterance's audio embeddings in the table that `read` makes."""
    first = VOCABULARY + utterance * most_blocks * POSITIONS
    return range(first, first + blocks * POSITIONS)


def prompt(utterance=None, blocks=0, most_blocks=0):
    """What stands before the text: with audio, or for a transcript read alone."""
    if utterance is None:
        return [Special.START, Special.TEXT]
    heard = audio_rows(utterance, blocks, most_blocks)
    return [Special.START, Special.AUDIO_START, *heard, Special.AUDIO_END, Special.TEXT]


def stack(spectrograms):
    """Pads spectrograms with zeros to the most blocks: [batch, frames, 80] and the blocks of each."""
    blocks = [len(spectrogram) // mel.BLOCK_FRAMES for spectrogram in spectrograms]
    stacked = np.zeros((len(blocks), max(blocks) * mel.BLOCK_FRAMES, mel.MELS), np.float32)
    for row, spectrogram in enumerate(spectrograms):
        stacked[row, : len(spectrogram)] = spectrogram
    return torch.from_numpy(stacked), torch.tensor(blocks)


def misread(text, rng):
    """The text's pieces, in some rows a few of them replaced by any others."""
    if rng.random() > MISREAD_ROWS:
        return text
    return [int(rng.integers(pieces.PIECES)) if rng.random() < MISREAD_PIECES else piece for piece in text]


def where_to_look(samples, positions, piece_lengths):
    """[pieces + end, positions]: where in the audio each piece is about to be found, if all letters take equally long
    (guided attention, Tachibana et al., 2018, with a window of about a fifth of the utterance)."""
    heard = samples / mel.RATE_HZ * POSITIONS
    ends = np.cumsum(piece_lengths) / np.sum(piece_lengths)
    middles = np.append(ends - piece_lengths / 2 / np.sum(piece_lengths), 1.0) * heard
    return np.exp(-0.5 * ((np.arange(positions) - middles[:, None]) / (1.5 + GUIDE_WIDTH * heard)) ** 2)


def collate(tokenizer):
    """Makes batches: spectrograms, rows for the language model with their targets, where the text is and where in the
    audio to look for it, letters."""
    piece_lengths = np.array([len(piece) for piece in pieces.vocabulary(tokenizer)])

    def make(utterances, step, rng):
        spectrograms, blocks = stack([mel.mtmd(u.wave, u.warp) for u in utterances])
        encoded = [tokenizer.encode(u.text).ids if u.text else [] for u in utterances]
        spoken = [i for i, ids in enumerate(encoded) if ids]
        alone = [int(i) for i in rng.permutation(spoken)[:TEXT_ONLY_ROWS]]
        prompts = [prompt(i, int(blocks[i]), int(blocks.max())) for i in range(len(encoded))]
        prompts += [prompt()] * len(alone)
        texts = encoded + [encoded[i] for i in alone]
        length = max(len(p) + len(t) for p, t in zip(prompts, texts))
        rows = np.full((len(texts), length), Special.END)
        targets = np.full((len(texts), length), IGNORED)
        is_text = np.zeros((len(texts), length), np.float32)
        guide = np.zeros((len(utterances), length, length), np.float32)
        for row, (before, text) in enumerate(zip(prompts, texts)):
            end = len(before) + len(text)
            heard = row < len(utterances) and step >= MISREAD_FROM_STEP
            rows[row, :end] = [*before, *(misread(text, rng) if heard else text)]
            targets[row, len(before) - 1 : end] = [*text, Special.END]
            is_text[row, len(before) : end] = 1.0
            if row < len(utterances) and text:
                positions = int(blocks[row]) * POSITIONS
                guide[row, len(before) - 1 : end, AUDIO_FROM : AUDIO_FROM + positions] = where_to_look(
                    len(utterances[row].wave), positions, piece_lengths[text])
        labels = [pieces.letters(u.text) for u in utterances]
        valences = [u.valence for u in utterances] + [utterances[i].valence for i in alone]
        return {
            "mel": spectrograms,
            "blocks": blocks,
            "rows": torch.from_numpy(rows),
            "targets": torch.from_numpy(targets),
            "is_text": torch.from_numpy(is_text),
            "guide": torch.from_numpy(guide),
            "alone": torch.tensor(alone, dtype=torch.long),
            "valences": torch.tensor(valences, dtype=torch.float32),
            "labels": torch.tensor([label for row in labels for label in row], dtype=torch.long),
            "label_lengths": torch.tensor([len(row) for row in labels]),
        }

    return make


def misled(looks, guide):
    """How little some heads of the later layers look where the text is spoken: mean of -log of what they catch."""
    rows = guide.sum(2) > 0
    caught = [(weights[: len(guide), :GUIDED_HEADS].float() * guide[:, None]).sum(3).transpose(1, 2)[rows]
              for weights in looks[1:]]
    return -torch.log(torch.cat(caught) + 1e-3).mean()


def losses(model):
    def compute(batch, step):
        states, audio = model.audio(batch["mel"], batch["blocks"])
        letters = model.letters(states).float().unflatten(2, (LETTERS_PER_POSITION, -1)).flatten(1, 2)
        letters = letters.log_softmax(-1).transpose(0, 1)
        lengths = batch["blocks"] * POSITIONS * LETTERS_PER_POSITION
        ctc = training.ctc_per_letter(letters, lengths, batch)
        if step < LISTEN_FIRST_STEPS:
            return ctc, {"ctc": ctc}

        looks = []
        hidden = model.read(batch["rows"], audio, looks).float()
        predicted = batch["targets"] != IGNORED
        text = F.cross_entropy(model.text.logits(hidden[predicted]).float(), batch["targets"][predicted],
                               label_smoothing=SMOOTHING)

        guided = step < GUIDED_STEPS
        guidance = misled(looks, batch["guide"]) if guided else text.new_zeros(())

        count = batch["is_text"].sum(1)
        mean = (hidden * batch["is_text"][:, :, None]).sum(1) / count.clamp_min(1.0)[:, None]
        spoken = count > 0
        valence = F.mse_loss(model.valence(mean[spoken]).float().squeeze(1), batch["valences"][spoken])
        read_alone = mean[len(batch["blocks"]) :].detach()
        agreement = F.mse_loss(mean[batch["alone"]], read_alone) if len(read_alone) else text.new_zeros(())
        total = (text + CTC_WEIGHT * ctc + VALENCE_WEIGHT * valence + AGREEMENT_WEIGHT * agreement
                 + GUIDANCE_WEIGHT * guidance)
        return total, {"text": text, "ctc": ctc, "valence": valence, "agreement": agreement, "guidance": guidance}

    return compute


def main():
    options = workspace.parser(__doc__)
    training.add_options(options, STEPS)
    arguments = options.parse_args()
    torch.manual_seed(1)
    model = SpeechLanguageModel()
    trainer = training.Trainer("slm", model, arguments, PEAK_RATE)
    clips = material.load(arguments.work, "train")
    refused = material.load(arguments.work, "train", refused=True)
    disturber = stream.Disturber(clips, refused, NoiseBank(clips, seed=2), NOISE_STEPS)
    make = collate(pieces.load(arguments.work))
    source = stream.Stream(disturber, arguments.batch, seed=4, first_step=trainer.step, collate=make)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, from step {trainer.step}", flush=True)
    trainer.run(source, losses(model))


if __name__ == "__main__":
    main()
