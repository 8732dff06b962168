#!/usr/bin/env python3
"""Writes the small files of other programs that the tests of this folder read.

Needs numpy, h5py and torch. Run it in this folder; what it writes is committed:

    python3 fixtures.py
"""

import os
import pickle
import struct
from collections import OrderedDict
from pathlib import Path

import h5py
import numpy as np
import torch

OUT = Path(__file__).resolve().parent / "files"


def rng():
    return np.random.default_rng(7)


def plain():
    """Every kind of value that is read."""
    numbers = np.arange(6, dtype=np.float32).reshape(2, 3)
    shared = [1, 2]
    return {
        "none": None,
        "yes": True,
        "no": False,
        "small": 7,
        "medium": 70_000,
        "negative": -3,
        "long": 2**40,
        "half": 0.5,
        "word": "caf\u00e9 \u20ac",
        "bytes": b"\x00\xff\n'",
        "empty": b"",
        "buffer": bytearray(b"abc"),
        "list": [1, "two", 3.0],
        "tuple": (1, 2, 3, 4),
        "nested": {"a": {"b": [shared, shared]}},
        "f4": numbers,
        "f8": numbers.astype("<f8"),
        "big": numbers.astype(">f8"),
        "f2": numbers.astype("f2"),
        "i1": np.array([-1, 2], dtype="i1"),
        "i8": np.array([-1, 2], dtype=">i8"),
        "u2": np.array([1, 65535], dtype="u2"),
        "bool": np.array([True, False]),
        "fortran": np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)),
        "scalar": np.float32(1.25),
        "index": np.int64(-9),
        "U": np.array(["ab", "c\u20ac"]),
        "S": np.array([b"ab", b"c"]),
        "objects": np.array(["x", None, 3], dtype=object),
    }


def python2():
    """What Python 2 writes: strings that are bytes, protocol 2 and text."""
    data = np.array([1.5, -2.0], dtype="<f4").tobytes()

    def short(text):
        return b"U" + bytes([len(text)]) + text

    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\nt"
        + short(b"b") + b"tR(I1\n(I2\ntcnumpy\ndtype\n(" + short(b"f4") + b"I0\nI1\ntR(I3\n"
        + short(b"<") + b"NNNI-1\nI-1\nI0\ntb" + b"I00\n"
        + b"T" + struct.pack("<I", len(data)) + data + b"tb"
    )
    return b"\x80\x02}(" + short(b"name") + b"S'it\\'s \\x41'\n" + short(b"data") + array + b"u."


class Calls:
    """Would run a command when loaded by Python."""

    def __init__(self, function, *arguments):
        self.state = (function, arguments)

    def __reduce__(self):
        return self.state


class Unknown:
    pass


def laughs():
    """Lists of lists of lists: 10^100 items, in half a kilobyte."""
    item = ["ha"] * 10
    for _ in range(99):
        item = [item] * 10
    return item


def write(name, data):
    path = OUT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def pickles():
    for protocol in range(6):
        write(f"plain-{protocol}.pkl", pickle.dumps(plain(), protocol))
    write("python2.pkl", python2())
    write("laughs.pkl", pickle.dumps(laughs(), 4))
    for protocol in (0, 2, 4):
        write(f"system-{protocol}.pkl", pickle.dumps(Calls(os.system, "false"), protocol))
    write("eval.pkl", pickle.dumps(Calls(eval, "1"), 4))
    write("unknown.pkl", pickle.dumps({"a": Unknown()}, 4))
    write("record.pkl", pickle.dumps(np.zeros(2, dtype=[("a", "f4")]), 4))


def mmsa(aligned):
    """The shape of aligned_50.pkl and unaligned_50.pkl."""
    random = rng()
    corpus = {}
    number = 0
    for split, count in (("train", 8), ("valid", 4), ("test", 4)):
        part = {key: [] for key in ("raw_text", "id", "audio", "vision", "text", "text_bert")}
        lengths = {"audio_lengths": [], "vision_lengths": []}
        labels = []
        for _ in range(count):
            words = 2 + number % 4
            times = {"text": words, "audio": words if aligned else 5 + number % 6,
                     "vision": words if aligned else 1 + number % 5}
            label = round(float(random.uniform(-3, 3)), 1)
            for key, width, size in (("text", 6, 6), ("audio", 5, 10), ("vision", 4, 7)):
                size = 6 if aligned else size
                padded = np.zeros((size, width), dtype=np.float32)
                padded[: times[key]] = label + random.normal(size=(times[key], width))
                part[key].append(padded)
            bert = np.zeros((3, 6))
            bert[0, :words] = 101
            bert[1, :words] = 1
            part["text_bert"].append(bert)
            part["raw_text"].append(f"utterance {number}")
            part["id"].append(f"video{number // 2}$_${number % 2}")
            lengths["audio_lengths"].append(times["audio"])
            lengths["vision_lengths"].append(times["vision"])
            labels.append(label)
            number += 1
        arrays = {key: np.array(part[key]) for key in ("audio", "vision", "text", "text_bert")}
        # COVAREP gives minus infinity for silence.
        arrays["audio"][0, 0, 0] = -np.inf
        part.update(arrays)
        part["raw_text"] = np.array(part["raw_text"])
        part["regression_labels"] = np.array(labels, dtype=np.float32)
        part["classification_labels"] = np.sign(part["regression_labels"])
        part["annotations"] = ["Neutral"] * count
        if not aligned:
            part.update(lengths)
        corpus[split] = part
    return corpus


