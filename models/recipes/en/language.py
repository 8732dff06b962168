"""The language model's words: tokens and their embeddings, from the GGUF that llama.cpp runs."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig


class Language:
    def __init__(self, folder, file):
        self.tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.bfloat16,
                                                     quantization_config=GgufConfig(dequantize=True))
        self.embed = model.get_input_embeddings().requires_grad_(False)
        self.width = self.embed.weight.shape[1]

    def words(self, text):
        """Tokens of words, each of which follows a space."""
        return self.tokenizer(" " + text, add_special_tokens=False)["input_ids"]

    def text(self, tokens):
        return self.tokenizer.decode(tokens)
