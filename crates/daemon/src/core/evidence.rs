//! What a failure record says about a worker that ended.

use std::collections::BTreeMap;

use undertone_types::Cause;

use super::boundary::WorkerEnd;
use super::worker::{ChainFault, OverLimit, Task};

/// Why a worker ended with these tasks in progress, outermost cause first.
pub fn evidence(
    over: Option<&OverLimit>,
    fault: Option<&ChainFault>,
    busy: &str,
    end: &WorkerEnd,
    left: &BTreeMap<u64, Task>,
) -> Vec<String> {
    let mut chain = vec![match (over, fault) {
        (Some(over), _) => format!("stopped: {}", over.reason),
        (None, Some(fault)) => format!("the worker failed: {}", fault.reason),
        (None, None) => format!("the worker failed while {busy} was busy: {}", end.how),
    }];
    if left.len() > 1 && over.is_none_or(|over| over.culprit.is_none()) {
        chain.push(format!(
            "it is one of {} recordings in progress",
            left.len()
        ));
    }
    if over.is_none() && !end.last_lines.is_empty() {
        chain.push(format!(
            "the last lines of its log: {}",
            end.last_lines.join(" | ")
        ));
    }
    chain
}

/// What the user can do about a worker that ended for this `cause`.
pub fn hint(cause: Cause) -> &'static str {
    match cause {
        Cause::Memory => "raise limits.memory_mb if the machine has more, then `undertone retry`",
        Cause::Time => {
            "raise limits.time_factor or limits.stall_s on slow machines, then `undertone retry`"
        }
        _ => {
            "repair the recording with `ffmpeg -i IN -c copy OUT`, or report this with the \
             recording; `undertone retry` tries it again"
        }
    }
}
