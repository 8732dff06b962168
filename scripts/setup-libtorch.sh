#!/usr/bin/env bash
# Makes a CPU-only libtorch 2.13.0 and links .libtorch to it (in the user's cache).
#
# No CPU-only libtorch 2.13.0 is in the package registries for x86-64 Linux, so the
# libraries are extracted from the Python wheels, without the gigabytes of CUDA.
# Idempotent; when LIBTORCH is set already, that one is used and nothing is downloaded.
set -euo pipefail
cd "$(dirname "$0")/.."

version=2.13.0
cache="${UNDERTONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/undertone}"
view="$cache/libtorch-$version-cpu"

# wheel file name and its SHA-256
wheels=(
  "torch==2.13.0 60fcdcb2f3876e21146cb4524ef06397d727ca9ad5f020818547e25075fe3cb7"
  "nvidia-cuda-runtime==13.0.96 7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548"
  "nvidia-cuda-cupti==13.0.85 4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8"
)

if [ -n "${LIBTORCH:-}" ]; then
  if [ ! -f "$LIBTORCH/lib/libtorch_cpu.so" ]; then
    echo "setup: LIBTORCH=$LIBTORCH has no lib/libtorch_cpu.so: point it at libtorch $version or unset it" >&2
    exit 3
  fi
  echo "setup: using your LIBTORCH=$LIBTORCH"
  exit 0
fi

if [ ! -f "$view/complete" ]; then
  if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "setup: the libtorch view is made for x86-64 Linux; set LIBTORCH to a libtorch $version of your own" >&2
    exit 3
  fi
  echo "setup: libtorch $version (CPU): downloads 540 MB once, keeps 440 MB in $view"
  work="$(mktemp -d "${TMPDIR:-/tmp}/undertone-libtorch.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  for line in "${wheels[@]}"; do
    echo "${line% *} --hash=sha256:${line##* }"
  done > "$work/requirements.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --implementation cp --platform manylinux_2_28_x86_64 \
    --platform manylinux_2_25_x86_64 --platform manylinux2014_x86_64 \
    --require-hashes --requirement "$work/requirements.txt" --dest "$work/wheels"
  for wheel in "$work"/wheels/*.whl; do
    python3 -m zipfile -e "$wheel" "$work/unpacked"
  done
  fresh="$(mktemp -d "$cache/libtorch.XXXXXX" 2>/dev/null || { mkdir -p "$cache"; mktemp -d "$cache/libtorch.XXXXXX"; })"
  mkdir "$fresh/lib"
  mv "$work/unpacked/torch/include" "$fresh/include"
  for library in libtorch_cpu.so libc10.so libgomp.so.1 libcudart.so.13 libcupti.so.13; do
    found="$(find "$work/unpacked" -name "$library" -print -quit)"
    [ -n "$found" ] || { echo "setup: $library is missing from the wheels" >&2; exit 3; }
    mv "$found" "$fresh/lib/$library"
  done
  # `make install` puts them beside the libraries' users.
  mkdir "$fresh/licences"
  find "$work/unpacked" -path '*.dist-info/*' -type f \( -iname 'licen*' -o -iname 'notice*' \) |
    while read -r text; do
      package="${text#"$work/unpacked/"}"
      cp "$text" "$fresh/licences/${package%%.dist-info*}-$(basename "$text")"
    done
  # torch-sys links CUDA when it finds libtorch_cuda.so, so that one is left out.
  echo 'INPUT(-ltorch_cpu)' > "$fresh/lib/libtorch.so"
  echo "$version" > "$fresh/build-version"
  touch "$fresh/complete"
  chmod 755 "$fresh"
  rm -rf "$view"
  mv "$fresh" "$view"
fi
ln -sfn "$view" .libtorch
echo "setup: libtorch $version (CPU) at .libtorch -> $view"
