//! The range in which a data set has its labels, and how it becomes −3 to 3.

use std::fmt;
use std::str::FromStr;

/// The range of a data set's labels. The network learns −3 (most negative) to 3 (most positive).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelRange {
    min: f64,
    max: f64,
}

impl Default for LabelRange {
    fn default() -> Self {
        Self {
            min: -3.0,
            max: 3.0,
        }
    }
}

impl LabelRange {
    /// The label from −3 to 3; none when it is outside of the range.
    #[must_use]
    pub fn score(self, label: f64) -> Option<f64> {
        if self == Self::default() {
            return (-3.0..=3.0).contains(&label).then_some(label);
        }
        let share = (label - self.min) / (self.max - self.min);
        (0.0..=1.0).contains(&share).then_some(6.0 * share - 3.0)
    }
}

impl fmt::Display for LabelRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.min, self.max)
    }
}

/// Not a range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the lowest and the highest label, for example -1..1")]
pub struct NotARange;

impl FromStr for LabelRange {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, NotARange> {
        let (min, max) = text.split_once("..").ok_or(NotARange)?;
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| NotARange);
        let (min, max) = (number(min)?, number(max)?);
        let is_range = min.is_finite() && max.is_finite() && min < max;
        is_range.then_some(Self { min, max }).ok_or(NotARange)
    }
}

/// A warning when all labels are within −1 to 1, as in data sets whose labels are from −1 to 1:
/// as labels from −3 to 3 they would say that nothing is strong.
#[must_use]
pub fn narrow_labels(labels: impl Iterator<Item = f64>) -> Option<String> {
    let (mut count, mut largest) = (0, 0.0_f64);
    for label in labels {
        count += 1;
        largest = largest.max(label.abs());
    }
    (largest > 0.0 && largest <= 1.0).then(|| {
        format!(
            "all {count} labels are within -1 to 1, where -3 to 3 is expected: if they are from -1 to \
             1, say --label-range=-1..1"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_mapped_to_its_ends() {
        let range: LabelRange = "1..5".parse().unwrap();
        assert_eq!(
            [1.0, 3.0, 5.0].map(|label| range.score(label)),
            [-3.0, 0.0, 3.0].map(Some)
        );
        assert_eq!((range.score(0.9), range.score(f64::NAN)), (None, None));
        let same = LabelRange::default();
        assert_eq!((same.score(2.77), same.score(3.1)), (Some(2.77), None));
        for wrong in ["", "1", "1..1", "3..-3", "a..b", "0..inf"] {
            assert_eq!(wrong.parse::<LabelRange>(), Err(NotARange), "{wrong}");
        }
    }

    #[test]
    fn only_labels_that_are_all_small_are_doubted() {
        let said = |labels: &[f64]| narrow_labels(labels.iter().copied()).is_some();
        assert!(said(&[-1.0, 0.4, 0.8]));
        assert!(!said(&[-1.0, 0.4, 1.2]));
        assert!(!said(&[0.0, 0.0]) && !said(&[]));
    }
}
