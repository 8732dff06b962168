//! Voice detection, hop by hop.

/// Samples per decision: 16 ms at 16 kHz.
pub const HOP: usize = 256;

/// Computes for each hop the probability that it holds a voice.
pub trait VoiceDetector: Send {
    /// Probability of a voice in the next [`HOP`] samples (in [−1, 1]), in [0, 1].
    fn voice(&mut self, hop: &[f32; HOP]) -> f32;

    /// Resets the state: another recording follows, or a gap in this one.
    fn reset(&mut self);
}

/// The `earshot` detector: a small recurrent network in plain Rust.
#[derive(Default)]
pub struct Earshot(earshot::Detector);

impl VoiceDetector for Earshot {
    fn voice(&mut self, hop: &[f32; HOP]) -> f32 {
        self.0.predict_f32(hop).clamp(0.0, 1.0)
    }

    fn reset(&mut self) {
        self.0.reset();
    }
}
