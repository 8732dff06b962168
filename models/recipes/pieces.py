"""The byte-level BPE that both models share: all 256 bytes, then merges learned from the corpus."""

import json

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

import corpus

PIECES = 1000
CORPUS_SAMPLE = 20000
LETTERS = " 'abcdefghijklmnopqrstuvwxyz"


def load(work):
    """The tokenizer, trained on first use. Texts are encoded with a leading space, as Whisper and GPT-2 do."""
    path = work / "bpe.json"
    if not path.exists():
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        trainer = trainers.BpeTrainer(vocab_size=PIECES, initial_alphabet=alphabet, show_progress=False)
        texts = [passage.text for passage in corpus.passages("train", CORPUS_SAMPLE, seed=1)]
        tokenizer.train_from_iterator(texts, trainer)
        work.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(path))
    return Tokenizer.from_file(str(path))


def vocabulary(tokenizer):
    """Pieces in the order of their ids, in GPT-2's printable-byte spelling."""
    return [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]


def merges(tokenizer):
    """The merges as GGUF stores them: "left right"."""
    listed = json.loads(tokenizer.to_str())["model"]["merges"]
    return [merge if isinstance(merge, str) else " ".join(merge) for merge in listed]


def piece_bytes(piece):
    """A piece's raw bytes, undoing GPT-2's printable-byte spelling."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(byte): byte for byte in printable}
    others = [byte for byte in range(256) if byte not in printable]
    table.update({chr(256 + i): byte for i, byte in enumerate(others)})
    return bytes(table[character] for character in piece)


def letters(text):
    """CTC labels of a text: 0 is the blank."""
    return [LETTERS.index(character) + 1 for character in text]
