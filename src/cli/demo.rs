//! What is said when the demo bundle is at work.

use undertone_bundle::{Bundle, Purpose};

/// Logs, once for each run, that scores of real recordings mean little, and what helps.
pub(super) fn warn_of_demo(bundle: &Bundle) {
    if bundle.manifest.purpose == Purpose::Demo {
        let name = &bundle.manifest.name;
        tracing::warn!(
            bundle = %name,
            "demo models: scores of real recordings mean little; \
             `undertone models` lists bundles for those"
        );
    }
}
