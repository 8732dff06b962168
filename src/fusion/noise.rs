//! Dropout from our own random numbers: on while training, off while scoring.

use tch::Tensor;

use super::Rng;

/// Where the network takes its dropout from.
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

    /// Zeroes values with probability `rate` and scales the others so that the mean stays.
    pub fn drop(&mut self, x: &Tensor, rate: f64) -> Tensor {
        match &mut self.0 {
            Some(rng) if rate > 0.0 => x * mask(rng, &x.size(), rate),
            _ => x.shallow_clone(),
        }
    }
}

/// Zeros and 1/(1−rate), decided by 16 random bits each.
fn mask(rng: &mut Rng, size: &[i64], rate: f64) -> Tensor {
    let keep = ((1.0 - rate) * 65_536.0).round().max(1.0);
    let scale = (65_536.0 / keep) as f32;
    let keep = keep as u64;
    let mut values = vec![0.0_f32; size.iter().product::<i64>() as usize];
    for four in values.chunks_mut(4) {
        let mut bits = rng.bits();
        for value in four {
            *value = if bits & 0xffff < keep { scale } else { 0.0 };
            bits >>= 16;
        }
    }
    Tensor::from_slice(&values).view(size)
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
