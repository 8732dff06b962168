#!/bin/sh
# Makes the demo bundle from nothing; goes on where it was interrupted. `make models` builds
# the program first: the fusion network is trained by it, on what its own engines see.
set -eu
. "$(dirname "$0")/common.sh"

# Speech, the two speech models, and how well they hear.
for step in material asr slm export_asr export_slm evaluate; do
    python "$step.py"
done
undertone bundle ../demo

# The gate: clips without pictures at every noise level, and recordings in which nothing is said.
for level in inf 20 10 5 0; do
    python clips.py --split val --n 120 --seed 4 --sound-only --snr-db $level --out "$work/gate/val/$level"
    python clips.py --split test --n 150 --seed 4 --sound-only --snr-db $level --out "$work/gate/test/$level"
done
python speechless.py --split val
python speechless.py --split test
undertone calibrate "$work"/gate/val/*/labels.csv "$work"/speechless/val/*/labels.csv $demo --write

# The fusion network, from clips of talking heads.
python clips.py --split train --n 2000
python clips.py --split val --n 250
python clips.py --split test --n 1000
undertone extract "$work/clips/train/labels.csv" "$work/clips/val/labels.csv" \
    "$work/clips/test/labels.csv" --out "$work/features" $demo
undertone train "$work/features" --out "$work/fusion" --config fusion.toml --resume
cp "$work/fusion/fusion.safetensors" "$work/fusion/fusion.json" ../demo/
undertone bundle ../demo

# From which confidence on a transcript is the better text.
for level in inf 20 10 5 0; do
    for mode in transcript simulated; do
        undertone run "$work/gate/val/$level" --out "$work/gate/reports/$level/$mode" --force \
            $demo --set text.mode=$mode
    done
done
python gate_threshold.py "$work/gate/val" "$work/gate/reports" --write

./measure.sh
