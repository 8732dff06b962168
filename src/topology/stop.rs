//! How a run ends early: on request, or by a fault.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use undertone_types::{Stage, error_chain};

/// A fault of the machinery (not of a recording) that ends the run.
#[derive(Debug, thiserror::Error)]
#[error("{stage}: {reason}")]
pub struct Fault {
    /// Where it happened.
    pub stage: Stage,
    /// What happened, with causes.
    pub reason: String,
}

impl Fault {
    /// A fault from an error and its chain of sources.
    pub fn new(stage: Stage, error: &dyn std::error::Error) -> Self {
        Self {
            stage,
            reason: error_chain(error).join(": "),
        }
    }
}

/// Shared by all threads of a run: whether to go on.
#[derive(Debug, Default)]
pub struct Stop {
    asked: AtomicBool,
    broken: AtomicBool,
    first: Mutex<Option<Fault>>,
}

impl Stop {
    /// Asks the source to give no more recordings; what is under way is finished.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether the source is to stop.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.is_broken()
    }

    /// Ends the run at once. Only the first fault is kept: the others follow from it.
    pub fn fault(&self, fault: Fault) {
        let mut first = self
            .first
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        first.get_or_insert(fault);
        self.broken.store(true, Ordering::Relaxed);
    }

    /// Whether a fault has happened.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// The first fault, if there was one.
    pub fn take_fault(&self) -> Option<Fault> {
        self.first
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fault_is_kept_as_the_cause() {
        let stop = Stop::default();
        assert!(!stop.asked());
        for reason in ["first", "second"] {
            stop.fault(Fault {
                stage: Stage::Fuse,
                reason: reason.into(),
            });
        }
        assert!(stop.asked() && stop.is_broken());
        assert_eq!(stop.take_fault().unwrap().to_string(), "fuse: first");
    }
}
