//! Turns panics into errors.

use std::any::Any;

use undertone_types::{Cause, Failure, Stage};

/// The message of a panic.
pub fn panicked(panic: &(dyn Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    format!("the stage panicked: {message}")
}

/// The failure of a recording on which a stage panicked.
pub fn panic_failure(stage: Stage, panic: &(dyn Any + Send)) -> Failure {
    Failure {
        stage,
        cause: Cause::Defect,
        chain: vec![panicked(panic)],
        hint: Some(
            "this is a bug in undertone: please report it together with this recording".to_owned(),
        ),
    }
}
