//! The parts that a data set is divided into.

use serde::{Deserialize, Serialize};

/// A part of a data set.
///
/// Files of this program name it `train`, `val` or `test`; `valid` is read as well. Parsing a
/// string is more lenient: case does not matter, and the field's other names for the
/// validation split are understood.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(
    serialize_all = "lowercase",
    ascii_case_insensitive,
    parse_err_fn = UnknownSplit::new,
    parse_err_ty = UnknownSplit
)]
pub enum Split {
    /// The network learns from it.
    Train,
    /// It chooses the epoch.
    #[serde(alias = "valid")]
    #[strum(
        to_string = "val",
        serialize = "valid",
        serialize = "validation",
        serialize = "dev"
    )]
    Val,
    /// It measures the chosen network, and nothing is chosen by it.
    Test,
}

impl Split {
    /// The three, in order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Val, Self::Test];
}

/// A name that no split has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a split; the splits are train, val and test")]
pub struct UnknownSplit(String);

impl UnknownSplit {
    fn new(name: &str) -> Self {
        Self(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_understood() {
        for split in Split::ALL {
            assert_eq!(split.to_string().parse(), Ok(split));
        }
        for name in ["val", "Valid", "validation", "DEV"] {
            assert_eq!(name.parse(), Ok(Split::Val), "{name}");
        }
        let error = "half".parse::<Split>().unwrap_err();
        assert!(error.to_string().starts_with("\"half\" is not a split"));
    }
}
