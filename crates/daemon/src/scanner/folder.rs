//! A watched folder: it may be missing, appear, disappear, and be replaced by another one at the
//! same path.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use undertone_config::Events;
use undertone_discovery::{DiscoverProblem, Walk};
use undertone_types::shown_path;

use super::events::Listener;
use super::{Alive, ScanSettings, writers};
use crate::facts::FileFacts;
use crate::roots::Root;

/// A file that was found.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where its report goes.
    pub relative: PathBuf,
    /// Size and modification time.
    pub facts: FileFacts,
    /// It has just been renamed to this path.
    pub renamed: bool,
}

/// A folder and how it is currently watched.
pub struct Folder {
    root: Arc<Root>,
    /// Identity of the folder; none while it does not exist.
    identity: Option<(u64, u64)>,
    listener: Option<Listener>,
    /// Signalled when there are hints.
    wake: Sender<()>,
    next_check: Instant,
    next_scan: Instant,
    said_missing: bool,
    said_no_lease: bool,
    /// What could not be read in the last scan; logged once.
    unreadable: BTreeSet<PathBuf>,
    /// What was passed over has been logged.
    said_passed: bool,
}

impl Folder {
    pub fn new(root: Arc<Root>, wake: Sender<()>) -> Self {
        let now = Instant::now();
        Self {
            root,
            identity: None,
            listener: None,
            wake,
            next_check: now,
            next_scan: now,
            said_missing: false,
            said_no_lease: false,
            unreadable: BTreeSet::new(),
            said_passed: false,
        }
    }

    /// Other settings are in effect: scans everything, and logs again what is passed over.
    pub fn change(&mut self) {
        self.said_passed = false;
        self.scan_soon();
    }

    pub fn scan_soon(&mut self) {
        self.next_scan = Instant::now();
        self.next_check = self.next_scan;
    }

    /// When the folder is to be scanned without a hint.
    pub fn next_due(&self) -> Instant {
        match self.identity {
            None => self.next_check,
            Some(_) => self.next_check.min(self.next_scan),
        }
    }

    /// Checks the files that hints name, or scans everything when it is due; true when it did that.
    pub fn look(
        &mut self,
        settings: &ScanSettings,
        see: &mut dyn FnMut(Seen) -> Alive,
    ) -> Option<bool> {
        let now = Instant::now();
        if now >= self.next_check {
            self.check(settings);
            self.next_check = now + Duration::from_secs_f64(settings.watch.poll_s);
        }
        if self.identity.is_none() {
            return Some(false);
        }
        let hints = self
            .listener
            .as_ref()
            .map(Listener::take)
            .unwrap_or_default();
        if hints.lost {
            tracing::debug!(folder = %shown_path(&self.root.path), "events were lost: scanning everything");
            self.next_scan = now;
        }
        for (path, renamed) in hints.paths {
            if self.is_left_out(&path, settings) {
                continue;
            }
            if path.is_dir() {
                self.scan(&path, settings, see)?;
            } else {
                self.see(&path, renamed, settings, see)?;
            }
        }
        if now < self.next_scan {
            return Some(false);
        }
        let root = self.root.path.clone();
        self.scan(&root, settings, see)?;
        let pause_s = match self.listener {
            Some(_) => settings.watch.rescan_s,
            None => settings.watch.poll_s,
        };
        self.next_scan = Instant::now() + Duration::from_secs_f64(pause_s);
        Some(true)
    }

    /// Checks whether the folder appeared, disappeared, or was replaced.
    fn check(&mut self, settings: &ScanSettings) {
        let identity = self.root.identity();
        let folder = shown_path(&self.root.path);
        if identity == self.identity {
            if identity.is_none() && !self.said_missing {
                tracing::warn!(%folder, "the folder does not exist; waiting for it");
                self.said_missing = true;
            }
            return;
        }
        if identity.is_none() {
            tracing::warn!(%folder, "the folder has gone; waiting for it to come back");
            self.said_missing = true;
        } else if self.identity.is_some() {
            tracing::info!(%folder, "the folder was replaced by another one (mounted or unmounted)");
        } else if self.said_missing {
            tracing::info!(%folder, "the folder is available");
            self.said_missing = false;
        }
        self.identity = identity;
        self.listener = identity.and_then(|_| self.listen(settings));
        if identity.is_some() && !self.said_no_lease {
            self.said_no_lease = true;
            self.say_whether_writers_are_seen();
        }
        self.next_scan = Instant::now();
    }

