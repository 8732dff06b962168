//! The language model with llama.cpp: hidden states over a transcript, or over the text that
//! it simulates from the audio (through mtmd).

mod context;
mod ctc;
mod evaluator;
mod heard;
mod projector;
mod prompt;
mod session;
mod tap;
#[cfg(test)]
mod tests;
mod words;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::{LlamaCppError, LogOptions};

pub use ctc::CtcVocabulary;
pub use heard::AudioWindow;
pub use prompt::{Prompt, PromptError};
use session::LlamaSession;

use crate::whisper::NativeError;
use undertone_types::{LeftOutWord, Matrix, TextForm};

/// A speech language model. Shared between worker threads.
pub trait LanguageModel: Send + Sync {
    /// Width of the hidden states.
    fn width(&self) -> usize;

    /// The form in which it gets to see transcripts: where nothing is left of one, there is no text.
    fn text_form(&self) -> TextForm;

    /// A session for one worker thread.
    ///
    /// # Errors
    /// When the engine cannot allocate its context.
    fn session(&self) -> Result<Box<dyn LanguageSession + '_>, LanguageError>;
}

/// One worker thread's session with a [`LanguageModel`].
pub trait LanguageSession {
    /// Hidden states over the transcript's tokens, in the bundle's form. `audio` (16 kHz mono) is
    /// evaluated before them where the bundle's prompt has `{audio}`. A transcript that does not
    /// fit the context is read as far as whole words fit.
    ///
    /// # Errors
    /// When the engine fails, the transcript has no tokens, or not even a word of it fits.
    fn read(&mut self, transcript: &str, audio: &[f32]) -> Result<Reading, LanguageError>;

    /// The words that the projector hears in the audio (16 kHz mono), where it was trained with CTC;
    /// else a line of text that the model generates from it, greedily, until it ends or repeats itself.
    ///
    /// # Errors
    /// When the engine fails, there is no projector, or the audio does not fit the context.
    fn simulate(&mut self, audio: &[f32]) -> Result<Simulation, LanguageError>;

    /// The text that was read or simulated last, without each of its first [`MOST_LEFT_OUT`] words in
    /// turn; empty where there is none, or the model cannot forget the end of a text. Only what follows a
    /// word is evaluated again, since what precedes it does not know it.
    ///
    /// # Errors
    /// When the engine fails.
    fn without_each_word(&mut self) -> Result<Vec<LeftOutWord>, LanguageError>;
}

/// Words of a text that are left out, so that a text of any length takes a bounded time.
pub const MOST_LEFT_OUT: usize = 100;

/// What the language model made of a transcript.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// `[tokens, width]`.
    pub hidden: Matrix,
    /// Where the transcript was cut since it does not fit: how many of its characters, as written, were
    /// read.
    pub truncated_at: Option<usize>,
}

/// Text that was simulated from an utterance's audio.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// The simulated text.
    pub text: String,
    /// `[tokens, width]`, without the end token; empty when there is no text.
    pub hidden: Matrix,
}

/// Why the language model failed.
#[derive(Debug, thiserror::Error)]
pub enum LanguageError {
    /// llama.cpp cannot be started.
    #[error("llama.cpp cannot be started")]
    Backend(#[source] NativeError),
    /// A model file cannot be loaded.
    #[error("llama.cpp cannot load {}", path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// The error of llama.cpp.
        source: NativeError,
    },
    /// The projector has no audio input, or not at 16 kHz.
    #[error("{} takes no 16 kHz audio", path.display())]
    NoAudio {
        /// The projector file.
        path: PathBuf,
    },
    /// An utterance does not fit the context.
    #[error("an utterance of {needed} tokens does not fit the context of {context}")]
    TooLong {
        /// Tokens that are needed.
        needed: usize,
        /// Tokens that fit.
        context: usize,
    },
    /// Nothing of a transcript is a token of the model.
    #[error("the transcript has no tokens")]
    NoTokens,
    /// The projector cannot take the audio of an utterance.
    #[error("the projector cannot take the audio")]
    Audio(#[source] NativeError),
    /// There is no projector, without which audio cannot be heard.
    #[error("the bundle has no projector to simulate text with")]
    NoProjector,
    /// A call of llama.cpp failed.
    #[error("llama.cpp failed to {action}")]
    Engine {
        /// What the call was to do.
        action: &'static str,
        /// The error of llama.cpp.
        source: NativeError,
    },
}

impl LanguageError {
    /// Whether the model has no text for this one utterance, while model and engine are in order.
    #[must_use]
    pub fn is_about_the_utterance(&self) -> bool {
        match self {
            Self::TooLong { .. } | Self::NoTokens | Self::Audio(_) | Self::NoProjector => true,
            Self::Backend(_) | Self::Load { .. } | Self::NoAudio { .. } | Self::Engine { .. } => {
                false
            }
        }
    }

