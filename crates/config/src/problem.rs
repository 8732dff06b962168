//! What can be wrong with a configuration, and where.

use std::fmt;
use std::path::PathBuf;

use super::bundle_setting::BundleSetting;

/// Where a setting was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the embedded file of defaults with this name, at this line.
    Defaults(&'static str, usize),
    /// In a file, at this line.
    File(PathBuf, usize),
    /// On the command line.
    Override(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Defaults(name, line) => write!(f, "{name}:{line}"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Override(said) => write!(f, "--set {said}"),
        }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Not TOML.
    #[error("not valid TOML: {0}")]
    Syntax(String),
    /// There is no such key.
    #[error("unknown key `{key}`{}", did_you_mean(nearest.as_deref(), listed_by))]
    UnknownKey {
        /// As written, with its table.
        key: String,
        /// The known key that was probably meant.
        nearest: Option<String>,
        /// Where all keys are found.
        listed_by: &'static str,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}, got {got}")]
    WrongType {
        /// With its table.
        key: String,
        /// For example "a number".
        expected: String,
        /// For example "the text \"fast\"".
        got: String,
    },
    /// A value that is not allowed.
    #[error("`{key}` must be {allowed}, got {got}")]
    OutOfRange {
        /// With its table.
        key: String,
        /// For example "between 0 and 1".
        allowed: String,
        /// As written.
        got: String,
    },
    /// Two values that do not fit together.
    #[error("{0}")]
    Conflict(String),
}

fn did_you_mean(nearest: Option<&str>, listed_by: &str) -> String {
    nearest.map_or_else(
        || format!("; {listed_by} lists all keys"),
        |known| format!("; did you mean `{known}`?"),
    )
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: ProblemKind,
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors {
    /// In the order of files and lines; never empty.
    pub problems: Vec<Problem>,
    /// The bundle that the settings name, if that can be told, so that it can be checked too.
    pub bundle: Option<BundleSetting>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "a problem in the configuration")?,
            count => write!(f, "{count} problems in the configuration")?,
        }
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}
