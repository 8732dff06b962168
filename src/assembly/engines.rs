//! Loads the engines that a bundle names, and divides the cores among them.

use std::path::{Path, PathBuf};

use super::extractors::{demands, observer};
use super::tried::{Subject, admit};
use crate::stages::decode::DecodeSettings;
use crate::stages::fuse::SentimentModel;
use crate::stages::observe::ObserveStage;
use crate::topology::{Chain, Engines};
use undertone_bundle::{
    AsrContext, Bundle, BundleErrors, Gate, GgufHeader, LanguageModel as LanguageModelPart, Part,
};
use undertone_config::Config;
use undertone_engines::llama::{
    AudioWindow, CtcVocabulary, LanguageError, LanguageModel, Llama, LlamaSettings, Prompt,
    PromptError, SimulateSettings,
};
use undertone_engines::media::{FaceSettings, GstMedia, MediaError, MediaSettings, MediaSource};
use undertone_engines::whisper::{Context, RecogniserError, Whisper, WhisperSettings};
use undertone_fusion::{FusionError, Scorer};
use undertone_reports::Sidecars;
use undertone_torchscript::ScriptError;
use undertone_types::NoSentiment;

/// An engine that a bundle names cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A prompt in the manifest is invalid.
    #[error("bundle.toml: language_model.{key}")]
    Prompt {
        /// Which.
        key: &'static str,
        /// What is wrong with it.
        source: PromptError,
    },
    /// The bundle lacks a part that scoring needs.
    #[error("the bundle has no {0}: make one with `undertone train`, see models/README.md")]
    NoPart(Part),
    /// Texts are to be read, and nothing reads them.
    #[error(
        "the bundle has no language model, which reads texts; set `bundle` to one that has: \
         `undertone models` lists them"
    )]
    NoReader,
    /// Texts are to be read, and the language model reads words only after their sound.
    #[error(
        "the bundle's language model reads words after their sound ({{audio}} in read_prompt), and \
         texts have none; set `bundle` to one that reads words alone"
    )]
    ReadsSound,
    /// GStreamer.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// whisper.cpp.
    #[error(transparent)]
    Recogniser(#[from] RecogniserError),
    /// llama.cpp.
    #[error(transparent)]
    Language(#[from] LanguageError),
    /// A TorchScript module.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The fusion network.
    #[error(transparent)]
    Fusion(#[from] FusionError),
}

/// Opens a bundle to score with. One that a trial refused is refused.
pub fn open_bundle(folder: &Path) -> Result<Bundle, BundleErrors> {
    admit(open_to_try(folder)?, None)
}

/// Opens a bundle to score with, whatever a trial showed.
pub fn open_to_try(folder: &Path) -> Result<Bundle, BundleErrors> {
    Bundle::open_with(folder, &demands(true))
}

/// Opens a bundle to extract features with: its fusion network may be missing.
pub fn open_bundle_for_extraction(folder: &Path) -> Result<Bundle, BundleErrors> {
    let bundle = Bundle::open_with(folder, &demands(false))?;
    admit(bundle, Some(Subject::Fusion))
}

/// The engines of a bundle before its network, loaded once and shared by all workers.
pub struct SpeechModels {
    /// Transcribes.
    pub whisper: Whisper,
    /// Computes hidden states over transcripts, or simulates text, where the bundle has one.
    pub llama: Option<Llama>,
    /// Extracts audio and video features; its copies share the models.
    pub observer: ObserveStage,
}

impl SpeechModels {
    /// Loads all of them; each session of Whisper and llama will use so many threads.
    ///
    /// # Errors
    /// When a prompt in the manifest or a model file cannot be used.
    pub fn load(bundle: &Bundle, threads: SessionThreads) -> Result<Self, EngineError> {
        Ok(Self {
            whisper: whisper(bundle, threads.transcribe)?,
            llama: llama(bundle, threads.represent)?,
            observer: observer(bundle)?,
        })
    }

    /// The language model, where the bundle has one.
    #[must_use]
    pub fn language(&self) -> Option<&dyn LanguageModel> {
        let llama = self.llama.as_ref();
        llama.map(|llama| llama as &dyn LanguageModel)
    }

    /// All engines of a chain, for as many workers as the stages have.
    pub fn engines(
        &self,
        config: &Config,
        bundle: &Bundle,
        media: Vec<Box<dyn MediaSource>>,
    ) -> Result<Engines<'_>, EngineError> {
        let model = |_| match bundle.path(Part::Fusion) {
            Some(_) => Ok(Ok(Box::new(scorer(bundle)?) as Box<dyn SentimentModel>)),
            None => Ok(Err(NoSentiment::NoNetwork)),
        };
        Ok(Engines {
            media,
            recogniser: &self.whisper,
            language: self.language(),
            observers: (0..config.stages.observe.workers)
                .map(|_| {
                    let observer = self.observer.clone();
                    observer.with_voices(config.speakers.tell_apart)
                })
                .collect(),
            sentiment_models: (0..config.stages.fuse.workers)
                .map(model)
                .collect::<Result<_, EngineError>>()?,
        })
    }
}

/// The speech recogniser of a bundle; each of its sessions will use `threads` threads.
///
/// # Errors
/// When its file cannot be used.
pub fn whisper(bundle: &Bundle, threads: usize) -> Result<Whisper, EngineError> {
    let asr = &bundle.manifest.asr;
    let context = match asr.context {
        AsrContext::Full => Context::Full {
            alignment_heads: asr.alignment_heads.clone(),
        },
        AsrContext::Short => Context::Short,
    };
    let settings = WhisperSettings {
        model: bundle.asr(),
        language: asr.language.clone(),
        context,
        threads,
    };
    Ok(Whisper::load(settings)?)
}

/// The language model of a bundle, where it has one; each of its sessions will use `threads`
/// threads.
///
/// # Errors
/// When a prompt in the manifest or a file cannot be used.
pub fn llama(bundle: &Bundle, threads: usize) -> Result<Option<Llama>, EngineError> {
    let Some(language) = &bundle.manifest.language_model else {
        return Ok(None);
    };
    let simulate = |projector: PathBuf| {
        let prompt = Prompt::simulate(&language.simulate_prompt);
        let prompt = prompt.map_err(in_prompt("simulate_prompt"))?;
        Ok::<_, EngineError>(SimulateSettings {
            window: audio_window(&projector),
            ctc: ctc_vocabulary(&projector),
            projector,
            prompt,
        })
    };
    let simulate = bundle.path(Part::Projector).map(simulate).transpose()?;
    load_llama(bundle, language, simulate, threads).map(Some)
}

/// The language model of a bundle to read texts with, which have no sound: without its
/// projector. Each of its sessions will use `threads` threads.
///
/// # Errors
/// When the bundle has none, its prompt wants sound, or a file cannot be used.
pub fn text_reader(bundle: &Bundle, threads: usize) -> Result<Llama, EngineError> {
    let language = bundle.manifest.language_model.as_ref();
    let language = language.ok_or(EngineError::NoReader)?;
    if language.read_prompt.contains("{audio}") {
        return Err(EngineError::ReadsSound);
    }
    load_llama(bundle, language, None, threads)
}

fn in_prompt(key: &'static str) -> impl Fn(PromptError) -> EngineError {
    move |source| EngineError::Prompt { key, source }
}

fn load_llama(
    bundle: &Bundle,
    language: &LanguageModelPart,
    simulate: Option<SimulateSettings>,
    threads: usize,
) -> Result<Llama, EngineError> {
    let part = Part::LanguageModel;
    let settings = LlamaSettings {
        model: bundle.path(part).ok_or(EngineError::NoPart(part))?,
        simulate,
        read: Prompt::read(&language.read_prompt).map_err(in_prompt("read_prompt"))?,
        text_form: language.text_form,
        layer: language.layer,
        context_tokens: u32::try_from(language.context_tokens).unwrap_or(u32::MAX),
        max_tokens: language.max_tokens,
        threads,
    };
    Ok(Llama::load(settings)?)
}

/// The tokens that a projector was trained to point at with CTC, if it was.
pub fn ctc_vocabulary(projector: &Path) -> Option<CtcVocabulary> {
    let header = GgufHeader::read(projector).ok()?;
    let list = |name: &str| header.list(&format!("undertone.ctc.{name}"));
    let (tokens, biases) = (list("tokens")?, list("bias")?);
    let &[scale, blank_below, steepness] = list("rule")? else {
        return None;
    };
    // Whole numbers up to 2^24 are exact in single precision.
    let tokens = tokens.iter().map(|token| *token as i32);
    Some(CtcVocabulary {
        tokens: tokens.zip(biases.iter().copied()).collect(),
        scale,
        blank_below,
        steepness,
    })
}

/// What a projector makes of a short utterance. One that cannot be read is named by llama.cpp.
pub fn audio_window(projector: &Path) -> AudioWindow {
    let Ok(header) = GgufHeader::read(projector) else {
        return AudioWindow::Fitting;
    };
    let keys = ["clip.projector_type", "clip.audio.projector_type"];
    match keys.iter().any(|key| header.text(key) == Some("glma")) {
        true => AudioWindow::Whole,
        false => AudioWindow::Fitting,
    }
}

/// One media source for each worker of `decode`.
///
/// # Errors
/// When GStreamer cannot be used.
pub fn media_sources(config: &Config) -> Result<Vec<Box<dyn MediaSource>>, EngineError> {
    (0..config.stages.decode.workers)
        .map(|_| media(config))
        .collect()
}

/// What the stages need to know besides their engines.
pub fn chain(config: &Config, bundle: &Bundle) -> Chain {
    let cores = config.threads.budget();
    Chain {
        stages: config.stages.resolved(cores),
        cores,
        decode: DecodeSettings {
            sidecars: Sidecars::new(config, bundle),
            ..DecodeSettings::from(config)
        },
        text: config.text.mode,
        gate: gate(config, bundle),
        batch: config.fuse.batch,
        explain: config.report.explain,
    }
}

/// Threads of each session of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionThreads {
    /// Of the recogniser.
    pub transcribe: usize,
    /// Of the language model.
    pub represent: usize,
}

