//! Fault injection: `run` and `watch` are tested with workers that really crash, hang or take too much
//! memory.
//!
//! `UNDERTONE_TEST_FAULT=abort:poison` makes the worker abort when it is given a recording
//! whose name contains `poison`; `hang` makes it hang, `hog` makes it allocate memory without
//! end. Without the variable nothing happens.

use std::path::Path;
use std::time::Duration;

const VARIABLE: &str = "UNDERTONE_TEST_FAULT";

/// Injects the fault that the variable names, if it names this recording.
pub fn inject(recording: &Path) {
    let Ok(setting) = std::env::var(VARIABLE) else {
        return;
    };
    let Some((fault, name)) = setting.split_once(':') else {
        return;
    };
    if !recording.to_string_lossy().contains(name) {
        return;
    }
    match fault {
        "abort" => {
            eprintln!("{VARIABLE}: aborting on purpose");
            std::process::abort();
        }
        "hang" => {
            eprintln!("{VARIABLE}: hanging on purpose");
            loop {
                std::thread::sleep(Duration::from_secs(1));
            }
        }
        "hog" => {
            let mut held = Vec::new();
            loop {
                held.push(vec![1_u8; 32_000_000]);
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        _ => {}
    }
}
