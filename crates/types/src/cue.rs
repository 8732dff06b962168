//! Words of a recording that are known beforehand, from subtitles beside it.

use std::path::PathBuf;

/// What is said in a stretch of a recording, as somebody has written it down.
#[derive(Clone, Debug, PartialEq)]
pub struct Cue {
    /// Start on the recording's clock, in seconds.
    pub start_s: f64,
    /// End on the recording's clock, in seconds.
    pub end_s: f64,
    /// The words; never empty.
    pub text: String,
}

/// The subtitles beside a recording, and what became of them.
#[derive(Clone, Debug, PartialEq)]
pub struct SidecarUse {
    /// The file.
    pub path: PathBuf,
    /// BLAKE3 of what was read, lower-case hexadecimal; `None` where it cannot be read.
    pub blake3: Option<String>,
    /// Cues that became utterances; 0 where it was not used.
    pub cues: u32,
    /// What was left out, cut short or cannot be read, in sentences for people.
    pub notes: Vec<String>,
}
