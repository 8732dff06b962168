//! Rank-N-Contrast (paper, "Losses"): near in label should be near in space.

use tch::{Kind, Tensor};

/// Two label distances this close are taken as the same.
const TIE: f64 = 1e-4;

/// The loss of `features` `[n, width]` with `labels` `[n]`, n ≥ 2, as one number.
///
/// With s(i,k) = −‖f_i − f_k‖/τ it is the mean over all n(n−1) ordered pairs of
/// −[s(i,k) − log Σ exp s(i,j)], where j runs over the rows other than i whose label is at
/// least as far from i's as k's is. Sorted by label distance those j are the tail of a row, so
/// one running log-sum-exp from the end gives the sums of all k.
pub fn rank_n_contrast(features: &Tensor, labels: &Tensor, temperature: f64) -> Tensor {
    let n = features.size()[0];
    // Mode 2: the exact distance, also between equal rows, where its gradient is 0.
    let similarity = Tensor::cdist(features, features, 2.0, 2) / -temperature;
    let labels = labels.to_kind(Kind::Float);
    let distance = (labels.unsqueeze(1) - labels.unsqueeze(0)).abs();
    let others = Tensor::eye(n, (Kind::Bool, features.device())).logical_not();
    let similarity = similarity.masked_select(&others).view((n, n - 1));
    let distance = distance.masked_select(&others).view((n, n - 1));

    let (distance, order) = distance.sort(1, false);
    let similarity = similarity.gather(1, &order, false);
    let tails = similarity.flip(1).logcumsumexp(1).flip(1);
    let nearest = &distance - TIE;
    let first = nearest.searchsorted::<&Tensor>(&distance, false, false, "left", None);
    (tails.gather(1, &first, false) - similarity).mean(Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    /// The definition, literally.
    fn naive(features: &[Vec<f64>], labels: &[f64], temperature: f64) -> f64 {
        let n = labels.len();
        let similarity = |i: usize, j: usize| {
            let square: f64 = (features[i].iter().zip(&features[j]))
                .map(|(a, b)| (a - b).powi(2))
                .sum();
            -square.sqrt() / temperature
        };
        let mut sum = 0.0;
        for i in 0..n {
            for k in (0..n).filter(|&k| k != i) {
                let limit = (labels[i] - labels[k]).abs() - 1e-4;
                let far: f64 = (0..n)
                    .filter(|&j| j != i && (labels[i] - labels[j]).abs() >= limit)
                    .map(|j| similarity(i, j).exp())
                    .sum();
                sum -= similarity(i, k) - far.ln();
            }
        }
        sum / (n * (n - 1)) as f64
    }

    fn draw(n: usize, rng: &mut Rng) -> (Vec<Vec<f64>>, Vec<f64>) {
        let features = (0..n)
            .map(|_| (0..5).map(|_| f64::from(rng.normal() as f32)).collect())
            .collect();
        // A grid of labels, so that many distances tie.
        let labels = (0..n).map(|_| rng.below(7) as f64 / 3.0 - 1.0).collect();
        (features, labels)
    }

    fn tensors(features: &[Vec<f64>], labels: &[f64]) -> (Tensor, Tensor) {
        let rows = Tensor::from_slice2(features).to_kind(Kind::Float);
        (rows, Tensor::from_slice(labels).to_kind(Kind::Float))
    }

    #[test]
    fn it_is_what_the_loop_gives() {
        let mut rng = Rng::stream(&[11]);
        for n in [2, 3, 8, 40] {
            let (features, labels) = draw(n, &mut rng);
            let (rows, column) = tensors(&features, &labels);
            let got = rank_n_contrast(&rows, &column, 2.0).double_value(&[]);
            let expected = naive(&features, &labels, 2.0);
            assert!((got - expected).abs() < 1e-5, "{n}: {got} {expected}");
        }
    }

    #[test]
    fn three_points_by_hand() {
        // Distances 1, 1, 2 on a line; labels 0, 1, 3: every anchor has one near, one far.
        let (rows, labels) = tensors(&[vec![0.0], vec![1.0], vec![2.0]], &[0.0, 1.0, 3.0]);
        let near = |a: f64, b: f64| ((-a).exp() + (-b).exp()).ln() + a;
        // Per anchor: the nearer against both, the farther against itself alone (0).
        let expected = (near(1.0, 2.0) + near(1.0, 1.0) + near(1.0, 2.0)) / 6.0;
        let got = rank_n_contrast(&rows, &labels, 1.0).double_value(&[]);
        assert!((got - expected).abs() < 1e-6, "{got} {expected}");
    }

    #[test]
    fn its_gradient_is_that_of_the_loop() {
        let (mut features, labels) = draw(6, &mut Rng::stream(&[12]));
        let (rows, column) = tensors(&features, &labels);
        let rows = rows.set_requires_grad(true);
        rank_n_contrast(&rows, &column, 2.0).backward();
        let gradient = rows.grad();
        for (row, col) in [(0, 0), (2, 3), (5, 4)] {
            let mut at = |shift: f64| {
                features[row][col] += shift;
                let value = naive(&features, &labels, 2.0);
                features[row][col] -= shift;
                value
            };
            let expected = (at(1e-4) - at(-1e-4)) / 2e-4;
            let got = gradient.double_value(&[row as i64, col as i64]);
            assert!((got - expected).abs() < 1e-5, "{got} {expected}");
        }
    }

    #[test]
    fn equal_rows_have_a_finite_gradient() {
        let rows = Tensor::ones([4, 3], (Kind::Float, tch::Device::Cpu)).set_requires_grad(true);
        let labels = Tensor::from_slice(&[0.0_f32, 1.0, 0.0, 1.0]);
        rank_n_contrast(&rows, &labels, 2.0).backward();
        assert!(rows.grad().isfinite().all().int64_value(&[]) == 1);
    }
}
