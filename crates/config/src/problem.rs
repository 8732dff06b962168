//! What can be wrong with a configuration, and where.

use std::fmt;
use std::path::PathBuf;

/// Where something was said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the embedded defaults, at this line.
    Defaults(usize),
    /// In a file, at this line.
    File(PathBuf, usize),
    /// On the command line.
    Override(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Defaults(line) => write!(f, "default.toml:{line}"),
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
    /// No such key.
    #[error("unknown key `{key}`{}", did_you_mean(nearest.as_deref()))]
    UnknownKey {
        /// As it was said, with its table.
        key: String,
        /// The known key that was probably meant.
        nearest: Option<String>,
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
        /// As it was said.
        got: String,
    },
    /// Two values that do not go together.
    #[error("{0}")]
    Conflict(String),
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "; `undertone config show` lists all keys".to_owned(),
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
    /// The bundle that is named, as far as that can be told: it can be checked as well.
    pub bundle: Option<PathBuf>,
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
