#!/usr/bin/env bash
# Exports the sample clips in every format, and reads each file back with programs that are not
# ours (scripts/read_exports.py); trains a small network, and hands its epochs to MLflow and
# TensorBoard as docs/training.md says (scripts/read_epochs.py). `make test-exports` calls it. Needs python3 with venv, and a
# network the first time; where there are ffprobe and jq, these read as well.
set -euo pipefail
cd "$(dirname "$0")/.."

program="${1:-target/release/undertone}"
environment="${XDG_CACHE_HOME:-$HOME/.cache}/undertone/test-exports"
[ -x "$program" ] || { echo "test-exports: there is no program $program: run make build" >&2; exit 3; }

if [ ! -x "$environment/bin/python" ]; then
  python3 -m venv "$environment"
fi
"$environment/bin/pip" install --quiet --disable-pip-version-check \
  'pandas>=2' 'polars>=1' 'pyarrow>=15' 'duckdb>=1' 'pysubs2>=1.7' 'webvtt-py>=0.5' 'pympi-ling>=1.70' 'textgrid>=1.6' \
  'mlflow-skinny>=2' 'tensorboard>=2.15' 'tensorboardX>=2.6'

folder="$(mktemp -d "${TMPDIR:-/tmp}/undertone-exports.XXXXXX")"
trap 'rm -rf "$folder"' EXIT
# One of the clips is broken on purpose.
"$program" run tests/clips --out "$folder/reports" > "$folder/run.log" 2>&1 || [ $? -eq 1 ] || {
  cat "$folder/run.log" >&2
  exit 3
}
"$program" export --format srt,vtt,csv,tsv,parquet,eaf,audacity,textgrid,json "$folder/reports"

"$environment/bin/python" scripts/read_exports.py "$folder/reports"
if command -v ffprobe > /dev/null; then
  for file in "$folder"/reports/*.srt "$folder"/reports/*.vtt; do
    utterances="$(grep -c '"kind":"utterance"' "${file%.*}.jsonl")"
    packets="$(ffprobe -v error -count_packets -show_entries stream=nb_read_packets -of csv=p=0 "$file")"
    [ "$packets" = "$utterances" ] || { echo "ffprobe reads $packets cues of $file, not $utterances" >&2; exit 1; }
  done
  echo "ffprobe: every cue of every .srt and .vtt"
fi

printf 'text,label,split\nit was wonderful,2,train\nit was dreadful,-2,train\nwe loved it,2,val\ni despised it,-2,val\n' \
  > "$folder/texts.csv"
"$program" extract "$folder/texts.csv" --out "$folder/work/features" > "$folder/train.log" 2>&1 \
  && "$program" train "$folder/work/features" --out "$folder/work/network" --set run.epochs=3 --set network.model_width=16 \
    >> "$folder/train.log" 2>&1 || { cat "$folder/train.log" >&2; exit 3; }
"$environment/bin/python" scripts/read_epochs.py docs/training.md "$folder"
