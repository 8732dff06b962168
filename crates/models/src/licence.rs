//! The licences of models.

use serde::Deserialize;

/// The licence of a source.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    /// As an SPDX expression names it.
    pub name: String,
    /// Whether it must be accepted before anything is fetched.
    #[serde(default)]
    pub must_accept: bool,
    /// Where its full text is.
    pub text: String,
    /// What it says, in a few lines.
    pub terms: String,
}

impl Licence {
    /// The terms, as they are shown and kept with the models.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self {
            name, text, terms, ..
        } = self;
        let terms = terms.trim();
        format!("{name} (full text: {text})\n{terms}\n")
    }
}
