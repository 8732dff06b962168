"""Writes the trained speech language model as two GGUF files for llama.cpp: the language model and the audio part."""

import workspace  # first: sets the number of BLAS threads

import numpy as np
import torch
from gguf import GGUFWriter, TokenType

import mel
import pieces
import slm

CONTEXT = 512
AUDIO_NORM_EPSILON = 1e-5


def add(writer, name, tensor):
    """Matrices and kernels in f16, vectors and tables of positions in f32."""
    wide = tensor.ndim > 1 and "position" not in name
    writer.add_tensor(name, tensor.detach().numpy().astype(np.float16 if wide else np.float32))


def add_vocabulary(writer, tokenizer):
    tokens = [*pieces.vocabulary(tokenizer), *slm.Special.NAMES]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.NORMAL] * pieces.PIECES + [TokenType.CONTROL] * len(slm.Special.NAMES))
    writer.add_token_merges(pieces.merges(tokenizer))
    writer.add_bos_token_id(slm.Special.START)
    writer.add_eos_token_id(slm.Special.END)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)


def write_language_model(model, tokenizer, path):
    writer = GGUFWriter(path, "llama")
    writer.add_name("Undertone demo speech language model")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(slm.WIDTH)
    writer.add_block_count(slm.TEXT_LAYERS)
    writer.add_feed_forward_length(slm.TEXT_FEED_FORWARD)
    writer.add_head_count(slm.HEADS)
    writer.add_head_count_kv(slm.HEADS)
    writer.add_rope_dimension_count(slm.HEAD)
    writer.add_rope_freq_base(slm.ROPE_BASE)
    writer.add_layer_norm_rms_eps(slm.NORM_EPSILON)
    writer.add_vocab_size(slm.VOCABULARY)
    add_vocabulary(writer, tokenizer)
    for name, tensor in model.state_dict().items():
        add(writer, name, tensor)
    finish(writer)


def write_audio_part(model, path):
    writer = GGUFWriter(path, "clip")
    writer.add_name("Undertone demo audio encoder")
    writer.add_bool("clip.has_audio_encoder", True)
    writer.add_bool("clip.has_vision_encoder", False)
    writer.add_string("clip.projector_type", "qwen3a")
    writer.add_bool("clip.use_gelu", True)
    sizes = {
        "embedding_length": slm.WIDTH,
        "feed_forward_length": slm.AUDIO_FEED_FORWARD,
        "block_count": slm.AUDIO_LAYERS,
        "attention.head_count": slm.HEADS,
        "projection_dim": slm.WIDTH,
        "num_mel_bins": mel.MELS,
    }
    for key, size in sizes.items():
        writer.add_uint32(f"clip.audio.{key}", size)
    writer.add_float32("clip.audio.attention.layer_norm_epsilon", AUDIO_NORM_EPSILON)
    for name, tensor in model.state_dict().items():
        add(writer, audio_name(name), tensor)
    finish(writer)


def audio_name(name):
    """A parameter's name here → in llama.cpp's clip format."""
    if name == "position_embd":
        return "a.position_embd.weight"
    for ours, theirs in (("conv_out", "a.conv_out"), ("conv", "a.conv2d."), ("mlp", "mm.a.mlp.")):
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return f"a.{name}"


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    arguments = workspace.parser(__doc__).parse_args()
    trained = slm.SpeechLanguageModel()
    checkpoint = torch.load(arguments.work / "slm" / "checkpoint.pt", weights_only=True)
    trained.load_state_dict(checkpoint["model"])
    workspace.BUNDLE.mkdir(parents=True, exist_ok=True)
    language_model, audio_part = workspace.BUNDLE / "slm.gguf", workspace.BUNDLE / "mmproj.gguf"
    write_language_model(trained.text, pieces.load(arguments.work), language_model)
    write_audio_part(trained.audio, audio_part)
    for path in (language_model, audio_part):
        print(f"{path.name}: {path.stat().st_size} bytes, step {checkpoint['step']}")
