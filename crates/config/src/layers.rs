//! Merges defaults, file and overrides into one set of values.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::de::DeValue;

use super::Config;
use super::bundle_setting::BundleSetting;
use super::document::{Document, check};
use super::keys::SCHEMA;
use super::problem::{ConfigErrors, Place, Problem, ProblemKind};
use super::schema::Schema;

impl Schema {
    /// The defaults, changed by a file and then by `key=value` overrides.
    ///
    /// # Errors
    /// Everything that is wrong with any of them, at once.
    pub fn load<T: DeserializeOwned>(
        &'static self,
        file: Option<&Path>,
        overrides: &[(String, String)],
    ) -> Result<T, ConfigErrors> {
        Layers::read(self, file, overrides).resolve()
    }
}

impl Config {
    /// The defaults, changed by a file and then by `key=value` overrides.
    ///
    /// # Errors
    /// Everything that is wrong with any of them, at once.
    pub fn load(file: Option<&Path>, overrides: &[(String, String)]) -> Result<Self, ConfigErrors> {
        let layers = Layers::read(&SCHEMA, file, overrides);
        let bundle = layers.bundle();
        match layers.resolve::<Self>() {
            Ok(mut config) => {
                if let Some(bundle) = bundle {
                    config.bundle = bundle;
                }
                Ok(config)
            }
            // A bundle that nobody named says nothing about these problems.
            Err(errors) => Err(ConfigErrors {
                bundle: bundle.filter(|bundle| !bundle.folders.is_empty()),
                ..errors
            }),
        }
    }
}

/// A setting that is not left to the defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Full path, for example `stages.fuse.workers`.
    pub key: String,
    /// Its value.
    pub value: toml::Value,
    /// Where it was set last.
    pub place: Place,
}

impl Config {
    /// What a file and `key=value` overrides set, by key.
    ///
    /// # Errors
    /// Everything that is wrong with any of them, at once.
    pub fn changes(
        file: Option<&Path>,
        overrides: &[(String, String)],
    ) -> Result<Vec<Change>, ConfigErrors> {
        let layers = Layers::read(&SCHEMA, file, overrides);
        let values = layers.values.clone().into_iter();
        let changes = values.filter(|(_, (_, place))| !matches!(place, Place::Defaults(..)));
        let changes = changes.map(|(key, (value, place))| Change { key, value, place });
        layers.resolve::<Self>().map(|_| changes.collect())
    }
}

/// The values of all layers, where a later one wins, and all that is wrong with them.
struct Layers {
    schema: &'static Schema,
    values: BTreeMap<String, (toml::Value, Place)>,
    problems: Vec<Problem>,
}

impl Layers {
    fn read(schema: &'static Schema, file: Option<&Path>, overrides: &[(String, String)]) -> Self {
        let mut layers = Self {
            schema,
            values: BTreeMap::new(),
            problems: Vec::new(),
        };
        let name = schema.defaults_name;
        layers.document(schema.defaults, |line| Place::Defaults(name, line));
        if let Some(path) = file {
            layers.file(path);
        }
        for (key, value) in overrides {
            layers.set(key, value);
        }
        layers
    }

    fn document(&mut self, text: &str, place: impl Fn(usize) -> Place) {
        let document = Document::read(self.schema, text);
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
        // Quotes are a nuisance in a shell: what is not a TOML value is taken as a string.
        let parsed = DeValue::parse(value);
        let value = match &parsed {
            Ok(value) => value.get_ref().clone(),
            Err(_) => DeValue::String(value.into()),
        };
        let checked = match self.schema.rule_of(key) {
            Some(rule) => check(key, rule, &value),
            None => Err(self.schema.unknown(key)),
        };
        match checked {
            Ok(value) => {
                self.values.insert(key.to_owned(), (value, place));
            }
            Err(kind) => self.problems.push(Problem { place, kind }),
        }
    }

    fn resolve<T: DeserializeOwned>(mut self) -> Result<T, ConfigErrors> {
        self.relations();
        if self.problems.is_empty() {
            match T::deserialize(self.tree()) {
                Ok(settings) => return Ok(settings),
                Err(error) => self.problems.push(Problem {
                    place: Place::Defaults(self.schema.defaults_name, 1),
                    kind: ProblemKind::Conflict(error.to_string()),
                }),
            }
        }
        Err(ConfigErrors {
            problems: self.problems,
            bundle: None,
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

    /// What the setting `bundle` names; a relative path counts from where it was set.
    fn bundle(&self) -> Option<BundleSetting> {
        let (value, place) = self.values.get("bundle")?;
        let said = Path::new(value.as_str()?);
        Some(match place {
            Place::Defaults(..) => BundleSetting::by_name(said),
            Place::File(file, _) => BundleSetting::new(said, file.parent()),
            Place::Override(_) => BundleSetting::new(said, None),
        })
    }

    fn relations(&mut self) {
        for relation in self.schema.relations {
            let (small, large) = (self.number(relation.small), self.number(relation.large));
            let problem = small
                .zip(large)
                .and_then(|(small, large)| relation.problem(small, large));
            self.problems.extend(problem);
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
