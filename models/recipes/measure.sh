#!/bin/sh
# All figures of the model card but evaluate.py's, on voices and sentences that no model has met. Changes no model.
set -eu
. "$(dirname "$0")/common.sh"

echo "# The gate, on clips it was not fitted to"
undertone calibrate "$work"/gate/test/*/labels.csv --measure $demo
for sounds in sounds babble languages; do
    echo "# The gate: $sounds"
    undertone calibrate "$work/speechless/test/$sounds/labels.csv" --measure $demo
done

echo "# The network, from features"
undertone eval "$work/features" --network "$work/fusion" --protocol all --out "$work/figures"
echo "# Each part of the method switched off, five seeds each"
undertone study "$work/features" --out "$work/study" --config fusion.toml --seeds 5 \
    --without mkd --without rs --without rnc --without mia

echo "# The whole program on the same clips"
for mode in auto transcript simulated none; do
    undertone run "$work/clips/test" --out "$work/reports/$mode" --force $demo --set text.mode=$mode
done
python score_reports.py "$work/clips/test" auto="$work/reports/auto" transcript="$work/reports/transcript" \
    simulated="$work/reports/simulated" none="$work/reports/none"

echo "# The noise sweep"
for level in inf 20 10 5 0 -5; do
    python clips.py --split test --n 150 --seed 5 --snr-db=$level --out "$work/sweep/$level"
done
python sweep.py "$work/sweep" --out "$work/sweep-reports"
python draw_sweep.py

echo "# Cost"
python cost.py "$work/sweep/inf"
