"""Which layer of the language model knows most of sentiment: ridge regression on the hidden states of each.

    python layers.py            MAE, correlation and two-class accuracy for each layer, on MOSEI's validation split

Mean and last state of 4,000 training sentences. The layer that `layer` in ../../en/bundle.toml names was chosen by this.
"""

import csv

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer, GgufConfig

import place
import sentences

TRAIN_COUNT, MOST_TOKENS, BATCH = 4000, 60, 32
PENALTIES = (300.0, 1000.0, 3000.0, 10000.0)


def split(options, name, count=None):
    with open(options.data / "text" / "mosei-label.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["mode"] == name]
    rows = [rows[index] for index in np.random.default_rng(0).permutation(len(rows))[:count]]
    texts = [" " + sentences.letters(sentences.speakable(row["text"])) for row in rows]
    return texts, np.array([float(row["label"]) for row in rows])


@torch.no_grad()
def states(model, tokenizer, texts):
    """[texts, layers, 2 widths]: mean and last hidden state of each layer, the embeddings first."""
    tokens = [tokenizer(text, add_special_tokens=False)["input_ids"][:MOST_TOKENS] for text in texts]
    tokens = [[tokenizer.bos_token_id] + of for of in tokens]
    order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
    found = [None] * len(tokens)
    for start in range(0, len(order), BATCH):
        batch = [tokens[index] for index in order[start:start + BATCH]]
        longest = max(map(len, batch))
        padded = torch.tensor([of + [0] * (longest - len(of)) for of in batch])
        mask = torch.tensor([[1] * len(of) + [0] * (longest - len(of)) for of in batch])
        layers = torch.stack(model(padded, attention_mask=mask, output_hidden_states=True).hidden_states, 1)
        for index, of, one in zip(order[start:start + BATCH], batch, layers):
            read = one[:, min(1, len(of) - 1):len(of)]
            found[index] = torch.cat([read.mean(1), read[:, -1]], -1).numpy()
    return np.stack(found)


def ridge(train, labels, held_out, true):
    """(MAE, correlation, two-class accuracy, penalty) of the penalty with the least MAE."""
    mean, deviation = train.mean(0), train.std(0) + 1e-6
    train, held_out = (np.pad((of - mean) / deviation, ((0, 0), (0, 1)), constant_values=1.0) for of in (train, held_out))
    square, product = train.T @ train, train.T @ labels
    scores = {penalty: np.clip(held_out @ np.linalg.solve(square + penalty * np.eye(len(square)), product), -3, 3) for penalty in PENALTIES}
    penalty = min(scores, key=lambda one: np.abs(scores[one] - true).mean())
    score, spoken = scores[penalty], true != 0
    return (np.abs(score - true).mean(), np.corrcoef(score, true)[0, 1], ((score > 0) == (true > 0))[spoken].mean(), penalty)


def main():
    options = place.parser(__doc__.splitlines()[0]).parse_args()
    folder, file = options.models / "gemma-3-270m", "gemma-3-270m-q4_k_m.gguf"
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = AutoModel.from_pretrained(folder, gguf_file=file, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)).eval()
    (texts, labels), (held_out, true) = split(options, "train", TRAIN_COUNT), split(options, "valid")
    train, held_out = states(model, tokenizer, texts), states(model, tokenizer, held_out)
    for layer in range(1, train.shape[1]):
        mae, correlation, accuracy, penalty = ridge(train[:, layer], labels, held_out[:, layer], true)
        print(f"{layer:2} MAE {mae:.3f} correlation {correlation:.3f} Acc2 {accuracy:.3f} (penalty {penalty:g})", flush=True)


if __name__ == "__main__":
    main()
