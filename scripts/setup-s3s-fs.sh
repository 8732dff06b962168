#!/usr/bin/env bash
# Builds s3s-fs, an S3-compatible server over a folder, once into the user's cache: the tests of a
# fleet use it (`make test-fleet`). Prints where the program is.
set -euo pipefail

version=0.14.1
cache="${UNDERTONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/undertone}/s3s-fs-$version"

if [ ! -x "$cache/bin/s3s-fs" ]; then
  echo "setup: builds s3s-fs $version (minutes, once)" >&2
  cargo install s3s-fs --version "$version" --locked --features binary --root "$cache" --quiet >&2
fi
echo "$cache/bin/s3s-fs"
