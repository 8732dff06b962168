//! What can be wrong with a bundle.

use std::fmt;
use std::path::PathBuf;

use super::manifest::Part;

/// One thing that is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleProblem {
    /// No folder or no manifest in it.
    #[error(
        "there is no bundle: {0}; set `bundle` in the configuration to a folder with a bundle.toml"
    )]
    NoManifest(String),
    /// The manifest is not valid.
    #[error("the manifest is not valid: {0}")]
    Manifest(String),
    /// A part is missing.
    #[error("{part} {file:?} is missing{}", available_from(from))]
    Missing {
        /// Which part.
        part: Part,
        /// As the manifest names it.
        file: PathBuf,
        /// Where it can be downloaded.
        from: String,
    },
    /// A part cannot be read.
    #[error("{part} {file:?} cannot be read: {error}")]
    Unreadable {
        /// Which part.
        part: Part,
        /// As the manifest names it.
        file: PathBuf,
        /// The error of the operating system.
        error: String,
    },
    /// A file has another SHA-256 than in the manifest.
    #[error(
        "{part} {file:?} is truncated or changed: expected SHA-256 {}…, got {}… ({size_bytes} bytes){}",
        short(expected),
        short(got),
        available_from(from)
    )]
    WrongContent {
        /// Which part.
        part: Part,
        /// As the manifest names it.
        file: PathBuf,
        /// SHA-256 in the manifest.
        expected: String,
        /// SHA-256 of the file.
        got: String,
        /// Size of the file.
        size_bytes: u64,
        /// Where it can be downloaded.
        from: String,
    },
    /// A file is not a model of its kind.
    #[error("{part} {file:?} cannot be used: {why}")]
    Unusable {
        /// Which part.
        part: Part,
        /// As the manifest names it.
        file: PathBuf,
        /// For example "not a GGUF file".
        why: String,
    },
    /// A file does not fit the others.
    #[error("{part} {file:?} is of the wrong width: {what} must be {expected}, got {got}")]
    WrongWidth {
        /// Which part.
        part: Part,
        /// As the manifest names it.
        file: PathBuf,
        /// For example "hidden states".
        what: String,
        /// In the manifest.
        expected: usize,
        /// In the file.
        got: usize,
    },
    /// A trial showed that a model cannot be used.
    #[error("{part} was tried and cannot be used: {why}; `undertone doctor` tries it again")]
    Refused {
        /// Which part.
        part: Part,
        /// What happened.
        why: String,
    },
    /// The bundle was made for features that this program does not compute.
    #[error(
        "it was made for {modality} features by {named}, this program has {known}; \
         make a new one or use the version of the program that it was made with"
    )]
    OtherExtractor {
        /// "audio" or "video".
        modality: &'static str,
        /// In the manifest.
        named: String,
        /// What the program has.
        known: String,
    },
}

fn available_from(from: &str) -> String {
    match from {
        "" => String::new(),
        from => format!("; it is available from {from}"),
    }
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

/// Everything that is wrong with a bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BundleErrors {
    /// The bundle's folder.
    pub folder: PathBuf,
    /// Never empty.
    pub problems: Vec<BundleProblem>,
}

impl fmt::Display for BundleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.folder.display();
        match self.problems.len() {
            1 => write!(f, "a problem with the bundle {folder}")?,
            count => write!(f, "{count} problems with the bundle {folder}")?,
        }
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl BundleProblem {
    /// The part with the problem; `None` when it is the manifest.
    #[must_use]
    pub fn part(&self) -> Option<Part> {
        match self {
            Self::Missing { part, .. }
            | Self::Unreadable { part, .. }
            | Self::WrongContent { part, .. }
            | Self::Unusable { part, .. }
            | Self::Refused { part, .. }
            | Self::WrongWidth { part, .. } => Some(*part),
            Self::NoManifest(_) | Self::Manifest(_) | Self::OtherExtractor { .. } => None,
        }
    }
}
