//! Speech recognition with whisper.cpp.
//!
//! A Whisper is heard in windows of 30 s, the context that its makers trained it with; shorter
//! ones make it repeat itself. So a session takes a *passage*: consecutive utterances, laid out
//! in one window with silence between, and gives the text back to them by the times of its
//! words (`layout`, `words`). A model that was trained for short contexts hears each
//! utterance alone.

mod language;
mod layout;
mod loops;
mod session;
mod words;

use std::path::{Path, PathBuf};

use whisper_rs::{DtwAhead, DtwMode, DtwParameters, WhisperContext, WhisperContextParameters};

use session::WhisperSession;
use undertone_types::Transcript;

/// Turns speech into text. Shared between worker threads.
pub trait SpeechRecogniser: Send + Sync {
    /// How utterances share a window; `None` where each is heard alone.
    fn window(&self) -> Option<Window>;

    /// A session for one worker thread.
    ///
    /// # Errors
    /// When the engine cannot allocate its state.
    fn session(&self) -> Result<Box<dyn RecogniserSession + '_>, RecogniserError>;
}

/// One worker thread's session with a [`SpeechRecogniser`].
pub trait RecogniserSession {
    /// Transcribes the utterances of a passage, 16 kHz mono samples in [−1, 1] each: one
    /// transcript for each, in order.
    ///
    /// # Errors
    /// When the engine fails; the session stays usable.
    fn transcribe(&mut self, passage: &[&[f32]]) -> Result<Vec<Transcript>, RecogniserError>;
}

/// A window in which several utterances are heard together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Its length in seconds.
    pub length_s: f64,
    /// Silence between two utterances in it, in seconds.
    pub gap_s: f64,
}

impl Window {
    /// Whisper's own. The silence is long enough for it to end a sentence there.
    pub const WHISPER: Self = Self {
        length_s: 30.0,
        gap_s: 0.5,
    };
}

/// An error of an engine's crate, boxed so that its type is not exposed.
pub type NativeError = Box<dyn std::error::Error + Send + Sync>;

/// Why speech recognition failed.
#[derive(Debug, thiserror::Error)]
pub enum RecogniserError {
    /// The model file cannot be loaded.
    #[error("whisper cannot load {}", path.display())]
    Load {
        /// The model file.
        path: PathBuf,
        /// The error of whisper.cpp.
        source: NativeError,
    },
    /// An alignment head that the model does not have. whisper.cpp would end the process.
    #[error(
        "{} has {layers} decoder layers of {heads} heads, so there is no alignment head \
         [{layer}, {head}]",
        path.display()
    )]
    NoSuchHead {
        /// The model file.
        path: PathBuf,
        /// Decoder layers of the model.
        layers: u32,
        /// Heads of each.
        heads: u32,
        /// The layer that was asked for.
        layer: u32,
        /// The head that was asked for.
        head: u32,
    },
    /// The state of a worker cannot be allocated.
    #[error("whisper cannot allocate its state")]
    State(#[source] NativeError),
    /// Transcription failed.
    #[error("whisper failed on {seconds:.2} s of audio")]
    Transcribe {
        /// Length of the utterance.
        seconds: f64,
        /// The error of whisper.cpp.
        source: NativeError,
    },
}

/// A Whisper, and how it is heard.
#[derive(Clone, Debug, PartialEq)]
pub struct WhisperSettings {
    /// ggml file.
    pub model: PathBuf,
    /// Language of the speech, for example `en`.
    pub language: String,
    /// How much audio it hears at once.
    pub context: Context,
    /// Threads per session.
    pub threads: usize,
}

/// How much audio a Whisper hears at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// Windows of 30 s.
    Full {
        /// `[layer, head]` of the decoder's attention that follows the audio; it gives the
        /// times of words.
        alignment_heads: Vec<[u32; 2]>,
    },
    /// As much as the utterance lasts.
    Short,
}

/// whisper.cpp with one model.
pub struct Whisper {
    context: WhisperContext,
    settings: WhisperSettings,
    /// whisper.cpp keeps a pointer to them, and reads it whenever it makes a state.
    _heads: Box<[DtwAhead]>,
}

/// Most tokens of a text, as whisper.cpp's decoder has room for them.
const MOST_TOKENS: usize = 224;
/// Encoder positions of a full window.
const POSITIONS: usize = 1500;

impl Whisper {
    /// Loads a ggml Whisper model.
    ///
    /// # Errors
    /// When whisper.cpp cannot load the file, or it has no such alignment heads.
    pub fn load(settings: WhisperSettings) -> Result<Self, RecogniserError> {
        whisper_rs::install_logging_hooks();
        let heads: Box<[DtwAhead]> = match &settings.context {
            Context::Full { alignment_heads } => alignment_heads.iter().map(ahead).collect(),
            Context::Short => Box::default(),
        };
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false);
        if !heads.is_empty() {
            parameters.dtw_parameters(DtwParameters {
                mode: DtwMode::Custom { aheads: &heads },
                // Four copies of each head's attention, and the alignment itself: whisper.cpp
                // ends the process when it runs out.
                dtw_mem_size: (heads.len() * 4 + 4) * MOST_TOKENS * POSITIONS * 4,
            });
        }
        let path = &settings.model;
        let context = WhisperContext::new_with_params(path, parameters).map_err(|source| {
            RecogniserError::Load {
                path: path.clone(),
                source: source.into(),
            }
        })?;
        check_heads(&context, path, &heads)?;
        Ok(Self {
            context,
            settings,
            _heads: heads,
        })
    }
}

fn ahead([layer, head]: &[u32; 2]) -> DtwAhead {
    let index = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    DtwAhead {
        n_text_layer: index(*layer),
        n_head: index(*head),
    }
}

fn check_heads(
    context: &WhisperContext,
    path: &Path,
    heads: &[DtwAhead],
) -> Result<(), RecogniserError> {
    let (layers, each) = (context.model_n_text_layer(), context.model_n_text_head());
    let Some(wrong) = heads
        .iter()
        .find(|head| head.n_text_layer >= layers || head.n_head >= each)
    else {
        return Ok(());
    };
    let unsigned = |value: i32| u32::try_from(value).unwrap_or_default();
    Err(RecogniserError::NoSuchHead {
        path: path.to_owned(),
        layers: unsigned(layers),
        heads: unsigned(each),
        layer: unsigned(wrong.n_text_layer),
        head: unsigned(wrong.n_head),
    })
}

impl SpeechRecogniser for Whisper {
    fn window(&self) -> Option<Window> {
        match &self.settings.context {
            // Without times of words the text of a window cannot be given back to utterances.
            Context::Full { alignment_heads } if alignment_heads.is_empty() => None,
            Context::Full { .. } => Some(Window::WHISPER),
            Context::Short => None,
        }
    }

    fn session(&self) -> Result<Box<dyn RecogniserSession + '_>, RecogniserError> {
        Ok(Box::new(WhisperSession::new(self)?))
    }
}
