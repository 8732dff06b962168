//! Parts of the method that a study switches off.

use std::str::FromStr;

use super::{TrainConfig, TrainError};

/// A part of the method, by the paper's name where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Distillation between the fused vectors: `loss.fused`.
    Mkd,
    /// Distillation of text query and text cross-attention: `loss.query` and `loss.cross`.
    Rs,
    /// Rank-N-Contrast: `loss.contrast`.
    Rnc,
    /// The modality imagination autoencoders: `network.imagination`.
    Mia,
    /// What is left out in training on purpose: the section `missing`.
    Missing,
}

impl Term {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Mkd, Self::Rs, Self::Rnc, Self::Mia, Self::Missing];

    /// Its name on the command line and in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mkd => "mkd",
            Self::Rs => "rs",
            Self::Rnc => "rnc",
            Self::Mia => "mia",
            Self::Missing => "missing",
        }
    }

    /// The config without it.
    ///
    /// # Errors
    /// When it is off already: both would be the same.
    pub(super) fn off(self, config: &TrainConfig) -> Result<TrainConfig, TrainError> {
        let mut without = config.clone();
        match self {
            Self::Mkd => without.loss.fused = 0.0,
            Self::Rs => {
                without.loss.query = 0.0;
                without.loss.cross = 0.0;
            }
            Self::Rnc => without.loss.contrast = 0.0,
            Self::Mia => without.network.imagination = false,
            Self::Missing => {
                without.missing.modalities = 0.0;
                without.missing.frames = 0.0;
            }
        }
        if without == *config {
            return Err(TrainError::OffAlready(self.name()));
        }
        Ok(without)
    }
}

impl FromStr for Term {
    type Err = TrainError;

    fn from_str(name: &str) -> Result<Self, TrainError> {
        let mut all = Self::ALL.into_iter();
        all.find(|term| term.name() == name)
            .ok_or_else(|| TrainError::Term(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_off_already_is_refused() {
        let config = TrainConfig::default();
        assert!(matches!(
            Term::Rs.off(&config),
            Err(TrainError::OffAlready("rs"))
        ));
        for term in [Term::Mkd, Term::Rnc, Term::Mia, Term::Missing] {
            let without = term.off(&config).unwrap();
            assert!(term.off(&without).is_err(), "{term:?}");
        }
        assert!("mkt".parse::<Term>().is_err());
    }
}
