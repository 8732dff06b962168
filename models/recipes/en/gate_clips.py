"""Clips for the gate of `en`: people's speech, clean and in noise; and what is no English speech: noise, music, other languages.

    python gate_clips.py                     WORK/gate/fit and WORK/gate/measure, each with a labels.csv
    undertone calibrate WORK/gate/fit/labels.csv --set bundle=en --write
    undertone calibrate WORK/gate/measure/labels.csv --set bundle=en --measure

What is measured was not fitted to: other recordings, speakers, noises, tunes, languages and voices. The fit is to sentences
that programs speak, since their words are known; those of recordings of people without transcripts would be Whisper's own,
and a gate that was fitted to such ones trusted too much. It is measured on people, with LibriSpeech's words.
"""

import csv
import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

import clips
import disturb
import place

RATE_HZ = disturb.RATE_HZ
SOUND_FONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
COUNTS = {"fit": {"speech": 300, "noise": 80, "music": 60, "foreign": 60},
          "measure": {"speech": 600, "noise": 130, "music": 110, "foreign": 110}}
SNR_DB, CLEAN_SHARE = (-5.0, 20.0), 0.4
KINDS = {"fit": ("white", "band", "hum", "tones", "babble"), "measure": ("pink", "brown", "knocks", "music", "babble")}
RECORDED = {"fit": ("doing_the_dishes", "exercise_bike"), "measure": ("running_tap", "pink_noise")}
TICKS = 240
# Opinions and plain statements, some sentences in each language.
FOREIGN = {
    "fit": {
        "de": "Der Film hat mir sehr gut gefallen.|Das Essen war leider kalt und viel zu teuer.|Wir treffen uns morgen am Bahnhof.",
        "fr-fr": "J'ai beaucoup aimé ce film.|Le service était lent et le repas trop cher.|Nous partons demain matin à huit heures.",
        "es": "La película me gustó muchísimo.|El teléfono dejó de funcionar después de dos días.|Mañana vamos a visitar a mi abuela.",
        "it": "Il film mi è piaciuto molto.|La camera era sporca e il letto scomodo.|Domani andiamo al mare con gli amici.",
    },
    "measure": {
        "nl": "Ik vond de film erg goed gemaakt.|Het hotel was vies en veel te duur.|Morgen gaan we met de trein naar Utrecht.",
        "pl": "Ten film bardzo mi się podobał.|Jedzenie było zimne i za drogie.|Jutro jedziemy pociągiem do Krakowa.",
        "pt": "Gostei muito deste filme.|O telefone parou de funcionar em dois dias.|Amanhã vamos à praia com os nossos amigos.",
        "ru": "Мне очень понравился этот фильм.|Еда была холодной и слишком дорогой.|Завтра мы поедем на поезде в город.",
        "sv": "Jag tyckte mycket om filmen.|Rummet var smutsigt och alldeles för dyrt.|I morgon åker vi tåg till Stockholm.",
        "tr": "Bu filmi çok beğendim.|Yemek soğuktu ve çok pahalıydı.|Yarın arkadaşlarımla denize gideceğiz.",
        "cs": "Ten film se mi moc líbil.|Jídlo bylo studené a příliš drahé.|Zítra jedeme vlakem do Brna.",
        "fi": "Pidin elokuvasta todella paljon.|Huone oli likainen ja aivan liian kallis.|Huomenna menemme junalla Tampereelle.",
    },
}


def _to_rate(path):
    out = path.with_suffix(".16k.wav")
    subprocess.run(["sox", str(path), "-r", str(RATE_HZ), "-c", "1", "-b", "16", str(out)], check=True, capture_output=True)
    return disturb.read(out)


def _variable(number):
    """MIDI's numbers of variable length."""
    out = [number & 127]
    while number := number >> 7:
        out.insert(0, number & 127 | 128)
    return bytes(out)


