//! Merges defaults, file and overrides, and resolves them to a [`Config`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::de::DeValue;

use super::document::{Document, check};
use super::keys::{nearest, rule_of};
use super::problem::{ConfigErrors, Place, Problem, ProblemKind};
use super::{Config, DEFAULTS};

impl Config {
    /// The defaults, changed by a file and then by `key=value` overrides.
    ///
    /// # Errors
    /// Everything that is wrong with any of them, at once.
    pub fn load(file: Option<&Path>, overrides: &[(String, String)]) -> Result<Self, ConfigErrors> {
        let mut layers = Layers::default();
        layers.document(DEFAULTS, Place::Defaults);
        if let Some(path) = file {
            layers.file(path);
        }
        for (key, value) in overrides {
            layers.set(key, value);
        }
        layers.resolve()
    }
}

/// The settings said so far, the last one winning, and all that is wrong with them.
#[derive(Default)]
struct Layers {
    values: BTreeMap<String, (toml::Value, Place)>,
    problems: Vec<Problem>,
}

impl Layers {
    fn document(&mut self, text: &str, place: impl Fn(usize) -> Place) {
        let document = Document::read(text);
        for setting in document.settings {
            let said = (setting.value, place(setting.line));
            self.values.insert(setting.key, said);
        }
        let problems = document.problems.into_iter();
        self.problems.extend(problems.map(|(line, kind)| Problem {
            place: place(line),
            kind,
        }));
    }

    fn file(&mut self, path: &Path) {
        match std::fs::read_to_string(path) {
            Ok(text) => self.document(&text, |line| Place::File(path.to_owned(), line)),
            Err(error) => self.problems.push(Problem {
                place: Place::File(path.to_owned(), 1),
                kind: ProblemKind::Unreadable(error.to_string()),
            }),
        }
    }

    fn set(&mut self, key: &str, value: &str) {
        let place = Place::Override(format!("{key}={value}"));
        // Quotes are a nuisance in a shell: what is not a TOML value is text.
        let parsed = DeValue::parse(value);
        let value = match &parsed {
            Ok(value) => value.get_ref().clone(),
            Err(_) => DeValue::String(value.into()),
        };
        let checked = match rule_of(key) {
            Some(rule) => check(key, rule, &value),
            None => Err(ProblemKind::UnknownKey {
                key: key.to_owned(),
                nearest: nearest(key),
            }),
        };
        match checked {
            Ok(value) => {
                self.values.insert(key.to_owned(), (value, place));
            }
            Err(kind) => self.problems.push(Problem { place, kind }),
        }
    }

    fn resolve(mut self) -> Result<Config, ConfigErrors> {
        let bundle = self.bundle();
        self.conflicts();
        if self.problems.is_empty() {
            let mut config = Config::deserialize(self.tree()).map_err(|error| ConfigErrors {
                problems: vec![Problem {
                    place: Place::Defaults(1),
                    kind: ProblemKind::Conflict(error.to_string()),
                }],
                bundle: bundle.clone(),
            })?;
            if let Some(found) = bundle {
                config.bundle = found;
            }
            return Ok(config);
        }
        Err(ConfigErrors {
            problems: self.problems,
            bundle,
        })
    }

    /// The nested document of all values.
    fn tree(&self) -> toml::Table {
        let mut root = toml::Table::new();
        for (key, (value, _)) in &self.values {
            insert(&mut root, key, value.clone());
        }
        root
    }

    /// Where the bundle is: beside the file that names it, here, or beside the program.
    fn bundle(&self) -> Option<PathBuf> {
        let (value, place) = self.values.get("bundle")?;
        let said = Path::new(value.as_str()?);
        let beside_file = match place {
            Place::File(path, _) => path.parent().map(|folder| folder.join(said)),
            _ => None,
        };
        let beside_program = std::env::current_exe().ok().and_then(|program| {
            let folder = program.parent()?;
            Some([
                folder.join(said),
                folder.join("../share/undertone").join(said),
            ])
        });
        let candidates = beside_file
            .into_iter()
            .chain([said.to_owned()])
            .chain(beside_program.into_iter().flatten());
        let candidates: Vec<PathBuf> = candidates.collect();
        let found = candidates.iter().find(|folder| folder.is_dir());
        found.or(candidates.first()).cloned()
    }

    fn conflicts(&mut self) {
        let rules = [
            ("utterances.min_s", 1.0, "utterances.max_s", "less than"),
            (
                "utterances.pad_s",
                2.0,
                "utterances.pause_s",
                "at most half of",
            ),
            ("decode.window_s", 1.0, "utterances.max_s", "at most"),
        ];
        for (small, factor, large, relation) in rules {
            let (Some((low, low_place)), Some((high, high_place))) =
                (self.number(small), self.number(large))
            else {
                continue;
            };
            let strict = relation == "less than";
            if low * factor < high || (!strict && low * factor <= high) {
                continue;
            }
            let kind = ProblemKind::Conflict(format!(
                "`{small}` must be {relation} `{large}`, got {low} and {high}"
            ));
            let place = low_place.max(high_place).clone();
            self.problems.push(Problem { place, kind });
        }
    }

    fn number(&self, key: &str) -> Option<(f64, &Place)> {
        let (value, place) = self.values.get(key)?;
        Some((value.as_float()?, place))
    }
}

fn insert(table: &mut toml::Table, key: &str, value: toml::Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((head, rest)) => {
            let below = table
                .entry(head)
                .or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(below) = below {
                insert(below, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
