"""The fusion network in plain PyTorch, for one utterance, without dropout.

    python parity.py FOLDER     prints score and modality weights of both flows

Written from the paper's description, independently of the Rust code; see parity.rs.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as functional
from safetensors.torch import load_file

MODALITIES = ("audio", "text", "video")
SCALE = 0.3


class Network:
    def __init__(self, folder):
        self.weights = load_file(folder / "network.safetensors")

    def linear(self, name, x):
        return functional.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def mlp(self, name, x):
        layer = 0
        while f"{name}.{layer}.weight" in self.weights:
            x = self.linear(f"{name}.{layer}", x).relu()
            layer += 1
        return x

    def project(self, name, x):
        mean, deviation = (self.weights[f"norm.{name}.{key}"] for key in ("mean", "deviation"))
        return self.linear(f"project.{name}", (x - mean) / deviation)

    def pool(self, name, frames):
        keys = torch.tanh(self.linear(f"pool.{name}.key", frames))
        weights = torch.softmax(SCALE * keys @ self.weights[f"pool.{name}.context"], 0)
        return self.mlp(f"pool.{name}.mlp", weights @ frames)

    def look(self, name, queries, frames):
        keys = torch.tanh(self.linear(f"cross.{name}.key", frames))
        scores = self.linear(f"cross.{name}.query", queries) @ keys.T
        return self.mlp(f"cross.{name}.mlp", torch.softmax(SCALE * scores, 1) @ frames)

    def imagine(self, name, audio, text, video):
        mixed = self.linear(f"{name}.mix", torch.cat([audio, text, video], -1)).relu()
        latent = functional.leaky_relu(self.linear(f"{name}.encoder", self.linear(f"{name}.transition", mixed)))
        return self.linear(f"{name}.decoder", latent) + text

    def forward(self, features, text_missing):
        frames = {name: self.project(name, features[name]) for name in MODALITIES}
        pooled = [self.pool(name, frames[name]) for name in MODALITIES]
        if text_missing:
            pooled[1] = self.imagine("imagine.pooled", *pooled)
        alpha = self.linear("alpha", self.mlp("attention", torch.cat(pooled)))
        parts = [(0, 1, 2), (0, 1), (1, 2), (0, 2)]
        views = [sum(alpha[m] * pooled[m] for m in part) for part in parts] + pooled
        queries = torch.stack([self.mlp(f"query.{q}", view) for q, view in enumerate(views)])
        found = [self.look(name, queries, frames[name]) for name in MODALITIES]
        if text_missing:
            found[1] = self.imagine("imagine.cross", *found)
        together = sum(alpha[m] * found[m] for m in range(3))
        beta = self.linear("beta", self.mlp("combine", together.flatten()))
        return [self.linear("score", beta @ together).item(), *alpha.tolist()]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for text_missing in (False, True):
        print(Network(folder).forward(load_file(folder / "features.safetensors"), text_missing))
