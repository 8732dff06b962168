//! The learning rate of each epoch (paper, "Losses", last line).

use super::OptimiserConfig;

/// The rate of an epoch, counted from 1: linear warm-up, then a step down every few epochs.
pub(super) fn rate(config: &OptimiserConfig, epoch: u32) -> f64 {
    let peak = config.learning_rate;
    if epoch <= config.warm_up_epochs {
        return peak * f64::from(epoch) / f64::from(config.warm_up_epochs);
    }
    // Counted from the last epoch of the warm-up, so the first step down comes one epoch early,
    // as in the authors' released code.
    let steps = (epoch - config.warm_up_epochs)
        .checked_div(config.decay_every_epochs)
        .unwrap_or(0);
    peak * config.decay.powf(f64::from(steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_epochs_up_then_a_tenth_down_every_ten() {
        let config = OptimiserConfig::default();
        let got: Vec<f64> = [1, 5, 6, 14, 15, 24, 25]
            .map(|epoch| rate(&config, epoch) / 1e-4)
            .to_vec();
        for (got, expected) in got.iter().zip([0.2, 1.0, 1.0, 1.0, 0.9, 0.9, 0.81]) {
            assert!((got - expected).abs() < 1e-9, "{got} {expected}");
        }
    }

    #[test]
    fn without_warm_up_or_decay_the_rate_is_constant() {
        let config = OptimiserConfig {
            warm_up_epochs: 0,
            decay_every_epochs: 0,
            ..OptimiserConfig::default()
        };
        assert!((rate(&config, 1) - 1e-4).abs() < 1e-12);
        assert!((rate(&config, 99) - 1e-4).abs() < 1e-12);
    }
}
