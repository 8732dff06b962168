//! A walk through a folder: its recordings, what cannot be read, and what was passed over.

use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use super::passed_over::PassedOver;
use super::selection::{Selection, Verdict};
use super::{DiscoverProblem, Found};

/// A walk through a folder, in the order of names. Excluded and hidden folders are not entered,
/// so what is wrong in them does not matter.
pub struct Walk<'s> {
    root: &'s Path,
    selection: &'s Selection,
    entries: walkdir::IntoIter,
    /// What was passed over so far.
    pub passed: PassedOver,
}

impl<'s> Walk<'s> {
    /// A walk from `start`, which is `root` or a folder in it. A link at the start is followed.
    #[must_use]
    pub fn new(root: &'s Path, start: &Path, selection: &'s Selection) -> Self {
        let entries = entries(start, selection).sort_by_file_name();
        Self::over(root, selection, entries)
    }

    /// A walk through all of `root` in no order, which holds no list of names: a folder may have
    /// millions.
    #[must_use]
    pub fn unordered(root: &'s Path, selection: &'s Selection) -> Self {
        Self::over(root, selection, entries(root, selection))
    }

    fn over(root: &'s Path, selection: &'s Selection, entries: WalkDir) -> Self {
        Self {
            root,
            selection,
            entries: entries.into_iter(),
            passed: PassedOver::default(),
        }
    }

    fn below<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(self.root).unwrap_or(path)
    }

    fn entry(&mut self, entry: &DirEntry) -> Option<Found> {
        let kind = entry.file_type();
        let relative = self.below(entry.path()).to_owned();
        if kind.is_dir() {
            let verdict = self.selection.folder(&relative);
            if verdict != Verdict::Taken {
                self.entries.skip_current_dir();
            }
            if verdict == Verdict::Excluded {
                self.passed.excluded_folder();
            }
            return None;
        }
        if kind.is_symlink() {
            self.link(entry.path(), &relative);
            return None;
        }
        match self.selection.file(&relative) {
            // Pipes and devices are no recordings, whatever they are called.
            Verdict::Taken if kind.is_file() => {
                let path = entry.path().to_owned();
                return Some(Found { relative, path });
            }
            Verdict::Taken | Verdict::OtherKind => self.passed.file(&relative),
            Verdict::Excluded => self.passed.excluded_file(),
            Verdict::Ignored => {}
        }
        None
    }

    /// Counts a link that is not followed, if a recording or a folder would be behind it.
    fn link(&mut self, path: &Path, relative: &Path) {
        let is_folder = path.is_dir();
        let verdict = match is_folder {
            true => self.selection.folder(relative),
            false => self.selection.file(relative),
        };
        if verdict == Verdict::Taken {
            self.passed.link();
        }
    }

    fn problem(&self, error: &walkdir::Error) -> Option<DiscoverProblem> {
        // A link to a folder above: its files are found there.
        if error.loop_ancestor().is_some() {
            return None;
        }
        let path = error.path().unwrap_or(self.root);
        let relative = self.below(path);
        let said = match error.io_error() {
            Some(error) => error.to_string(),
            None => error.to_string(),
        };
        let is_link = std::fs::symlink_metadata(path).is_ok_and(|facts| facts.is_symlink());
        let (path, error) = (path.to_owned(), said);
        match is_link {
            // What a broken link would lead to is not known: its name decides.
            true if self.selection.folder(relative) != Verdict::Taken => None,
            true => Some(DiscoverProblem::BrokenLink { path, error }),
            false => Some(DiscoverProblem::Unreadable { path, error }),
        }
    }
}

fn entries(start: &Path, selection: &Selection) -> WalkDir {
    WalkDir::new(start).follow_links(selection.follows_links())
}

impl Iterator for Walk<'_> {
    type Item = Result<Found, DiscoverProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.entries.next()? {
                Ok(entry) => {
                    if let Some(found) = self.entry(&entry) {
                        return Some(Ok(found));
                    }
                }
                Err(error) => {
                    if let Some(problem) = self.problem(&error) {
                        return Some(Err(problem));
                    }
                }
            }
        }
    }
}
