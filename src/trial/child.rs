//! What a trial's process does.

use serde::{Deserialize, Serialize};

use crate::assembly::tried::Subject;
use crate::assembly::{self, EngineError, SessionThreads};
use undertone_bundle::{Bundle, Part};
use undertone_engines::llama::{LanguageError, LanguageModel};
use undertone_engines::whisper::{RecogniserError, SpeechRecogniser};
use undertone_features::second_of_noise;
use undertone_fusion::{FusionError, FusionInput};
use undertone_telemetry::peak_memory_bytes;
use undertone_types::Matrix;

/// How far a trial has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// It loads the model.
    Loading,
    /// It uses the model.
    Using,
    /// It is done.
    Done,
}

/// A line that a trial's process writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// A step begins; `peak_bytes` is the most memory that was held up to now.
    Begins {
        /// The step.
        step: Step,
        /// In bytes.
        peak_bytes: u64,
    },
    /// It ends with an error.
    Failed {
        /// Error and sources.
        reason: String,
    },
}

/// A trial fails, without ending the process.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// A model cannot be loaded.
    #[error(transparent)]
    Load(#[from] EngineError),
    /// The recogniser fails.
    #[error(transparent)]
    Recogniser(#[from] RecogniserError),
    /// The language model fails.
    #[error(transparent)]
    Language(#[from] LanguageError),
    /// The fusion network fails.
    #[error(transparent)]
    Fusion(#[from] FusionError),
    /// An engine gives something else than the bundle says.
    #[error("its hidden states are {got} wide, the manifest says {expected}")]
    Width {
        /// In the manifest.
        expected: usize,
        /// What came out.
        got: usize,
    },
}

/// Loads a model and uses it once; `tell` hears of each step before it begins.
///
/// # Errors
/// When the model cannot be loaded or used. Worse models end the process.
pub fn perform(
    bundle: &Bundle,
    subject: Subject,
    tell: &mut dyn FnMut(Step, u64),
) -> Result<(), TrialError> {
    let mut begin = |step| tell(step, peak_memory_bytes().unwrap_or_default());
    begin(Step::Loading);
    match subject {
        Subject::Recogniser => {
            let whisper = assembly::whisper(bundle, SessionThreads::ONE.transcribe)?;
            let mut session = whisper.session()?;
            begin(Step::Using);
            session.transcribe(&[&second_of_noise()])?;
        }
        Subject::LanguageModel => {
            let Some(llama) = assembly::llama(bundle, SessionThreads::ONE.represent)? else {
                return Ok(());
            };
            let mut session = llama.session()?;
            begin(Step::Using);
            let read = session.read("I can hear you.", &second_of_noise())?.hidden;
            let expected = bundle.manifest.text_width();
            if read.cols() != expected {
                let got = read.cols();
                return Err(TrialError::Width { expected, got });
            }
            if bundle.path(Part::Projector).is_some() {
                session.simulate(&second_of_noise())?;
            }
        }
        // Loading them is a trial by itself: it runs a second of noise, or a grey face.
        Subject::Audio => {
            let audio = assembly::audio(bundle)?;
            begin(Step::Using);
            drop(audio);
        }
        Subject::Video => {
            let video = assembly::video(bundle)?;
            begin(Step::Using);
            drop(video);
        }
        Subject::Fusion => {
            let scorer = assembly::scorer(bundle)?;
            begin(Step::Using);
            let manifest = &bundle.manifest;
            let rows = |width| {
                let zeros = vec![0.0; 4 * width];
                Matrix::new(4, width, zeros).expect("four rows of this width")
            };
            scorer.score(&[FusionInput {
                audio: rows(manifest.audio.width),
                text: rows(manifest.text_width()),
                video: rows(manifest.video.width),
                flow: undertone_types::Flow::Complete,
            }])?;
        }
    }
    begin(Step::Done);
    Ok(())
}
