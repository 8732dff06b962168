"""Labelled clips of talking heads, for training and evaluating the fusion network.

    python clips.py --split train --n 2000
    python clips.py --split test --n 150 --snr-db 5 --out CLIPS     # the same 150 clips, all of them noisy

Each clip is one passage (corpus.py) between short silences. What is said carries the label, with its annotators'
noise; delivery and face follow what is said loosely and independently of each other. A quarter is noisy, a few have no
face or no picture. Every clip depends on split, seed and its own number only; a run that was stopped
goes on where it was.

Beside the clips lie `labels.csv` (what a clip says and is worth) and `details.csv` (how it was made).
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

import workspace
from acting import Expression, expression, loudness, perform
from corpus import SPLITS, Passage, passages
from faces import draw_lots, empty_room, talking_head
from material import Clips
from muxing import CONTAINERS, Film, write_clip
from noise import KINDS, NoiseBank
from soundtracks import Noise, Soundtrack, soundtrack
from speech import RATE_HZ, Voice, delivery, pauses, speak, voices

LABELS = ["file", "text", "valence", "split", "voice", "snr_db", "has_face", "has_video", "seconds"]
DETAILS = ["file", "container", "fps", "noise", "speed", "pitch", "smile", "brows", "covered", "spans_s"]

CONTAINER_SHARES = {
    "mp4": 0.62, "mp4-reordered": 0.12, "mkv": 0.08, "webm-opus": 0.05, "webm-vorbis": 0.03, "mov": 0.05, "avi": 0.05,
}  # fmt: skip
NOISY_SHARE, SNR_RANGE_DB = 0.25, (0.0, 25.0)
NO_FACE_SHARE, NO_VIDEO_SHARE, COVERED_SHARE = 0.04, 0.02, 0.08
FRAME_RATES = [Fraction(10), Fraction(25, 2)]
BABBLERS = 60


@dataclass(frozen=True)
class Plan:
    """All that is decided about a clip before anything is spoken or drawn."""

    said: Passage
    voice: Voice
    speed: int
    pitch: int
    noise: Noise | None
    usual_noise: Noise  # what it would have, were it noisy
    level_dbfs: float
    pauses_s: list[float]
    container: str
    fps: Fraction
    face: Expression | None
    has_video: bool
    covered: float


def noise_bank(split: str, seed: int) -> NoiseBank:
    """Noise whose babble is spoken by the split's own voices."""
    rng = np.random.default_rng([SPLITS.index(split), seed])
    said, choice = passages(split, BABBLERS, seed + 2), voices(split)
    waves = [speak(one.text, choice[rng.integers(len(choice))], *delivery(one.valence, rng)) for one in said]
    samples = (np.concatenate(waves) * 32767).astype(np.int16)
    offsets = np.cumsum([0] + [len(wave) for wave in waves])
    return NoiseBank(Clips(samples, offsets, [one.text for one in said], np.zeros(len(said))), seed)


def plan(said: Passage, choice: tuple[Voice, ...], rng: np.random.Generator) -> Plan:
    """Draw a clip's circumstances around what is said in it."""
    speed, pitch = delivery(said.valence, rng)
    noisy = rng.uniform() < NOISY_SHARE
    noise = Noise(str(rng.choice(KINDS)), round(float(rng.uniform(*SNR_RANGE_DB)), 1))
    picture = rng.uniform()
    has_video = picture >= NO_VIDEO_SHARE
    has_face = picture >= NO_VIDEO_SHARE + NO_FACE_SHARE
    return Plan(
        said=said,
        voice=choice[rng.integers(len(choice))],
        speed=speed,
        pitch=pitch,
        noise=noise if noisy else None,
        usual_noise=noise,
        level_dbfs=float(rng.uniform(-28, -18)),
        pauses_s=[rng.uniform(0.2, 0.6), *pauses(said, rng), rng.uniform(0.2, 0.6)],
        container=str(rng.choice(list(CONTAINER_SHARES), p=list(CONTAINER_SHARES.values()))) if has_video else "m4a",
        fps=FRAME_RATES[rng.integers(len(FRAME_RATES))],
        face=expression(said.valence, rng) if has_face else None,
        has_video=has_video,
        covered=float(rng.uniform(0.2, 0.6)) if rng.uniform() < COVERED_SHARE else 0.0,
    )


def film(sound: Soundtrack, face: Expression | None, fps: Fraction, covered: float, rng: np.random.Generator) -> Film:
    """The picture to a soundtrack: a talking head, or an empty room."""
    loud = loudness(sound.clean, RATE_HZ, float(fps), round(sound.seconds * float(fps)))
    moments = perform(face or Expression(0.0, 0.0), loud, float(fps), rng, covered)
    frames = talking_head(draw_lots(rng), moments, rng) if face else empty_room(moments, rng)
    return Film(frames, fps)


