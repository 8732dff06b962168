#!/usr/bin/env bash
# Builds cargo-deny once into the user's cache. With --check: runs it if it is installed (in
# the cache or on the PATH), and prints a note if it is not.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2
cache="${UNDERTONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/undertone}/cargo-deny-$version"

if [ "${1:-}" = --check ]; then
  deny="$cache/bin/cargo-deny"
  [ -x "$deny" ] || deny="$(command -v cargo-deny || true)"
  if [ -z "$deny" ]; then
    echo "deny: skipped, cargo-deny is not installed: scripts/setup-cargo-deny.sh builds it (minutes)"
    exit 0
  fi
  exec "$deny" --locked check licenses bans sources
fi

if [ ! -x "$cache/bin/cargo-deny" ]; then
  echo "setup: builds cargo-deny $version (minutes, once)"
  cargo install cargo-deny --version "$version" --locked --root "$cache" --quiet
fi