    fn say_whether_writers_are_seen(&self) {
        let folder = shown_path(&self.root.path);
        if self.root.is_remote() {
            tracing::info!(%folder, "on a network file system it cannot be seen whether a file is still open for writing: watch.settle_s alone decides when it is complete");
        } else if !writers::may_ask(&self.root.path) {
            tracing::warn!(%folder, "cannot see whether a file is still open for writing, since the recordings belong to another user: watch.settle_s alone decides when a file is complete; run as their owner, or with the capability CAP_LEASE");
        }
    }

    fn listen(&self, settings: &ScanSettings) -> Option<Listener> {
        let folder = shown_path(&self.root.path);
        let wanted = match settings.watch.events {
            Events::Poll => false,
            Events::Native => true,
            Events::Auto => !self.root.is_remote(),
        };
        if !wanted {
            tracing::info!(%folder, "watching by scanning");
            return None;
        }
        let follow = settings.selection.follows_links();
        match Listener::new(&self.root.path, follow, self.wake.clone()) {
            Ok(listener) => Some(listener),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    %folder, error,
                    "file system events are not available, watching by scanning; \
                     raise fs.inotify.max_user_watches if there are too many folders"
                );
                None
            }
        }
    }

    /// True for a path of a hint that a scan would not come to: in an excluded folder, or behind
    /// a link.
    fn is_left_out(&self, path: &Path, settings: &ScanSettings) -> bool {
        let Ok(below) = path.strip_prefix(&self.root.path) else {
            return true;
        };
        let selection = &settings.selection;
        let folder = below.parent().unwrap_or(Path::new(""));
        let is_link = |below: &Path| self.root.path.join(below).is_symlink();
        let mut steps = below.ancestors().filter(|step| *step != Path::new(""));
        !selection.enters(folder) || (!selection.follows_links() && steps.any(is_link))
    }

    fn scan(
        &mut self,
        start: &Path,
        settings: &ScanSettings,
        see: &mut dyn FnMut(Seen) -> Alive,
    ) -> Alive {
        let mut unreadable = BTreeSet::new();
        let root = self.root.clone();
        let mut walk = Walk::new(&root.path, start, &settings.selection);
        for recording in &mut walk {
            match recording {
                Ok(found) => self.see(&found.path, false, settings, see)?,
                // It may have been removed since its folder was listed.
                Err(DiscoverProblem::Unreadable { path, .. }) if !path.exists() => {}
                Err(problem) => {
                    let path = match &problem {
                        DiscoverProblem::Unreadable { path, .. }
                        | DiscoverProblem::BrokenLink { path, .. } => path.clone(),
                        _ => start.to_owned(),
                    };
                    if !self.unreadable.contains(&path) {
                        tracing::warn!("{problem}; recordings in it are not found");
                    }
                    unreadable.insert(path);
                }
            }
        }
        if start == self.root.path {
            self.unreadable = unreadable;
            if !self.said_passed && !walk.passed.is_empty() {
                let folder = shown_path(&self.root.path);
                tracing::info!(%folder, "passed over: {}", walk.passed);
            }
            self.said_passed = true;
        }
        Some(())
    }

    fn see(
        &self,
        path: &Path,
        renamed: bool,
        settings: &ScanSettings,
        see: &mut dyn FnMut(Seen) -> Alive,
    ) -> Alive {
        let Ok(below) = path.strip_prefix(&self.root.path) else {
            return Some(());
        };
        if !settings.selection.takes(below) || self.root.spares(path) {
            return Some(());
        }
        let Ok(facts) = FileFacts::of(path) else {
            return Some(());
        };
        see(Seen {
            relative: self.root.relative(below),
            facts,
            renamed,
        })
    }
}
