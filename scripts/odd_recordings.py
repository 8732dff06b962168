#!/usr/bin/env python3
"""Recordings as people have them, made from tests/clips with ffmpeg (Debian's package), and what
each must give.

    scripts/odd_recordings.py make DIR             makes them in DIR
    undertone run DIR --out REPORTS
    scripts/odd_recordings.py check DIR REPORTS    prints wanted and seen; exit code 1 on a difference

Each kind was met in public reports: trimmed phone videos, segments of cameras, tracks of OBS,
field recorders, power failures, files of every codec.
"""

import json
import pathlib
import subprocess
import sys
import wave

CLIPS = pathlib.Path(__file__).resolve().parent.parent / "tests" / "clips"
TALK, TALK_S, TALK_UTTERANCES = "conversation.mp4", 15.31, 5
SHORT, SHORT_S = "turned-by-but.mp4", 4.49
SUBTITLES = "1\n00:00:00,500 --> 00:00:{:02d},000\nto be read\n"


def ffmpeg(*arguments):
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True)


class Maker:
    """Makes recordings and notes what they must give."""

    def __init__(self, folder):
        self.folder = folder
        self.wanted = {}

    def wants(self, name, length_s=None, utterances=None, **more):
        """`more`: faces (least coverage), truncated, track (number of the audio track read)."""
        self.wanted[name] = {"length_s": length_s, "utterances": utterances, **more}
        return self.folder / name

    def make(self, name, source, *arguments, before=(), **wanted):
        ffmpeg(*before, "-i", CLIPS / source, *arguments, self.wants(name, **wanted))

    def trimmed(self):
        for start_s, utterances in [(0.5, 5), (2, 4), (5.7, 3), (9.4, 2)]:
            for ending in ["mp4", "mov", "mkv"]:
                # Matroska has no edit lists: it starts at the key frame before.
                length_s = TALK_S - start_s if ending != "mkv" else None
                count = utterances if ending != "mkv" else None
                self.make(f"trim-{start_s}.{ending}", TALK, "-c", "copy", before=["-ss", start_s],
                          length_s=length_s, utterances=count)
        self.make("trim-sound.m4a", "audio-only.m4a", "-c", "copy", before=["-ss", 0.4],
                  length_s=3.37, utterances=1)
        self.make("trim-b-frames.mp4", TALK, "-c:v", "libx264", "-bf", 3, "-g", 250, "-c:a", "aac",
                  before=["-ss", 2], length_s=TALK_S - 2, utterances=4, faces=0.9)

    def late(self):
        for ending in ["mp4", "mov", "mkv", "ts", "webm"]:
            codecs = ["-c:v", "libvpx", "-c:a", "libvorbis"] if ending == "webm" else ["-c", "copy"]
            self.make(f"starts-at-20s.{ending}", SHORT, *codecs, "-output_ts_offset", 20,
                      length_s=SHORT_S, utterances=1, faces=0.9)
        for ending in ["mkv", "ts", "mp4"]:
            pattern = self.folder / f"segment-%d.{ending}"
            ffmpeg("-i", CLIPS / TALK, "-c:v", "libx264", "-g", 25, "-c:a", "aac", "-f", "segment",
                   "-segment_time", 5, pattern)
            for number in [0, 1, 2]:
                self.wants(f"segment-{number}.{ending}", length_s=None, utterances=None, faces=0.9)
            for extra in self.folder.glob(f"segment-[3-9].{ending}"):
                extra.unlink()

    def cut_off(self):
        kinds = {
            "mp4": ["-c", "copy", "-movflags", "+faststart"],
            "mkv": ["-c", "copy"],
            "webm": ["-c:v", "libvpx", "-c:a", "libvorbis"],
            "avi": ["-c:v", "mpeg4", "-c:a", "mp3"],
            "wav": ["-vn"],
            "ts": ["-c", "copy"],
            "mp3": ["-vn"],
            "ogg": ["-vn", "-c:a", "libvorbis"],
        }
        for ending, arguments in kinds.items():
            name = f"power-cut.{ending}"
            states = ending in ("mp4", "mkv", "webm", "avi", "wav")
            self.make(name, TALK, *arguments, truncated=states)
            path = self.folder / name
            path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
        name = "power-cut-fragmented.mp4"
        self.make(name, TALK, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", truncated=True)
        path = self.folder / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])

    def tracks(self):
        for seconds in [8, 12]:
            subtitles = self.folder / f"{seconds}.srt"
            subtitles.write_text(SUBTITLES.format(seconds))
            for ending, codec in [("mkv", "srt"), ("mp4", "mov_text")]:
                self.make(f"subtitles-{seconds}s.{ending}", SHORT, "-i", subtitles, "-c", "copy",
                          "-c:s", codec, length_s=SHORT_S, utterances=1)
            subtitles.unlink()
        silence = ["-f", "lavfi", "-t", 4.4, "-i", "anullsrc=r=48000:cl=stereo"]
        for name, default in [("first", "a:1"), ("default", "a:0")]:
            for ending in ["mkv", "mp4"]:
                other = "a:1" if default == "a:0" else "a:0"
                self.make(f"silent-{name}-track.{ending}", SHORT, *silence, "-map", "0:v", "-map", "1:a",
                          "-map", "0:a", "-c:v", "copy", "-c:a", "aac", f"-disposition:{default}", "default",
                          f"-disposition:{other}", 0, length_s=SHORT_S, utterances=1, track=2)
        long = ["-f", "lavfi", "-t", 12, "-i", "sine"]
        for ending in ["mkv", "mp4"]:
            self.make(f"second-track-outlasts.{ending}", SHORT, *long, "-map", 0, "-map", 1, "-c:v",
                      "copy", "-c:a", "aac", length_s=SHORT_S, utterances=1, track=1)

    def channels(self):
        mono = self.folder / "mono.wav"
        ffmpeg("-i", CLIPS / SHORT, "-vn", "-ac", 1, mono)
        with wave.open(str(mono)) as sound:
            rate, samples = sound.getframerate(), sound.readframes(sound.getnframes())
        mono.unlink()
        # ffmpeg knows no layout of 9 channels; field recorders state none.
        for count in [3, 4, 5, 6, 7, 8, 9, 12, 16]:
            name = f"recorder-{count}ch.wav"
            path = self.wants(name, length_s=SHORT_S, utterances=1)
            with wave.open(str(path), "wb") as many:
                many.setparams((count, 2, rate, 0, "NONE", ""))
                frames = (samples[at : at + 2] for at in range(0, len(samples), 2))
                many.writeframes(b"".join(b"\0\0" + one + b"\0\0" * (count - 2) for one in frames))
        for name, mix in [("inverted", "c0=c0|c1=-1*c0"), ("left-only", "c0=c0|c1=0*c0"),
                          ("nearly-inverted", "c0=c0|c1=-0.9*c0")]:
            for ending in ["wav", "flac", "m4a", "opus"]:
                codec = ["-c:a", "libopus", "-mapping_family", 255] if ending == "opus" else []
                self.make(f"{name}.{ending}", SHORT, "-vn", "-af", f"pan=stereo|{mix}", *codec,
                          length_s=SHORT_S, utterances=1)

    def codecs(self):
        video = {
            "hevc.mp4": ["-c:v", "libx265", "-x265-params", "log-level=none"],
            "av1.mkv": ["-c:v", "libaom-av1", "-cpu-used", 8],
            "vp9.webm": ["-c:v", "libvpx-vp9", "-c:a", "libopus", "-ar", 48000],
            "mpeg2.mpg": ["-c:v", "mpeg2video", "-r", 25, "-c:a", "mp2"],
            "mpeg2.m2t": ["-c:v", "mpeg2video", "-r", 25, "-c:a", "mp2", "-f", "mpegts"],
            "divx.avi": ["-c:v", "mpeg4", "-vtag", "DX50", "-c:a", "mp3"],
            "theora.ogv": ["-c:v", "libtheora", "-c:a", "libvorbis"],
            "motion-jpeg.avi": ["-c:v", "mjpeg", "-c:a", "pcm_s16le"],
            "flash.f4v": ["-c", "copy", "-f", "mp4"],
            "phone.3gpp": ["-c:v", "mpeg4", "-c:a", "aac", "-f", "3gp"],
            "quicktime.qt": ["-c", "copy", "-f", "mov"],
        }
        for name, arguments in video.items():
            self.make(f"codec-{name}", SHORT, *arguments, length_s=SHORT_S, utterances=1, faces=0.9)
        sound = ["ac3", "eac3", "mp2", "caf", "aiff", "aac", "wma", "weba", "flac", "mp3"]
        for ending in sound:
            form = ["-c:a", "libopus", "-ar", 48000, "-f", "webm"] if ending == "weba" else []
            # GStreamer has no demuxer for Apple's CAF in Debian 12.
            wanted = {"failed": True} if ending == "caf" else {"utterances": 1}
            self.make(f"sound.{ending}", SHORT, "-vn", *form, length_s=SHORT_S, **wanted)

    def pictures(self):
        self.make("varying-rate.mp4", SHORT, "-vf", "select='not(mod(floor(n/7)+n,3))'", "-vsync",
                  "vfr", "-c:a", "copy", length_s=SHORT_S, utterances=1)
        self.make("slides.mkv", SHORT, "-vf", "fps=1/2", "-c:a", "copy", utterances=1)
        self.make("one-picture.mkv", SHORT, "-frames:v", 1, "-c:a", "copy", utterances=1)
        for codec, ending in [("libvpx", "webm"), ("libvpx-vp9", "webm"), ("libx264", "mp4")]:
            self.make(f"stub-{codec}.{ending}", SHORT, "-an", "-frames:v", 1, "-c:v", codec)
        for ending in ["mkv", "mp4", "avi"]:
            self.make(f"long-and-small.{ending}", TALK, "-c:v", "mpeg4" if ending == "avi" else "libx264",
                      "-b:v", "24k", "-c:a", "mp3" if ending == "avi" else "aac", "-b:a", "32k",
                      before=["-stream_loop", 15], utterances=80, faces=0.8)

    def all(self):
        for kind in [self.trimmed, self.late, self.cut_off, self.tracks, self.channels, self.codecs,
                     self.pictures]:
            kind()
        (self.folder / "wanted.json").write_text(json.dumps(self.wanted, indent=1))
        print(f"{len(self.wanted)} recordings in {self.folder}")


