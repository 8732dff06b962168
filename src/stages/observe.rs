//! `observe`: audio and video features of an utterance.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use undertone_features::{AudioExtractor, FeatureError, VideoExtractor, VoiceMeasure};
use undertone_types::{
    Cause, Failure, Matrix, Observation, Observed, Represented, Stage, Utterance,
};

/// Extracts features with the extractors that the bundle names. Shared by all workers.
#[derive(Clone)]
pub struct ObserveStage {
    audio: Arc<dyn AudioExtractor>,
    video: Arc<dyn VideoExtractor>,
    /// Measures whose voice it is, where speakers are told apart.
    voices: Option<Arc<VoiceMeasure>>,
    /// Whether it was said that a model could not take an utterance.
    is_said: Arc<AtomicBool>,
}

impl ObserveStage {
    /// A stage with these extractors.
    #[must_use]
    pub fn new(audio: Arc<dyn AudioExtractor>, video: Arc<dyn VideoExtractor>) -> Self {
        Self {
            audio,
            video,
            voices: None,
            is_said: Arc::default(),
        }
    }

    /// The same stage, which also measures whose voice it is if `voices`.
    #[must_use]
    pub fn with_voices(mut self, voices: bool) -> Self {
        self.voices = voices.then(Arc::default);
        self
    }

    /// Adds audio and video features. A model that cannot take the utterance costs it that
    /// modality.
    ///
    /// # Errors
    /// When an engine fails, or an extractor rejects what the stages before made: a defect.
    pub fn observe(&self, represented: Represented) -> Result<Observed, Failure> {
        let utterance = &represented.transcribed.utterance;
        let voiced = utterance.audio.as_deref();
        let voiced = voiced.filter(|_| utterance.voiced_share > 0.0);
        let voices = self.voices.as_deref();
        let voice = voices.and_then(|voices| voices.measure(voiced?));
        let observation = self.extract(utterance).map_err(|error| {
            let cause = match error {
                FeatureError::Engine { .. } => Cause::Engine,
                FeatureError::Model { .. } | FeatureError::CropSize { .. } => Cause::Defect,
            };
            Failure::new(Stage::Observe, cause, &error)
        })?;
        Ok(Observed {
            represented,
            observation,
            voice,
        })
    }

    /// The features of an utterance.
    ///
    /// # Errors
    /// When an engine fails, or an extractor rejects it.
    pub fn extract(&self, utterance: &Utterance) -> Result<Observation, FeatureError> {
        let audio = match &utterance.audio {
            Some(samples) => self.or_none(self.audio.extract(samples), self.audio.width())?,
            None => Matrix::empty(self.audio.width()),
        };
        let frames = &utterance.frames;
        let faces = frames.iter().filter(|frame| frame.face.is_some()).count();
        let video = if faces > 0 {
            self.or_none(self.video.extract(frames), self.video.width())?
        } else {
            Matrix::empty(self.video.width())
        };
        let face_coverage = if frames.is_empty() {
            0.0
        } else {
            faces as f32 / frames.len() as f32
        };
        Ok(Observation {
            audio,
            video,
            face_coverage,
        })
    }

    /// No time steps where a model cannot take the utterance; the first is said aloud.
    fn or_none(
        &self,
        features: Result<Matrix, FeatureError>,
        width: usize,
    ) -> Result<Matrix, FeatureError> {
        match features {
            Err(error @ FeatureError::Model { .. }) => {
                if self.is_said.swap(true, Ordering::Relaxed) {
                    tracing::debug!(%error, "an utterance goes without a modality");
                } else {
                    tracing::warn!(
                        %error,
                        "an utterance goes without a modality; further ones are not named"
                    );
                }
                Ok(Matrix::empty(width))
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_features::{FaceShape, Prosody};
    use undertone_types::{Face, Frame, Rect};

    fn utterance(audio: bool, faces: [bool; 4]) -> Utterance {
        let frame = |(i, face): (usize, bool)| Frame {
            time_s: i as f64 / 4.0,
            face: face.then(|| Face {
                bounds: Rect {
                    x: 0.2,
                    y: 0.2,
                    width: 0.2,
                    height: 0.2,
                },
                luma: vec![0.5; 48 * 48].into(),
                side_px: 48,
            }),
        };
        Utterance {
            index: 0,
            start_s: 0.0,
            end_s: 1.0,
            audio: audio.then(|| vec![0.1; 16_000].into()),
            voiced_share: 1.0,
            frames: faces.into_iter().enumerate().map(frame).collect(),
            said: None,
        }
    }

    #[test]
    fn an_absent_modality_is_empty_but_has_its_width() {
        let stage = ObserveStage::new(Arc::new(Prosody::default()), Arc::new(FaceShape));
        let seen = stage.extract(&utterance(false, [false; 4])).unwrap();
        assert!(seen.audio.is_empty() && seen.video.is_empty());
        assert_eq!(seen.audio.cols(), Prosody::default().width());
        assert_eq!(seen.video.cols(), FaceShape.width());
        assert_eq!(seen.face_coverage, 0.0);
    }

    #[test]
    fn coverage_is_the_share_of_frames_with_a_face() {
        let stage = ObserveStage::new(Arc::new(Prosody::default()), Arc::new(FaceShape));
        let seen = stage
            .extract(&utterance(true, [true, false, true, true]))
            .unwrap();
        assert_eq!(seen.face_coverage, 0.75);
        assert_eq!((seen.audio.rows(), seen.video.rows()), (50, 3));
    }

    /// Hears nothing, as a model would that needs longer utterances, or fails.
    struct Deaf(FeatureError);

    impl AudioExtractor for Deaf {
        fn name(&self) -> &'static str {
            "deaf"
        }

        fn version(&self) -> u32 {
            1
        }

        fn width(&self) -> usize {
            7
        }

        fn extract(&self, _samples: &[f32]) -> Result<Matrix, FeatureError> {
            Err(self.0.clone())
        }
    }

    #[test]
    fn a_model_that_cannot_take_an_utterance_costs_that_modality_only() {
        let (extractor, reason) = ("voice.pt".to_owned(), "too short".to_owned());
        let deaf = |error| ObserveStage::new(Arc::new(Deaf(error)), Arc::new(FaceShape));
        let refuses = deaf(FeatureError::Model {
            extractor: extractor.clone(),
            reason: reason.clone(),
        });
        let seen = refuses.extract(&utterance(true, [true; 4])).unwrap();
        assert_eq!((seen.audio.rows(), seen.audio.cols()), (0, 7));
        assert_eq!(seen.video.rows(), 4);
        let fails = deaf(FeatureError::Engine { extractor, reason });
        assert!(fails.extract(&utterance(true, [true; 4])).is_err());
    }
}
