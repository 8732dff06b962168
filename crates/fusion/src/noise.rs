//! Dropout from this program's own random numbers: on while training, off while scoring.

use tch::Tensor;

use super::Rng;
use super::memory::filled;
use super::rng::WideRng;

/// The source of the network's dropout.
#[derive(Debug)]
pub struct Noise(Option<Rng>);

impl Noise {
    /// No dropout: every tensor passes as it is.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// Dropout drawn from a stream.
    #[must_use]
    pub fn from_stream(rng: Rng) -> Self {
        Self(Some(rng))
    }

    /// Zeroes values with probability `rate` and scales the others to keep the mean.
    pub fn drop(&mut self, x: &Tensor, rate: f64) -> Tensor {
        match &mut self.0 {
            Some(rng) if rate > 0.0 => x * factors(rng, x, rate),
            _ => x.shallow_clone(),
        }
    }

    /// Dropout for many chunks of frames, in whatever order they are processed.
    pub(super) fn chunked(&mut self, rate: f64) -> ChunkedDropout {
        let rng = self.0.as_mut().filter(|_| rate > 0.0);
        ChunkedDropout(rng.map(|rng| (rng.bits(), rate)))
    }
}

/// A stream of dropout for each chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkedDropout(Option<(u64, f64)>);

impl ChunkedDropout {
    /// The dropout of one chunk.
    pub(super) fn of(self, chunk: usize) -> Option<Dropout> {
        let (seed, rate) = self.0?;
        let rng = Rng::stream(&[seed, chunk as u64]);
        Some(Dropout { rng, rate })
    }
}

/// Dropout that can be repeated.
#[derive(Debug)]
pub(super) struct Dropout {
    rng: Rng,
    rate: f64,
}

impl Dropout {
    /// The factors for the values of x: zeros and 1/(1−rate), each time the same.
    pub(super) fn factors(&self, x: &Tensor) -> Tensor {
        factors(&mut self.rng.clone(), x, self.rate)
    }
}

/// Zeros and 1/(1−rate), each decided by 16 random bits.
fn factors(rng: &mut Rng, x: &Tensor, rate: f64) -> Tensor {
    let keep = ((1.0 - rate) * 65_536.0).round().max(1.0);
    let scale = (65_536.0 / keep) as f32;
    let keep = keep as u32;
    let mut rng = WideRng::new(rng);
    let factors = filled::<f32>(&x.size(), |values| {
        for values in values.chunks_mut(WideRng::WORDS) {
            for (value, word) in values.iter_mut().zip(rng.words()) {
                let kept = u32::from(word) < keep;
                value.write(if kept { scale } else { 0.0 });
            }
        }
    });
    factors.to_device(x.device())
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;

    #[test]
    fn dropout_keeps_the_mean_and_the_share() {
        let ones = Tensor::ones([100, 401], (Kind::Float, tch::Device::Cpu));
        let dropped = Noise::from_stream(Rng::stream(&[3])).drop(&ones, 0.3);
        assert!((dropped.mean(Kind::Float).double_value(&[]) - 1.0).abs() < 0.02);
        let zeros = dropped.eq(0.0).to_kind(Kind::Float).mean(Kind::Float);
        assert!((zeros.double_value(&[]) - 0.3).abs() < 0.02);
    }

    #[test]
    fn no_noise_changes_nothing() {
        let x = Tensor::from_slice(&[1.0_f32, -2.0]);
        assert_eq!(Noise::off().drop(&x, 0.9), x);
    }
}
