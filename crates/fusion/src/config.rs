//! What a fusion network looks like; saved as JSON beside its weights.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::write_file;
use super::{FusionError, FusionInput, Modality, Trio};
use undertone_types::{Flow, Margin};

/// Values per time step of each modality, as the extractors give them.
pub type Widths = Trio<usize>;

/// The version of the files that this program writes and reads.
const FORMAT: u32 = 1;

/// Everything needed to build a network before its weights are loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FusionConfig {
    /// Version of the file format.
    pub format: u32,
    /// Widths of the inputs.
    pub widths: Widths,
    /// Modalities that no training data had. They count as absent whatever an input has, since
    /// nothing was learned about their weights.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untrained: Vec<Modality>,
    /// Whether no training data had anything for the text-missing flow: what it would say is what it
    /// shares with the complete one, and nobody measured it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub text_missing_untrained: bool,
    /// The network itself.
    pub network: NetworkConfig,
    /// How sure its scores are; empty where that was not measured.
    #[serde(default, skip_serializing_if = "Margins::is_empty")]
    pub margins: Margins,
}

/// How far the truth may be from the scores of each flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Margins {
    /// The complete flow, with real text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete: Option<Margin>,
    /// The text-missing flow, with simulated text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<Margin>,
}

impl Margins {
    fn is_empty(&self) -> bool {
        self.complete.is_none() && self.simulated.is_none()
    }

    /// That of an input. What the text-missing flow says without any text was not measured.
    pub(super) fn of(&self, input: &FusionInput) -> Option<Margin> {
        match input.flow {
            Flow::Complete => self.complete,
            Flow::TextMissing if input.text.is_empty() => None,
            Flow::TextMissing => self.simulated,
        }
    }
}

/// The sizes and switches of the network; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Width of projected frames, pooled vectors and queries (the paper's d).
    pub model_width: usize,
    /// Width of the cross-attention's output and of the fused vector (the paper's h).
    pub fused_width: usize,
    /// Width of the vector for the contrastive loss.
    pub contrast_width: usize,
    /// Dropout on frames before attention, and on vectors after it.
    pub frame_dropout: f64,
    /// Dropout after each layer of the small perceptrons.
    pub mlp_dropout: f64,
    /// Factor on attention scores before the softmax over time.
    pub attention_scale: f64,
    /// Features are limited to this many deviations from their mean; 0 for no limit. Neither the
    /// paper nor its authors' code has a limit: there one outlier can decide a score.
    pub feature_limit: f64,
    /// Whether the text-missing flow repairs its text from voice and face (the paper's
    /// MIA): on is the paper, off is its authors' released code.
    pub imagination: bool,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            model_width: 256,
            fused_width: 128,
            contrast_width: 64,
            frame_dropout: 0.5,
            mlp_dropout: 0.3,
            attention_scale: 0.3,
            feature_limit: 10.0,
            imagination: true,
        }
    }
}

impl NetworkConfig {
    /// What is wrong with it, one fragment each; empty when it is usable.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (key, width) in [
            ("model_width", self.model_width),
            ("fused_width", self.fused_width),
            ("contrast_width", self.contrast_width),
        ] {
            if !(2..=16_384).contains(&width) {
                problems.push(format!("network.{key} must be 2 to 16384, got {width}"));
            }
        }
        for (key, rate) in [
            ("frame_dropout", self.frame_dropout),
            ("mlp_dropout", self.mlp_dropout),
        ] {
            if !(0.0..1.0).contains(&rate) {
                problems.push(format!(
                    "network.{key} must be at least 0 and below 1, got {rate}"
                ));
            }
        }
        if !(self.attention_scale.is_finite() && self.attention_scale > 0.0) {
            let scale = self.attention_scale;
            problems.push(format!(
                "network.attention_scale must be above 0, got {scale}"
            ));
        }
        if !(self.feature_limit.is_finite() && self.feature_limit >= 0.0) {
            let limit = self.feature_limit;
            problems.push(format!(
                "network.feature_limit must be 0 or more, got {limit}"
            ));
        }
        problems
    }
}

impl FusionConfig {
    /// The config of a network for inputs of these widths, to be trained with all modalities.
    #[must_use]
    pub fn new(widths: Widths, network: NetworkConfig) -> Self {
        Self {
            format: FORMAT,
            widths,
            untrained: Vec::new(),
            text_missing_untrained: false,
            network,
            margins: Margins::default(),
        }
    }

    /// The modalities of which a flow learned nothing; all of them in a flow that was not trained.
    #[must_use]
    pub fn untrained_in(&self, flow: Flow) -> &[Modality] {
        match flow {
            Flow::TextMissing if self.text_missing_untrained => &Modality::ALL,
            Flow::TextMissing | Flow::Complete => &self.untrained,
        }
    }

    /// Checks that a network can be built from it.
    ///
    /// # Errors
    /// When a value is out of range; the message names every such value.
    pub fn check(&self) -> Result<(), FusionError> {
        let mut problems = self.network.problems();
        if self.format != FORMAT {
            problems.push(format!("format {} is not {FORMAT}", self.format));
        }
        if self.widths.as_array().contains(&&0) {
            problems.push("a width of 0".to_owned());
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(FusionError::Unusable(problems.join("; ")))
        }
    }

    /// Reads a config file and checks it.
    ///
    /// # Errors
    /// When the file cannot be read, is not such a config, or has values out of range.
    pub fn read(path: &Path) -> Result<Self, FusionError> {
        let text = std::fs::read_to_string(path).map_err(|source| FusionError::Read {
            path: path.to_owned(),
            source,
        })?;
        let config: Self = serde_json::from_str(&text).map_err(|source| FusionError::Config {
            path: path.to_owned(),
            source,
        })?;
        config.check()?;
        Ok(config)
    }

    /// Writes the config as JSON, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), FusionError> {
        let mut text =
            serde_json::to_string_pretty(self).map_err(|source| FusionError::Config {
                path: path.to_owned(),
                source,
            })?;
        text.push('\n');
        write_file(path, text.as_bytes())
    }
}
