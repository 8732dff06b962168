//! Gets a bundle of the catalogue: sources, conversion, checks, and then all at once in its place.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use undertone_bundle::MANIFEST_NAME;
use undertone_types::write_atomically;

use crate::convert::{Given, make};
use crate::download::Downloads;
use crate::lock::{Lock, workplace};
use crate::source::{check, is_right};
use crate::{
    Catalogue, Entry, Licence, MadeFile, Network, Places, Progress, PullError, Source, SourceFile,
    embedded,
};

/// The terms of a bundle's models, in its folder.
const TERMS: &str = "LICENCES.txt";

/// How bundles are got.
#[derive(Clone, Debug)]
pub struct Pull<'p> {
    /// The bundles that there are.
    pub catalogue: &'p Catalogue,
    /// Where they are put.
    pub places: &'p Places,
    /// A folder with the sources (`FOLDER/FILE`); `None`: they are fetched.
    pub from: Option<&'p Path>,
    /// Whether licences that must be accepted are.
    pub accepted: bool,
    /// How the network is used.
    pub network: Network,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// The bundle is new, in this folder.
    New(PathBuf),
    /// It was there already, complete.
    There(PathBuf),
}

impl Pull<'_> {
    /// Gets the bundle `name`; says what is happening.
    ///
    /// # Errors
    /// When there is none, a licence was not accepted, a file cannot be had or is not what it
    /// should be, or the disk refuses. What was fetched stays for the next attempt.
    pub fn pull(
        &self,
        name: &str,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Pulled, PullError> {
        let Some(entry) = self.catalogue.entry(name) else {
            let known = self
                .catalogue
                .bundles
                .iter()
                .map(|entry| entry.name.as_str());
            return Err(PullError::Unknown {
                name: name.to_owned(),
                known: known.collect::<Vec<_>>().join(", "),
            });
        };
        let bundles = self.places.user_bundles().ok_or(PullError::NoPlace)?;
        let place = bundles.join(name);
        if is_complete(entry, &place) {
            return Ok(Pulled::There(place));
        }
        if place.exists() && !is_pulled(&place) {
            return Err(PullError::NotOurs(place));
        }
        let licences = self.catalogue.licences_of(entry);
        tell(Progress::Terms(&licences));
        self.check_accepted(entry, &licences)?;
        fs::create_dir_all(&bundles).map_err(PullError::disk(&bundles))?;
        let _lock = Lock::take(&bundles, name, tell)?;
        // Another process may have got it in the meantime.
        if is_complete(entry, &place) {
            return Ok(Pulled::There(place));
        }
        let work = workplace(&bundles, name);
        let made = self.make(entry, &work, &place, tell)?;
        put(&made, &place, &work)?;
        fs::remove_dir_all(&work).map_err(PullError::disk(&work))?;
        Ok(Pulled::New(place))
    }

    fn check_accepted(&self, entry: &Entry, licences: &[&Licence]) -> Result<(), PullError> {
        let names: Vec<_> = licences
            .iter()
            .filter(|licence| licence.must_accept)
            .map(|licence| licence.name.as_str())
            .collect();
        if names.is_empty() || self.accepted {
            return Ok(());
        }
        Err(PullError::NotAccepted {
            name: entry.name.clone(),
            licences: names.join(" and "),
        })
    }

    /// Makes the whole bundle in a folder of the workplace.
    fn make(
        &self,
        entry: &Entry,
        work: &Path,
        place: &Path,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<PathBuf, PullError> {
        let made = work.join("bundle");
        fs::create_dir_all(&made).map_err(PullError::disk(&made))?;
        reuse(entry, place, &made)?;
        // Everything is fetched before anything is made: what is missing is known at once.
        let downloads = Downloads::new(&self.network);
        for (source, file) in self.catalogue.sources_of(entry) {
            let path = format!("{}/{}", source.folder, file.name);
            let is_wanted = |part: &MadeFile| part.from.contains(&path) && !is_in(part, &made);
            if entry.files.iter().any(is_wanted) {
                self.get(&downloads, source, file, work, tell)?;
            }
        }
        for file in &entry.files {
            if is_in(file, &made) {
                continue;
            }
            let path = made.join(&file.name);
            tell(Progress::Making { file: &file.name });
            let given = file
                .from
                .iter()
                .map(|source| self.given(entry, source, work));
            make(file, &given.collect::<Result<Vec<_>, _>>()?, &path)?;
            check(
                &path,
                &path.display().to_string(),
                file.size_bytes,
                &file.sha256,
            )?;
            sync(&path)?;
        }
        let manifest = manifest(entry, place);
        let manifest = manifest.ok_or_else(|| PullError::Incomplete(entry.name.clone()))?;
        let terms = terms(self.catalogue, entry);
        for (name, text) in [(MANIFEST_NAME, &manifest), (TERMS, &terms)] {
            let path = made.join(name);
            write_atomically(&path, text.as_bytes()).map_err(PullError::disk(&path))?;
        }
        Ok(made)
    }

    /// Fetches a source, or checks the one that was given.
    fn get(
        &self,
        downloads: &Downloads,
        source: &Source,
        file: &SourceFile,
        work: &Path,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), PullError> {
        let name = format!("{}/{}", source.folder, file.name);
        let Some(from) = self.from else {
            let folder = work.join("sources").join(&source.folder);
            fs::create_dir_all(&folder).map_err(PullError::disk(&folder))?;
            return downloads.fetch(&name, file, &folder.join(&file.name), tell);
        };
        let path = from.join(&name);
        if let Err(error) = File::open(&path) {
            return Err(PullError::NotGiven {
                path,
                url: file.url.clone(),
                source: error,
            });
        }
        tell(Progress::Checking { file: &name });
        check(
            &path,
            &path.display().to_string(),
            file.size_bytes,
            &file.sha256,
        )
    }

    /// Where a source is.
    fn given(&self, entry: &Entry, source: &str, work: &Path) -> Result<Given, PullError> {
        if !source.contains('/') {
            let bytes = embedded::file(&entry.name, source);
            let bytes = bytes.ok_or_else(|| PullError::Incomplete(source.to_owned()))?;
            return Ok(Given::Embedded(bytes));
        }
        Ok(match self.from {
            Some(from) => Given::Lent(from.join(source)),
            None => Given::Fetched(work.join("sources").join(source)),
        })
    }
}

/// True when a bundle is installed and all of its models are right. Its manifest may have been
/// changed (by `undertone calibrate`): as long as it has the same version, it is left alone.
fn is_complete(entry: &Entry, place: &Path) -> bool {
    is_same_version(entry, place) && entry.files.iter().all(|file| is_in(file, place))
}

/// True when the bundle in this folder was put there by a pull.
pub(crate) fn is_pulled(place: &Path) -> bool {
    place.join(TERMS).is_file()
}

fn is_in(file: &MadeFile, folder: &Path) -> bool {
    is_right(&folder.join(&file.name), file.size_bytes, &file.sha256)
}

/// Takes over the files of the bundle that is there, of another version or damaged, as far as they
/// are right.
fn reuse(entry: &Entry, place: &Path, made: &Path) -> Result<(), PullError> {
    let is_of_use = |file: &&MadeFile| !is_in(file, made) && is_in(file, place);
    for file in entry.files.iter().filter(is_of_use) {
        let (there, here) = (place.join(&file.name), made.join(&file.name));
        // What is there goes away only when everything was made. Where there are no links, a copy
        // does.
        let _ = fs::remove_file(&here);
        fs::hard_link(&there, &here)
            .or_else(|_| fs::copy(&there, &here).map(drop))
            .map_err(PullError::disk(&here))?;
    }
    Ok(())
}

/// The manifest that a bundle gets: the one that it has, with what was fitted for it, or a new one.
fn manifest(entry: &Entry, place: &Path) -> Option<String> {
    let installed = fs::read_to_string(place.join(MANIFEST_NAME)).ok();
    installed
        .filter(|_| is_same_version(entry, place))
        .or_else(|| entry.manifest().map(str::to_owned))
}

fn is_same_version(entry: &Entry, place: &Path) -> bool {
    let version = |text: &str| {
        toml::from_str::<toml::Table>(text)
            .ok()?
            .get("version")
            .cloned()
    };
    let installed = fs::read_to_string(place.join(MANIFEST_NAME)).unwrap_or_default();
    let known = entry.manifest().and_then(version);
    known.is_some() && known == version(&installed)
}

/// Moves a complete bundle into its place; what was there is removed.
fn put(made: &Path, place: &Path, work: &Path) -> Result<(), PullError> {
    sync(made)?;
    let old = work.join("old");
    if old.exists() {
        fs::remove_dir_all(&old).map_err(PullError::disk(&old))?;
    }
    match fs::rename(place, &old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(PullError::disk(place)(error));
        }
        _ => {}
    }
    fs::rename(made, place).map_err(PullError::disk(place))?;
    sync(place.parent().unwrap_or(place))
}

fn sync(path: &Path) -> Result<(), PullError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(PullError::disk(path))
}

/// Where the models come from and under which terms.
fn terms(catalogue: &Catalogue, entry: &Entry) -> String {
    let mut text = format!("The models of the bundle {:?}\n\n", entry.name);
    let mut named = Vec::new();
    for (source, _) in catalogue.sources_of(entry) {
        if !named.contains(&source.origin) {
            named.push(source.origin.clone());
            text.push_str(&format!("{}: {}\n", source.origin, source.licence));
        }
    }
    if let Some(licence) = &entry.licence {
        text.push_str(&format!("of this program (see README.md): {licence}\n"));
    }
    let summaries = catalogue
        .licences_of(entry)
        .into_iter()
        .map(Licence::summary);
    summaries.fold(text, |text, summary| format!("{text}\n{summary}"))
}
