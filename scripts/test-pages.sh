#!/usr/bin/env bash
# The pages of `undertone view` and `undertone watch` in a headless Chromium: see tests/pages/check.mjs. Needs neither
# the engines nor models; installs Chromium and Node.js from Debian, and their two packages from
# npm into a cache. With a folder as argument, screenshots go there.
set -euo pipefail
cd "$(dirname "$0")/.."

needed=()
command -v chromium >/dev/null || needed+=(chromium)
command -v npm >/dev/null || needed+=(nodejs npm)
[ "${#needed[@]}" -eq 0 ] || scripts/setup-debian.sh "${needed[@]}"

modules="${XDG_CACHE_HOME:-$HOME/.cache}/undertone/test-pages"
mkdir -p "$modules"
# Copied, so that nothing is installed into the repository, and Node.js finds its packages.
cp tests/pages/* "$modules/"
(cd "$modules" && npm ci --silent --no-audit --no-fund)

cargo build --quiet --release -p undertone-pages --example page -p undertone-live --example serve
examples="$(realpath "${CARGO_TARGET_DIR:-target}/release/examples")"
screenshots=()
[ $# -eq 0 ] || screenshots=(--screenshots "$(realpath -m "$1")")
node "$modules/check.mjs" --maker "$examples/page" --server "$examples/serve" --chromium "$(command -v chromium)" \
  --clips "$PWD/tests/clips" "${screenshots[@]}"
