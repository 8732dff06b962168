//! Ridge regression: the stand-in for simulated text, and the baseline of a study.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tch::{Kind, TchError, Tensor};

use super::EmptySplit;
use undertone_fusion::{Checkpoint, FusionError, read_checkpoint, write_checkpoint};
use undertone_types::{Matrix, Split};

/// Penalties to try, in units of a standardised column's sum of squares.
const PENALTIES: [f64; 8] = [1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0, 10.0];

/// A row of inputs: NaN where the modality is absent.
pub(super) type Row = Vec<f64>;

/// y = mean_y + ((x − mean_x) / deviation_x) W, absent values at their mean.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ridge {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// `[inputs][outputs]`.
    weight: Vec<Vec<f64>>,
    bias: Vec<f64>,
}

/// A ridge regression that cannot be fitted, read or written.
#[derive(Debug, thiserror::Error)]
pub enum RidgeError {
    /// Its file cannot be read or written.
    #[error(transparent)]
    File(#[from] FusionError),
    /// Its file lacks a tensor.
    #[error("{} has no tensor {name}", path.display())]
    Incomplete {
        /// Which file.
        path: PathBuf,
        /// Which tensor.
        name: &'static str,
    },
    /// The penalty cannot be chosen.
    #[error(transparent)]
    EmptySplit(#[from] EmptySplit),
    /// libtorch refused an operation.
    #[error("libtorch refused an operation")]
    Torch(#[from] TchError),
}

/// The mean over time of each of these matrices, one after the other.
pub(super) fn pooled(matrices: &[&Matrix]) -> Row {
    let mut row = Row::new();
    for matrix in matrices {
        let mut sums = vec![0.0; matrix.cols()];
        for at in 0..matrix.rows() {
            for (sum, &value) in sums.iter_mut().zip(matrix.row(at)) {
                *sum += f64::from(value);
            }
        }
        // 0/0 without rows: NaN, which means absent.
        row.extend(sums.into_iter().map(|sum| sum / matrix.rows() as f64));
    }
    row
}

impl Ridge {
    /// Fits `y` `[rows][outputs]` to `x` `[rows][inputs]`, with the penalty of the least
    /// absolute error on the validation pair.
    ///
    /// # Errors
    /// When libtorch cannot solve it.
    pub(super) fn fit(train: (&[Row], &[Row]), val: (&[Row], &[Row])) -> Result<Self, RidgeError> {
        let (mean, deviation) = moments(train.0);
        let bias = moments(train.1).0;
        let x = standardised(train.0, &mean, &deviation);
        let y = matrix(train.1, |row, at| row[at] - bias[at]);
        let (gram, moment) = (x.tr().matmul(&x), x.tr().matmul(&y));
        let identity = Tensor::eye(mean.len() as i64, (Kind::Double, tch::Device::Cpu));
        let mut best: Option<(f64, Self)> = None;
        for penalty in PENALTIES {
            let penalised = &gram + &identity * (penalty * train.0.len() as f64);
            let weight = Tensor::f_linalg_solve(&penalised, &moment, true)?;
            let ridge = Self {
                mean: mean.clone(),
                deviation: deviation.clone(),
                weight: Vec::<Vec<f64>>::try_from(weight)?,
                bias: bias.clone(),
            };
            let error = ridge.error(val);
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, ridge));
            }
        }
        let (_, ridge) = best.ok_or(EmptySplit(Split::Val))?;
        Ok(ridge)
    }

    /// The outputs for one row of inputs.
    pub(super) fn predict(&self, row: &[f64]) -> Row {
        let mut out = self.bias.clone();
        for (at, weights) in self.weight.iter().enumerate() {
            let value = standard(row[at], self.mean[at], self.deviation[at]);
            for (out, weight) in out.iter_mut().zip(weights) {
                *out += value * weight;
            }
        }
        out
    }

    /// Mean absolute error; infinite without rows.
    fn error(&self, (x, y): (&[Row], &[Row])) -> f64 {
        let errors = x.iter().zip(y).flat_map(|(x, y)| {
            let predicted = self.predict(x);
            (predicted.iter().zip(y))
                .map(|(p, y)| (p - y).abs())
                .filter(|error| !error.is_nan())
                .collect::<Vec<_>>()
        });
        let (sum, count) =
            errors.fold((0.0, 0.0), |(sum, count), error| (sum + error, count + 1.0));
        if count > 0.0 {
            sum / count
        } else {
            f64::INFINITY
        }
    }

