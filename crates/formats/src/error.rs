//! What can be wrong with a file of another program.

use std::path::PathBuf;

/// A file of another program that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What is packed in a file could not be unpacked to a temporary file.
    #[error("cannot unpack {} to a temporary file", path.display())]
    Scratch {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A pickle is damaged, or holds what this program does not load.
    #[error("{}, byte {offset} of the pickle: {reason}", path.display())]
    Pickle {
        /// Which file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// A file was read but does not hold what it should.
    #[error("{}: {reason}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where in it.
        reason: String,
    },
    /// A zip archive (.npz, .pt) is damaged.
    #[error("{} is not a whole zip archive", path.display())]
    Zip {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: zip::result::ZipError,
    },
    /// An HDF5 file (.csd) is damaged or uses what is not supported.
    #[error("{}: cannot read {place} of the HDF5 file", path.display())]
    Hdf5 {
        /// Which file.
        path: PathBuf,
        /// Which object.
        place: String,
        /// Why.
        source: Box<hdf5_reader::error::Error>,
    },
    /// A table cannot be read.
    #[error("cannot read the table {}", path.display())]
    Table {
        /// Which file.
        path: PathBuf,
        /// What the CSV reader says, with the line.
        source: csv::Error,
    },
}

impl FormatError {
    /// Whether another file, or another command line, would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Read { .. }
            | Self::Pickle { .. }
            | Self::Content { .. }
            | Self::Zip { .. }
            | Self::Hdf5 { .. }
            | Self::Table { .. } => true,
            Self::Scratch { .. } => false,
        }
    }
}
