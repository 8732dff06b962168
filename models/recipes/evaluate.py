"""Measures the trained models: word errors by noise, inventions, and how much sentiment the hidden states hold.

All sentences are new, but for second ones that only point back (corpus.py). "new voices" are of families that training
never heard; "known voices" are training voices; "new words" are new voices that say judging words and sentence frames
that training never had.
Prints tables and writes evaluation.json beside the bundle's models.
"""

import workspace  # first: sets the number of BLAS threads

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

import asr
import corpus
import material
import measures
import mel
import pieces
import slm
import speech
from noise import KINDS, NoiseBank, mix

LEVELS_DB = (None, 20, 10, 5, 0)
BATCH = 32
PROBE_SENTENCES = 1200


class Whisper:
    name = "asr"

    def __init__(self, work, tokenizer):
        self.model, self.tokenizer = load(asr.Whisper(), work / "asr"), tokenizer

    def hear(self, waves):
        """Texts and confidences, in the order of the waves."""
        def batch(part):
            positions = max(asr.positions_for(len(wave)) for wave in part)
            spectrograms = np.stack([mel.whisper(wave, positions) for wave in part])
            texts, confidences = self.model.transcribe(torch.from_numpy(spectrograms))
            return [(self.tokenizer.decode(t).strip(), c) for t, c in zip(texts, confidences)]
        return by_length(waves, batch)


class SpeechModel:
    name = "slm"

    def __init__(self, work, tokenizer):
        self.model, self.tokenizer = load(slm.SpeechLanguageModel(), work / "slm"), tokenizer

    def hear(self, waves):
        return [(text, confidence) for text, confidence, _ in self.listen(waves)]

    def listen(self, waves):
        """Texts, confidences and mean hidden states of what was generated."""
        def batch(part):
            texts, confidences, means = self.model.listen([mel.mtmd(wave) for wave in part])
            return [(self.tokenizer.decode(t).strip(), c, m.numpy()) for t, c, m in zip(texts, confidences, means)]
        return by_length(waves, batch)

    def recite(self, texts, waves=None):
        """Mean hidden states of transcripts read alone, or after the audio."""
        encoded = [self.tokenizer.encode(text).ids for text in texts]
        items = list(zip(encoded, waves)) if waves else [(ids, ids) for ids in encoded]
        def batch(part):
            spectrograms = [mel.mtmd(wave) for _, wave in part] if waves else None
            return list(self.model.recite([ids for ids, _ in part], spectrograms).numpy())
        return np.array(by_length(items, batch, key=lambda item: len(item[1])))


def load(model, folder):
    model.load_state_dict(torch.load(folder / "checkpoint.pt", weights_only=True)["model"])
    return model.eval()


def show(form, row):
    print(form.format(**row), flush=True)


def by_length(items, batch, key=len):
    """Runs `batch` over items of similar length and puts the results back in order."""
    order = sorted(range(len(items)), key=lambda i: key(items[i]))
    results = [None] * len(items)
    for start in range(0, len(order), BATCH):
        part = order[start : start + BATCH]
        for i, result in zip(part, batch([items[i] for i in part])):
            results[i] = result
    return results


def spoken(passages, voices, seed):
    """The passages in voices drawn from these: waves and texts."""
    rng = np.random.default_rng(seed)
    orders = [(passage, voices[rng.integers(len(voices))], *speech.delivery(passage.valence, rng),
               speech.pauses(passage, rng)) for passage in passages]
    with ThreadPoolExecutor() as pool:
        waves = list(pool.map(lambda order: speech.speak_passage(*order), orders))
    return waves, [passage.text for passage in passages]


def disturbed(waves, level_db, bank, rng):
    if level_db is None:
        return waves
    return [mix(wave, bank.cut(len(wave), rng), level_db) for wave in waves]


def word_errors(models, sets, bank):
    """Word error rate and mean confidence by model, kind of voice and noise."""
    rows = []
    for voices, (waves, texts) in sets.items():
        for level_db in LEVELS_DB if voices != "new words" else LEVELS_DB[:1]:
            noisy = disturbed(waves, level_db, bank, np.random.default_rng(12))
            for model in models:
                heard = model.hear(noisy)
                rate = measures.word_error_rate([(said, text) for said, (text, _) in zip(texts, heard)])
                rows.append({"model": model.name, "voices": voices, "snr_db": level_db, "wer": round(rate, 4),
                             "confidence": round(float(np.mean([c for _, c in heard])), 3)})
                show("{model:4} {voices:12} {snr_db!s:>5} dB  wer {wer:.3f}  confidence {confidence:.2f}", rows[-1])
    return rows


