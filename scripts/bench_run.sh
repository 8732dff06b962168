#!/usr/bin/env bash
# Compares `undertone run` of two builds of the program: the same recordings, one build after the
# other, several times. Prints the seconds of each round and the median of each build.
#
#   scripts/bench_run.sh BEFORE AFTER [ROUNDS] [RECORDINGS…]     (default 5 rounds of tests/clips)
set -euo pipefail
cd "$(dirname "$0")/.."

before="$1" after="$2" rounds="${3:-5}"
shift $(($# < 3 ? $# : 3))
[ $# -gt 0 ] || set -- tests/clips
work="$(mktemp -d "${TMPDIR:-/tmp}/undertone-run.XXXXXX")"
trap 'rm -rf "$work"' EXIT

seconds() { # program, recordings…
  local program="$1" start
  shift
  start="$(date +%s.%N)"
  # Exit code 1: some of the sample clips are damaged on purpose.
  "$program" run "$@" --out "$work/out" --force --set log.level=error >"$work/table" 2>/dev/null || [ $? -eq 1 ]
  awk -v start="$start" -v end="$(date +%s.%N)" 'BEGIN { printf "%.2f\n", end - start }'
}

seconds "$before" "$@" >/dev/null # the files of both are in memory afterwards
seconds "$after" "$@" >/dev/null
for round in $(seq "$rounds"); do
  seconds "$before" "$@" >>"$work/before"
  seconds "$after" "$@" >>"$work/after"
  echo "round $round: before $(tail -n 1 "$work/before") s, after $(tail -n 1 "$work/after") s"
done
for build in before after; do
  echo "$build: median $(sort -n "$work/$build" | sed -n "$(((rounds + 1) / 2))p") s"
done
