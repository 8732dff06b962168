#!/usr/bin/env bash
# Ten thousand tiny files arrive at once in a watched folder; then the daemon is started on as
# many finished reports. Prints how long each takes and the daemon's own peak memory.
#
#   scripts/bench_watch.sh [FILES]     (default 10000)
set -euo pipefail
cd "$(dirname "$0")/.."

files="${1:-10000}"
work="$(mktemp -d "${TMPDIR:-/tmp}/undertone-many.XXXXXX")"
daemon=
trap 'kill "$daemon" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$work/in" "$work/drop"

start() {
  target/release/undertone watch "$work/in" --out "$work/out" --set metrics.listen= \
    --set log.level=error &
  daemon=$!
}
stop() {
  grep VmHWM "/proc/$daemon/status" | awk '{ printf "  peak memory of the daemon %d MB\n", $2 / 1000 }'
  kill "$daemon"
  wait "$daemon"
}
count() { # state
  target/release/undertone status --out "$work/out" --json 2>/dev/null |
    python3 -c 'import json, sys; print(((json.load(sys.stdin)["snapshot"] or {}).get("counts") or {}).get(sys.argv[1], 0))' "$1"
}
until_count() { # state
  until [ "$(count "$1")" -eq "$files" ]; do sleep 0.2; done
}
took() { awk -v what="$1" -v start="$2" -v end="$(date +%s.%N)" 'BEGIN { printf "%s: %.1f s\n", what, end - start }'; }

# Not media, each with unique content: this measures the daemon, not the chain.
for index in $(seq "$files"); do echo "no media $index" >"$work/drop/$index.mp4"; done
start
until [ -f "$work/out/.undertone/status.json" ]; do sleep 0.1; done
began="$(date +%s.%N)"
mv "$work"/drop "$work/in/dropped"
until_count failed
took "$files files dropped at once, all seen and on record" "$began"
stop

# Finished reports: copies of a real recording's report, with the names and facts of the files.
target/release/undertone run tests/clips/positive.mp4 --out "$work/one" --set log.level=error >/dev/null 2>&1
python3 - "$work" <<'PYTHON'
import json, pathlib, sys, datetime
work = pathlib.Path(sys.argv[1])
first, *rest = (work / "one/positive.mp4.jsonl").read_text().splitlines(keepends=True)
first = json.loads(first)
for file in (work / "in/dropped").iterdir():
    facts = file.stat()
    second = datetime.datetime.fromtimestamp(facts.st_mtime_ns // 10**9, datetime.UTC)
    fraction = f".{facts.st_mtime_ns % 10**9:09}".rstrip("0").rstrip(".")
    first["source"] |= {
        "path": str(file),
        "size_bytes": facts.st_size,
        "modified": second.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z",
        "blake3": f"{int(file.stem):064x}",
    }
    report = work / "out/dropped" / (file.name + ".jsonl")
    report.write_text(json.dumps(first) + "\n" + "".join(rest))
    report.with_name(file.name + ".failed.json").unlink()
PYTHON
rm "$work/out/.undertone/status.json"
began="$(date +%s.%N)"
start
until_count "done"
took "start over $files finished reports" "$began"
stop
