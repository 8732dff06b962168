#!/usr/bin/env bash
# Holds packaging/ against the program: promtool checks the alerts and runs their tests; a daemon
# scores two clips (one is broken on purpose); promtool checks its metrics, and a Prometheus that
# scrapes it answers every question that the dashboard asks. `make test-packaging` calls it.
# Needs curl and jq; Debian's package of Prometheus is only unpacked, since installing it starts it.
set -euo pipefail
cd "$(dirname "$0")/.."

program="$(realpath "${1:-target/release/undertone}")"
[ -x "$program" ] || { echo "test-packaging: there is no program $program: run make build" >&2; exit 3; }
tools="${XDG_CACHE_HOME:-$HOME/.cache}/undertone/prometheus"
if [ ! -x "$tools/usr/bin/promtool" ]; then
  mkdir -p "$tools"
  (cd "$tools" && apt-get download prometheus && dpkg --extract prometheus_*.deb . && rm prometheus_*.deb)
fi
PATH="$tools/usr/bin:$PATH"

promtool check rules packaging/prometheus/undertone.rules.yml
(cd packaging/prometheus && promtool test rules undertone.test.yml)

folder="$(mktemp -d "${TMPDIR:-/tmp}/undertone-packaging.XXXXXX")"
started=()
finish() {
  [ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2> /dev/null || true
  wait
  rm -rf "$folder"
}
trap finish EXIT

# The last line of a log that matches, once there is one.
until_logged() {
  for _ in $(seq 600); do
    if grep -m 1 -E "$2" "$1" 2> /dev/null; then return; fi
    sleep 0.1
  done
  echo "test-packaging: $1 never says $2:" >&2
  cat "$1" >&2
  exit 1
}

mkdir "$folder/in"
cp tests/clips/positive.mp4 "$folder/in"
head -c 2000 tests/clips/negative.mp4 > "$folder/in/broken.mp4"
"$program" watch "$folder/in" --out "$folder/out" --set metrics.listen=127.0.0.1:0 --set watch.settle_s=0.3 \
  2> "$folder/daemon.log" &
started+=($!)
address="$(until_logged "$folder/daemon.log" 'address=' | sed 's/.*address=\([0-9.:]*\).*/\1/')"
until_logged "$folder/daemon.log" ' scored' > /dev/null
until_logged "$folder/daemon.log" 'failed: ' > /dev/null

curl --silent --fail "http://$address/metrics" > "$folder/metrics"
promtool check metrics < "$folder/metrics"
curl --silent --fail -H 'Accept: application/openmetrics-text; version=1.0.0' "http://$address/metrics" | tail -1 | grep -qx '# EOF'

cat > "$folder/prometheus.yml" <<YAML
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$PWD/packaging/prometheus/undertone.rules.yml"]
scrape_configs:
  - job_name: undertone
    static_configs: [{targets: ["$address"]}]
YAML
port=$((20000 + RANDOM % 20000))
prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
  --web.listen-address="127.0.0.1:$port" 2> "$folder/prometheus.log" &
started+=($!)
until_logged "$folder/prometheus.log" 'ready to receive' > /dev/null
ask() { curl --silent --fail --get "http://127.0.0.1:$port/api/v1/$1" "${@:2}"; }
for _ in $(seq 100); do
  # A rate needs two scrapes.
  scrapes="$(ask query --data-urlencode 'query=count_over_time(up{job="undertone"}[1m])' | jq -r '.data.result[0].value[1] // 0')"
  [ "$scrapes" -ge 3 ] && break
  sleep 0.2
done
health="$(ask targets | jq -r '.data.activeTargets[0] | .health + " " + .lastError')"
[ "$health" = "up " ] || { echo "test-packaging: Prometheus cannot read the daemon's metrics: $health" >&2; exit 1; }

asked=0
while read -r expression; do
  expression="${expression//\$job/undertone}"
  expression="${expression//\$instance/.*}"
  expression="${expression//\$__rate_interval/1m}"
  answer="$(ask query --data-urlencode "query=$expression")" || {
    echo "test-packaging: Prometheus does not understand $expression" >&2
    exit 1
  }
  # What has not changed yet has no answer: nothing failed twice, no worker was replaced.
  [ "$(jq '.data.result | length' <<< "$answer")" -gt 0 ] || echo "no data yet: $expression"
  asked=$((asked + 1))
done < <(jq -r '.panels[].targets[].expr, .annotations.list[].expr' packaging/grafana/undertone.json)
[ "$asked" -gt 20 ]
echo "test-packaging: Prometheus answers the $asked questions of the dashboard"
firing="$(ask alerts | jq -r '.data.alerts[] | select(.state == "firing") | .labels.alertname')"
[ -z "$firing" ] || { echo "test-packaging: alerts fire: $firing" >&2; exit 1; }
