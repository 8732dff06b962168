#!/bin/sh
# Makes the demo bundle from nothing; goes on where it was interrupted. `make models` builds
# the program first: the fusion network is trained by it, on what its own engines see.
set -eu
cd "$(dirname "$0")"
work="${UNDERTONE_WORK:-$HOME/.cache/undertone/recipes}"
undertone="../../target/release/undertone"

for step in material asr slm export_asr export_slm evaluate; do
    python "$step.py"
done
python clips.py --split train --n 1500
python clips.py --split val --n 200
python clips.py --split test --n 200
"$undertone" bundle ../demo
"$undertone" calibrate "$work/clips/val/labels.csv" --set bundle=../demo --write
"$undertone" extract "$work/clips/train/labels.csv" "$work/clips/val/labels.csv" \
    "$work/clips/test/labels.csv" --out "$work/features" --set bundle=../demo
"$undertone" train "$work/features" --out "$work/fusion" --config fusion.toml --resume
cp "$work/fusion/fusion.safetensors" "$work/fusion/fusion.json" ../demo/
"$undertone" bundle ../demo
"$undertone" eval "$work/features" --network "$work/fusion"

# The whole program on clips of voices and sentences that no model has met.
for mode in auto simulated none; do
    "$undertone" run "$work/clips/test" --out "$work/reports/$mode" --force \
        --set bundle=../demo --set text.mode=$mode
done
python score_reports.py "$work/clips/test" auto="$work/reports/auto" \
    simulated="$work/reports/simulated" none="$work/reports/none"
