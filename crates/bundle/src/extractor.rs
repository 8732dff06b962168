//! Feature extractors: one that is built in, or a TorchScript module among the bundle's files.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use undertone_types::RATE_HZ;

/// The name of extractors that are a TorchScript module.
pub const TORCHSCRIPT: &str = "torchscript";

/// A feature extractor. The keys after `width` are for TorchScript modules, and are not written
/// where they are absent: bundles whose fingerprints are older than these keys keep them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extractor {
    /// Its name: a built-in one, for example "prosody", or [`TORCHSCRIPT`].
    pub extractor: String,
    /// Its version: other versions give other features.
    pub version: u32,
    /// Values per time step.
    pub width: usize,
    /// The TorchScript module, relative to the bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// SHA-256 of the module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Where it can be downloaded, or how it is made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// Which value of several that the module gives; absent where it gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<Layer>,
    /// Audio: the sampling rate that the module was trained with, in Hz. Only 16,000 can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<u32>,
    /// Video: width and height of the face that the module takes, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side_px: Option<usize>,
    /// Video: 1 (brightness; the default), or 3 (the same brightness three times: faces have no
    /// colour here).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// Video: what brightness in [0, 1] is multiplied with first; 1 by default, 255 for modules
    /// that take bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// Video: subtracted next, for each channel; 0 by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mean: Vec<f64>,
    /// Video: divided by last, for each channel; 1 by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub std: Vec<f64>,
}

/// Which value of a module's output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Layer {
    /// Of a tuple or list, from 0.
    At(usize),
    /// Of a dictionary.
    Named(String),
}

impl Extractor {
    /// One that is built in.
    #[must_use]
    pub fn built_in(name: &str, version: u32, width: usize) -> Self {
        Self {
            extractor: name.to_owned(),
            version,
            width,
            ..Self::default()
        }
    }

    /// Whether it is a TorchScript module.
    #[must_use]
    pub fn is_torchscript(&self) -> bool {
        self.extractor == TORCHSCRIPT
    }

    /// Without what says nothing about its features.
    pub(super) fn unnamed(&self) -> Self {
        Self {
            file: None,
            from: String::new(),
            ..self.clone()
        }
    }

    /// What is wrong with its keys; `section` is `audio` or `video`.
    pub(super) fn problems(&self, section: &str) -> Vec<String> {
        let mut problems = Vec::new();
        if self.width == 0 {
            problems.push(format!("{section}.width must be at least 1, got 0"));
        }
        let video = [
            ("side_px", self.side_px.is_some()),
            ("channels", self.channels.is_some()),
            ("scale", self.scale.is_some()),
            ("mean", !self.mean.is_empty()),
            ("std", !self.std.is_empty()),
        ];
        let module = [
            ("file", self.file.is_some()),
            ("sha256", self.sha256.is_some()),
            ("layer", self.layer.is_some()),
            ("rate_hz", self.rate_hz.is_some()),
        ];
        if !self.is_torchscript() {
            let given = module.iter().chain(&video).filter(|(_, given)| *given);
            problems.extend(given.map(|(key, _)| {
                format!("{section}.{key} is only for extractor = \"{TORCHSCRIPT}\"")
            }));
            return problems;
        }
        let needed = module[..2].iter().filter(|(_, given)| !given);
        problems.extend(needed.map(|(key, _)| {
            format!("{section}.{key} is needed with extractor = \"{TORCHSCRIPT}\"")
        }));
        match section {
            "audio" => {
                let given = video.iter().filter(|(_, given)| *given);
                problems.extend(given.map(|(key, _)| format!("audio.{key} is only for [video]")));
                problems.extend(self.rate_problem());
            }
            _ => problems.extend(self.picture_problems()),
        }
        problems
    }

    fn rate_problem(&self) -> Option<String> {
        let other = self.rate_hz.filter(|rate_hz| *rate_hz != RATE_HZ)?;
        Some(format!(
            "audio.rate_hz must be {RATE_HZ}, got {other}: sound is {RATE_HZ} Hz here; export a \
             module that resamples it"
        ))
    }

    fn picture_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.rate_hz.is_some() {
            problems.push("video.rate_hz is only for [audio]".to_owned());
        }
        match self.side_px {
            None => problems.push(format!(
                "video.side_px is needed with extractor = \"{TORCHSCRIPT}\""
            )),
            Some(8..=1024) => {}
            Some(other) => problems.push(format!("video.side_px must be in 8–1024, got {other}")),
        }
        let channels = self.channels.unwrap_or(1);
        if !matches!(channels, 1 | 3) {
            problems.push(format!("video.channels must be 1 or 3, got {channels}"));
        }
        for (key, values) in [("mean", &self.mean), ("std", &self.std)] {
            if !values.is_empty() && values.len() != channels {
                let count = values.len();
                problems.push(format!(
                    "video.{key} must have one value for each of {channels} channels, got {count}"
                ));
            }
        }
        let mut numbers = self.scale.iter().chain(&self.mean).chain(&self.std);
        if !numbers.all(|value| value.is_finite()) || self.std.contains(&0.0) {
            problems.push("video.scale, mean and std must be finite, and std not 0".to_owned());
        }
        problems
    }
}

impl fmt::Display for Extractor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, version, width) = (&self.extractor, self.version, self.width);
        write!(f, "{name} {version} ({width} values)")
    }
}
