"""Cuts people's speech into pieces with the words that Whisper heard: WORK/speech/real/NNNNN.wav and real.jsonl.

    undertone run DATA/speech/librispeech-train --out REPORTS --set bundle=en --set text.mode=transcript
    python real_speech.py --reports REPORTS

A piece is an utterance of a report whose transcript the gate trusts.
"""

import json
from pathlib import Path

import soundfile

import place
import sentences

MARGIN_S = 0.1
SECONDS = (0.8, 20.0)


def trusted(report):
    """(path of the recording, start, end, words) of the utterances that the gate trusts."""
    for line in map(json.loads, report.read_text(encoding="utf-8").splitlines()):
        if line["kind"] == "utterance" and line["text"].get("confidence", 0) >= line["text"]["gate"]:
            yield line["path"], line["start_s"], line["end_s"], line["text"]["transcript"]


def main():
    options = place.parser(__doc__)
    options.add_argument("--reports", type=Path, required=True)
    options = options.parse_args()
    folder = options.work / "speech" / "real"
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for report in sorted(options.reports.glob("*.jsonl")):
        for path, start, end, words in trusted(report):
            if not SECONDS[0] <= end - start <= SECONDS[1] or not sentences.letters(words):
                continue
            samples, rate = soundfile.read(path)
            piece = samples[max(0, round((start - MARGIN_S) * rate)):round((end + MARGIN_S) * rate)]
            out = folder / f"{len(lines):05}.wav"
            soundfile.write(out, piece, rate, subtype="PCM_16")
            lines.append(json.dumps({"file": f"real/{out.name}", "text": words, "recording": Path(path).stem}))
    place.write(folder.with_suffix(".jsonl"), "\n".join(lines) + "\n")
    print(f"{len(lines)} pieces")


if __name__ == "__main__":
    main()