def seen(reports, name):
    report = reports / f"{name}.jsonl"
    if not report.exists():
        failure = reports / f"{name}.failed.json"
        return {"failed": json.loads(failure.read_text())["error"] if failure.exists() else "nothing"}
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    media, utterances = lines[0]["media"], lines[1:-1]
    read = [track["track"] for track in media.get("audio_tracks", []) if track["read"]]
    return {
        "length_s": media["duration_s"],
        "utterances": len(utterances),
        "faces": min((one["modalities"]["video"]["face_coverage"] for one in utterances), default=0),
        "truncated": media.get("truncated", False),
        "track": read[0] if read else None,
    }


def differs(wanted, got):
    if "failed" in got or "failed" in wanted:
        return ("failed" in got) != ("failed" in wanted)
    length_s, utterances = wanted["length_s"], wanted["utterances"]
    return (
        (length_s is not None and abs(got["length_s"] - length_s) > 0.25)
        or (utterances is not None and got["utterances"] != utterances)
        or got["faces"] < wanted.get("faces", 0)
        or got["truncated"] != wanted.get("truncated", False)
        or wanted.get("track", got["track"]) != got["track"]
    )


def check(folder, reports):
    wanted = json.loads((folder / "wanted.json").read_text())
    wrong = 0
    for name, want in sorted(wanted.items()):
        got = seen(reports, name)
        bad = differs(want, got)
        wrong += bad
        print("WRONG" if bad else "ok", name, "wanted", want, "seen", got, sep="  ")
    print(f"{len(wanted) - wrong} of {len(wanted)} as wanted")
    return 1 if wrong else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder]:
            folder = pathlib.Path(folder)
            folder.mkdir(parents=True, exist_ok=True)
            Maker(folder).all()
        case ["check", folder, reports]:
            sys.exit(check(pathlib.Path(folder), pathlib.Path(reports)))
        case _:
            sys.exit(__doc__)
