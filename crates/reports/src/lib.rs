//! Reports: one JSONL file per recording, with its schema. Together they are the ledger.
//!
//! A report exists exactly when it is complete: it is written under a temporary name in its
//! folder, synced and renamed. So the reports are the ledger of what is done; there is no
//! other. A failed recording has a failure record instead. Scores are rounded here and nowhere
//! else, and a score that is not finite is an error. What must not live here: when a recording
//! is scored or tried again (see `daemon`).

mod atomic;
mod config_settings;
mod duplicate;
pub mod escape;
mod failure;
mod ledger;
mod lines;
mod mark;
mod order;
mod outdated;
mod paths;
mod prune;
mod render;
mod rounding;
mod schema;
mod sidecar;
mod speakers;
mod summary;
mod sweep;
mod thumbnail;
mod time;
mod whole;
mod writer;

#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;

pub use atomic::place;
pub use config_settings::settings;
pub use duplicate::write_duplicate;
pub use failure::{
    NextTry, failed_before, failure_line, failure_records, read_failure, retry_now, write_failure,
};
pub use ledger::{FinishedReport, Standing, is_done, read_finished, reported, standing};
pub use lines::{
    AudioLine, BundleLine, ConfigLine, DoubtName, DuplicateLine, ExplanationLine, FaceLine,
    FailureLine, FlowName, IntervalLine, LanguageLine, Line, MediaLine, ModalitiesLine,
    ModalityLine, OriginalLine, Polarity, RecordingLine, SentimentLine, SidecarLine, SourceLine,
    SpanLine, SpeakerLine, SummaryLine, TextLine, TextOriginName, TextShares, TextSourceName,
    UtteranceLine, VideoLine, WordEffectLine, WordLine,
};
pub use mark::RunMark;
pub use outdated::{OutdatedReports, what_changed};
pub use paths::{
    COMBINED, ReportPaths, STATE_FOLDER, is_export, is_own_output, is_record, page_beside,
};
pub use prune::{Gone, Prunable, PruneError, RecordKind};
pub use schema::report_schema;
pub use sidecar::{Sidecar, Sidecars};
pub use sweep::sweep;
pub use whole::{ReadError, Record, RecordPath, Report, read_record, records_below};
pub use writer::ReportWriter;

use std::path::PathBuf;

/// Version of the format of all lines that are written. Lines of earlier versions are read as well.
pub const SCHEMA_VERSION: u32 = 3;

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file cannot be written.
    #[error("cannot write {path:?}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A file of this program exists, but cannot be read.
    #[error("cannot read {path:?}; move it away if it is not needed")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A score, confidence, contribution or share is infinite or not a number.
    #[error("the {what} of utterance {index} is not a finite number")]
    NotFinite {
        /// Which utterance.
        index: u32,
        /// Which value.
        what: &'static str,
    },
    /// Two utterances of the same index.
    #[error("utterance {0} arrived twice")]
    Twice(u32),
    /// The recording has ended, but not all of its utterances have arrived.
    #[error("only {written} of {expected} utterances arrived")]
    Incomplete {
        /// Utterances that were cut.
        expected: u32,
        /// Utterances that arrived without a gap.
        written: u32,
    },
    /// A line cannot be expressed in JSON.
    #[error("a line cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl ReportError {
    /// True when the disk is full or read-only: this may pass, and no recording is the cause.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match self {
            Self::Io { source, .. } => matches!(
                source.kind(),
                StorageFull | QuotaExceeded | ReadOnlyFilesystem
            ),
            _ => false,
        }
    }
}
