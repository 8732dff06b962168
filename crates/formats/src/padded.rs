//! One modality of many utterances in one array, padded to the longest of them.

use super::corpus::matrix;
use super::{Array, FormatError};
use undertone_types::Matrix;

/// An array `[utterances, time, width]`, or `[utterances, width]` with one time step each.
pub(super) struct Padded {
    array: Array,
    /// Time steps of each utterance, where the file states them.
    lengths: Option<Vec<usize>>,
}

impl Padded {
    /// An array for `count` utterances. `Err` says what was expected instead.
    pub(super) fn new(array: Array, count: usize) -> Result<Self, String> {
        let fits = match *array.shape() {
            [rows, width] | [rows, _, width] => rows == count && width > 0,
            _ => false,
        };
        if fits && array.is_number() {
            return Ok(Self {
                array,
                lengths: None,
            });
        }
        let shape = array.shape();
        Err(format!(
            "expected numbers [{count}, width] or [{count}, time, width], found shape {shape:?}"
        ))
    }

    /// With the time steps of each utterance; without them, zeros at the end are padding.
    pub(super) fn with_lengths(mut self, lengths: Option<Vec<usize>>) -> Self {
        self.lengths = lengths;
        self
    }

    /// Values per time step.
    pub(super) fn width(&self) -> usize {
        self.array.shape().last().copied().unwrap_or(0)
    }

    /// Time steps with the padding; `None` without an axis of time.
    pub(super) fn time(&self) -> Option<usize> {
        match *self.array.shape() {
            [_, time, _] => Some(time),
            _ => None,
        }
    }

    /// The time steps of one utterance, without the padding.
    pub(super) fn read(&self, row: usize) -> Result<Matrix, FormatError> {
        let width = self.width();
        let time = self.time().unwrap_or(1);
        let length = self.lengths.as_ref().map(|lengths| lengths[row]);
        let mut values = self.array.row_f32(row, length.unwrap_or(time).min(time))?;
        if length.is_none() && self.time().is_some() {
            let end = values.iter().rposition(|&value| value != 0.0);
            let rows = end.map_or(0, |last| last / width.max(1) + 1);
            values.truncate(rows * width);
        }
        Ok(matrix(width, values))
    }
}

/// Time steps as a file states them, one number for each of these utterances. `Err` names the
/// first utterance whose number cannot be one: taken as 0, it would lose its features silently.
pub(super) fn whole_lengths(stated: &[f64], ids: &[String]) -> Result<Vec<usize>, String> {
    if stated.len() != ids.len() {
        let (stated, ids) = (stated.len(), ids.len());
        return Err(format!("{stated} lengths for {ids} utterances"));
    }
    let whole = |(&length, id): (&f64, &String)| {
        if length >= 0.0 && length.fract() == 0.0 {
            return Ok(length as usize);
        }
        Err(format!(
            "the length of {id} is {length}; it must be a whole number of time steps, 0 or more"
        ))
    };
    stated.iter().zip(ids).map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_cannot_be_one_is_named_with_its_utterance() {
        let ids = ["a", "b"].map(str::to_owned);
        assert_eq!(whole_lengths(&[0.0, 7.0], &ids), Ok(vec![0, 7]));
        for wrong in [f64::NAN, -1.0, 2.5, f64::INFINITY] {
            let reason = whole_lengths(&[3.0, wrong], &ids).unwrap_err();
            assert!(reason.contains(&format!("the length of b is {wrong}")));
        }
        assert!(whole_lengths(&[1.0], &ids).is_err());
    }
}
