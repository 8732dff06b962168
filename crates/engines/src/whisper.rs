//! Speech recognition with whisper.cpp.

use std::path::{Path, PathBuf};

use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState,
};

use undertone_types::{RATE_HZ, TokenProbability, Transcript};

/// Turns speech into text. Shared between worker threads.
pub trait SpeechRecogniser: Send + Sync {
    /// A session for one worker thread.
    ///
    /// # Errors
    /// When the engine cannot allocate its state.
    fn session(&self) -> Result<Box<dyn RecogniserSession + '_>, RecogniserError>;
}

/// One worker thread's session with a [`SpeechRecogniser`].
pub trait RecogniserSession {
    /// Transcribes one utterance of 16 kHz mono samples in [−1, 1].
    ///
    /// # Errors
    /// When the engine fails; the session stays usable.
    fn transcribe(&mut self, audio: &[f32]) -> Result<Transcript, RecogniserError>;
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

/// Encoder positions per second of audio, fixed by Whisper's front end.
const POSITIONS_PER_S: f64 = 50.0;
/// The encoder's context is a multiple of this.
const POSITION_STEP: usize = 16;
/// Silence after the utterance that is encoded too, in positions.
const POSITION_MARGIN: usize = 8;

/// whisper.cpp with one model.
pub struct Whisper {
    context: WhisperContext,
    language: Option<String>,
    threads: i32,
}

impl Whisper {
    /// Loads a ggml Whisper model.
    ///
    /// `language` is a code such as `en`; `None` for English-only models.
    ///
    /// # Errors
    /// When whisper.cpp cannot load the file.
    pub fn load(
        model: &Path,
        language: Option<&str>,
        threads: usize,
    ) -> Result<Self, RecogniserError> {
        whisper_rs::install_logging_hooks();
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false);
        let context = WhisperContext::new_with_params(model, parameters).map_err(|source| {
            RecogniserError::Load {
                path: model.to_owned(),
                source: source.into(),
            }
        })?;
        Ok(Self {
            context,
            language: language.map(str::to_owned),
            threads: i32::try_from(threads).unwrap_or(1),
        })
    }

    fn parameters(&self, samples: usize) -> FullParams<'_, '_> {
        let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        parameters.set_n_threads(self.threads);
        parameters.set_language(self.language.as_deref());
        parameters.set_translate(false);
        parameters.set_no_context(true);
        parameters.set_single_segment(true);
        parameters.set_no_timestamps(true);
        parameters.set_audio_ctx(audio_context(samples, self.context.n_audio_ctx()));
        // An empty transcript must be possible, and the gate needs all evidence: no forced first
        // word, no second attempt at a higher temperature, no text dropped.
        parameters.set_suppress_blank(false);
        parameters.set_temperature_inc(0.0);
        parameters.set_no_speech_thold(1.0);
        parameters.set_print_special(false);
        parameters.set_print_progress(false);
        parameters.set_print_realtime(false);
        parameters.set_print_timestamps(false);
        parameters
    }
}

/// Encoder positions for an utterance: a window as long as the utterance instead of 30 s saves
/// most of the encoder's time.
fn audio_context(samples: usize, model_positions: i32) -> i32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an utterance lasts seconds"
    )]
    let spoken = (samples as f64 / f64::from(RATE_HZ) * POSITIONS_PER_S).ceil() as usize;
    let positions = (spoken + POSITION_MARGIN).next_multiple_of(POSITION_STEP);
    i32::try_from(positions)
        .unwrap_or(i32::MAX)
        .min(model_positions)
}

impl SpeechRecogniser for Whisper {
    fn session(&self) -> Result<Box<dyn RecogniserSession + '_>, RecogniserError> {
        let state = self
            .context
            .create_state()
            .map_err(|source| RecogniserError::State(source.into()))?;
        Ok(Box::new(WhisperSession {
            whisper: self,
            state,
        }))
    }
}

struct WhisperSession<'w> {
    whisper: &'w Whisper,
    state: WhisperState,
}

impl RecogniserSession for WhisperSession<'_> {
    fn transcribe(&mut self, audio: &[f32]) -> Result<Transcript, RecogniserError> {
        self.state
            .full(self.whisper.parameters(audio.len()), audio)
            .map_err(|source| RecogniserError::Transcribe {
                seconds: audio.len() as f64 / f64::from(RATE_HZ),
                source: source.into(),
            })?;
        let end_of_text = self.whisper.context.token_eot();
        let mut transcript = Transcript::default();
        // Bytes, not text: a character may be split between two tokens.
        let mut bytes = Vec::new();
        for segment in self.state.as_iter() {
            transcript.no_speech = transcript.no_speech.max(segment.no_speech_probability());
            for index in 0..segment.n_tokens() {
                let Some(token) = segment.get_token(index) else {
                    continue;
                };
                let data = token.token_data();
                if data.id >= end_of_text {
                    continue;
                }
                transcript.tokens.push(TokenProbability {
                    p: data.p,
                    log_p: data.plog,
                });
                bytes.extend_from_slice(token.to_bytes().unwrap_or_default());
            }
        }
        transcript.text = String::from_utf8_lossy(&bytes).trim().to_owned();
        Ok(transcript)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoder_window_is_little_longer_than_the_utterance() {
        assert_eq!(audio_context(16_000, 1500), 64);
        assert_eq!(audio_context(16_000 * 4, 1500), 208);
        assert_eq!(audio_context(16_000 * 60, 1500), 1500);
    }
}
