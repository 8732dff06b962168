"""Writes the trained Whisper as a ggml file for whisper.cpp: q8_0 matrices, f16 convolutions, the rest f32.

Whisper's format fixes the ids of the special tokens, so the vocabulary has 51,864 rows of which we use a few hundred.
An unused row must never win: the decoder's last dimension is the constant 1 (see asr.py), and every unused row is
-30 there and 0 elsewhere, so that its logit is always -30.
"""

import workspace  # first: sets the number of BLAS threads

import struct

import numpy as np
import torch
from gguf import GGMLQuantizationType
from gguf.quants import quantize

import asr
import mel
import pieces

MAGIC = 0x67676D6C
ROWS = 51864
END, START, NO_TIMESTAMPS = 50256, 50257, 50362
UNUSED_LOGIT = -30.0
AUDIO_CONTEXT = 1500
F32, F16, Q8_0 = 0, 1, 8
MOSTLY_Q8_0 = 7 + 2 * 1000  # ggml's file type, with the version of its quantisation


def spread_rows(embedding):
    """Our rows at the ids of Whisper's format, and the unused row everywhere else."""
    rows = np.zeros((ROWS, embedding.shape[1]), np.float32)
    rows[:, -1] = UNUSED_LOGIT
    rows[: pieces.PIECES] = embedding[: pieces.PIECES]
    special = {asr.Special.END: END, asr.Special.START: START, asr.Special.NO_TIMESTAMPS: NO_TIMESTAMPS}
    for ours, theirs in special.items():
        rows[theirs] = embedding[ours]
    return rows


def tensors(model):
    """Names and arrays as whisper.cpp expects them."""
    kept = {name: value for name, value in model.state_dict().items() if not name.startswith("letters")}
    state = {name: value.float().numpy() for name, value in kept.items()}
    weight, bias = model.decoder.final_norm()
    state["decoder.ln.weight"], state["decoder.ln.bias"] = weight.detach().numpy(), bias.detach().numpy()
    state["encoder.positional_embedding"] = asr.sinusoids(AUDIO_CONTEXT, asr.WIDTH).numpy()
    embedding = "decoder.token_embedding.weight"
    state[embedding] = spread_rows(state[embedding])
    for name in ("encoder.conv1.bias", "encoder.conv2.bias"):
        state[name] = state[name][:, None]
    return state


def write_tensor(file, name, array):
    if array.ndim == 3:
        kind, data = F16, array.astype(np.float16).tobytes()
    elif array.ndim == 2 and "positional" not in name and "bias" not in name:
        kind, data = Q8_0, quantize(array, GGMLQuantizationType.Q8_0).tobytes()
    else:
        kind, data = F32, array.astype(np.float32).tobytes()
    encoded = name.encode()
    file.write(struct.pack("<3i", array.ndim, len(encoded), kind))
    file.write(struct.pack(f"<{array.ndim}i", *reversed(array.shape)))
    file.write(encoded + data)


def write(model, vocabulary, path):
    shape = (ROWS, AUDIO_CONTEXT, asr.WIDTH, asr.HEADS, asr.AUDIO_LAYERS,
             asr.TEXT_CONTEXT, asr.WIDTH, asr.HEADS, asr.TEXT_LAYERS, mel.MELS, MOSTLY_Q8_0)
    with open(path, "wb") as file:
        file.write(struct.pack("<I11i", MAGIC, *shape))
        file.write(struct.pack("<2i", *mel.filters().shape) + mel.filters().tobytes())
        file.write(struct.pack("<i", len(vocabulary)))
        for piece in map(pieces.piece_bytes, vocabulary):
            file.write(struct.pack("<I", len(piece)) + piece)
        for name, array in tensors(model).items():
            write_tensor(file, name, array)


if __name__ == "__main__":
    arguments = workspace.parser(__doc__).parse_args()
    trained = asr.Whisper()
    checkpoint = torch.load(arguments.work / "asr" / "checkpoint.pt", weights_only=True)
    trained.load_state_dict(checkpoint["model"])
    workspace.BUNDLE.mkdir(parents=True, exist_ok=True)
    target = workspace.BUNDLE / "asr.bin"
    write(trained, pieces.vocabulary(pieces.load(arguments.work)), target)
    print(f"{target.name}: {target.stat().st_size} bytes, step {checkpoint['step']}")
