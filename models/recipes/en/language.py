"""The language model in PyTorch, from the GGUF that llama.cpp runs, frozen; and how it is prompted."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

BEGIN = "<bos>"
# As `simulate_prompt` in ../../en/bundle.toml has it after {audio}.
AFTER_AUDIO = "\nTranscript:"
END = "\n"


class Language:
    def __init__(self, folder, file):
        self.tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.bfloat16,
                                                     quantization_config=GgufConfig(dequantize=True)).eval()
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        self.model, self.body = model, model.model
        self.embed = model.get_input_embeddings()
        self.width = self.embed.weight.shape[1]
        self.begin, self.after = self.ids(BEGIN), self.ids(AFTER_AUDIO)
        self.end = self.ids(END)[0]

    def ids(self, text):
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def words(self, text):
        """Tokens of words as they follow AFTER_AUDIO."""
        return self.ids(" " + text)

    def text(self, tokens):
        return self.tokenizer.decode(tokens)
