//! The catalogue: which bundles can be had, and of what they are made.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::demo::DEMO;
use crate::{Licence, embedded};

/// The version of the catalogue's format.
const SCHEMA: u32 = 1;
/// Digits of a SHA-256.
const DIGITS: usize = 64;

/// The bundles that can be had, their sources and licences.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    schema: u32,
    #[serde(default)]
    licences: Vec<Licence>,
    #[serde(default)]
    sources: Vec<Source>,
    /// The bundles, in the order in which they are shown.
    #[serde(default)]
    pub bundles: Vec<Entry>,
}

/// Files that belong together, from one place.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name of its folder.
    pub folder: String,
    /// The page that describes it.
    pub origin: String,
    /// Name of its licence.
    pub licence: String,
    /// Its files.
    pub files: Vec<SourceFile>,
}

/// A file from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its name in the source's folder.
    pub name: String,
    /// Where it can be downloaded.
    pub url: String,
    /// Its size.
    pub size_bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// A bundle that can be had.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The name by which the setting `bundle` finds it.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// Name of the licence of what this program brings along for it: a network, a projector.
    #[serde(default)]
    pub licence: Option<String>,
    /// Its files, besides the manifest.
    pub files: Vec<MadeFile>,
}

/// A file of a bundle, and how it is made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeFile {
    /// Its name in the bundle.
    pub name: String,
    /// How it is made of its sources.
    pub make: Make,
    /// Its sources: `FOLDER/FILE`, or `FILE` for one that is in the program.
    pub from: Vec<String>,
    /// Its size.
    pub size_bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// How a file of a bundle is made of its sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Make {
    /// The source as it is.
    Copy,
    /// whisper.cpp's file, of a Whisper and its vocabulary.
    WhisperGgml,
    /// llama.cpp's audio input, of a Whisper and a projector.
    Mmproj,
}

impl Make {
    fn sources(self) -> usize {
        match self {
            Self::Copy => 1,
            Self::WhisperGgml | Self::Mmproj => 2,
        }
    }
}

/// A catalogue that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not TOML, or with other keys.
    #[error("the catalogue of bundles is not valid")]
    Syntax(#[from] toml::de::Error),
    /// Its parts do not fit together.
    #[error("the catalogue of bundles is not valid: {0}")]
    Content(String),
}

impl Catalogue {
    /// The catalogue of this program.
    ///
    /// # Errors
    /// Never, in a program whose tests were run.
    pub fn embedded() -> Result<Self, CatalogueError> {
        Self::read(embedded::CATALOGUE)
    }

    /// Reads a catalogue.
    ///
    /// # Errors
    /// When it is not valid: names that are no names, sources that are not in it.
    pub fn read(text: &str) -> Result<Self, CatalogueError> {
        let catalogue: Self = toml::from_str(text)?;
        match catalogue.problem() {
            Some(problem) => Err(CatalogueError::Content(problem)),
            None => Ok(catalogue),
        }
    }

    /// The bundle of this name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.bundles.iter().find(|entry| entry.name == name)
    }

    /// The files from elsewhere that a bundle is made of, each with its source; none twice.
    #[must_use]
    pub fn sources_of(&self, entry: &Entry) -> Vec<(&Source, &SourceFile)> {
        let mut paths = BTreeSet::new();
        let of_files = entry.files.iter().flat_map(|file| &file.from);
        of_files
            .filter(|path| paths.insert(*path))
            .filter_map(|path| self.source(path))
            .collect()
    }

    /// The licences of a bundle's sources and of its own files; none twice.
    #[must_use]
    pub fn licences_of(&self, entry: &Entry) -> Vec<&Licence> {
        let sources = self.sources_of(entry);
        let is_used = |licence: &&Licence| {
            let is_of_source = |(source, _): &(&Source, _)| source.licence == licence.name;
            entry.licence.as_ref() == Some(&licence.name) || sources.iter().any(is_of_source)
        };
        self.licences.iter().filter(is_used).collect()
    }

    /// The source of `FOLDER/FILE`.
    pub(crate) fn source(&self, path: &str) -> Option<(&Source, &SourceFile)> {
        let (folder, name) = path.split_once('/')?;
        let source = self.sources.iter().find(|source| source.folder == folder)?;
        let file = source.files.iter().find(|file| file.name == name)?;
        Some((source, file))
    }

    /// The first thing that is wrong.
    fn problem(&self) -> Option<String> {
        if self.schema != SCHEMA {
            return Some(format!(
                "it has schema {}, this program reads {SCHEMA}",
                self.schema
            ));
        }
        let sources = self
            .sources
            .iter()
            .find_map(|source| self.problem_of_source(source));
        sources.or_else(|| {
            self.bundles
                .iter()
                .find_map(|entry| self.problem_of_entry(entry))
        })
    }

    fn problem_of_source(&self, source: &Source) -> Option<String> {
        let Source {
            folder,
            licence,
            files,
            ..
        } = source;
        if !is_name(folder) {
            return Some(format!("{folder:?} is not a name for a folder"));
        }
        if self.licences.iter().all(|known| known.name != *licence) {
            return Some(format!(
                "{folder}: its licence {licence:?} is not described"
            ));
        }
        let wrong = files
            .iter()
            .find(|file| !is_name(&file.name) || !is_hash(&file.sha256))?;
        Some(format!(
            "{folder}: the name or the SHA-256 of {:?} is none",
            wrong.name
        ))
    }

    fn problem_of_entry(&self, entry: &Entry) -> Option<String> {
        let name = &entry.name;
        let count = self
            .bundles
            .iter()
            .filter(|other| other.name == *name)
            .count();
        if !is_name(name) || name == DEMO || count > 1 {
            return Some(format!(
                "{name:?} is not a name for a bundle, or one that is taken"
            ));
        }
        let is_described =
            |licence: &String| self.licences.iter().any(|known| known.name == *licence);
        if let Some(licence) = entry
            .licence
            .as_ref()
            .filter(|licence| !is_described(licence))
        {
            return Some(format!("{name}: its licence {licence:?} is not described"));
        }
        entry.files.iter().find_map(|file| {
            let MadeFile {
                name: part,
                make,
                from,
                sha256,
                ..
            } = file;
            if !is_name(part) || !is_hash(sha256) {
                return Some(format!(
                    "{name}: the name or the SHA-256 of {part:?} is none"
                ));
            }
            if from.len() != make.sources() {
                let wanted = make.sources();
                return Some(format!("{name}: {part} must be made of {wanted} files"));
            }
            let is_known = |path: &String| match path.contains('/') {
                true => self.source(path).is_some(),
                false => embedded::file(name, path).is_some(),
            };
            if let Some(unknown) = from.iter().find(|path| !is_known(path)) {
                return Some(format!("{name}: there is no {unknown:?} for {part}"));
            }
            let own = from.iter().find(|path| !path.contains('/'))?;
            (entry.licence.is_none())
                .then(|| format!("{name}: its own file {own:?} needs a licence"))
        })
    }
}

/// True for names that stay inside a folder and are not hidden.
fn is_name(name: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_allowed)
}

fn is_hash(sha256: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    sha256.len() == DIGITS && sha256.chars().all(is_digit)
}

impl Entry {
    /// The bundle's manifest, as it is installed.
    #[must_use]
    pub fn manifest(&self) -> Option<&'static str> {
        let bytes = embedded::file(&self.name, undertone_bundle::MANIFEST_NAME)?;
        std::str::from_utf8(bytes).ok()
    }

    /// Size of the bundle's models when it is installed.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size_bytes).sum()
    }
}
