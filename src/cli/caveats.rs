//! What is said, once for each run, of the bundle that is at work.

use super::progress::Terminal;
use undertone_bundle::{Bundle, Purpose};
use undertone_config::{Log, LogFormat};

/// Logs what of the bundle's models a user has to know to make sense of the scores.
pub(super) fn say_caveats(bundle: &Bundle, log: &Log, terminal: &Terminal) {
    let name = &bundle.manifest.name;
    if bundle.manifest.purpose == Purpose::Demo {
        tracing::warn!(bundle = %name, "demo models: scores of real recordings mean little");
        // Who reads along on a terminal is also told what helps.
        let is_for_people = terminal.is_terminal() && log.format == LogFormat::Text;
        if is_for_people && tracing::enabled!(tracing::Level::WARN) {
            terminal.note("`undertone models` lists bundles for real recordings, and gets them");
        }
    }
    let network = bundle.manifest.fusion.as_ref();
    let untrained = network.map(|network| network.untrained());
    let untrained = untrained.unwrap_or_default();
    if !untrained.is_empty() {
        let untrained = untrained.join(", ");
        tracing::info!(
            bundle = %name, %untrained,
            "no data taught the network these modalities: they have no say in the scores"
        );
    }
}
