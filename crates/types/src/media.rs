//! What the demuxer knows of a recording.

/// Facts about a recording's streams.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MediaFacts {
    /// Length of the longest stream in seconds; `None` until it is known.
    pub duration_s: Option<f64>,
    /// Container, as the demuxer names it (for example "Quicktime").
    pub container: Option<String>,
    /// The audio stream that is used, if there is one.
    pub audio: Option<AudioFacts>,
    /// The video stream that is used, if there is one.
    pub video: Option<VideoFacts>,
}

/// Facts about the audio stream.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioFacts {
    /// Codec name, or its media type where no name is given.
    pub codec: String,
    /// Original sampling rate.
    pub rate_hz: u32,
    /// Original channels.
    pub channels: u32,
    /// Time of the first sample on the recording's clock.
    pub start_s: f64,
}

/// Facts about the video stream.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoFacts {
    /// Codec name, or its media type where no name is given.
    pub codec: String,
    /// Original width in pixels.
    pub width_px: u32,
    /// Original height in pixels.
    pub height_px: u32,
    /// Original frames per second; 0 when variable or unknown.
    pub fps: f64,
    /// Time of the first frame on the recording's clock.
    pub start_s: f64,
}
