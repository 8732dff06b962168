//! One folder that is watched: it may be missing, come, go, and come back as another.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::notice::Notice;
use super::{Alive, Manner, Seen};
use crate::facts::FileFacts;
use crate::roots::Root;
use undertone_config::Events;
use undertone_discovery::{DiscoverProblem, Found, recordings};

/// A folder and how it is watched at the moment.
pub struct Watched {
    root: Root,
    /// Which folder is listened to; none while it is not there.
    identity: Option<(u64, u64)>,
    notice: Option<Notice>,
    next_check: Instant,
    next_scan: Instant,
    said_missing: bool,
    /// What could not be looked into the last time; said once.
    closed: BTreeSet<PathBuf>,
}

impl Watched {
    pub fn new(root: Root) -> Self {
        let now = Instant::now();
        Self {
            root,
            identity: None,
            notice: None,
            next_check: now,
            next_scan: now,
            said_missing: false,
            closed: BTreeSet::new(),
        }
    }

    pub fn root(&self) -> &Root {
        &self.root
    }

    pub fn look_soon(&mut self) {
        self.next_scan = Instant::now();
        self.next_check = self.next_scan;
    }

    /// Looks where there are hints, or everywhere when it is time; true when it was.
    pub fn look(&mut self, manner: &Manner, see: &mut dyn FnMut(Seen) -> Alive) -> Option<bool> {
        let now = Instant::now();
        if now >= self.next_check {
            self.check(manner);
            self.next_check = now + Duration::from_secs_f64(manner.watch.poll_s);
        }
        if self.identity.is_none() {
            return Some(false);
        }
        let hints = self.notice.as_ref().map(Notice::take).unwrap_or_default();
        if hints.lost {
            tracing::debug!(folder = %self.root.path.display(), "events were lost: looking everywhere");
            self.next_scan = now;
        }
        for (path, renamed) in hints.paths {
            if path.is_dir() {
                self.scan(&path, manner, see)?;
            } else {
                self.see(&path, renamed, manner, see)?;
            }
        }
        if now < self.next_scan {
            return Some(false);
        }
        let root = self.root.path.clone();
        self.scan(&root, manner, see)?;
        let pause_s = match self.notice {
            Some(_) => manner.watch.rescan_s,
            None => manner.watch.poll_s,
        };
        self.next_scan = Instant::now() + Duration::from_secs_f64(pause_s);
        Some(true)
    }

    /// Notices when the folder comes, goes, or is another.
    fn check(&mut self, manner: &Manner) {
        let identity = self.root.identity();
        let folder = self.root.path.display();
        if identity == self.identity {
            if identity.is_none() && !self.said_missing {
                tracing::warn!(%folder, "the folder is not there; waiting for it");
                self.said_missing = true;
            }
            return;
        }
        if identity.is_none() {
            tracing::warn!(%folder, "the folder has gone; waiting for it to come back");
            self.said_missing = true;
        } else if self.identity.is_some() {
            tracing::info!(%folder, "another folder is in its place (mounted or unmounted)");
        } else if self.said_missing {
            tracing::info!(%folder, "the folder is there");
            self.said_missing = false;
        }
        self.identity = identity;
        self.notice = identity.and_then(|_| self.listen(manner.watch.events));
        self.next_scan = Instant::now();
    }

    fn listen(&self, events: Events) -> Option<Notice> {
        let folder = self.root.path.display();
        let wanted = match events {
            Events::Poll => false,
            Events::Native => true,
            Events::Auto => !self.root.is_remote(),
        };
        if !wanted {
            tracing::info!(%folder, "watching by looking");
            return None;
        }
        match Notice::new(&self.root.path) {
            Ok(notice) => Some(notice),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    %folder, error,
                    "events cannot be had, so watching by looking; \
                     raise fs.inotify.max_user_watches if there are too many folders"
                );
                None
            }
        }
    }

    fn scan(&mut self, start: &Path, manner: &Manner, see: &mut dyn FnMut(Seen) -> Alive) -> Alive {
        let mut closed = BTreeSet::new();
        for recording in recordings(&self.root.path, start, &manner.patterns) {
            match recording {
                Ok(found) => self.see(&found.path, false, manner, see)?,
                // It may have gone since its folder was listed.
                Err(DiscoverProblem::Unreadable { path, .. }) if !path.exists() => {}
                Err(problem) => {
                    let path = match &problem {
                        DiscoverProblem::Unreadable { path, .. } => path.clone(),
                        _ => start.to_owned(),
                    };
                    if !self.closed.contains(&path) {
                        tracing::warn!("{problem}; recordings in there are not seen");
                    }
                    closed.insert(path);
                }
            }
        }
        if start == self.root.path {
            self.closed = closed;
        }
        Some(())
    }

    fn see(
        &self,
        path: &Path,
        renamed: bool,
        manner: &Manner,
        see: &mut dyn FnMut(Seen) -> Alive,
    ) -> Alive {
        let Ok(below) = path.strip_prefix(&self.root.path) else {
            return Some(());
        };
        if !manner.patterns.takes(below) || self.root.spares(path) {
            return Some(());
        }
        let Ok(facts) = FileFacts::of(path) else {
            return Some(());
        };
        let found = Found {
            relative: self.root.relative(below),
            path: path.to_owned(),
        };
        see(Seen {
            found,
            facts,
            renamed,
        })
    }
}
