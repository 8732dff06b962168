//! Parts of the method that a study switches off.

use super::TrainConfig;

/// A part of the method, by the paper's name where it has one. Its name on the command line and
/// in tables is the variant's in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString)]
#[strum(
    serialize_all = "lowercase",
    parse_err_fn = UnknownTerm::new,
    parse_err_ty = UnknownTerm
)]
pub enum Term {
    /// Distillation between the fused vectors: `loss.fused`.
    Mkd,
    /// Distillation of text query and text cross-attention: `loss.query` and `loss.cross`.
    Rs,
    /// Rank-N-Contrast: `loss.contrast`.
    Rnc,
    /// The modality imagination autoencoders: `network.imagination`.
    Mia,
    /// Modalities and frames left out at random in training: the section `missing`.
    Missing,
}

/// A name that no part of the method has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a part that can be left out; choose mkd, rs, rnc, mia or missing")]
pub struct UnknownTerm(String);

impl UnknownTerm {
    fn new(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// A part of the method that is to be switched off, and is off already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("without {0}: the config has it off already, so both runs would be the same")]
pub struct OffAlready(&'static str);

impl Term {
    /// Its name on the command line and in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The config without it.
    ///
    /// # Errors
    /// When it is off already.
    pub(super) fn off(self, config: &TrainConfig) -> Result<TrainConfig, OffAlready> {
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
            return Err(OffAlready(self.name()));
        }
        Ok(without)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_off_already_is_refused() {
        let config = TrainConfig::default();
        assert_eq!(Term::Rs.off(&config), Err(OffAlready("rs")));
        for term in [Term::Mkd, Term::Rnc, Term::Mia, Term::Missing] {
            let without = term.off(&config).unwrap();
            assert!(term.off(&without).is_err(), "{term:?}");
        }
        assert!("mkt".parse::<Term>().is_err());
    }
}
