//! `--dry-run`: what a run would do, and why. Nothing is loaded, and nothing written.

use std::fs::File;
use std::io;

use undertone_discovery::{Found, identify};
use undertone_types::{RecordingId, shown_path};

use super::Shown;
use super::events::{Action, RunEvent};
use super::plan::{Plan, Planner, Why};
use crate::cli::say;
use undertone_terminal::{columns, sentences};

/// Prints what would be done with each recording.
pub(super) fn print_plan(found: &[Found], planner: &Planner, shown: Shown) -> io::Result<()> {
    let is_told = shown == Shown::Events;
    let mut rows = vec![["clip", "plan", "why"].map(ToOwned::to_owned)];
    let (mut score, mut skip, mut fail) = (0, 0, 0);
    for found in found {
        let (action, reason) = foretell(found, planner);
        match action {
            Action::Score => score += 1,
            Action::Skip => skip += 1,
            Action::Fail => fail += 1,
        }
        if is_told {
            let path = &found.path;
            let reason = &reason;
            RunEvent::Planned {
                path,
                action,
                reason,
            }
            .print()?;
        } else {
            rows.push([shown_path(&found.relative), action.to_string(), reason]);
        }
    }
    if is_told {
        return RunEvent::Plan { score, skip, fail }.print();
    }
    say(&columns(&rows))?;
    say(&sentences(&format!(
        "{score} to score, {skip} to skip, {fail} to fail; nothing was loaded or written\n"
    )))
}

/// What would be done with a recording. One of which nothing is known is not read for it.
fn foretell(found: &Found, planner: &Planner) -> (Action, String) {
    let paths = planner.paths(&found.relative);
    let plan = match paths.report.exists() || paths.failure.exists() {
        true => identify(found, RecordingId(0)).map(|recording| planner.plan(&recording)),
        false => File::open(&found.path).map(|_| Plan::Score(Why::New)),
    };
    match plan {
        Err(error) => (Action::Fail, format!("cannot be read: {error}")),
        Ok(Plan::Done) => (Action::Skip, "has a report".to_owned()),
        Ok(Plan::Quarantined(record)) => {
            let why = record.error.join(": ");
            let why = format!(
                "quarantined: {}: {why}; --force tries it again",
                record.stage
            );
            (Action::Fail, why)
        }
        Ok(Plan::Score(why)) => (Action::Score, reason(why)),
    }
}

fn reason(why: Why) -> String {
    match why {
        Why::New => "new".to_owned(),
        Why::Changed => "its content has changed".to_owned(),
        Why::Outdated(changes) => format!("outdated: {changes}"),
        Why::Failed(record) => format!("failed: {}: {}", record.stage, record.error.join(": ")),
        Why::Forced => "--force".to_owned(),
    }
}