    /// Writes it to a safetensors file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), RidgeError> {
        let tensors = BTreeMap::from([
            ("mean".to_owned(), Tensor::from_slice(&self.mean)),
            ("deviation".to_owned(), Tensor::from_slice(&self.deviation)),
            ("weight".to_owned(), Tensor::from_slice2(&self.weight)),
            ("bias".to_owned(), Tensor::from_slice(&self.bias)),
        ]);
        let checkpoint = Checkpoint {
            tensors,
            ..Checkpoint::default()
        };
        Ok(write_checkpoint(path, &checkpoint)?)
    }

    /// Reads what [`Ridge::write`] wrote.
    ///
    /// # Errors
    /// When the file cannot be read or holds something else.
    pub(super) fn read(path: &Path) -> Result<Self, RidgeError> {
        let tensors = read_checkpoint(path)?.tensors;
        let get = |name: &'static str| match tensors.get(name) {
            Some(tensor) => Ok(tensor.to_kind(Kind::Double)),
            None => Err(RidgeError::Incomplete {
                path: path.to_owned(),
                name,
            }),
        };
        Ok(Self {
            mean: Vec::<f64>::try_from(get("mean")?)?,
            deviation: Vec::<f64>::try_from(get("deviation")?)?,
            weight: Vec::<Vec<f64>>::try_from(get("weight")?)?,
            bias: Vec::<f64>::try_from(get("bias")?)?,
        })
    }
}

/// Mean and deviation of every column over the values that are present. The mean is 0 without
/// any; the deviation is 1 where it cannot be told from 0.
fn moments(rows: &[Row]) -> (Vec<f64>, Vec<f64>) {
    let columns = rows.first().map_or(0, Vec::len);
    (0..columns)
        .map(|at| {
            let present = || {
                rows.iter()
                    .map(|row| row[at])
                    .filter(|value| !value.is_nan())
            };
            let count = (present().count() as f64).max(1.0);
            let mean = present().sum::<f64>() / count;
            let variance = present().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            (
                mean,
                if variance > 1e-12 {
                    variance.sqrt()
                } else {
                    1.0
                },
            )
        })
        .unzip()
}

fn standard(value: f64, mean: f64, deviation: f64) -> f64 {
    if value.is_nan() {
        0.0
    } else {
        (value - mean) / deviation
    }
}

fn standardised(rows: &[Row], mean: &[f64], deviation: &[f64]) -> Tensor {
    matrix(rows, |row, at| standard(row[at], mean[at], deviation[at]))
}

/// Rows as a tensor, NaN as 0.
fn matrix(rows: &[Row], value: impl Fn(&Row, usize) -> f64) -> Tensor {
    let columns = rows.first().map_or(0, Vec::len);
    let values: Vec<f64> = (rows.iter())
        .flat_map(|row| (0..columns).map(|at| value(row, at)).collect::<Vec<_>>())
        .map(|value| if value.is_nan() { 0.0 } else { value })
        .collect();
    Tensor::from_slice(&values).view((rows.len() as i64, columns as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_fusion::Rng;

    fn line(rng: &mut Rng) -> (Row, Row) {
        let x = [rng.normal(), rng.normal() * 5.0 + 100.0];
        (x.to_vec(), vec![2.0 * x[0] - 0.1 * x[1] + 3.0, x[0]])
    }

    fn fitted() -> Ridge {
        let mut rng = Rng::stream(&[2]);
        let (x, y): (Vec<Row>, Vec<Row>) = (0..80).map(|_| line(&mut rng)).unzip();
        Ridge::fit((&x[..60], &y[..60]), (&x[60..], &y[60..])).unwrap()
    }

    #[test]
    fn a_linear_relation_is_found() {
        let ridge = fitted();
        let (x, y) = line(&mut Rng::stream(&[9]));
        for (got, expected) in ridge.predict(&x).iter().zip(y) {
            assert!((got - expected).abs() < 1e-2, "{got} {expected}");
        }
    }

    #[test]
    fn what_is_absent_counts_as_average() {
        let ridge = fitted();
        let average = ridge.predict(&[0.5, f64::NAN])[0];
        assert!((average - ridge.predict(&[0.5, ridge.mean[1]])[0]).abs() < 1e-12);
        assert!(
            pooled(&[&Matrix::empty(2)])
                .iter()
                .all(|value| value.is_nan())
        );
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ridge.safetensors");
        let ridge = fitted();
        ridge.write(&path).unwrap();
        let read = Ridge::read(&path).unwrap();
        let row = [0.3, 99.0];
        assert!((read.predict(&row)[0] - ridge.predict(&row)[0]).abs() < 1e-4);
    }
}
