//! What a file's own structure says, read without decoding: whether the file breaks off, how
//! long its tracks are, and which part of a track an edit list shows.
//!
//! GStreamer tells none of this reliably: its lengths are those of the whole container, with
//! subtitles and second languages, and its demuxer for MP4 (1.22) stops reading too early when
//! an edit list cuts off the start.

mod ebml;
mod mp4;
mod riff;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// What the structure of a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Container {
    /// The file ends within an element that states a greater length.
    pub(super) breaks_off: bool,
    /// The index without which nothing can be decoded is missing.
    pub(super) lacks_index: bool,
    /// Length of the only stream, where the container states that (WAV), in seconds.
    pub(super) declared_s: Option<f64>,
    /// The tracks of an MP4 file; empty for other containers.
    pub(super) tracks: Vec<Track>,
    /// Bytes that GStreamer is to see in place of those in the file.
    pub(super) patches: Vec<Patch>,
}

/// A track of an MP4 file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Track {
    /// Its number in the file.
    pub(super) id: u32,
    /// Whether players play it without being asked.
    pub(super) enabled: bool,
    /// When it ends, on the clock of the container, in seconds; `None` where that is not stated.
    pub(super) end_s: Option<f64>,
    /// What its edit list shows; `None` without one.
    pub(super) edit: Option<Edit>,
}

/// The part of a track that is shown. All times in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// Where it starts on the clock of the container.
    pub(super) at_ns: u64,
    /// Where it starts in the track.
    pub(super) from_ns: u64,
    /// Its length; `None` to the end of the track.
    pub(super) length_ns: Option<u64>,
}

/// Bytes that replace those at `offset`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
}

impl Container {
    /// Reads the structure of a file. What cannot be read or understood is left to GStreamer.
    pub(super) fn read(path: &Path) -> Self {
        let read = File::open(path).and_then(|file| {
            let length = file.metadata()?.len();
            Self::of(&mut BufReader::with_capacity(256, file), length)
        });
        read.unwrap_or_default()
    }

    fn of(file: &mut (impl Read + Seek), length: u64) -> io::Result<Self> {
        let mut head = [0; 12];
        file.read_exact(&mut head)?;
        file.seek(SeekFrom::Start(0))?;
        match &head {
            [0x1a, 0x45, 0xdf, 0xa3, ..] => ebml::read(file, length),
            [b'R', b'I', b'F', b'F', ..] => riff::read(file, length),
            [_, _, _, _, kind @ ..] if mp4::starts_with(&kind[..4]) => mp4::read(file, length),
            _ => Ok(Self::default()),
        }
    }

    /// The track that GStreamer's stream of this name stands for.
    pub(super) fn track(&self, stream_id: &str) -> Option<&Track> {
        let (_, number) = stream_id.rsplit_once('/')?;
        let id: u32 = number.parse().ok()?;
        self.tracks.iter().find(|track| track.id == id)
    }
}

/// Reads an array of bytes.
fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
