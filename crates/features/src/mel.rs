//! Mel bands over a power spectrum.

/// Triangular bands, evenly spaced on the mel scale.
#[derive(Debug)]
pub(super) struct MelBands {
    /// First bin and weights of each band; the weights of a band sum to one.
    bands: Vec<(usize, Vec<f32>)>,
}

impl MelBands {
    /// `count` bands between two frequencies, over bins `bin_hz` apart.
    pub(super) fn new(count: usize, low_hz: f32, high_hz: f32, bin_hz: f32) -> Self {
        let (low, high) = (mel(low_hz), mel(high_hz));
        let edge = |i: usize| hertz(low + (high - low) * i as f32 / (count + 1) as f32) / bin_hz;
        let bands = (0..count)
            .map(|band| triangle(edge(band), edge(band + 1), edge(band + 2)))
            .collect();
        Self { bands }
    }

    /// Mean power per band.
    pub(super) fn apply<'a>(&'a self, power: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        self.bands.iter().map(|(first, weights)| {
            let bins = power[*first..].iter();
            bins.zip(weights)
                .map(|(power, weight)| power * weight)
                .sum()
        })
    }
}

fn triangle(left: f32, middle: f32, right: f32) -> (usize, Vec<f32>) {
    let first = left.ceil() as usize;
    let last = (right.floor() as usize).max(first);
    let mut weights: Vec<f32> = (first..=last)
        .map(|bin| {
            let bin = bin as f32;
            let rise = (bin - left) / (middle - left);
            let fall = (right - bin) / (right - middle);
            rise.min(fall).max(0.0)
        })
        .collect();
    let sum: f32 = weights.iter().sum();
    if sum > 0.0 {
        weights.iter_mut().for_each(|weight| *weight /= sum);
    } else {
        // The band is narrower than a bin: use the nearest bin.
        return (middle.round() as usize, vec![1.0]);
    }
    (first, weights)
}

fn mel(hertz: f32) -> f32 {
    2595.0 * (1.0 + hertz / 700.0).log10()
}

fn hertz(mel: f32) -> f32 {
    700.0 * (10f32.powf(mel / 2595.0) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_spectrum_is_flat() {
        let bands = MelBands::new(20, 60.0, 7600.0, 15.625);
        let power = vec![2.0; 513];
        assert!(bands.apply(&power).all(|band| (band - 2.0).abs() < 1e-4));
        assert_eq!(bands.apply(&power).count(), 20);
    }
}
