//! Softmax over the time steps that exist.

use tch::{Kind, Tensor};

use super::layers::as_float;

/// Far below any attention score, yet finite: a row without any frame stays free of NaN.
const NOWHERE: f64 = -1e9;

/// Attention weights: softmax over time of `scores` `[batch, queries, time]` where `mask`
/// `[batch, time]` is true. They sum to 1, or are all 0 where nothing is to be attended to.
pub(super) fn attend(scores: &Tensor, mask: &Tensor) -> Tensor {
    let mask = mask.unsqueeze(1);
    let weights = scores
        .masked_fill(&mask.logical_not(), NOWHERE)
        .softmax(-1, Kind::Float);
    weights * as_float(&mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_a_distribution_over_frames_or_nothing() {
        let scores = Tensor::from_slice(&[1.0_f32, 1.0, 50.0, 2.0, 3.0, 4.0]).view((2, 1, 3));
        let mask = Tensor::from_slice(&[true, true, false, false, false, false]).view((2, 3));
        let weights = Vec::<f32>::try_from(attend(&scores, &mask).flatten(0, 2)).unwrap();
        assert_eq!(weights, [0.5, 0.5, 0.0, 0.0, 0.0, 0.0]);
    }
}