def at_level(clip: Plan, snr_db: float) -> Plan:
    """The same clip with its kind of noise at another level; infinity means clean."""
    return replace(clip, noise=None if np.isinf(snr_db) else replace(clip.usual_noise, snr_db=snr_db))


def unseen(clip: Plan) -> Plan:
    """The same clip without its picture."""
    return replace(clip, container="m4a", face=None, has_video=False)


def make(clip: Plan, path: Path, bank: NoiseBank, seed: list[int]) -> Soundtrack:
    """Speak, draw and write one clip. Sound and picture have dice of their own: noise changes no face."""
    spoken = [speak(sentence, clip.voice, clip.speed, clip.pitch) for sentence in clip.said.sentences]
    sound = soundtrack(spoken, clip.pauses_s, clip.level_dbfs, clip.noise, bank, np.random.default_rng([*seed, 1]))
    dice = np.random.default_rng([*seed, 2])
    picture = film(sound, clip.face, clip.fps, clip.covered, dice) if clip.has_video else None
    write_clip(path, CONTAINERS[clip.container], picture, sound.samples)
    return sound


def _label(clip: Plan, name: str, split: str, sound: Soundtrack) -> dict:
    return {
        "file": name,
        "text": clip.said.text,
        "valence": round(clip.said.label, 3),
        "split": split,
        "voice": clip.voice.name,
        "snr_db": clip.noise.snr_db if clip.noise else "",
        "has_face": str(clip.face is not None).lower(),
        "has_video": str(clip.has_video).lower(),
        "seconds": round(sound.seconds, 3),
    }


def _detail(clip: Plan, name: str, sound: Soundtrack) -> dict:
    return {
        "file": name,
        "container": clip.container,
        "fps": float(clip.fps),
        "noise": clip.noise.kind if clip.noise else "",
        "speed": clip.speed,
        "pitch": clip.pitch,
        "smile": round(clip.face.smile, 3) if clip.face else "",
        "brows": round(clip.face.brows, 3) if clip.face else "",
        "covered": round(clip.covered, 2),
        "spans_s": ";".join(f"{start:.3f}-{end:.3f}" for start, end in sound.spans_s),
    }


class _Table:
    """A CSV file that grows by whole lines and knows which clips it has."""

    def __init__(self, path: Path, columns: list[str]):
        self.done = set()
        if path.exists():
            with path.open(newline="") as stream:
                self.done = {row["file"] for row in csv.DictReader(stream)}
        self._stream = path.open("a", newline="")
        self._writer = csv.DictWriter(self._stream, columns, lineterminator="\n")
        if not self.done:
            self._stream.truncate(0)
            self._writer.writeheader()

    def add(self, row: dict) -> None:
        if row["file"] not in self.done:
            self._writer.writerow(row)
            self._stream.flush()


def make_all(split: str, count: int, seed: int, out: Path, changed: Callable[[Plan], Plan]) -> None:
    """Make the clips that `out` does not have yet."""
    out.mkdir(parents=True, exist_ok=True)
    labels, details = _Table(out / "labels.csv", LABELS), _Table(out / "details.csv", DETAILS)
    said = passages(split, count, seed)
    choice, bank = voices(split), noise_bank(split, seed)
    for index, passage in enumerate(said):
        dice = [SPLITS.index(split), seed, index]
        clip = changed(plan(passage, choice, np.random.default_rng(dice)))
        name = f"{index:05}.{CONTAINERS[clip.container].extension}"
        # The label is written last, so a clip with a label has everything else.
        if name in labels.done:
            continue
        sound = make(clip, out / name, bank, dice)
        details.add(_detail(clip, name, sound))
        labels.add(_label(clip, name, split, sound))
        if (index + 1) % 100 == 0:
            print(f"{split}: {index + 1} of {count}", flush=True)


if __name__ == "__main__":
    parser = workspace.parser(__doc__.splitlines()[0])
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--n", type=int, required=True, help="how many clips the folder should have")
    parser.add_argument("--seed", type=int, default=2, help="other passages: few of them are among those that the speech models learn from")
    parser.add_argument("--snr-db", type=float, help="the same noise level for every clip; inf for none")
    parser.add_argument("--sound-only", action="store_true", help="without pictures")
    parser.add_argument("--out", type=Path, help="default: clips/SPLIT in the working folder")
    arguments = parser.parse_args()

    def changed(clip: Plan) -> Plan:
        if arguments.snr_db is not None:
            clip = at_level(clip, arguments.snr_db)
        return unseen(clip) if arguments.sound_only else clip

    target = arguments.out or arguments.work / "clips" / arguments.split
    make_all(arguments.split, arguments.n, arguments.seed, target, changed)
