//! Says which reports are outdated, before they are made anew.

use std::path::Path;
use std::sync::Arc;
use std::{io, thread};

use undertone_config::Outdated;
use undertone_reports::{OutdatedReports, RunMark};

/// Logs how many reports are outdated and why, on a thread of its own: there may be a million.
/// They are the last to be scored, and recordings settle first, so that this comes before.
///
/// # Errors
/// When the system cannot start a thread.
pub fn say_outdated(out: &Path, mark: &Arc<RunMark>, policy: Outdated) -> io::Result<()> {
    let (out, mark) = (out.to_owned(), mark.clone());
    let body = move || {
        let outdated = OutdatedReports::below(&out, &mark);
        if outdated.is_empty() {
            return;
        }
        match policy {
            Outdated::Score => tracing::warn!(
                "{outdated}; those of recordings that are watched are made anew: watch.outdated = \
                 \"keep\" keeps them"
            ),
            Outdated::Keep => tracing::warn!("{outdated}; they are kept (watch.outdated)"),
        }
    };
    thread::Builder::new()
        .name("outdated".to_owned())
        .spawn(body)?;
    Ok(())
}
