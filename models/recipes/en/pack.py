"""Packs what live.py needs into WORK/pack: small enough to carry to a machine with a GPU, which needs nothing else.

    speech-NN.opus      some hours of utterances, one after another (Debian's package opus-tools)
    utterances.jsonl    of each: file, first sample, samples, origin (made, real, valid), tokens as places in the vocabulary
    noise.opus          what training may hear of noise, in takes of 20 s
    models.safetensors  Whisper's encoder (f16), the vocabulary and its embeddings, and the projector from which to go on
"""

import json
import subprocess

import numpy as np
import torch
from safetensors.torch import save_file

import disturb
import place
import sentences
from encode import batched
from language import Language
from projector import vocabulary
from whisper_encoder import Encoder

ORIGINS = {"projector": "made", "reviews": "made", "real": "real", "valid": "valid"}
UTTERANCES_PER_FILE = 2500
NOISE_S = 20
KBIT_PER_S = 12


def write_opus(path, waves):
    samples = (np.concatenate(waves).clip(-1, 1) * 32767).astype("<i2")
    command = ["opusenc", "--quiet", "--raw", "--raw-rate", str(disturb.RATE_HZ), "--raw-chan", "1", "--comp", "3",
               "--bitrate", str(KBIT_PER_S), "-", str(path)]
    subprocess.run(command, check=True, input=samples.tobytes())


def spoken(work):
    for part, origin in ORIGINS.items():
        for line in map(json.loads, (work / "speech" / f"{part}.jsonl").read_text().splitlines()):
            yield work / "speech" / line["file"], origin, sentences.letters(line["text"])


def pack_speech(work, folder, language, places):
    lines = []
    for number, group in enumerate(batched(spoken(work), UTTERANCES_PER_FILE)):
        name, start, waves = f"speech-{number:02}.opus", 0, []
        for path, origin, words in group:
            tokens = [places[token] for token in language.words(words) if token in places]
            waves.append(disturb.read(path))
            lines.append({"file": name, "start": start, "samples": len(waves[-1]), "origin": origin, "tokens": tokens})
            start += len(waves[-1])
        write_opus(folder / name, waves)
        print(f"{name}: {start / disturb.RATE_HZ / 3600:.1f} h", flush=True)
    place.write(folder / "utterances.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


def pack_noise(data, work, folder):
    paths = [path for path, origin, _ in spoken(work) if origin == "made"][:200]
    disturber = disturb.Disturber(data / "noise", paths, seed=1)
    rng = np.random.default_rng(1)
    takes = [disturber.noise(NOISE_S * disturb.RATE_HZ, rng) for _ in range(120)]
    write_opus(folder / "noise.opus", [0.1 * take / np.sqrt(np.mean(take**2) + 1e-9) for take in takes])


def main():
    options = place.parser(__doc__)
    options.add_argument("--encoder", default="whisper-base", choices=["whisper-base", "whisper-tiny.en"])
    options.add_argument("--checkpoint", help="of projector.py or live.py, to go on from")
    options = options.parse_args()
    folder = options.work / "pack"
    folder.mkdir(parents=True, exist_ok=True)
    language = Language(options.models / "gemma-3-270m", "gemma-3-270m-q4_k_m.gguf")
    known = vocabulary(options.work, language)
    tensors = {f"encoder/{name}": tensor.half() for name, tensor in Encoder.read(options.models / options.encoder).weights.items()}
    tensors |= {"tokens": torch.tensor(known), "embeddings": language.embed(torch.tensor(known)).half()}
    if options.checkpoint:
        state = torch.load(options.work / "projector" / options.checkpoint / "checkpoint.pt")
        tensors |= {f"projector/{name}": tensor.half() for name, tensor in state["projector"].items()}
        tensors |= {f"letters/{name}": tensor for name, tensor in state["letters"].items() if name != "bias"}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "models.safetensors")
    pack_noise(options.data, options.work, folder)
    pack_speech(options.work, folder, language, {token: index for index, token in enumerate(known, 1)})
    print(f"{folder}: {sum(path.stat().st_size for path in folder.iterdir()) / 1e6:.0f} MB, {len(known)} tokens")


if __name__ == "__main__":
    main()
