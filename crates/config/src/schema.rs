//! Which keys a kind of settings file has, and what their values may be.

use super::problem::{Place, Problem, ProblemKind};

/// What a key's value must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// A path.
    Path,
    /// Any text; empty: not set.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number within bounds, inclusive.
    Integer(i64, i64),
    /// A number within bounds, inclusive.
    Number(f64, f64),
    /// `true` or `false`.
    Boolean,
    /// An address and a port, or empty.
    Address,
    /// A list of some of these words.
    Choices(&'static [&'static str]),
    /// A list of strings.
    Strings,
    /// A list of patterns over file names.
    Patterns,
}

/// Two numbers that must fit together: `small` × `factor` against `large`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relation {
    /// Key of the number that must be smaller.
    pub small: &'static str,
    /// What it is multiplied with before they are compared.
    pub factor: f64,
    /// Key of the number that must be larger.
    pub large: &'static str,
    /// Whether both may be equal.
    pub or_equal: bool,
    /// The relation in words, for example "at most half of".
    pub words: &'static str,
}

/// A kind of settings file.
#[derive(Debug)]
pub struct Schema {
    /// The file that holds every key with its default and a comment.
    pub defaults: &'static str,
    /// Its name, for messages.
    pub defaults_name: &'static str,
    /// Where users find all keys, for messages: "… lists all keys".
    pub listed_by: &'static str,
    /// Every key, with its table: `stages.fuse.workers`.
    pub keys: &'static [(&'static str, Rule)],
    /// Numbers that must fit together.
    pub relations: &'static [Relation],
}

impl Schema {
    /// The rule of a known key.
    pub(super) fn rule_of(&self, key: &str) -> Option<Rule> {
        let mut keys = self.keys.iter();
        keys.find(|(known, _)| *known == key).map(|(_, rule)| *rule)
    }

    /// True when some known key lies below this path.
    pub(super) fn is_table(&self, path: &str) -> bool {
        self.keys.iter().any(|(known, _)| {
            let below = known.strip_prefix(path);
            below.is_some_and(|rest| rest.starts_with('.'))
        })
    }

    /// The problem of a key that is not known.
    pub(super) fn unknown(&self, key: &str) -> ProblemKind {
        ProblemKind::UnknownKey {
            key: key.to_owned(),
            nearest: self.nearest(key),
            listed_by: self.listed_by,
        }
    }

    /// The known key or table that was probably meant.
    fn nearest(&self, path: &str) -> Option<String> {
        let leaf = |key: &'_ str| key.rsplit('.').next().unwrap_or(key).to_owned();
        // The right name in the wrong table is a likelier slip than a wrong name.
        let misplaced = self
            .keys
            .iter()
            .find(|(known, _)| leaf(known) == leaf(path));
        if let Some((known, _)) = misplaced {
            return Some((*known).to_owned());
        }
        self.keys_and_tables()
            .map(|known| (strsim::damerau_levenshtein(path, known), known))
            .min()
            .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
            .map(|(_, known)| known.to_owned())
    }

    fn keys_and_tables(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().flat_map(|(known, _)| {
            let tables = known.match_indices('.').map(|(at, _)| &known[..at]);
            tables.chain([*known])
        })
    }
}

impl Relation {
    /// What is wrong with these two numbers, if anything is.
    pub(super) fn problem(
        &self,
        (low, low_place): (f64, &Place),
        (high, high_place): (f64, &Place),
    ) -> Option<Problem> {
        let Self {
            small,
            large,
            words,
            ..
        } = self;
        let scaled = low * self.factor;
        let fits = scaled < high || (self.or_equal && scaled <= high);
        (!fits).then(|| Problem {
            // The later of the two was said with the other one known.
            place: low_place.max(high_place).clone(),
            kind: ProblemKind::Conflict(format!(
                "`{small}` must be {words} `{large}`, got {low} and {high}"
            )),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::SCHEMA;

    fn nearest(key: &str) -> Option<String> {
        SCHEMA.nearest(key)
    }

    #[test]
    fn a_misspelt_key_is_recognised() {
        assert_eq!(nearest("text.gat").as_deref(), Some("text.gate"));
        assert_eq!(nearest("decod").as_deref(), Some("decode"));
        assert_eq!(nearest("stages.fuze").as_deref(), Some("stages.fuse"));
        assert_eq!(nearest("colour"), None);
    }

    #[test]
    fn a_key_in_the_wrong_table_is_sent_to_the_right_one() {
        assert_eq!(nearest("gate").as_deref(), Some("text.gate"));
        assert_eq!(nearest("decode.max_s").as_deref(), Some("utterances.max_s"));
        // Where it was while only the daemon had a worker.
        assert_eq!(
            nearest("watch.isolation").as_deref(),
            Some("worker.isolation")
        );
    }

    #[test]
    fn tables_are_told_from_keys() {
        assert!(SCHEMA.is_table("stages.fuse"));
        assert!(SCHEMA.is_table("stages"));
        assert!(!SCHEMA.is_table("stages.queue"));
        assert!(!SCHEMA.is_table("stage"));
    }
}
