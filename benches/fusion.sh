#!/usr/bin/env bash
# Speed and memory of the fusion network against its authors' PyTorch code, both in one run, and
# whether they compute the same numbers.
#
#   benches/fusion.sh REPO [--rounds N] [--precisions f32 bf16]
#
# REPO is a checkout of https://github.com/WarmCongee/SDUMC. PYTHON (default python3) needs torch
# and safetensors.
set -euo pipefail
repo="$(cd "${1:?the checkout of the reference: see the head of this file}" && pwd)"
shift
cd "$(dirname "$0")/.."
program="$(cargo bench --bench fusion --no-run --message-format=json \
  | sed -n 's/.*"name":"fusion".*"executable":"\([^"]*\)".*/\1/p' | tail -1)"
exec "${PYTHON:-python3}" benches/fusion_reference.py "$repo" "$program" "$@"
