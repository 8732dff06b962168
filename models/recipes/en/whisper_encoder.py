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
    """`encoder(samples)`: the states `[1500, width]` of a window of up to 30 s."""

    def __init__(self, folder):
        every = read_ctranslate2(folder / "model.bin")
        self.weights = {key.removeprefix("encoder/"): torch.from_numpy(np.array(value)).float()
                        for key, value in every.items() if key.startswith("encoder/") and value.dtype.kind == "f"}
        self.width = self.weights["conv1/weight"].shape[0]
        self.heads = self.width // 64
        self.layers = len({key.split("/")[0] for key in self.weights if key.startswith("layer_") and key[6].isdigit()})
        self.filters = torch.from_numpy(mel.filters())
        self.hann = torch.hann_window(400)

    def _mel(self, samples):
        samples = F.pad(samples, (0, WINDOW_SAMPLES - len(samples)))
        spectrum = torch.stft(samples, 400, 160, window=self.hann, return_complex=True)[..., :-1].abs() ** 2
        logs = torch.clamp(self.filters @ spectrum, min=1e-10).log10()
        return (torch.maximum(logs, logs.max() - 8) + 4) / 4

    def _norm(self, x, name):
        return F.layer_norm(x, (self.width,), self.weights[name + "/gamma"], self.weights[name + "/beta"])

    def _linear(self, x, name):
        return F.linear(x, self.weights[name + "/weight"], self.weights[name + "/bias"])

    @torch.inference_mode()
    def __call__(self, samples):
        w, x = self.weights, self._mel(samples)[None]
        x = F.gelu(F.conv1d(x, w["conv1/weight"], w["conv1/bias"], padding=1))
        x = F.gelu(F.conv1d(x, w["conv2/weight"], w["conv2/bias"], stride=2, padding=1))
        x = x.transpose(1, 2) + w["position_encodings/encodings"]
        for layer in range(self.layers):
            name = f"layer_{layer}/"
            y = self._linear(self._norm(x, name + "self_attention/layer_norm"), name + "self_attention/linear_0")
            query, key, value = (part.view(1, -1, self.heads, 64).transpose(1, 2) for part in y.chunk(3, -1))
            y = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(1, -1, self.width)
            x = x + self._linear(y, name + "self_attention/linear_1")
            y = self._linear(self._norm(x, name + "ffn/layer_norm"), name + "ffn/linear_0")
            x = x + self._linear(F.gelu(y), name + "ffn/linear_1")
        return self._norm(x, "layer_norm")[0]
