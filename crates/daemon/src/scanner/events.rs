//! File system events, as hints which files may have changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::Sender;
use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Most hints that are kept until they are taken; beyond that everything is scanned.
const KEPT: usize = 16_384;

/// Which files may have changed.
#[derive(Debug, Default)]
pub struct Hints {
    /// Paths, and whether the file was renamed to that path.
    pub paths: HashMap<PathBuf, bool>,
    /// Events were lost: everything is to be scanned.
    pub lost: bool,
}

/// Receives the events of a folder and all folders below it.
#[derive(Debug)]
pub struct Listener {
    hints: Arc<Mutex<Hints>>,
    // Receives events until it is dropped.
    _watcher: RecommendedWatcher,
}

impl Listener {
    /// Starts to receive events, and wakes the scanner when there are hints. Folders behind
    /// links are listened to when links are to be followed.
    ///
    /// # Errors
    /// When the system refuses: mostly because too many folders are watched already
    /// (`fs.inotify.max_user_watches`).
    pub fn new(folder: &Path, follow: bool, wake: Sender<()>) -> notify::Result<Self> {
        let hints = Arc::new(Mutex::new(Hints::default()));
        let noted = hints.clone();
        let hear = move |event| {
            note(&noted, event);
            // It may have been woken already.
            let _ = wake.try_send(());
        };
        let config = Config::default().with_follow_symlinks(follow);
        let mut watcher = RecommendedWatcher::new(hear, config)?;
        watcher.watch(folder, RecursiveMode::Recursive)?;
        Ok(Self {
            hints,
            _watcher: watcher,
        })
    }

    /// Takes the hints since the last call. Many events of one file are one hint.
    pub fn take(&self) -> Hints {
        std::mem::take(&mut *self.hints.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn note(hints: &Mutex<Hints>, event: notify::Result<Event>) {
    let mut hints = hints.lock().unwrap_or_else(PoisonError::into_inner);
    let Ok(event) = event else {
        hints.lost = true;
        return;
    };
    let renamed = match event.kind {
        _ if event.need_rescan() => {
            hints.lost = true;
            return;
        }
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => true,
        EventKind::Create(_)
        | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_))
        | EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        _ => return,
    };
    for path in event.paths {
        if hints.paths.len() >= KEPT {
            hints.lost = true;
            return;
        }
        *hints.paths.entry(path).or_default() |= renamed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{CreateKind, Flag};

    #[test]
    fn a_flood_and_an_overflow_mean_to_scan_everything() {
        let hints = Mutex::new(Hints::default());
        let created =
            |name: String| Event::new(EventKind::Create(CreateKind::File)).add_path(name.into());
        for number in 0..KEPT {
            note(&hints, Ok(created(number.to_string())));
        }
        assert!(!hints.lock().unwrap().lost);
        note(&hints, Ok(created("one more".into())));
        let taken = std::mem::take(&mut *hints.lock().unwrap());
        assert!(taken.lost && taken.paths.len() == KEPT);
        note(
            &hints,
            Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)),
        );
        assert!(hints.lock().unwrap().lost);
    }

    #[test]
    fn a_rename_is_remembered_among_other_events() {
        let hints = Mutex::new(Hints::default());
        let to = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        note(&hints, Ok(Event::new(to).add_path("a".into())));
        let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
        note(&hints, Ok(Event::new(closed).add_path("a".into())));
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
        note(&hints, Ok(Event::new(opened).add_path("b".into())));
        assert_eq!(
            hints.lock().unwrap().paths,
            HashMap::from([("a".into(), true)])
        );
    }
}
