//! Ends a run early: on request, or on an error of a stage.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use undertone_types::Stage;

/// An error of a stage, not of a recording: it ends the run.
#[derive(Debug, thiserror::Error)]
#[error("{stage}")]
pub struct StageError {
    /// Where it happened.
    pub stage: Stage,
    /// What happened.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl StageError {
    /// This error, at this stage.
    pub fn new(stage: Stage, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            stage,
            source: error.into(),
        }
    }
}

/// Shared by all threads of a run: whether to continue.
#[derive(Debug, Default)]
pub struct Stop {
    asked: AtomicBool,
    failed: AtomicBool,
    first: Mutex<Option<StageError>>,
}

impl Stop {
    /// Asks the source to send no more recordings; those in progress are finished.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether the source is to stop.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.has_failed()
    }

    /// Ends the run at once. Only the first error is kept: it is the cause of the others.
    pub fn fail(&self, error: StageError) {
        let mut first = self
            .first
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        first.get_or_insert(error);
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Whether a stage has failed.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// The first error, if there is one.
    pub fn take_error(&self) -> Option<StageError> {
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
    fn the_first_error_is_kept_as_the_cause() {
        let stop = Stop::default();
        assert!(!stop.asked());
        for reason in ["first", "second"] {
            stop.fail(StageError::new(Stage::Fuse, reason));
        }
        assert!(stop.asked() && stop.has_failed());
        let error = stop.take_error().unwrap();
        assert_eq!(undertone_types::error_chain(&error), ["fuse", "first"]);
    }
}
