//! What a run says about its inputs besides their recordings: what cannot be read, and what was
//! passed over.

use std::io;

use undertone_discovery::Discovered;

use super::progress::Terminal;
use super::say;
use undertone_terminal::sentences;

/// Names folders and links that cannot be read.
pub(super) fn warn_of_unreadable(discovered: &Discovered, terminal: &Terminal) {
    for problem in &discovered.unreadable {
        terminal.line(&format!(
            "warning: {problem}; recordings in it are not scored"
        ));
    }
}

/// Counts at the end of a run what has no row in its table. True when recordings may be missing.
pub(super) fn say_what_is_missing(discovered: &Discovered) -> io::Result<bool> {
    if !discovered.passed.is_empty() {
        say(&sentences(&format!("passed over: {}\n", discovered.passed)))?;
    }
    let unreadable = discovered.unreadable.len();
    if unreadable > 0 {
        say(&format!(
            "not read: {unreadable} (the warnings above name them)\n"
        ))?;
    }
    Ok(unreadable > 0)
}
