//! SIGINT and SIGTERM: the first asks to finish what is in progress, the second exits at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::exit::Exit;

/// Installs handlers for the rest of the process: the first signal sets the flag, the second
/// exits.
pub(super) fn listen() -> io::Result<Arc<AtomicBool>> {
    let came = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The order matters: the second signal finds the flag set by the first.
        flag::register_conditional_shutdown(signal, Exit::Interrupted as i32, came.clone())?;
        flag::register(signal, came.clone())?;
    }
    Ok(came)
}
