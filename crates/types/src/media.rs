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
    /// All audio tracks, where there are several.
    pub audio_tracks: Vec<AudioTrack>,
    /// That the recording breaks off; known at the end.
    pub truncated: Option<Truncated>,
}

/// A recording breaks off: what was decoded is less than there should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Truncated {
    /// Length that the streams which were read state, in seconds; `None` where they state none.
    pub declared_s: Option<f64>,
    /// How that was noticed, for people.
    pub reason: String,
}

/// An audio track of a recording with several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AudioTrack {
    /// Codec name, where one is given.
    pub codec: Option<String>,
    /// Language code, as the file writes it.
    pub language: Option<String>,
    /// Title, as the file writes it.
    pub title: Option<String>,
    /// Whether the file names it as the one to be played by default.
    pub default: bool,
    /// Whether it is the one that was read.
    pub read: bool,
    /// Whether it was listened to and found silent.
    pub silent: bool,
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
