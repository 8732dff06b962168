"""Whisper's encoder in PyTorch, from a CTranslate2 file, as whisper.cpp and llama.cpp compute it: windows of 30 s."""

import struct
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

sys.path.append(str(Path(__file__).resolve().parents[1]))
import mel  # noqa: E402

RATE_HZ = 16000
WINDOW_SAMPLES = 30 * RATE_HZ
FRAME_SAMPLES = 320
TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


def read_ctranslate2(path):
    """The tensors of a CTranslate2 file, by name."""
    data, at = path.read_bytes(), 0

    def number(kind):
        nonlocal at
        value = struct.unpack_from("<" + kind, data, at)[0]
        at += struct.calcsize("<" + kind)
        return value

    def name():
        nonlocal at
        length = number("H")
        at += length
        return data[at - length:at].rstrip(b"\0").decode()

    number("I"), name(), number("I")
    tensors = {}
    for _ in range(number("I")):
        key = name()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = TYPES[number("B")], number("I")
        tensors[key] = np.frombuffer(data, kind, size // np.dtype(kind).itemsize, at).reshape(shape)
        at += size
    return tensors


class Encoder:
    """`encoder(samples)`: the states `[1500, width]` of a window of up to 30 s; `encoder.states(mels)` of several."""

    def __init__(self, weights):
        self.weights = weights
        self.width = weights["conv1/weight"].shape[0]
        self.heads = self.width // 64
        self.layers = len({key.split("/")[0] for key in weights if key.startswith("layer_") and key[6].isdigit()})
        self.filters = torch.from_numpy(mel.filters()).to(weights["conv1/weight"].device)
        # Changes that training makes to the weights of linear layers, by name.
        self.changes = {}

    @classmethod
    def read(cls, folder):
        every = read_ctranslate2(folder / "model.bin")
        return cls({key.removeprefix("encoder/"): torch.from_numpy(np.array(value)).float()
                    for key, value in every.items() if key.startswith("encoder/") and value.dtype.kind == "f"})

    def change(self, trained):
        """Takes up changes of low rank to its linear layers: their tensors by name, `layer_0-ffn-linear_0.up` [rows, rank] and `.down`."""
        for name in {name.rpartition(".")[0] for name in trained}:
            change = trained[f"{name}.up"].float() @ trained[f"{name}.down"].float()
            self.weights[f"{name.replace('-', '/')}/weight"] += change

    def mels(self, sounds, filters=None):
        """Of `[windows, 480000]` samples: `[windows, 80, 3000]`; `filters` are `[windows, 80, 201]`, if not Whisper's own."""
        hann = torch.hann_window(400, device=sounds.device)
        spectrum = torch.stft(sounds, 400, 160, window=hann, return_complex=True)[..., :-1].abs() ** 2
        logs = torch.clamp((self.filters if filters is None else filters) @ spectrum, min=1e-10).log10()
        return (torch.maximum(logs, logs.amax((1, 2), keepdim=True) - 8) + 4) / 4

    def _norm(self, x, name):
        return F.layer_norm(x, (self.width,), self.weights[name + "/gamma"], self.weights[name + "/beta"])

    def _linear(self, x, name):
        weight = self.weights[name + "/weight"]
        if name in self.changes:
            weight = weight + self.changes[name]()
        return F.linear(x, weight, self.weights[name + "/bias"])

    def states(self, mels):
        """Of `[windows, 80, 3000]`: `[windows, 1500, width]`."""
        w = self.weights
        x = F.gelu(F.conv1d(mels, w["conv1/weight"], w["conv1/bias"], padding=1))
        x = F.gelu(F.conv1d(x, w["conv2/weight"], w["conv2/bias"], stride=2, padding=1))
        x = x.transpose(1, 2) + w["position_encodings/encodings"]
        for layer in range(self.layers):
            name = f"layer_{layer}/"
            y = self._linear(self._norm(x, name + "self_attention/layer_norm"), name + "self_attention/linear_0")
            query, key, value = (part.unflatten(-1, (self.heads, 64)).transpose(1, 2) for part in y.chunk(3, -1))
            y = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
            x = x + self._linear(y, name + "self_attention/linear_1")
            y = self._linear(self._norm(x, name + "ffn/layer_norm"), name + "ffn/linear_0")
            x = x + self._linear(F.gelu(y), name + "ffn/linear_1")
        return self._norm(x, "layer_norm")

    @torch.inference_mode()
    def __call__(self, samples):
        return self.states(self.mels(F.pad(samples, (0, WINDOW_SAMPLES - len(samples)))[None]))[0]
