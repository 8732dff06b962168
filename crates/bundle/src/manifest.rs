//! The manifest of a bundle: `bundle.toml`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Extractor, Gate};
use undertone_types::TextForm;

/// The version of the manifest's format that this program reads.
pub const SCHEMA_VERSION: u32 = 1;

/// The content of `bundle.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the manifest's format: [`SCHEMA_VERSION`].
    pub schema: u32,
    /// Short name, for reports.
    pub name: String,
    /// Version of the bundle, for reports.
    pub version: String,
    /// Its purpose.
    pub purpose: Purpose,
    /// Licence of the models, as an SPDX expression.
    pub licence: String,
    /// What a user should know.
    #[serde(default)]
    pub notes: String,
    /// Speech recogniser.
    pub asr: Asr,
    /// Speech language model with its audio projector; without one there is no text for the
    /// fusion network, and no sentiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_model: Option<LanguageModel>,
    /// Audio feature extractor.
    pub audio: Extractor,
    /// Video feature extractor.
    pub video: Extractor,
    /// Fusion network; absent until it has been trained. Without one there are transcripts and
    /// no sentiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fusion: Option<FusionPart>,
    /// When a transcript is trusted.
    pub gate: Gate,
}

/// The purpose of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Purpose {
    /// To try the program: its scores mean nothing on real recordings.
    Demo,
    /// To score real recordings.
    General,
    /// For tests.
    Test,
}

impl Purpose {
    /// The name in manifests and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A speech recogniser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asr {
    /// Which engine reads the file.
    pub kind: AsrKind,
    /// File, relative to the bundle.
    pub file: PathBuf,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub sha256: String,
    /// Where it can be downloaded.
    #[serde(default)]
    pub from: String,
    /// Language of the speech, as Whisper abbreviates it. A transcript in another language is
    /// not trusted.
    pub language: String,
    /// How much audio it was trained to hear at once.
    #[serde(default, skip_serializing_if = "AsrContext::is_short")]
    pub context: AsrContext,
    /// Its decoder's attention heads that follow the audio, as `[layer, head]`: they give the
    /// times of words. Empty: none are known, and there are no times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alignment_heads: Vec<[u32; 2]>,
}

/// How much audio a speech recogniser was trained to hear at once.
///
/// `short` is not written: bundles whose fingerprints are older than this key are `short`, and
/// keep them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AsrContext {
    /// Windows of 30 s, as Whisper's makers trained it: several utterances are heard at once.
    #[default]
    Full,
    /// As much as an utterance lasts: each is heard alone.
    Short,
}

impl AsrContext {
    fn is_short(&self) -> bool {
        *self == Self::Short
    }
}

/// Which engine reads a speech recogniser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AsrKind {
    /// whisper.cpp, from a ggml file.
    Whisper,
}

/// A speech language model: a language model and its audio projector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageModel {
    /// GGUF file, relative to the bundle.
    pub file: PathBuf,
    /// SHA-256 of the file.
    pub sha256: String,
    /// GGUF file of the audio projector, relative to the bundle; without one no text is
    /// simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projector_file: Option<PathBuf>,
    /// SHA-256 of the projector's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projector_sha256: Option<String>,
    /// Where both can be downloaded.
    #[serde(default)]
    pub from: String,
    /// Width of its hidden states.
    pub width: usize,
    /// The layer whose hidden states are taken, counted from 1; without it the last one's, after
    /// the final norm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// Prompt to simulate text from audio, which is put at `{audio}`; needed with a projector.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub simulate_prompt: String,
    /// Prompt before a transcript; ends in `{transcript}`. With `{audio}` the transcript is read
    /// after the audio (as in the paper), without it alone.
    pub read_prompt: String,
    /// The form in which it gets to see text, from a recogniser or a data set.
    #[serde(default, skip_serializing_if = "TextForm::is_as_written")]
    pub text_form: TextForm,
    /// Most tokens that it generates for an utterance.
    pub max_tokens: usize,
    /// Length of its context in tokens.
    pub context_tokens: usize,
}

/// A fusion network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FusionPart {
    /// Weights (safetensors), relative to the bundle.
    pub file: PathBuf,
    /// SHA-256 of the weights.
    pub sha256: String,
    /// The network's configuration (JSON), relative to the bundle.
    pub config_file: PathBuf,
    /// SHA-256 of the configuration.
    pub config_sha256: String,
    /// Where it can be downloaded, or how it is made.
    #[serde(default)]
    pub from: String,
    /// Whether data taught it voices.
    #[serde(default, skip_serializing_if = "Taught::is_trained")]
    pub voice: Taught,
    /// Whether data taught it words.
    #[serde(default, skip_serializing_if = "Taught::is_trained")]
    pub words: Taught,
    /// Whether data taught it faces.
    #[serde(default, skip_serializing_if = "Taught::is_trained")]
    pub face: Taught,
}

