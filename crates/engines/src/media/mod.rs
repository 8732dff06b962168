//! Recordings taken apart: sound at 16 kHz, sampled frames with their faces, on one clock.
//!
//! [`MediaSource`] is what the chain knows; [`GstMedia`] does it with GStreamer and is the
//! only place that names that crate; [`FakeMedia`] plays a script. No cutting, no
//! features, no models here.

mod branch;
mod bus;
mod clock;
mod codecs;
mod error;
mod faces;
#[cfg(any(test, feature = "fakes"))]
mod fake;
mod gst;
mod logs;
mod merge;
mod pipelines;
mod playback;
mod reader;
mod settings;
mod sniff;
#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;

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
    /// Sound and pictures.
    AudioAndVideo,
    /// Pictures only; sound is not even decoded.
    VideoOnly,
}

/// Something decoded from a recording.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaEvent {
    /// The streams are known; always the first event.
    Opened(MediaFacts),
    /// Sound. Blocks do not overlap; where a block does not follow on the one before,
    /// the recording has a hole of more than a minute.
    Audio {
        /// Time of the first sample on the recording's clock, in seconds.
        start_s: f64,
        /// Mono at [`RATE_HZ`](undertone_types::RATE_HZ), finite, in [−1, 1].
        samples: Vec<f32>,
    },
    /// A sampled frame.
    Frame(Frame),
}

/// Takes recordings apart.
pub trait MediaSource: Send {
    /// Decodes one recording from start to end and hands every event to `sink`, roughly in
    /// the order of time across both streams. What is held in memory does not grow with
    /// the recording. `sink` may block for as long as it likes, and stops the decoding with
    /// [`ControlFlow::Break`]. Returns the facts as they are known at the end.
    ///
    /// # Errors
    /// When the recording cannot be decoded to its end; what came before has been handed
    /// over. [`MediaError::Stopped`] after a break.
    fn decode(
        &self,
        path: &Path,
        wanted: Wanted,
        sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>,
    ) -> Result<MediaFacts, MediaError>;
}
