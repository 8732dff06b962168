//! What all reports of a run have in common: bundle and settings.

use std::path::Path;

use undertone_bundle::Bundle;
use undertone_config::Config;

use super::lines::{BundleLine, ConfigLine};
use super::rounding::rounded;
use super::sidecar::{Sidecar, Sidecars};

/// Bundle and settings of a run; made once, shared by its reports.
#[derive(Clone, Debug, PartialEq)]
pub struct RunMark {
    /// The models.
    pub bundle: BundleLine,
    /// The settings that change scores.
    pub config: ConfigLine,
    /// The fingerprint that earlier versions of this program gave the bundle.
    pub former_fingerprint: String,
    /// Which subtitles beside recordings are taken; none where they were not asked for.
    pub sidecars: Option<Sidecars>,
}

impl RunMark {
    /// The mark of a run with these settings and models.
    #[must_use]
    pub fn new(config: &Config, bundle: &Bundle) -> Self {
        let gate = config.text.gate.unwrap_or(bundle.gate().threshold);
        let (decode, utterances) = (&config.decode, &config.utterances);
        // Rounded as in reports: the ledger compares these with what it reads.
        Self {
            bundle: BundleLine {
                name: bundle.manifest.name.clone(),
                version: bundle.manifest.version.clone(),
                purpose: bundle.manifest.purpose.name().to_owned(),
                fingerprint: bundle.fingerprint(),
                untrained: untrained(bundle),
            },
            config: ConfigLine {
                text_mode: config.text.mode.name().to_owned(),
                gate: rounded(gate.into()),
                frames_per_second: decode.frames_per_second,
                frame_width_px: decode.frame_width_px,
                window_s: rounded(decode.window_s),
                min_s: rounded(utterances.min_s),
                max_s: rounded(utterances.max_s),
                pad_s: rounded(utterances.pad_s),
                pause_s: rounded(utterances.pause_s),
                voice_threshold: rounded(utterances.voice_threshold.into()),
                audio_track: decode.audio_track,
                words: config.text.words,
                explain: config.report.explain,
                faces: config.report.faces,
            },
            former_fingerprint: bundle.former_fingerprint().to_owned(),
            sidecars: Sidecars::new(config, bundle),
        }
    }

    /// True when this bundle and these settings, read from a report, are those of the run. A report
    /// that also explains its scores has all that is asked for.
    #[must_use]
    pub fn made(&self, bundle: &BundleLine, config: &ConfigLine) -> bool {
        self.is_of_bundle(bundle) && *config == self.asked(config)
    }

    /// The settings of the run, with explanations where this report has them.
    pub(super) fn asked(&self, config: &ConfigLine) -> ConfigLine {
        ConfigLine {
            explain: self.config.explain || config.explain,
            ..self.config.clone()
        }
    }

    /// The sidecar of a recording, where they were asked for and there is one.
    #[must_use]
    pub fn sidecar_of(&self, recording: &Path) -> Option<Sidecar> {
        self.sidecars.as_ref()?.beside(recording)
    }

    /// True when this bundle, read from a report, is that of the run.
    #[must_use]
    pub fn is_of_bundle(&self, bundle: &BundleLine) -> bool {
        let known = [&self.bundle.fingerprint, &self.former_fingerprint];
        known.contains(&&bundle.fingerprint)
    }
}

/// The modalities that no data taught the bundle's network.
fn untrained(bundle: &Bundle) -> Vec<String> {
    let network = bundle.manifest.fusion.as_ref();
    let untrained = network.map(|network| network.untrained());
    untrained
        .unwrap_or_default()
        .into_iter()
        .map(str::to_owned)
        .collect()
}