impl SessionThreads {
    /// One thread for each session.
    pub const ONE: Self = Self {
        transcribe: 1,
        represent: 1,
    };

    /// What the settings give each session of a chain.
    #[must_use]
    pub fn of_chain(config: &Config) -> Self {
        let cores = config.threads.budget();
        let stages = config.stages.resolved(cores);
        Self {
            transcribe: stages.transcribe.threads(cores),
            represent: stages.represent.threads(cores),
        }
    }
}

/// A media source with the given settings.
///
/// # Errors
/// When GStreamer cannot be used.
pub fn media(config: &Config) -> Result<Box<dyn MediaSource>, EngineError> {
    let settings = MediaSettings {
        frames_per_second: config.decode.frames_per_second,
        frame_width_px: config.decode.frame_width_px,
        stall_s: config.decode.stall_s,
        // The speech engines make better use of the other cores.
        decoder_threads: 1,
        audio_track: config.decode.audio_track,
        faces: FaceSettings::default(),
    };
    Ok(Box::new(GstMedia::new(settings)?))
}

/// The network is small: more than one thread would make it slower.
pub fn scorer(bundle: &Bundle) -> Result<Scorer, EngineError> {
    let part = |part| bundle.path(part).ok_or(EngineError::NoPart(part));
    Ok(Scorer::load(
        &part(Part::Fusion)?,
        &part(Part::FusionConfig)?,
        1,
    )?)
}

/// The bundle's gate, with the threshold that the settings ask for.
pub fn gate(config: &Config, bundle: &Bundle) -> Gate {
    let mut gate = bundle.gate().clone();
    if let Some(threshold) = config.text.gate {
        gate.threshold = threshold;
    }
    gate
}
