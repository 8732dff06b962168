#!/usr/bin/env bash
# What a fleet costs: the same clips by `undertone run`, and by workers through a real queue and a real
# store (nats-server, and s3s-fs of scripts/setup-s3s-fs.sh), all on this machine.
#
#   scripts/bench_fleet.sh [CLIPS]
#
# CPU is that of the program and its scoring process (user + system), without that of the servers.
set -euo pipefail
cd "$(dirname "$0")/.."

clips="${1:-60}"
undertone="${UNDERTONE:-target/release/undertone}"
s3s="$(scripts/setup-s3s-fs.sh)"
export PATH="$PATH:/usr/sbin" AWS_ACCESS_KEY_ID=AKBENCH AWS_SECRET_ACCESS_KEY=bench AWS_REGION=us-east-1
folder="$(mktemp -d)"
servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT

mkdir -p "$folder/store/bucket/in" "$folder/run"
for ((number = 0; number < clips; number++)); do
  file="$(printf '%s/store/bucket/in/%04d.mkv' "$folder" "$number")"
  cp tests/clips/positive-matroska.mkv "$file"
  # Content of its own for each; what follows the last element is ignored.
  head -c $((number + 1)) /dev/zero >> "$file"
done

nats-server -a 127.0.0.1 -p 14222 -js -sd "$folder/nats" -l "$folder/nats.log" & servers+=($!)
"$s3s" --host 127.0.0.1 --port 19000 --access-key AKBENCH --secret-key bench "$folder/store" \
  > "$folder/store.log" 2>&1 & servers+=($!)
sleep 2
quiet=(--set log.level=error --set metrics.listen= --set fleet.store_endpoint=http://127.0.0.1:19000)

TIMEFORMAT='%R s, %U s user, %S s system'
measure() { # NAME COMMAND...: the time that it takes
  local name="$1"; shift
  { time "$@" > "$folder/said" 2>&1; } 2> "$folder/time" || { cat "$folder/said"; exit 1; }
  echo "$name: $(tail -1 "$folder/time"): $(tail -1 "$folder/said")"
}
submit() { # QUEUE MORE...
  "$undertone" submit s3://bucket/in --queue "nats://127.0.0.1:14222/$1" "${quiet[@]}" "${@:2}" > /dev/null
}
work() { # QUEUE MORE...; held to the core $core, if that is set
  ${core:+taskset -c "$core"} "$undertone" work --out "s3://bucket/$1" --until-empty --queue "nats://127.0.0.1:14222/$1" "${quiet[@]}" "${@:2}"
}
two() {
  core=0 work "$@" & local first=$!
  core=1 work "$@" & local second=$!
  wait "$first" "$second"
}

echo "$clips clips of 3 s, $(nproc) cores"
for round in 1 2 3; do
  rm -rf "$folder/run/$round"
  measure "run, round $round" "$undertone" run "$folder/store/bucket/in" --out "$folder/run/$round" "${quiet[@]}"
  submit "one$round"
  measure "queue and store, round $round" work "one$round"
done
# One core each (GStreamer has threads beyond `threads.total`): what a second machine brings, as far as two cores of one can show it.
submit alone
core=1 measure "one worker with one core" work alone --set threads.total=1
submit pair
measure "two workers with one core each" two pair --set threads.total=1
