//! Small recordings made by GStreamer itself, for tests.

use std::path::{Path, PathBuf};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::gst::init;
use super::{FaceSettings, MediaSettings};

/// Runs a pipeline whose sink writes `path`; panics when it fails.
pub(super) fn make(path: &Path, description: &str) {
    init().unwrap();
    let text = description.replace("OUT", path.to_str().unwrap());
    let pipeline = gst::parse::launch(&text).unwrap();
    let bus = pipeline.bus().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let end = bus
        .timed_pop_filtered(
            gst::ClockTime::from_seconds(20),
            &[gst::MessageType::Eos, gst::MessageType::Error],
        )
        .expect("the recording is made in time");
    if let gst::MessageView::Error(error) = end.view() {
        panic!("{}: {:?}", error.error(), error.debug());
    }
    pipeline.set_state(gst::State::Null).unwrap();
}

/// A temporary folder, and a path in it.
pub(super) fn place(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

/// A tone of this many seconds.
pub(super) fn tone(seconds: f64) -> String {
    late_tone(0.0, seconds)
}

/// A tone of this many seconds that starts late.
pub(super) fn late_tone(start_s: f64, seconds: f64) -> String {
    let buffers = (seconds * 50.0).round() as u32;
    let offset_ns = (start_s * 1e9) as u64;
    format!(
        "audiotestsrc num-buffers={buffers} samplesperbuffer=960 timestamp-offset={offset_ns} \
         ! audio/x-raw,rate=48000,channels=2"
    )
}

/// Video of this many seconds and this size, at 25 frames per second.
pub(super) fn pictures(seconds: f64, size: (u32, u32)) -> String {
    let buffers = (seconds * 25.0).round() as u32;
    let (width, height) = size;
    format!(
        "videotestsrc num-buffers={buffers} \
         ! video/x-raw,format=I420,width={width},height={height},framerate=25/1"
    )
}

/// A Matroska file of this many seconds, with Vorbis audio and VP8 video of this size.
pub(super) fn make_film(path: &Path, seconds: f64, size: (u32, u32)) {
    let (audio, video) = (tone(seconds), pictures(seconds, size));
    make(
        path,
        &format!(
            "matroskamux name=m ! filesink location=OUT {audio} ! vorbisenc ! m. \
             {video} ! vp8enc deadline=1 ! m."
        ),
    );
}

/// Settings that decode these recordings fast: few and small frames.
pub(super) fn settings() -> MediaSettings {
    MediaSettings {
        frames_per_second: 4,
        frame_width_px: 320,
        stall_s: 30.0,
        decoder_threads: 1,
        audio_track: 0,
        faces: FaceSettings::default(),
    }
}
