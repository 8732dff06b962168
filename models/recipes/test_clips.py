"""The small clips that the program's own tests run on, with what is to be expected of them.

    python test_clips.py

writes `tests/clips`: every container and codec the program must take, what is awkward in real folders (late
audio, silent, missing or cut streams), `expected.json`, and a table of labels (`labels.csv`) to try training with.
Sentences are from the test split; faces and delivery agree with the words, so that a clip's sentiment is clear.
"""

import csv
import json
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from acting import plain_expression
from clips import film, noise_bank
from muxing import CONTAINERS, write_clip
from soundtracks import Noise, Soundtrack, soundtrack
from speech import RATE_HZ, Voice, speak

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "clips"
SPEED, PITCH, PITCH_PER_VALENCE = 155, 50, 4
LEVEL_DBFS = -22.0
EDGE_S = 0.5
LATE_S = 0.7
FPS = Fraction(25, 2)
FACES_SEED = 101

LOVED = ("we all loved this tournament", 2.63)
WONDERFUL = ("i think the novel was wonderful", 2.77)
FANTASTIC = ("the book was fantastic", 2.6)
STUNNING = ("i thought the style was stunning on friday", 2.83)
DESPISED = ("i despised the trip from start to finish", -2.66)
AWFUL = ("this is one of the most awful things i know", -2.65)
DREADFUL = ("i thought the battery was dreadful on saturday", -2.38)
HORRIBLE = ("even after fifty weeks the stage is still horrible", -2.6)
TURNED = ("i liked the referee but the team felt quite disgusting", -2.51)
MADRID = ("the phone comes from madrid", -0.01)
JUNE = ("i bought it in june for twenty dollars", 0.05)
SOFA = ("that is all for today about the sofa", 0.26)

AMERICAN = Voice("en-us")
BRITISH = Voice("en-gb")
WOMAN = Voice("en-us", "f3")
SCOT = Voice("en-gb-scotland", "f1")
STRANGER = Voice("en-us", "f2")


@dataclass(frozen=True)
class Case:
    """One clip and what is special about it."""

    name: str
    container: str
    said: tuple[tuple[str, float], ...] = ()
    voice: Voice = AMERICAN
    pause_s: float = 0.0
    noise: Noise | None = None
    has_face: bool = True
    has_video: bool = True
    audio: str = "speech"  # or "silent", "late", "none"
    keep_share: float = 1.0  # of the bytes; the rest is cut off
    notes: list[str] = field(default_factory=list)

    @property
    def file(self) -> str:
        return f"{self.name}.{CONTAINERS[self.container].extension}"


CASES = [
    Case("positive", "mp4", (WONDERFUL,), notes=["the plain case"]),
    Case("negative", "mp4-reordered", (DESPISED,), BRITISH, notes=["B-frames: decoded order is not shown order"]),
    Case("neutral", "mp4", (JUNE,), WOMAN),
    Case("turned-by-but", "mp4", (TURNED,), SCOT),
    Case("positive-opus", "webm-opus", (LOVED,), WOMAN),
    Case("negative-vorbis", "webm-vorbis", (AWFUL,)),
    Case("positive-matroska", "mkv", (STUNNING,), BRITISH),
    Case("negative-quicktime", "mov", (DREADFUL,), WOMAN),
    Case("neutral-avi", "avi", (MADRID,)),
    Case(
        "conversation", "mp4-reordered", (FANTASTIC, AWFUL, JUNE, LOVED, SOFA), pause_s=1.1,
        notes=["five utterances with 1.1 s between them; the face shows their mean"],
    ),
    Case("unknown-voice", "mp4", (HORRIBLE,), STRANGER, notes=["the speech models never heard this voice"]),
    Case("loud-noise", "mp4", (DREADFUL,), noise=Noise("pink", -5.0), notes=["no transcript can be trusted here"]),
    Case("silent-audio", "mp4", audio="silent", notes=["an audio track of zeros: nothing is said"]),
    Case("no-audio", "mp4", audio="none", notes=["no audio track; the mouth stays shut"]),
    Case("audio-only", "m4a", (DESPISED,), WOMAN, has_video=False),
    Case("no-face", "mp4", (FANTASTIC,), BRITISH, has_face=False, notes=["an empty room"]),
    Case("late-audio", "mp4", (LOVED,), audio="late", notes=["an edit list starts the audio at 0.7 s"]),
    Case("late-audio-matroska", "mkv", (AWFUL,), WOMAN, audio="late", notes=["the first audio block is stamped 0.7 s"]),
    Case("cut-off", "mp4", (WONDERFUL,), keep_share=0.6, notes=["without its end, so without moov: unreadable"]),
    Case(
        "cut-off-matroska", "mkv", (STUNNING, DREADFUL), BRITISH, pause_s=1.0, keep_share=0.55,
        notes=["the end is missing: readable up to the cut"],
    ),
]  # fmt: skip