impl FusionPart {
    /// Whether data taught it each modality, by the names that reports and networks give them.
    #[must_use]
    pub fn taught(&self) -> [(&'static str, Taught); 3] {
        [
            ("audio", self.voice),
            ("text", self.words),
            ("video", self.face),
        ]
    }

    /// The modalities that no data taught it.
    #[must_use]
    pub fn untrained(&self) -> Vec<&'static str> {
        let taught = self.taught().into_iter();
        let untrained = taught.filter(|(_, taught)| *taught == Taught::Untrained);
        untrained.map(|(modality, _)| modality).collect()
    }
}

/// Whether the data that a network was trained on had a modality.
///
/// `trained` is not written: it is what bundles say whose fingerprints are older than this key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Taught {
    /// It had.
    #[default]
    Trained,
    /// No part of it had: the modality has no say in a score.
    Untrained,
}

impl Taught {
    fn is_trained(&self) -> bool {
        *self == Self::Trained
    }
}

/// The files of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display)]
pub enum Part {
    /// Speech recogniser.
    #[strum(to_string = "speech recogniser")]
    Asr,
    /// Language model.
    #[strum(to_string = "language model")]
    LanguageModel,
    /// Audio projector of the language model.
    #[strum(to_string = "audio projector")]
    Projector,
    /// TorchScript module that extracts audio features.
    #[strum(to_string = "audio extractor")]
    AudioExtractor,
    /// TorchScript module that extracts video features.
    #[strum(to_string = "video extractor")]
    VideoExtractor,
    /// Weights of the fusion network.
    #[strum(to_string = "fusion network")]
    Fusion,
    /// Configuration of the fusion network.
    #[strum(to_string = "fusion config")]
    FusionConfig,
}

/// A file that the manifest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedFile<'m> {
    pub(super) part: Part,
    pub(super) file: &'m PathBuf,
    pub(super) sha256: &'m str,
    pub(super) from: &'m str,
}

impl Manifest {
    /// The files that make features: all but those of the fusion network.
    #[must_use]
    pub fn feature_files(&self) -> Vec<&PathBuf> {
        let is_fusion = |part| matches!(part, Part::Fusion | Part::FusionConfig);
        let files = self.files().into_iter();
        files
            .filter(|named| !is_fusion(named.part))
            .map(|named| named.file)
            .collect()
    }

    /// Every file that it names.
    #[must_use]
    pub fn named_files(&self) -> Vec<&PathBuf> {
        self.files().into_iter().map(|named| named.file).collect()
    }

    /// Width of the text representation; 0 without a language model.
    #[must_use]
    pub fn text_width(&self) -> usize {
        self.language_model.as_ref().map_or(0, |model| model.width)
    }

    /// Every file it names, in the order of the chain.
    pub(super) fn files(&self) -> Vec<NamedFile<'_>> {
        let named = |part, file, sha256, from| NamedFile {
            part,
            file,
            sha256,
            from,
        };
        let asr = &self.asr;
        let mut files = vec![named(Part::Asr, &asr.file, &asr.sha256, &asr.from)];
        if let Some(lm) = &self.language_model {
            files.push(named(Part::LanguageModel, &lm.file, &lm.sha256, &lm.from));
            if let Some(file) = &lm.projector_file {
                let sha256 = lm.projector_sha256.as_deref().unwrap_or_default();
                files.push(named(Part::Projector, file, sha256, &lm.from));
            }
        }
        for (part, extractor) in [
            (Part::AudioExtractor, &self.audio),
            (Part::VideoExtractor, &self.video),
        ] {
            if let Some(file) = &extractor.file {
                let sha256 = extractor.sha256.as_deref().unwrap_or_default();
                files.push(named(part, file, sha256, &extractor.from));
            }
        }
        if let Some(fusion) = &self.fusion {
            let FusionPart {
                file,
                sha256,
                config_file,
                config_sha256,
                from,
                ..
            } = fusion;
            files.push(named(Part::Fusion, file, sha256, from));
            files.push(named(Part::FusionConfig, config_file, config_sha256, from));
        }
        files
    }
}
