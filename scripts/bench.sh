#!/usr/bin/env bash
# Speed and memory on a recording of one minute and a long one, both made from a sample clip.
# Prints the speed relative to real time, the busy share of each stage and the peak memory.
#
#   scripts/bench.sh [MINUTES]     (default 60)
set -euo pipefail
cd "$(dirname "$0")/.."

minutes="${1:-60}"
work="$(mktemp -d "${TMPDIR:-/tmp}/undertone-bench.XXXXXX")"
trap 'rm -rf "$work"' EXIT

# 187 frames at 12.5 per second and as much sound: 14.96 s with five utterances and a face.
frames=187
samples=239360
gst-launch-1.0 -q filesrc location=tests/clips/conversation.mp4 ! decodebin name=d \
  d. ! videoconvert ! video/x-raw,format=I420 ! filesink location="$work/video" \
  d. ! audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=16000,channels=1 \
  ! filesink location="$work/audio"
truncate --size $((frames * 320 * 240 * 3 / 2)) "$work/video"
truncate --size $((samples * 2)) "$work/audio"

repeat() { # times, file
  for _ in $(seq "$1"); do cat "$2"; done
}

recording() { # minutes, file
  local times=$(($1 * 4))
  timeout 600 gst-launch-1.0 -q matroskamux name=muxer ! filesink location="$2" \
    fdsrc fd=3 ! rawvideoparse format=i420 width=320 height=240 framerate=25/2 ! queue \
    ! x264enc speed-preset=ultrafast tune=zerolatency ! h264parse ! queue ! muxer. \
    fdsrc fd=4 ! rawaudioparse format=pcm pcm-format=s16le sample-rate=16000 num-channels=1 \
    ! queue ! audioconvert ! opusenc ! queue ! muxer. \
    3< <(repeat "$times" "$work/video") 4< <(repeat "$times" "$work/audio")
}

recording 1 "$work/minute.mkv"
recording "$minutes" "$work/long.mkv"
for name in minute long; do
  echo "== $name"
  target/release/undertone run "$work/$name.mkv" --out "$work/reports" --set log.level=error
done
