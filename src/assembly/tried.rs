//! What trials of a bundle's models showed, remembered beside its fingerprint, so that a model
//! that ended the process it was tried in is never loaded into one that matters.
//!
//! The fingerprint holds the hashes of all models: other files are tried anew. So they are by
//! another build of the program, whose engines may be others.

use std::fmt;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use undertone_bundle::{Bundle, BundleErrors, BundleProblem, Part};
use undertone_types::write_atomically;

/// What is tried by itself, with the files that belong to it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Subject {
    /// The speech recogniser.
    Recogniser,
    /// The language model, with its audio projector.
    LanguageModel,
    /// A TorchScript module that extracts audio features.
    Audio,
    /// A TorchScript module that extracts video features.
    Video,
    /// The fusion network.
    Fusion,
}

impl Subject {
    /// All that a bundle has.
    #[must_use]
    pub fn of(bundle: &Bundle) -> Vec<Self> {
        let all = <Self as strum::VariantArray>::VARIANTS.iter().copied();
        all.filter(|subject| bundle.path(subject.part()).is_some())
            .collect()
    }

    /// Its main file.
    #[must_use]
    pub fn part(self) -> Part {
        match self {
            Self::Recogniser => Part::Asr,
            Self::LanguageModel => Part::LanguageModel,
            Self::Audio => Part::AudioExtractor,
            Self::Video => Part::VideoExtractor,
            Self::Fusion => Part::Fusion,
        }
    }
}

/// One trial and its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// What was tried.
    pub subject: Subject,
    /// How it went.
    pub outcome: Outcome,
}

/// How a trial went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was loaded and used.
    Works(Memory),
    /// It cannot be used: the same files fail again.
    Refused(String),
    /// The trial was cut short (by a time limit, or because memory ran out); it says nothing
    /// about the next.
    Undecided(String),
}

/// The most memory that a trial held, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Before anything was loaded.
    pub before: u64,
    /// After loading.
    pub loaded: u64,
    /// After use.
    pub used: u64,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| bytes.saturating_sub(self.before) / 1_000_000;
        let (loaded, used) = (megabytes(self.loaded), megabytes(self.used));
        write!(f, "{loaded} MB once loaded, {used} MB in use")
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    program: String,
    trials: Vec<Trial>,
}

/// The trials of this bundle by this program; `None` where it was not tried.
#[must_use]
pub fn remembered(bundle: &Bundle) -> Option<Vec<Trial>> {
    let text = std::fs::read_to_string(place(bundle)?).ok()?;
    let record: Record = serde_json::from_str(&text).ok()?;
    (record.program == program()?).then_some(record.trials)
}

/// Remembers trials that were decided, in place of earlier ones.
pub fn remember(bundle: &Bundle, trials: &[Trial]) {
    let is_open = |trial: &Trial| matches!(trial.outcome, Outcome::Undecided(_));
    let (Some(path), Some(program)) = (place(bundle), program()) else {
        return;
    };
    if trials.iter().any(is_open) {
        return;
    }
    let record = Record {
        program,
        trials: trials.to_vec(),
    };
    let written = serde_json::to_vec(&record)
        .map_err(std::io::Error::from)
        .and_then(|text| {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            write_atomically(&path, &text)
        });
    if let Err(error) = written {
        let path = path.display();
        tracing::debug!(%error, %path, "the trial of the bundle cannot be remembered");
    }
}

/// The problems that trials found, but for those of `except`.
pub fn problems(trials: &[Trial], except: Option<Subject>) -> Vec<BundleProblem> {
    let problem = |trial: &Trial| {
        let why = match &trial.outcome {
            Outcome::Works(_) => return None,
            Outcome::Refused(why) | Outcome::Undecided(why) => why.clone(),
        };
        Some(BundleProblem::Refused {
            part: trial.subject.part(),
            why,
        })
    };
    let tried = trials.iter().filter(|trial| Some(trial.subject) != except);
    tried.filter_map(problem).collect()
}

/// Refuses a bundle with models that a trial refused, but for `except`.
pub(super) fn admit(bundle: Bundle, except: Option<Subject>) -> Result<Bundle, BundleErrors> {
    match problems(&remembered(&bundle).unwrap_or_default(), except) {
        problems if problems.is_empty() => Ok(bundle),
        problems => Err(BundleErrors {
            folder: bundle.folder,
            problems,
        }),
    }
}

/// `$XDG_CACHE_HOME/undertone/tried/FINGERPRINT-VERSION`.
fn place(bundle: &Bundle) -> Option<PathBuf> {
    let folder = |variable| std::env::var_os(variable).map(PathBuf::from);
    let cache = folder("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(folder("HOME")?.join(".cache")))?;
    let name = format!("{}-{}", bundle.fingerprint(), env!("CARGO_PKG_VERSION"));
    Some(cache.join("undertone/tried").join(name))
}

/// Tells builds of this program apart.
fn program() -> Option<String> {
    let facts = std::fs::metadata("/proc/self/exe").ok()?;
    let modified = facts.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{} {}", facts.len(), modified.as_nanos()))
}
