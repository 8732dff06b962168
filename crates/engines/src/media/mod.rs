//! Decoding of recordings: sound at 16 kHz and sampled frames with their faces, on one clock.
//!
//! The stages use [`MediaSource`]; [`GstMedia`] implements it with GStreamer, and
//! `FakeMedia` with a script. No cutting, no features, no models here.

mod branch;
mod bus;
mod clock;
mod codecs;
mod container;
mod edits;
mod error;
mod faces;
#[cfg(any(test, feature = "fakes"))]
mod fake;
mod gst;
mod logs;
mod mixdown;
mod pipelines;
mod playback;
mod reader;
mod sampling;
mod settings;
mod sniff;
mod sound;
mod stream;
#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;
mod tracks;

use std::ops::ControlFlow;
use std::path::Path;

pub use error::MediaError;
#[cfg(any(test, feature = "fakes"))]
pub use fake::FakeMedia;
pub use gst::{GstMedia, silence_opencv};
pub use settings::{FaceSettings, MediaSettings};

use undertone_types::{Frame, MediaFacts};

/// Which streams to decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Audio and video.
    AudioAndVideo,
    /// Video only; audio is not decoded at all.
    VideoOnly,
}

/// Something decoded from a recording.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaEvent {
    /// The streams are known; always the first event.
    Opened(MediaFacts),
    /// Sound. Blocks do not overlap; where one does not follow the one before, the recording
    /// has a gap of more than a minute.
    Audio {
        /// Time of the first sample on the recording's clock, in seconds.
        start_s: f64,
        /// Mono at [`RATE_HZ`](undertone_types::RATE_HZ), finite, in [−1, 1].
        samples: Vec<f32>,
    },
    /// A sampled frame.
    Frame(Frame),
}

/// Decodes recordings.
pub trait MediaSource: Send {
    /// Decodes one recording from start to end and passes every event to `sink`, in the order of
    /// time across both streams, whatever the order in the file. The clock of the recording
    /// starts with its first sound or picture. Memory does not grow with the recording.
    /// `sink` may block, and stops the decoding with [`ControlFlow::Break`]. Returns the facts
    /// as known at the end; a recording that breaks off is decoded as far as it goes, and
    /// [`MediaFacts::truncated`] says so.
    ///
    /// # Errors
    /// When nothing of the recording can be decoded, or the disk or the installation fails.
    /// [`MediaError::Stopped`] after a break.
    fn decode(
        &self,
        path: &Path,
        wanted: Wanted,
        sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>,
    ) -> Result<MediaFacts, MediaError>;
}