def tune(rng, folder):
    """Some seconds of two instruments, played by fluidsynth."""
    events = bytearray()
    for channel in (0, 1):
        events += b"\0" + bytes([0xC0 | channel, int(rng.integers(0, 96))])
    notes, scale = int(rng.integers(10, 24)), np.array([0, 2, 4, 5, 7, 9, 11])
    for _ in range(notes):
        pitch = 48 + int(rng.choice(scale)) + 12 * int(rng.integers(0, 3))
        chord = [(0, pitch), (1, pitch - 12), (1, pitch - 5)][:int(rng.integers(1, 4))]
        for channel, key in chord:
            events += b"\0" + bytes([0x90 | channel, key, int(rng.integers(60, 120))])
        for wait, (channel, key) in zip([int(rng.integers(TICKS // 4, TICKS * 2)), 0, 0], chord):
            events += _variable(wait) + bytes([0x80 | channel, key, 0])
    events += b"\0\xff\x2f\0"
    score, sound = folder / "tune.mid", folder / "tune.wav"
    score.write_bytes(b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS) + b"MTrk" + struct.pack(">I", len(events)) + events)
    subprocess.run(["fluidsynth", "-ni", "-F", str(sound), "-r", "44100", SOUND_FONT, str(score)], check=True, capture_output=True)
    return _to_rate(sound)[:12 * RATE_HZ]


def foreign(rng, folder, part):
    languages = FOREIGN[part]
    language = str(rng.choice(list(languages)))
    sentences = languages[language].split("|")
    said = " ".join(rng.permutation(sentences)[:int(rng.integers(1, 3))])
    sound = folder / "foreign.wav"
    festival = {"it": ["lp_diphone", "pc_diphone"], "cs": ["czech_machac"]}.get(language)
    if festival and rng.random() < 0.5:
        command = ["text2wave", "-o", str(sound), "-eval", f"(voice_{rng.choice(festival)})"]
        subprocess.run(command, input=said.encode("iso-8859-2" if language == "cs" else "iso-8859-1"), check=True, capture_output=True)
    else:
        voice = f"{language}+{rng.choice(['m1', 'm3', 'f2', 'f4', 'm7'])}"
        subprocess.run(["espeak-ng", "-v", voice, "-s", str(rng.integers(130, 175)), "-w", str(sound), said], check=True, capture_output=True)
    return _to_rate(sound)


def speech(options, part):
    """(samples, words, source) of spoken sentences: programs' for the fit, people's to measure."""
    if part == "measure":
        of_people = [(disturb.read(path), row["text"], row["source"]) for _, path, row in clips.librispeech(options)]
        return of_people * (COUNTS[part]["speech"] // len(of_people))
    of_programs = clips.spoken(options, "network")[:COUNTS[part]["speech"]]
    return [(disturb.read(path), line["text"], line["video"]) for path, line in of_programs]


def made(options, part):
    """(name, samples, row) of all clips of a part."""
    rng = np.random.default_rng(sum(part.encode()))
    counts, recorded = COUNTS[part], [disturb.read(options.data / "noise" / f"{name}.wav") for name in RECORDED[part]]
    bank = disturb.noise.NoiseBank(disturb.Spoken([path for path, _ in clips.spoken(options, "valid")[:100]]), seed=len(part))

    def disturbance(n):
        if rng.random() < 0.5:
            return np.resize(bank.cut(min(n, 15 * RATE_HZ), rng, str(rng.choice(KINDS[part]))), n)
        take = recorded[rng.integers(len(recorded))]
        start = int(rng.integers(max(1, len(take) - n)))
        return np.resize(take[start:start + n], n)

    nothing = {"text": "", "label": 0, "split": "train", "speech": "none"}
    for index, (wave, words, source) in enumerate(speech(options, part)[:counts["speech"]]):
        wave = clips.surround(wave, rng)
        if rng.random() > CLEAN_SHARE:
            wave = disturb.noise.mix(wave, disturbance(len(wave)), rng.uniform(*SNR_DB))
        yield f"speech-{index:03}", wave, {"text": words, "label": 0, "split": "train", "source": source, "speech": "yes"}
    for index in range(counts["noise"]):
        wave = disturbance(int(rng.uniform(2, 8) * RATE_HZ)).astype(np.float32)
        wave = wave / (wave.std() + 1e-6) * 10 ** rng.uniform(-2.5, -0.8)
        yield f"noise-{index:03}", wave, nothing | {"source": f"noise-{index:03}"}
    with tempfile.TemporaryDirectory() as scratch:
        for index in range(counts["music"]):
            yield f"music-{index:03}", tune(rng, Path(scratch)), nothing | {"source": f"music-{index:03}"}
        for index in range(counts["foreign"]):
            yield f"foreign-{index:03}", foreign(rng, Path(scratch), part), nothing | {"source": f"foreign-{index:03}"}


def main():
    options = place.parser(__doc__)
    options.add_argument("parts", nargs="*", default=list(COUNTS), help="fit, measure, or both (the default)")
    options = options.parse_args()
    for part in options.parts:
        folder = options.work / "gate" / part
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for name, samples, row in made(options, part):
            soundfile.write(folder / f"{name}.wav", samples / max(1.0, np.abs(samples).max()), RATE_HZ, subtype="PCM_16")
            rows.append({"file": f"{name}.wav"} | row)
        with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, ["file", "text", "label", "split", "source", "speech"])
            table.writeheader()
            table.writerows(rows)
        print(f"{folder}: {len(rows)} clips")


if __name__ == "__main__":
    main()