    fn engine<E: Into<NativeError>>(action: &'static str) -> impl Fn(E) -> Self {
        move |source| Self::Engine {
            action,
            source: source.into(),
        }
    }

    fn load(path: &Path, source: impl Into<NativeError>) -> Self {
        Self::Load {
            path: path.to_owned(),
            source: source.into(),
        }
    }
}

/// The files of a speech language model, and how it is prompted.
#[derive(Clone, Debug, PartialEq)]
pub struct LlamaSettings {
    /// GGUF of the language model.
    pub model: PathBuf,
    /// How text is simulated; without it transcripts are read and nothing is heard.
    pub simulate: Option<SimulateSettings>,
    /// Precedes the transcript when it is read.
    pub read: Prompt,
    /// The form in which the model gets to see transcripts.
    pub text_form: TextForm,
    /// The layer whose hidden states are taken, counted from 1; without it the last one's, after the
    /// final norm.
    pub layer: Option<usize>,
    /// Room for prompt, audio and text, in tokens.
    pub context_tokens: u32,
    /// Generation stops here at the latest.
    pub max_tokens: usize,
    /// Threads per session.
    pub threads: usize,
}

/// How text is simulated from audio.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulateSettings {
    /// GGUF of the audio projector.
    pub projector: PathBuf,
    /// What it makes of a short utterance.
    pub window: AudioWindow,
    /// The tokens that it points at. With them simulated text is what it hears, read as a transcript is;
    /// without, what the language model generates after the audio.
    pub ctc: Option<CtcVocabulary>,
    /// Asks for a transcription of the audio.
    pub prompt: Prompt,
}

/// llama.cpp with one language model and its audio projector.
pub struct Llama {
    model: LlamaModel,
    settings: LlamaSettings,
    context_tokens: NonZeroU32,
    width: usize,
}

/// llama.cpp's process-wide state: started once, never stopped.
fn backend() -> Result<&'static LlamaBackend, LanguageError> {
    static BACKEND: OnceLock<Result<LlamaBackend, LlamaCppError>> = OnceLock::new();
    BACKEND
        .get_or_init(|| {
            llama_cpp_2::send_logs_to_tracing(LogOptions::default());
            LlamaBackend::init()
        })
        .as_ref()
        .map_err(|error| LanguageError::Backend(error.into()))
}

impl Llama {
    /// Loads the language model; each session loads the projector.
    ///
    /// # Errors
    /// When llama.cpp cannot load the file, it has no such layer, or transcripts are to be read after audio
    /// and there is no projector.
    pub fn load(settings: LlamaSettings) -> Result<Self, LanguageError> {
        if settings.read.has_audio && settings.simulate.is_none() {
            let problem = "its read_prompt has {audio}, which needs a projector";
            return Err(LanguageError::load(&settings.model, problem));
        }
        let parameters = LlamaModelParams::default().with_n_gpu_layers(0);
        let model = LlamaModel::load_from_file(backend()?, &settings.model, &parameters)
            .map_err(|error| LanguageError::load(&settings.model, error))?;
        let layers = usize::try_from(model.n_layer()).unwrap_or_default();
        if settings
            .layer
            .is_some_and(|layer| !(1..=layers).contains(&layer))
        {
            let problem = format!("layer must be one of its layers, 1 to {layers}");
            return Err(LanguageError::load(&settings.model, problem));
        }
        let width = usize::try_from(model.n_embd_out()).unwrap_or_default();
        let context_tokens = NonZeroU32::new(settings.context_tokens)
            .ok_or_else(|| LanguageError::load(&settings.model, "a context of 0 tokens"))?;
        Ok(Self {
            model,
            settings,
            context_tokens,
            width,
        })
    }

    /// Room for prompt, audio and text, in tokens.
    fn context_tokens(&self) -> usize {
        usize::try_from(self.context_tokens.get()).unwrap_or(usize::MAX)
    }

    fn fits(&self, needed: usize) -> Result<(), LanguageError> {
        let context = self.context_tokens();
        if needed <= context {
            Ok(())
        } else {
            Err(LanguageError::TooLong { needed, context })
        }
    }

    /// Tokens of a text; those of a prompt begin as the model's texts do, and may name special tokens.
    fn tokenize(&self, text: &str, is_prompt: bool) -> Vec<LlamaToken> {
        let vocab = self.model.vocab();
        vocab.tokenize(text.as_bytes(), is_prompt, is_prompt)
    }
}

impl LanguageModel for Llama {
    fn width(&self) -> usize {
        self.width
    }

    fn text_form(&self) -> TextForm {
        self.settings.text_form
    }

    fn session(&self) -> Result<Box<dyn LanguageSession + '_>, LanguageError> {
        Ok(Box::new(LlamaSession::new(self, backend()?)?))
    }
}
