#!/usr/bin/env bash
# The cost of isolation: the same folder is scored by the daemon in its own process, by the
# daemon with a worker process, and by a new process for each recording.
#
#   scripts/bench_isolation.sh [CLIPS]     (default 60)
set -euo pipefail
cd "$(dirname "$0")/.."

clips="${1:-60}"
work="$(mktemp -d "${TMPDIR:-/tmp}/undertone-isolation.XXXXXX")"
trap 'rm -rf "$work"' EXIT
mkdir "$work/in"
for index in $(seq "$clips"); do
  # Bytes after the last element of a Matroska file are ignored: they make each content unique.
  { cat tests/clips/positive-matroska.mkv; printf '%*s' "$index" ''; } >"$work/in/$index.mkv"
done

now() { date +%s.%N; }
say() { # name, start, end
  awk -v name="$1" -v clips="$clips" -v start="$2" -v end="$3" \
    'BEGIN { printf "%-28s %6.1f s, %5.0f ms a recording\n", name, end - start, 1000 * (end - start) / clips }'
}

watch() { # isolation
  local start
  start="$(now)"
  target/release/undertone watch "$work/in" --out "$work/$1" --set worker.isolation="$1" \
    --set watch.settle_s=0.1 --set metrics.listen= --set log.level=error &
  local daemon=$!
  until [ "$(find "$work/$1" -name '*.jsonl' ! -path '*/.undertone/*' 2>/dev/null | wc -l)" -eq "$clips" ]; do
    sleep 0.05
  done
  say "watch, isolation = $1" "$start" "$(now)"
  kill "$daemon"
  wait "$daemon"
}

for round in 1 2; do
  echo "== round $round"
  rm -rf "$work/none" "$work/process" "$work/each"
  watch none
  watch process
  start="$(now)"
  for recording in "$work"/in/*.mkv; do
    target/release/undertone run "$recording" --out "$work/each" --set log.level=error >/dev/null 2>&1
  done
  say "a process for each recording" "$start" "$(now)"
done
