//! The feature extractors of a bundle: built in, or a TorchScript module.

use std::path::PathBuf;
use std::sync::Arc;

use super::EngineError;
use crate::stages::observe::ObserveStage;
use undertone_bundle::{Bundle, Demands, Extractor, Layer, Part};
use undertone_features::{AudioExtractor, FaceShape, Prosody, VideoExtractor};
use undertone_torchscript::{FaceInput, Output, ScriptAudio, ScriptSettings, ScriptVideo};

/// Checks that a bundle was made for the features that this program computes.
pub(super) fn demands(fusion: bool) -> Demands {
    let [audio, video] = built_in_extractors().map(Some);
    Demands {
        fusion,
        audio,
        video,
    }
}

/// The extractors of audio and video that are in the program.
#[must_use]
pub fn built_in_extractors() -> [Extractor; 2] {
    let (audio, video) = (Prosody::default(), FaceShape);
    let built_in = Extractor::built_in;
    [
        built_in(audio.name(), audio.version(), audio.width()),
        built_in(video.name(), video.version(), video.width()),
    ]
}

/// Loads the extractors of a bundle.
///
/// # Errors
/// When a TorchScript module cannot be used.
pub fn observer(bundle: &Bundle) -> Result<ObserveStage, EngineError> {
    Ok(ObserveStage::new(audio(bundle)?, video(bundle)?))
}

/// Loads the audio extractor of a bundle.
///
/// # Errors
/// When it is a TorchScript module that cannot be used.
pub fn audio(bundle: &Bundle) -> Result<Arc<dyn AudioExtractor>, EngineError> {
    Ok(match bundle.path(Part::AudioExtractor) {
        None => Arc::new(Prosody::default()),
        Some(file) => Arc::new(ScriptAudio::load(settings(&bundle.manifest.audio, file))?),
    })
}

/// Loads the video extractor of a bundle.
///
/// # Errors
/// When it is a TorchScript module that cannot be used.
pub fn video(bundle: &Bundle) -> Result<Arc<dyn VideoExtractor>, EngineError> {
    let Some(file) = bundle.path(Part::VideoExtractor) else {
        return Ok(Arc::new(FaceShape));
    };
    let video = &bundle.manifest.video;
    let input = FaceInput {
        side_px: video.side_px.unwrap_or_default(),
        channels: video.channels.unwrap_or(1),
        scale: video.scale.unwrap_or(1.0),
        mean: video.mean.clone(),
        std: video.std.clone(),
    };
    Ok(Arc::new(ScriptVideo::load(settings(video, file), input)?))
}

fn settings(extractor: &Extractor, file: PathBuf) -> ScriptSettings {
    ScriptSettings {
        file,
        version: extractor.version,
        width: extractor.width,
        output: match &extractor.layer {
            None => Output::Whole,
            Some(Layer::At(index)) => Output::At(*index),
            Some(Layer::Named(name)) => Output::Named(name.clone()),
        },
    }
}
