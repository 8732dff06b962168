"""Writes the trained projector, and the tokens that it points at, as ../../en/projector.safetensors; `undertone models pull en` joins it with Whisper's encoder."""

from pathlib import Path

import torch
from safetensors.torch import save_file

import place

BUNDLE = Path(__file__).resolve().parents[2] / "en"
NAMES = {"norm": "norm_pre", "first": "mlp.1", "second": "mlp.2"}
# The encoder's layers in CTranslate2's names, and in OpenAI's.
LAYERS = {"self_attention-linear_0": ("attn.query", "attn.key", "attn.value"), "self_attention-linear_1": ("attn.out",),
          "ffn-linear_0": ("mlp.0",), "ffn-linear_1": ("mlp.2",)}


def changes(trained):
    """Changes to the encoder, of which CTranslate2 joins those of query, key and value."""
    for name in sorted({name.rpartition(".")[0] for name in trained}):
        block, layer = name.split("-", 1)
        parts = LAYERS[layer]
        for part, up in zip(parts, trained[f"{name}.up"].chunk(len(parts))):
            whole = f"encoder.blocks.{block.removeprefix('layer_')}.{part}"
            yield f"{whole}.up", up.half().clone()
            yield f"{whole}.down", trained[f"{name}.down"].half().clone()


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
    tensors |= dict(changes(state.get("changes", {})))
    letters = state["letters"]
    # Token numbers are exact in single precision, as all tensors of the file are at the most.
    tensors |= {"ctc.tokens": torch.tensor(state["vocabulary"]).float(), "ctc.bias": letters["bias"].float(),
                "ctc.rule": torch.tensor([letters["scale"].exp(), state["blank_below"], letters["sharpness"].exp() / state["length"]])}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, options.out)
    print(f"{options.out}: {options.out.stat().st_size} bytes; trained {state['done']:.0%}")


if __name__ == "__main__":
    main()