def lengthless():
    """An unaligned file in which the length of one utterance's audio is not a number."""
    corpus = mmsa(aligned=False)
    corpus["train"]["audio_lengths"][2] = float("nan")
    return corpus


def mertools():
    """A label.npz with pickled dicts, and folders of features."""
    random = rng()
    root = OUT / "mertools"
    corpora = {}
    number = 0
    for split, count in (("train", 6), ("val", 3), ("test", 3)):
        corpus = {}
        for _ in range(count):
            name = f"video{number // 3}_{number % 3}"
            value = float(np.float32(random.uniform(-3, 3)))
            corpus[name] = {"emo": 0, "val": value}
            for extractor, width in (("wavlm", 5), ("vicuna", 6), ("manet", 4), ("simulated", 6)):
                frames = random.normal(size=(2 + number % 3, width)).astype(np.float32) + value
                folder = root / "features" / extractor
                folder.mkdir(parents=True, exist_ok=True)
                if extractor == "manet" and number % 2:
                    (folder / name).mkdir(exist_ok=True)
                    for at, frame in enumerate(frames):
                        np.save(folder / name / f"{at:04}.npy", frame)
                elif extractor == "manet" and number == 2:
                    continue
                else:
                    np.save(folder / f"{name}.npy", frames[0] if number == 4 else frames)
            number += 1
        corpora[f"{split}_corpus"] = corpus
    np.save(root / "features" / "wavlm" / "nobody_0.npy", np.zeros((1, 5), dtype=np.float32))
    np.savez_compressed(root / "label.npz", **corpora, test1_corpus={})
    lines = ["name,english"]
    names = [name for corpus in corpora.values() for name in corpus]
    lines += [f"{name},words of {name}" for name in names]
    (root / "transcription.csv").write_text("\n".join(lines) + "\n")


def arrays():
    """One array per modality, in one file."""
    random = rng()
    names = [f"vid_{at // 3}_{at % 3}" for at in range(9)]
    labels = random.uniform(-3, 3, size=9).astype(np.float32)
    both = {
        "names": np.array(names),
        "y": labels,
        "text": (labels[:, None] + random.normal(size=(9, 6))).astype(np.float32),
        "audio": random.normal(size=(9, 5)).astype(np.float32),
        "video": random.normal(size=(9, 3, 4)),
    }
    np.savez_compressed(OUT / "arrays.npz", **both)
    split = np.array(["train"] * 5 + ["valid"] * 2 + ["test"] * 2)
    np.savez(OUT / "arrays-split.npz", split=split, **both)
    np.savez(OUT / "arrays-objects.npz", **{**both, "names": np.array(names, dtype=object)})
    lines = [f'{{"id": "{name}", "text": "words of {name}"}}' for name in names]
    (OUT / "arrays.jsonl").write_text("\n".join(lines) + "\n")


def sequence(name, root, entries, features):
    """A computational sequence of the CMU Multimodal SDK."""
    with h5py.File(OUT / "csd" / name, "w") as file:
        data = file.create_group(f"{root}/data")
        file.create_group(f"{root}/metadata").create_dataset("root name", data=root)
        for key, (intervals, rows) in entries.items():
            group = data.create_group(key)
            options = {"compression": "gzip", "chunks": True} if features else {}
            group.create_dataset("features", data=rows, **options)
            group.create_dataset("intervals", data=intervals, **options)


