"""Writes frames and samples into media files through `gst-launch-1.0`.

Raw frames go through standard input, so no frame is ever stored; the samples, which are few, through a
temporary file beside the output. A file appears under its name only when it is complete.
"""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from faces import HEIGHT, WIDTH
from speech import RATE_HZ


@dataclass(frozen=True)
class Container:
    """How one kind of file is made; the encoders are gst-launch fragments."""

    extension: str
    muxer: str
    video: str
    audio: str
    codecs: str


H264 = "x264enc speed-preset=ultrafast tune=zerolatency threads=1 bitrate=160 key-int-max=50 ! h264parse"
H264_REORDERED = "x264enc speed-preset=veryfast bframes=2 b-adapt=false threads=1 bitrate=160 ! h264parse"
VP8 = "vp8enc deadline=1 cpu-used=8 threads=1 target-bitrate=160000 keyframe-max-dist=50"
MPEG4 = "avenc_mpeg4 pass=quant quantizer=6"
AAC = "audioresample ! audio/x-raw,rate=44100 ! avenc_aac bitrate=64000 ! aacparse"
OPUS = "audioresample ! audio/x-raw,rate=48000 ! opusenc bitrate=40000"
VORBIS = "audioresample ! audio/x-raw,rate=44100 ! vorbisenc quality=0.3"
MP3 = "audioresample ! audio/x-raw,rate=44100 ! lamemp3enc target=bitrate cbr=true bitrate=64 ! mpegaudioparse"

CONTAINERS = {
    "mp4": Container("mp4", "mp4mux", H264, AAC, "h264+aac"),
    "mp4-reordered": Container("mp4", "mp4mux", H264_REORDERED, AAC, "h264+aac"),
    "mov": Container("mov", "qtmux", H264, AAC, "h264+aac"),
    "mkv": Container("mkv", "matroskamux", H264, OPUS, "h264+opus"),
    "webm-opus": Container("webm", "webmmux", VP8, OPUS, "vp8+opus"),
    "webm-vorbis": Container("webm", "webmmux", VP8, VORBIS, "vp8+vorbis"),
    "avi": Container("avi", "avimux", MPEG4, MP3, "mpeg4+mp3"),
    "m4a": Container("m4a", "mp4mux", "", AAC, "aac"),
}

# Unbounded, because the clips are short and a muxer that waits for one stream must not block the other.
QUEUE = "queue max-size-buffers=0 max-size-bytes=0 max-size-time=0"

# `cutter` drops buffers below its threshold and keeps the time of what follows, so a track that begins with
# digital silence starts late in the container. The long run length keeps it open from then on.
SKIP_LEADING_SILENCE = (
    "audiobuffersplit output-buffer-duration=1/50 ! "
    "cutter threshold-dB=-90 run-length=3600000000000 pre-length=0 leaky=true ! "
)


@dataclass(frozen=True)
class Film:
    """Raw RGB frames and how many of them make a second."""

    frames: Iterable[bytes]
    fps: Fraction


def _branch_video(container: Container, fps: Fraction) -> str:
    return (
        f"fdsrc fd=0 blocksize={WIDTH * HEIGHT * 3} ! rawvideoparse width={WIDTH} height={HEIGHT} format=rgb "
        f"framerate={fps.numerator}/{fps.denominator} ! videoconvert ! video/x-raw,format=I420 ! {container.video} ! "
        f"{QUEUE} ! mux."
    )


def _branch_audio(container: Container, late: bool) -> str:
    return (
        f"filesrc name=samples ! rawaudioparse pcm-format=s16le sample-rate={RATE_HZ} num-channels=1 ! "
        f"{SKIP_LEADING_SILENCE if late else ''}audioconvert ! {container.audio} ! {QUEUE} ! mux."
    )


def write_clip(
    path: Path, container: Container, film: Film | None, samples: np.ndarray | None, late_audio: bool = False
) -> None:
    """Encode and mux one clip; `late_audio` leaves leading digital silence out of the container."""
    partial, pcm = path.with_name(path.name + ".part"), path.with_name(path.name + ".pcm")
    pipeline = f"{container.muxer} name=mux ! filesink name=out"
    if film:
        pipeline += " " + _branch_video(container, film.fps)
    if samples is not None:
        pcm.write_bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        pipeline += " " + _branch_audio(container, late_audio)
    pipeline = pipeline.replace("name=out", f"location={partial}").replace("name=samples", f"location={pcm}")
    environment = {**os.environ, "GST_REGISTRY_UPDATE": "no"}
    process = subprocess.Popen(
        ["gst-launch-1.0", "-q", *pipeline.split()],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    )
    try:
        for frame in film.frames if film else ():
            process.stdin.write(frame)
    except BrokenPipeError:
        pass  # gst-launch has given up; its own message, below, says why
    _, errors = process.communicate()
    pcm.unlink(missing_ok=True)
    if process.returncode or not partial.exists():
        partial.unlink(missing_ok=True)
        raise RuntimeError(f"cannot write {path}: {errors.decode(errors='replace').strip()}")
    partial.rename(path)
