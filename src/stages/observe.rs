//! `observe`: audio and video features of an utterance.

use undertone_features::{AudioExtractor, FeatureError, VideoExtractor};
use undertone_types::{
    Cause, Failure, Matrix, Observation, Observed, Represented, Stage, Utterance,
};

/// Extracts features with the extractors that the bundle names. Shared by all workers.
pub struct ObserveStage {
    audio: Box<dyn AudioExtractor>,
    video: Box<dyn VideoExtractor>,
}

impl ObserveStage {
    /// A stage with these extractors.
    #[must_use]
    pub fn new(audio: Box<dyn AudioExtractor>, video: Box<dyn VideoExtractor>) -> Self {
        Self { audio, video }
    }

    /// Adds audio and video features.
    ///
    /// # Errors
    /// When an extractor rejects the utterance: a defect, since the stages before made it.
    pub fn observe(&self, represented: Represented) -> Result<Observed, Failure> {
        let observation = self
            .extract(&represented.transcribed.utterance)
            .map_err(|error| Failure::new(Stage::Observe, Cause::Defect, &error))?;
        Ok(Observed {
            represented,
            observation,
        })
    }

    /// The features of an utterance.
    ///
    /// # Errors
    /// When an extractor rejects it.
    pub fn extract(&self, utterance: &Utterance) -> Result<Observation, FeatureError> {
        let audio = match &utterance.audio {
            Some(samples) => self.audio.extract(samples)?,
            None => Matrix::empty(self.audio.width()),
        };
        let frames = &utterance.frames;
        let faces = frames.iter().filter(|frame| frame.face.is_some()).count();
        let video = if faces > 0 {
            self.video.extract(frames)?
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
        }
    }

    #[test]
    fn an_absent_modality_is_empty_but_has_its_width() {
        let stage = ObserveStage::new(Box::new(Prosody::default()), Box::new(FaceShape));
        let seen = stage.extract(&utterance(false, [false; 4])).unwrap();
        assert!(seen.audio.is_empty() && seen.video.is_empty());
        assert_eq!(seen.audio.cols(), Prosody::default().width());
        assert_eq!(seen.video.cols(), FaceShape.width());
        assert_eq!(seen.face_coverage, 0.0);
    }

    #[test]
    fn coverage_is_the_share_of_frames_with_a_face() {
        let stage = ObserveStage::new(Box::new(Prosody::default()), Box::new(FaceShape));
        let seen = stage
            .extract(&utterance(true, [true, false, true, true]))
            .unwrap();
        assert_eq!(seen.face_coverage, 0.75);
        assert_eq!((seen.audio.rows(), seen.video.rows()), (50, 3));
    }
}
