//! How far confidences are from the shares that were right.

const BINS: usize = 10;

/// Expected calibration error over ten equal bins of confidence: the mean gap between
/// confidence and share of right answers, weighted by bin size (Naeini et al., 2015).
#[must_use]
pub fn expected_calibration_error(confidence: &[f64], right: &[bool]) -> f64 {
    let mut gaps = [0.0; BINS];
    for (p, hit) in confidence.iter().zip(right) {
        gaps[bin(*p)] += p - f64::from(u8::from(*hit));
    }
    gaps.iter().map(|gap| gap.abs()).sum::<f64>() / confidence.len().max(1) as f64
}

/// The calibration error that chance alone makes: the expectation of
/// [`expected_calibration_error`] where every answer is right with exactly its confidence. With
/// few answers it is far from 0, and an error near it says nothing against the confidences.
#[must_use]
pub fn calibration_error_by_chance(confidence: &[f64]) -> f64 {
    let mut bins = vec![Vec::new(); BINS];
    for p in confidence {
        bins[bin(*p)].push(*p);
    }
    let gaps = bins.iter().map(|of_bin| {
        let expected: f64 = of_bin.iter().sum();
        (0..)
            .zip(right_answers(of_bin))
            .map(|(right, probability): (u32, f64)| {
                probability * (f64::from(right) - expected).abs()
            })
            .sum::<f64>()
    });
    gaps.sum::<f64>() / confidence.len().max(1) as f64
}

/// The probability of 0, 1, 2, … right answers (the Poisson binomial distribution).
fn right_answers(confidence: &[f64]) -> Vec<f64> {
    let mut of_count = vec![1.0];
    for p in confidence {
        of_count.push(0.0);
        for right in (0..of_count.len()).rev() {
            let one_less = if right > 0 { of_count[right - 1] } else { 0.0 };
            of_count[right] = of_count[right] * (1.0 - p) + one_less * p;
        }
    }
    of_count
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a probability is in [0, 1]"
)]
fn bin(p: f64) -> usize {
    ((p * BINS as f64) as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibration_error_is_the_weighted_gap() {
        let error =
            expected_calibration_error(&[0.95, 0.95, 0.15, 0.15], &[true, false, false, false]);
        assert!((error - (0.9 + 0.3) / 4.0).abs() < 1e-9);
    }

    #[test]
    fn chance_makes_an_error_that_falls_with_the_number_of_answers() {
        // Of one answer: right with .7, then .3 off; else .7 off. Certain ones are never off.
        assert!((calibration_error_by_chance(&[0.7, 1.0]) - 0.42 / 2.0).abs() < 1e-9);
        // Of many, as of the normal distribution: the square root of 2 p (1 − p) / (π n).
        let of_many = calibration_error_by_chance(&[0.7; 1000]);
        let normal = (2.0 * 0.21 / (std::f64::consts::PI * 1000.0)).sqrt();
        assert!((of_many / normal - 1.0).abs() < 0.01, "{of_many} {normal}");
        assert_eq!(calibration_error_by_chance(&[]), 0.0);
    }
}
