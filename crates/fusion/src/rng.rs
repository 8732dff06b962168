//! Reproducible random numbers, without global state.
//!
//! libtorch's generator is one global state, shared by all threads: two trainings in one
//! process would disturb each other, and a resumed one could not continue the sequence. Here a
//! stream is named by numbers (seed, purpose, epoch, step), so its state need not be saved.

/// xoshiro256++ (Blackman and Vigna), seeded through splitmix64.
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// The stream that these numbers name.
    #[must_use]
    pub fn stream(names: &[u64]) -> Self {
        let mut seed = 0x9e37_79b9_7f4a_7c15;
        for &name in names {
            seed = splitmix(&mut (seed ^ name));
        }
        Self {
            state: std::array::from_fn(|_| splitmix(&mut seed)),
        }
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let out = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        out
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in [−bound, bound).
    pub fn symmetric(&mut self, bound: f64) -> f64 {
        bound * (2.0 * self.unit() - 1.0)
    }

    /// Standard normal (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Uniform in 0..`bound`, which must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // The high half of a 128-bit product: the bias is below bound / 2^64.
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// Shuffles in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Several streams that the processor steps at the same time.
#[derive(Debug)]
pub(super) struct WideRng {
    state: [[u64; Self::STREAMS]; 4],
}

impl WideRng {
    const STREAMS: usize = 8;
    /// Words of 16 bits in a step.
    pub(super) const WORDS: usize = 4 * Self::STREAMS;

    /// Streams seeded from another.
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self {
            state: std::array::from_fn(|_| std::array::from_fn(|_| rng.bits())),
        }
    }

    /// The next random words.
    pub(super) fn words(&mut self) -> [u16; Self::WORDS] {
        let mut words = [0; Self::WORDS];
        let [a, b, c, d] = &mut self.state;
        for stream in 0..Self::STREAMS {
            let mut rng = Rng {
                state: [a[stream], b[stream], c[stream], d[stream]],
            };
            let bits = rng.bits();
            [a[stream], b[stream], c[stream], d[stream]] = rng.state;
            for part in 0..4 {
                words[4 * stream + part] = (bits >> (16 * part)) as u16;
            }
        }
        words
    }
}

fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ_by_name() {
        let draw = |names: &[u64]| Rng::stream(names).bits();
        assert_eq!(draw(&[1, 2]), draw(&[1, 2]));
        assert_ne!(draw(&[1, 2]), draw(&[2, 1]));
        assert_ne!(draw(&[1]), draw(&[1, 0]));
    }

    #[test]
    fn normals_have_the_moments_of_normals() {
        let mut rng = Rng::stream(&[5]);
        let draws: Vec<f64> = (0..20_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<usize> = (0..100).collect();
        Rng::stream(&[7]).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
