"""Debian's voices that speak English, and how they are made to differ: flite, festival, espeak-ng.

Voices for measuring are of other people and other variants than those for training.
"""

import random
import subprocess
from pathlib import Path

RATE_HZ = 16000
FLITE = ("slt", "rms", "awb", "kal16")
FESTIVAL = ("kal_diphone", "cmu_us_slt_arctic_hts")
ESPEAK = ("en-us+m3", "en-gb+f2", "en-us+f4", "en-gb-scotland+m1", "en-us+m7", "en-gb-x-gbclan+m5", "en-us+f1",
          "en-gb-x-rp+f3", "en-029+m4", "en-us+m8")
HELD_OUT_FESTIVAL = ("ked_diphone",)
HELD_OUT_ESPEAK = ("en-us+f5", "en-gb+m2", "en-us+m6")
ATTEMPTS = 8
# Shares of the training voices: flite's are the most like people.
SHARES = (("flite", 0.6), ("festival", 0.15), ("espeak", 0.25))


def choose(rng, held_out):
    """An engine and one of its voices."""
    if held_out:
        engine = "festival" if rng.random() < 0.5 else "espeak"
        return engine, rng.choice(HELD_OUT_FESTIVAL if engine == "festival" else HELD_OUT_ESPEAK)
    engine = rng.choices([name for name, _ in SHARES], [share for _, share in SHARES])[0]
    return engine, rng.choice({"flite": FLITE, "festival": FESTIVAL, "espeak": ESPEAK}[engine])


def _run(command, said=None):
    subprocess.run(command, check=True, capture_output=True, input=said)


def speak(text, out: Path, seed, held_out=False):
    """Writes `text` as 16 kHz mono into `out` in a voice, speed and pitch drawn from `seed`; returns the voice."""
    for attempt in range(ATTEMPTS):
        try:
            return _speak(text, out, random.Random(f"{seed}{' again' * attempt}"), held_out)
        except subprocess.CalledProcessError as error:
            # Festival breaks down over some texts: another voice reads them.
            failed = error
    raise failed


def _speak(text, out, rng, held_out):
    engine, voice = choose(rng, held_out)
    raw, done = out.with_suffix(".raw.wav"), out.with_suffix(".part.wav")
    if engine == "flite":
        stretch = f"duration_stretch={rng.uniform(0.8, 1.15):.2f}"
        _run(["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(raw)])
    elif engine == "festival":
        select = f"(voice_{voice}) (Parameter.set 'Duration_Stretch {rng.uniform(0.85, 1.15):.2f})"
        _run(["text2wave", "-o", str(raw), "-eval", select], text.encode())
    else:
        speed, pitch = str(rng.randint(135, 190)), str(rng.randint(30, 70))
        _run(["espeak-ng", "-v", voice, "-s", speed, "-p", pitch, "-w", str(raw), text])
    change = [] if held_out else ["pitch", str(rng.randint(-200, 200)), "rate", "-q", str(RATE_HZ)]
    _run(["sox", str(raw), "-r", str(RATE_HZ), "-c", "1", "-b", "16", str(done), *change])
    raw.unlink()
    done.rename(out)
    return voice