def csd():
    random = rng()
    (OUT / "csd").mkdir(parents=True, exist_ok=True)
    labels, audio, text, video = {}, {}, {}, {}
    for at in range(3):
        key = f"vid{at}"
        bounds = np.array([[0.0, 1.0], [1.0, 2.5], [2.5, 4.0]])
        scores = np.round(random.uniform(-3, 3, size=(3, 1)), 2)
        labels[key] = (bounds, np.hstack([scores, np.zeros((3, 2))]).astype(np.float32))
        starts = np.arange(0, 4, 0.1)
        rows = random.normal(size=(40, 5)).astype(np.float32)
        audio[key] = (np.stack([starts, starts + 0.1], 1), rows)
        starts = np.arange(0, 4, 0.5)
        text[key] = (np.stack([starts, starts + 0.5], 1), random.normal(size=(8, 6)))
        # Pictures are points in time.
        points = np.arange(0, 4, 0.25)
        if at != 1:
            video[key] = (np.stack([points, points], 1), random.normal(size=(16, 4)).astype("f4"))
    sequence("labels.csd", "Opinion Segment Labels", labels, False)
    sequence("audio.csd", "COAVAREP", audio, True)
    sequence("text.csd", "glove_vectors", text, True)
    sequence("video.csd", "FACET 4.2", video, True)
    parts = ["train", "val", "test"]
    lines = ["video,split"] + [f"vid{at},{part}" for at, part in enumerate(parts)]
    (OUT / "csd" / "splits.csv").write_text("\n".join(lines) + "\n")


WIDTHS = (5, 6, 4)
D, H, K = 8, 4, 2


def state_dict():
    """The names and shapes of the method's released network, in small."""
    torch.manual_seed(3)
    state = OrderedDict()

    def linear(name, inputs, outputs):
        state[f"{name}.weight"] = torch.randn(outputs, inputs)
        state[f"{name}.bias"] = torch.randn(outputs)

    for at, width in enumerate(WIDTHS):
        linear(f"frame_dim_reshape_{at}", width, D)
    for name, width in (("missing_text_imagination_mlp", D),
                        ("missing_cross_text_query_imagination_mlp", H)):
        linear(f"{name}.transition.0", 3 * width, width)
        linear(f"{name}.transition.2", width, width)
        linear(f"{name}.encoder_0.0", width, width // 2)
        linear(f"{name}.decoder_0.0", width // 2, width)
    for at in range(3):
        state[f"fra2utt_{at}.attention_context_vector"] = torch.randn(1, D)
        linear(f"fra2utt_{at}.input_proj", D, D)
        linear(f"cross_att_fra2utt_{at}.query_proj", D, D)
        linear(f"cross_att_fra2utt_{at}.input_proj", D, D)
    for name in ("audio", "text", "video"):
        linear(f"{name}_mlp.0", D, D)
        linear(f"{name}_mlp.3", D, D)
        linear(f"cross_{name}_mlp.0", D, D)
        linear(f"cross_{name}_mlp.3", D, H)
    linear("attention_mlp.0", 3 * D, D)
    linear("attention_mlp.3", D, D)
    linear("fc_att", D, 3)
    for name in ("fused", "at", "tv", "av", "audio", "text", "video"):
        linear(f"cross_{name}_query_mlp.0", D, D)
    linear("cross_attention_mlp.0", 7 * H, D)
    linear("cross_attention_mlp.3", D, H)
    linear("cross_fc_att", H, 7)
    linear("fc_out_e", H, 1)
    linear("fc_out_v", H, 1)
    linear("fc_out_ev", 1, 1)
    linear("orgin_linear_change.0", H, K)
    linear("orgin_linear_change.2", K, K)
    state["prelu.weight"] = torch.full((6,), 0.25)
    state["layer_normali.weight"] = torch.ones(D)
    state["layer_normali.bias"] = torch.zeros(D)
    return state


def checkpoints():
    state = state_dict()
    torch.save(state, OUT / "released.pt")
    kinds = OrderedDict(
        f2=torch.tensor([1.5, -2.0], dtype=torch.float16),
        bf=torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        f8=torch.tensor([1.5], dtype=torch.float64),
        i8=torch.tensor([7]),
        turned=torch.arange(6, dtype=torch.float32).reshape(2, 3).t(),
        part=torch.arange(6, dtype=torch.float32)[2:4],
        parameter=torch.nn.Parameter(torch.ones(1)),
        scalar=torch.tensor(4.0),
    )
    whole = {"epoch": 3, "state_dict": kinds, "optimizer": {"state": {}, "lr": 1e-4}}
    torch.save(whole, OUT / "kinds.pt")
    torch.save(kinds, OUT / "old.pt", _use_new_zipfile_serialization=False)


def main():
    OUT.mkdir(exist_ok=True)
    pickles()
    write("aligned.pkl", pickle.dumps(mmsa(aligned=True), 4))
    write("unaligned.pkl", pickle.dumps(mmsa(aligned=False), 4))
    write("lengthless.pkl", pickle.dumps(lengthless(), 4))
    mertools()
    arrays()
    csd()
    checkpoints()


if __name__ == "__main__":
    main()
