//! Logistic regression by Newton's method, with a small L2 penalty on standardised features; the
//! weights are given for the raw ones. The gate is fitted with it.

/// A fitted logistic model: `p = 1 / (1 + exp(−(bias + Σ weights·x)))`.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// Intercept.
    pub bias: f64,
    /// One weight per feature.
    pub weights: Vec<f64>,
}

/// Keeps the weights of separable data finite; small compared with hundreds of samples.
const PENALTY: f64 = 0.1;
/// The least deviation of a feature: of shares, probabilities, log-probabilities and characters
/// per second. A feature that hardly varies must not get an enormous weight.
const LEAST_DEVIATION: f64 = 1e-2;
const MOST_STEPS: usize = 50;
const CONVERGED: f64 = 1e-9;

impl Logistic {
    /// Fits `right` from `rows` of features (all of the same length, all finite).
    ///
    /// `None` when there is nothing to learn: no rows, or all right, or all wrong.
    #[must_use]
    pub fn fit(rows: &[Vec<f64>], right: &[bool]) -> Option<Self> {
        let (first, hits) = (rows.first()?, right.iter().filter(|hit| **hit).count());
        if rows.len() != right.len() || hits == 0 || hits == rows.len() {
            return None;
        }
        let (mean, deviation) = moments(rows, first.len());
        let design: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| {
                let scaled = (0..row.len()).map(|i| (row[i] - mean[i]) / deviation[i]);
                std::iter::once(1.0).chain(scaled).collect()
            })
            .collect();
        let beta = newton(&design, right);
        let weights: Vec<f64> = (0..first.len())
            .map(|i| beta[i + 1] / deviation[i])
            .collect();
        let bias = beta[0] - weights.iter().zip(&mean).map(|(w, m)| w * m).sum::<f64>();
        Some(Self { bias, weights })
    }

    /// The logarithm of the probability of `right`, given `rows`.
    #[must_use]
    pub fn log_likelihood(&self, rows: &[Vec<f64>], right: &[bool]) -> f64 {
        let of_one = |(row, hit): (&Vec<f64>, &bool)| {
            let p = self.probability(row);
            let of_what_is = if *hit { p } else { 1.0 - p };
            of_what_is.max(f64::MIN_POSITIVE).ln()
        };
        rows.iter().zip(right).map(of_one).sum()
    }

    /// The probability for one row of features.
    #[must_use]
    pub fn probability(&self, row: &[f64]) -> f64 {
        sigmoid(
            self.bias
                + self
                    .weights
                    .iter()
                    .zip(row)
                    .map(|(w, x)| w * x)
                    .sum::<f64>(),
        )
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn moments(rows: &[Vec<f64>], width: usize) -> (Vec<f64>, Vec<f64>) {
    let count = rows.len() as f64;
    let mean: Vec<f64> = (0..width)
        .map(|i| rows.iter().map(|row| row[i]).sum::<f64>() / count)
        .collect();
    let deviation = (0..width)
        .map(|i| {
            let variance = rows
                .iter()
                .map(|row| (row[i] - mean[i]).powi(2))
                .sum::<f64>()
                / count;
            variance.sqrt().max(LEAST_DEVIATION)
        })
        .collect();
    (mean, deviation)
}

fn newton(design: &[Vec<f64>], right: &[bool]) -> Vec<f64> {
    let width = design[0].len();
    let mut beta = vec![0.0; width];
    for _ in 0..MOST_STEPS {
        let mut gradient: Vec<f64> = (0..width)
            .map(|i| if i == 0 { 0.0 } else { -PENALTY * beta[i] })
            .collect();
        let mut hessian = vec![vec![0.0; width]; width];
        for (i, row) in hessian.iter_mut().enumerate() {
            row[i] = if i == 0 { 1e-9 } else { PENALTY };
        }
        for (row, hit) in design.iter().zip(right) {
            let p = sigmoid(row.iter().zip(&beta).map(|(x, b)| x * b).sum());
            for i in 0..width {
                gradient[i] += (f64::from(u8::from(*hit)) - p) * row[i];
                for j in 0..width {
                    hessian[i][j] += p * (1.0 - p) * row[i] * row[j];
                }
            }
        }
        let step = solve(hessian, gradient);
        beta.iter_mut().zip(&step).for_each(|(b, s)| *b += s);
        if step.iter().all(|s| s.abs() < CONVERGED) {
            break;
        }
    }
    beta
}

/// Gaussian elimination with partial pivoting; the matrix is positive definite.
fn solve(mut matrix: Vec<Vec<f64>>, mut rhs: Vec<f64>) -> Vec<f64> {
    let size = rhs.len();
    for column in 0..size {
        let pivot = (column..size)
            .max_by(|a, b| {
                matrix[*a][column]
                    .abs()
                    .total_cmp(&matrix[*b][column].abs())
            })
            .unwrap_or(column);
        matrix.swap(column, pivot);
        rhs.swap(column, pivot);
        let (done, below) = matrix.split_at_mut(column + 1);
        for (offset, row) in below.iter_mut().enumerate() {
            let factor = row[column] / done[column][column];
            for (value, above) in row.iter_mut().zip(&done[column]) {
                *value -= factor * above;
            }
            rhs[column + 1 + offset] -= factor * rhs[column];
        }
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|k| matrix[row][k] * rhs[k]).sum();
        rhs[row] = (rhs[row] - known) / matrix[row][row];
    }
    rhs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_model_is_found_again() {
        // Outcomes in exact proportion to p = σ(1 + 2x), so the fit must return (1, 2).
        let (mut rows, mut right) = (Vec::new(), Vec::new());
        for x in [-2.0, -1.0, 0.0, 1.0] {
            let hits = (sigmoid(1.0 + 2.0 * x) * 10_000.0).round() as usize;
            for n in 0..10_000 {
                rows.push(vec![x, 7.0]);
                right.push(n < hits);
            }
        }
        let fit = Logistic::fit(&rows, &right).unwrap();
        assert!((fit.weights[0] - 2.0).abs() < 0.01, "{fit:?}");
        assert!((fit.probability(&[0.0, 7.0]) - sigmoid(1.0)).abs() < 0.01);
        assert!(
            fit.weights[1].abs() < 1e-6,
            "a constant feature has no weight"
        );
    }

    #[test]
    fn rows_of_one_class_give_no_fit() {
        assert_eq!(Logistic::fit(&[vec![1.0], vec![2.0]], &[true, true]), None);
        assert_eq!(Logistic::fit(&[], &[]), None);
    }

    #[test]
    fn the_likelihood_is_that_of_every_answer() {
        let model = Logistic {
            bias: 0.0,
            weights: vec![1.0],
        };
        let rows = [vec![0.0], vec![3f64.ln()], vec![1000.0]];
        let of = |right: [bool; 3]| model.log_likelihood(&rows, &right);
        assert!((of([true, false, true]) - (0.5f64 * 0.25).ln()).abs() < 1e-9);
        assert!(of([true, true, false]).is_finite());
    }

    #[test]
    fn separable_data_stay_finite() {
        let rows: Vec<_> = (0..20).map(|n| vec![f64::from(n)]).collect();
        let right: Vec<_> = (0..20).map(|n| n >= 10).collect();
        let fit = Logistic::fit(&rows, &right).unwrap();
        assert!(fit.weights[0].is_finite() && fit.weights[0] > 0.0);
    }
}