def inventions(models, refused, bank, count):
    """How often text is made of what holds none, and how confidently."""
    rng = np.random.default_rng(13)
    sounds = {kind: [0.3 * bank.cut(2 * speech.RATE_HZ, rng, kind) for _ in range(count // 4)] for kind in KINDS}
    sounds["silence"] = [np.zeros(int(seconds * speech.RATE_HZ), np.float32) for seconds in (0.6, 1.0, 2.0, 4.0)]
    sounds["other languages"] = [refused.wave(i)[: 7 * speech.RATE_HZ] for i in range(min(count, len(refused)))]
    rows = []
    for kind, waves in sounds.items():
        for model in models:
            invented = [confidence for text, confidence in model.hear(waves) if text]
            rows.append({"model": model.name, "sound": kind, "invented": round(len(invented) / len(waves), 3),
                         "confidence": round(float(np.mean(invented)), 3) if invented else None})
            show("{model:4} {sound:16} invented {invented:.2f}  confidence {confidence}", rows[-1])
    return rows


def probes(model, train, test, bank, count):
    """Correlation with the valence of what a probe reads from each representation. "one probe" is learned on
    transcripts read alone and applied to all: it shows whether real and simulated live in one space."""
    pick = np.random.default_rng(14).permutation(len(train))[:PROBE_SENTENCES]
    waves, texts = [train.wave(i) for i in pick], [train.texts[i] for i in pick]
    learned = {name: measures.Probe(states, train.valences[pick])
               for name, states in representations(model, waves, texts).items()}
    waves, texts, valences = [test.wave(i) for i in range(count)], test.texts[:count], test.valences[:count]
    rows = []
    for level_db in LEVELS_DB:
        noisy = disturbed(waves, level_db, bank, np.random.default_rng(15))
        for name, states in representations(model, noisy, texts).items():
            rows.append({"snr_db": level_db, "representation": name,
                         "correlation": round(learned[name].correlation(states, valences), 3),
                         "one_probe": round(learned["real, alone"].correlation(states, valences), 3)})
            show("{snr_db!s:>5} dB  {representation:18} {correlation:.3f}  one probe {one_probe:.3f}", rows[-1])
    return rows


def representations(model, waves, texts):
    return {
        "real, alone": model.recite(texts),
        "real, after audio": model.recite(texts, waves),
        "simulated": np.array([state for _, _, state in model.listen(waves)]),
    }


def main():
    options = workspace.parser(__doc__)
    options.add_argument("--count", type=int, default=300, help="test utterances")
    options.add_argument("--models", nargs="+", choices=("asr", "slm"), default=("asr", "slm"))
    arguments = options.parse_args()
    torch.set_num_threads(1)
    tokenizer = pieces.load(arguments.work)
    test = material.load(arguments.work, "test")
    bank = NoiseBank(test, seed=10)
    kinds = {"asr": Whisper, "slm": SpeechModel}
    models = [kinds[name](arguments.work, tokenizer) for name in arguments.models]
    sets = {"new voices": ([test.wave(i) for i in range(arguments.count)], test.texts[: arguments.count]),
            "known voices": spoken(corpus.passages("test", arguments.count, seed=2), speech.voices("train"), seed=11),
            "new words": spoken(corpus.passages("test", arguments.count, seed=2, held_out=True), speech.voices("test"),
                                seed=16)}
    refused = material.load(arguments.work, "test", refused=True)
    report = {"words": word_errors(models, sets, bank),
              "inventions": inventions(models, refused, bank, arguments.count // 3)}
    if "slm" in arguments.models:
        report["probes"] = probes(models[-1], material.load(arguments.work, "train"), test, bank, arguments.count)
    parts = (f'"{name}": [\n' + ",\n".join(map(json.dumps, rows)) + "\n]" for name, rows in report.items())
    (workspace.BUNDLE / "evaluation.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()
