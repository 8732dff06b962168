#!/usr/bin/env bash
# Installs the Debian packages that are needed to build and run, and those given as arguments;
# only those that are missing.
set -euo pipefail

packages=(
  # GStreamer: headers to build against, plugins to decode with, a face detector
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  gstreamer1.0-plugins-ugly gstreamer1.0-libav gstreamer1.0-opencv opencv-data
  gstreamer1.0-tools
  # the C++ engines
  g++ cmake clang libclang-dev pkg-config
  # unpacks libtorch from its wheels
  python3 python3-pip
  # the queue of a fleet, for its tests
  nats-server
  "$@"
)

missing=()
for package in "${packages[@]}"; do
  state="$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)"
  [ "$state" = installed ] || missing+=("$package")
done

if [ "${#missing[@]}" -eq 0 ]; then
  echo "setup: all Debian packages are installed"
else
  echo "setup: installs ${#missing[@]} Debian packages (with what they need about 1 GB): ${missing[*]}"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup: run as root, or install sudo" >&2; exit 3; }
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

command -v cargo >/dev/null || {
  echo "setup: Rust is missing: install the version in rust-version of Cargo.toml (rustup.rs)" >&2
  exit 3
}
