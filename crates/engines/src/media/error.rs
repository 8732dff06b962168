//! Why a recording could not be decoded, and what to do about it.

use std::path::PathBuf;

/// Why a recording could not be decoded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MediaError {
    /// GStreamer or one of its elements is missing: no recording can be decoded.
    #[error("GStreamer cannot run: {reason}")]
    Engine {
        /// What is missing, or GStreamer's message.
        reason: String,
    },
    /// The file cannot be opened or read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The message of the operating system.
        reason: String,
    },
    /// A folder, pipe, socket or device.
    #[error("not a regular file")]
    NotAFile,
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The pointer that Git LFS leaves in place of a file.
    #[error("a Git LFS pointer, not the recording itself")]
    LfsPointer,
    /// No demuxer recognises the file.
    #[error("not audio or video: {reason}")]
    NotMedia {
        /// What it seems to be.
        reason: String,
    },
    /// A still image.
    #[error("a still image, not a video")]
    StillImage,
    /// A container without audio and video streams.
    #[error("neither an audio nor a video stream")]
    NoStreams,
    /// The streams are encrypted.
    #[error("the streams are encrypted")]
    Encrypted,
    /// No installed plugin decodes a stream.
    #[error("no decoder for {codec}")]
    MissingDecoder {
        /// The codec's name.
        codec: String,
        /// The Debian package with a decoder.
        package: &'static str,
    },
    /// The data are damaged.
    #[error("broken {}: {reason}", place(*reached_s))]
    Broken {
        /// Length that was decoded, in seconds.
        reached_s: f64,
        /// GStreamer's message.
        reason: String,
    },
    /// The recording was not finished: its index is missing.
    #[error(
        "the index (moov) is missing: the recording was not finished, or not copied completely"
    )]
    NoIndex,
    /// There is no audio track of this number.
    #[error("there is no audio track {asked}: the recording has {count}")]
    NoSuchTrack {
        /// The track that was asked for, from 1.
        asked: usize,
        /// How many there are.
        count: usize,
    },
    /// The decoder delivered nothing for too long.
    #[error("no progress for {limit_s} s after {reached_s:.2} s of the recording")]
    Stalled {
        /// The limit, in seconds.
        limit_s: f64,
        /// Length that was decoded, in seconds.
        reached_s: f64,
    },
    /// The sink stopped the decoding.
    #[error("stopped by the reader")]
    Stopped,
}

fn place(reached_s: f64) -> String {
    if reached_s > 0.0 {
        format!("after {reached_s:.2} s")
    } else {
        "from the start".to_owned()
    }
}

impl MediaError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Engine { .. } => {
                "install gstreamer1.0-plugins-base, -good, -bad, gstreamer1.0-libav, \
                 gstreamer1.0-opencv and opencv-data"
            }
            Self::Unreadable { .. } => "check that the file exists and may be read",
            Self::NotAFile => "copy the recording into a file first",
            Self::Empty => {
                "it may still be being copied, or the copy may have failed; copy it again"
            }
            Self::LfsPointer => "fetch the recording with `git lfs pull`",
            Self::NotMedia { .. } => "leave it out, or check that it was copied completely",
            Self::StillImage => "leave it out: an image has neither sound nor video",
            Self::NoStreams => "leave it out: it has neither sound nor video",
            Self::Encrypted => "decrypt the recording first; protected media cannot be read",
            Self::MissingDecoder { package, .. } => {
                return Some(format!(
                    "install the Debian package {package}; if it is installed, the stream is damaged"
                ));
            }
            Self::NoIndex => {
                "copy the recording again; if the camera was interrupted, `untrunc` can rebuild the \
                 index with the help of a whole recording of the same camera"
            }
            Self::NoSuchTrack { .. } => "set decode.audio_track to 0, or to a track that it has",
            Self::Broken { .. } => {
                "copy the recording again, or repair it with `ffmpeg -i IN -c copy OUT`"
            }
            Self::Stalled { .. } => {
                "check its disk or network, or raise the stall limit for slow machines"
            }
            Self::Stopped => return None,
        };
        Some(hint.to_owned())
    }

    /// True when the installation is at fault, not the recording.
    #[must_use]
    pub fn is_environment(&self) -> bool {
        matches!(self, Self::Engine { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_decoder_names_codec_and_package() {
        let error = MediaError::MissingDecoder {
            codec: "E-AC-3 audio".into(),
            package: "gstreamer1.0-libav",
        };
        assert_eq!(error.to_string(), "no decoder for E-AC-3 audio");
        assert!(error.hint().unwrap().contains("gstreamer1.0-libav"));
        assert!(!error.is_environment());
    }

    #[test]
    fn a_stall_names_its_limit_and_place() {
        let error = MediaError::Stalled {
            limit_s: 30.0,
            reached_s: 1.5,
        };
        assert_eq!(
            error.to_string(),
            "no progress for 30 s after 1.50 s of the recording"
        );
    }
}
