"""Writes the trained projector, and the tokens that it points at, as ../../en/projector.safetensors; `undertone models pull en` joins it with Whisper's encoder."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

import place

BUNDLE = Path(__file__).resolve().parents[2] / "en"
NAMES = {"norm": "norm_pre", "first": "mlp.1", "second": "mlp.2"}


def main():
    options = place.parser(__doc__)
    options.add_argument("--checkpoint", default="whisper-base-5")
    options.add_argument("--out", type=Path, default=BUNDLE / "projector.safetensors")
    options = options.parse_args()
    state = torch.load(options.work / "projector" / options.checkpoint / "checkpoint.pt")
    trained = state["projector"]
    tensors = {"boi": trained["begin"].float(), "eoi": trained["end"].float()}
    for ours, theirs in NAMES.items():
        matrix = torch.float32 if ours == "norm" else torch.float16
        tensors[f"{theirs}.weight"] = trained[f"{ours}.weight"].to(matrix)
        tensors[f"{theirs}.bias"] = trained[f"{ours}.bias"].float()
    letters = state["letters"]
    vocabulary = json.loads((options.work / "projector" / "vocabulary.json").read_text())
    # Token numbers are exact in single precision, as all tensors of the file are at the most.
    tensors |= {"ctc.tokens": torch.tensor(vocabulary).float(), "ctc.bias": letters["bias"].float(),
                "ctc.rule": torch.tensor([letters["scale"].exp(), state["blank_below"], letters["sharpness"].exp() / state["length"]])}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, options.out)
    print(f"{options.out}: {options.out.stat().st_size} bytes; trained {state['done']:.0%}")


if __name__ == "__main__":
    main()
