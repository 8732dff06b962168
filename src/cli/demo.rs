//! What is said when the demo bundle is at work.

use super::progress::Terminal;
use undertone_bundle::{Bundle, Purpose};
use undertone_config::{Log, LogFormat};

/// Logs, once for each run, that scores of real recordings mean little. Who reads along on a
/// terminal is also told what helps.
pub(super) fn warn_of_demo(bundle: &Bundle, log: &Log, terminal: &Terminal) {
    if bundle.manifest.purpose != Purpose::Demo {
        return;
    }
    let name = &bundle.manifest.name;
    tracing::warn!(bundle = %name, "demo models: scores of real recordings mean little");
    let is_for_people = terminal.is_terminal() && log.format == LogFormat::Text;
    if is_for_people && tracing::enabled!(tracing::Level::WARN) {
        terminal.line("`undertone models` lists bundles for real recordings, and gets them");
    }
}