def _mood(case: Case) -> float:
    return float(np.mean([valence for _, valence in case.said])) if case.said else 0.0


def _sound(case: Case, bank, rng: np.random.Generator) -> Soundtrack:
    """What is heard, on the recording's own clock."""
    if not case.said:
        silence = np.zeros(3 * RATE_HZ, np.float32)
        return Soundtrack(silence, silence, [])
    spoken = [speak(text, case.voice, SPEED, round(PITCH + PITCH_PER_VALENCE * valence)) for text, valence in case.said]
    pauses_s = [EDGE_S, *[case.pause_s] * (len(spoken) - 1), EDGE_S]
    sound = soundtrack(spoken, pauses_s, LEVEL_DBFS, case.noise, bank, rng)
    if case.audio != "late":
        return sound
    lead = np.zeros(round(LATE_S * RATE_HZ), np.float32)
    spans = [(start + LATE_S, end + LATE_S) for start, end in sound.spans_s]
    return replace(
        sound, samples=np.concatenate([lead, sound.samples]), clean=np.concatenate([lead, sound.clean]), spans_s=spans
    )


def _expected(case: Case, sound: Soundtrack) -> dict:
    video, _, audio = CONTAINERS[case.container].codecs.rpartition("+")
    return {
        "file": case.file,
        "container": CONTAINERS[case.container].extension,
        "video_codec": video if case.has_video else None,
        "audio_codec": audio if case.audio != "none" else None,
        "duration_s": round(sound.seconds, 3),
        "audio_start_s": None if case.audio == "none" else LATE_S if case.audio == "late" else 0.0,
        "complete": case.keep_share == 1.0,
        "has_face": case.has_video and case.has_face,
        "voice": case.voice.name if case.said else None,
        "snr_db": case.noise.snr_db if case.noise else None,
        "utterances": [
            {"text": text, "valence": valence, "start_s": round(start, 3), "end_s": round(end, 3)}
            for (text, valence), (start, end) in zip(case.said, sound.spans_s, strict=True)
        ],
        "notes": case.notes,
    }


def _write(case: Case, sound: Soundtrack, rng: np.random.Generator) -> None:
    face = plain_expression(_mood(case)) if case.has_face else None
    picture = film(sound, face, FPS, 0.0, rng) if case.has_video else None
    samples = None if case.audio == "none" else sound.samples
    path = FOLDER / case.file
    write_clip(path, CONTAINERS[case.container], picture, samples, late_audio=case.audio == "late")
    if case.keep_share < 1:
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * case.keep_share)])


def make_all() -> None:
    """Make every clip anew and say what is expected of it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    bank = noise_bank("test", seed=2)
    clips = []
    for index, case in enumerate(CASES):
        rng = np.random.default_rng([FACES_SEED, index])
        sound = _sound(case, bank, rng)
        _write(case, sound, rng)
        clips.append(_expected(case, sound))
    (FOLDER / "expected.json").write_text(json.dumps({"clips": clips}, indent=2) + "\n")
    _write_labels(clips)


def _write_labels(clips: list[dict]) -> None:
    """One row for each clip that is whole and says one thing; every fourth validates, every fourth tests."""
    whole = [clip for clip in clips if clip["complete"] and len(clip["utterances"]) == 1]
    with open(FOLDER / "labels.csv", "w", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["file", "label", "text", "split"])
        for number, clip in enumerate(whole):
            (utterance,) = clip["utterances"]
            split = ("train", "train", "val", "test")[number % 4]
            writer.writerow([clip["file"], utterance["valence"], utterance["text"], split])


if __name__ == "__main__":
    make_all()
