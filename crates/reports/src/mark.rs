//! What all reports of a run have in common: bundle and settings.

use undertone_bundle::Bundle;
use undertone_config::Config;

use super::lines::{BundleLine, ConfigLine};
use super::render::tidy;

/// Bundle and settings of a run; made once, shared by its reports.
#[derive(Clone, Debug, PartialEq)]
pub struct RunMark {
    /// The models.
    pub bundle: BundleLine,
    /// The settings that change scores.
    pub config: ConfigLine,
    /// The fingerprint that earlier versions of this program gave the bundle.
    pub former_fingerprint: String,
}

impl RunMark {
    /// The mark of a run with these settings and models.
    #[must_use]
    pub fn new(config: &Config, bundle: &Bundle) -> Self {
        let gate = config.text.gate.unwrap_or(bundle.gate().threshold);
        let (decode, utterances) = (&config.decode, &config.utterances);
        // Rounded, a number is read back as it was written: the ledger compares them.
        Self {
            bundle: BundleLine {
                name: bundle.manifest.name.clone(),
                version: bundle.manifest.version.clone(),
                purpose: bundle.manifest.purpose.name().to_owned(),
                fingerprint: bundle.fingerprint(),
            },
            config: ConfigLine {
                text_mode: config.text.mode.name().to_owned(),
                gate: tidy(gate.into()),
                frames_per_second: decode.frames_per_second,
                frame_width_px: decode.frame_width_px,
                window_s: tidy(decode.window_s),
                min_s: tidy(utterances.min_s),
                max_s: tidy(utterances.max_s),
                pad_s: tidy(utterances.pad_s),
                pause_s: tidy(utterances.pause_s),
                voice_threshold: tidy(utterances.voice_threshold.into()),
            },
            former_fingerprint: bundle.former_fingerprint().to_owned(),
        }
    }

    /// True when a report with this bundle and these settings was made by such a run.
    #[must_use]
    pub fn made(&self, bundle: &BundleLine, config: &ConfigLine) -> bool {
        let known = [&self.bundle.fingerprint, &self.former_fingerprint];
        known.contains(&&bundle.fingerprint) && *config == self.config
    }
}
