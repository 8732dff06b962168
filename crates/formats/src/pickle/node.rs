//! Access to the values of a pickle, with errors that say where something else was expected.

use std::path::{Path, PathBuf};

use super::super::array::Array;
use super::super::{Bytes, FormatError};
use super::allowed::Dialect;
use super::machine;
use super::value::{Arena, ArrayState, Text, Value};

/// The most bytes of all strings of a list together.
const TEXT_LIMIT: usize = 1 << 28;

/// How many keys a message names.
const NAMED: usize = 12;

/// A pickle that was read.
pub(crate) struct Document {
    path: PathBuf,
    /// Its place in the file, for messages: the array of an archive.
    place: String,
    pub(crate) arena: Arena,
    root: Value,
}

/// A pickle of plain values and NumPy arrays. Arrays are read on demand.
pub struct Pickle(Document);

impl Pickle {
    /// Reads a pickle file.
    ///
    /// # Errors
    /// When it is damaged, or holds more than plain values and NumPy arrays.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        Ok(Self(Document::read(
            Bytes::open(path)?,
            "",
            Dialect::Plain,
        )?))
    }

    /// Its value.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        self.0.root()
    }
}

impl Document {
    /// Reads a pickle; messages call it `place`.
    pub(crate) fn read(bytes: Bytes, place: &str, dialect: Dialect) -> Result<Self, FormatError> {
        let path = bytes.path().to_owned();
        let (arena, root) = machine::run(bytes, dialect)?;
        let place = place.to_owned();
        Ok(Self {
            path,
            place,
            arena,
            root,
        })
    }

    pub(crate) fn root(&self) -> Node<'_> {
        Node {
            document: self,
            value: self.root,
            place: self.place.clone(),
        }
    }
}

/// A value in a pickle, and the path to it.
#[derive(Clone)]
pub struct Node<'d> {
    document: &'d Document,
    pub(crate) value: Value,
    place: String,
}

impl<'d> Node<'d> {
    fn child(&self, value: Value, step: &str) -> Self {
        let place = match self.place.as_str() {
            "" => step.to_owned(),
            place => format!("{place}.{step}"),
        };
        Self {
            document: self.document,
            value,
            place,
        }
    }

    /// An error about this value.
    pub(crate) fn error(&self, reason: &str) -> FormatError {
        let place = match self.place.as_str() {
            "" => "the pickle",
            place => place,
        };
        FormatError::Content {
            path: self.document.path.clone(),
            reason: format!("{place}: {reason}"),
        }
    }

    fn expected(&self, what: &str) -> FormatError {
        self.error(&format!("expected {what}, found {}", self.value.kind()))
    }

    /// The value itself; of an array without axes (NumPy stores a dict so) the object in it.
    fn inner(&self) -> Value {
        if let Value::Array(array) = self.value
            && let ArrayState::Objects(shape, list) = &self.document.arena.arrays[array]
            && shape.is_empty()
            && let [value] = self.document.arena.lists[*list].as_slice()
        {
            return *value;
        }
        self.value
    }

    fn pairs(&self) -> Result<&'d [(Value, Value)], FormatError> {
        match self.inner() {
            Value::Dict(dict) => Ok(&self.document.arena.dicts[dict]),
            _ => Err(self.expected("a dict")),
        }
    }

    /// The value of a key; `None` when the dict has no such key.
    ///
    /// # Errors
    /// When this is not a dict.
    pub fn find(&self, key: &str) -> Result<Option<Self>, FormatError> {
        // Of equal keys the last one counts, as in Python.
        for &(own, value) in self.pairs()?.iter().rev() {
            if self.child(own, "a key").is_text(key)? {
                return Ok(Some(self.child(value, key)));
            }
        }
        Ok(None)
    }

    /// The value of a key.
    ///
    /// # Errors
    /// When this is not a dict, or has no such key; the message names the keys that it has.
    pub fn get(&self, key: &str) -> Result<Self, FormatError> {
        if let Some(found) = self.find(key)? {
            return Ok(found);
        }
        let mut keys: Vec<String> = self.entries()?.into_iter().map(|(key, _)| key).collect();
        keys.truncate(NAMED);
        Err(self.error(&format!("there is no {key:?}, only {}", keys.join(", "))))
    }

    /// All keys and values, in the order in which they were written, without keys that are not
    /// strings.
    ///
    /// # Errors
    /// When this is not a dict.
    pub fn entries(&self) -> Result<Vec<(String, Self)>, FormatError> {
        let mut entries = Vec::new();
        for &(key, value) in self.pairs()? {
            let key = self.child(key, "a key");
            if matches!(key.value, Value::Text(_) | Value::Bytes(_)) {
                let key = key.text()?;
                let value = self.child(value, &key);
                entries.push((key, value));
            }
        }
        Ok(entries)
    }

    fn is_text(&self, wanted: &str) -> Result<bool, FormatError> {
        match self.value {
            Value::Text(text) => match &self.document.arena.texts[text] {
                Text::Short(text) => Ok(text == wanted),
                Text::Long(_) => Ok(false),
            },
            Value::Bytes(bytes) => {
                let bytes = &self.document.arena.bytes[bytes];
                Ok(bytes.len() == wanted.len() as u64 && bytes.to_vec()? == wanted.as_bytes())
            }
            _ => Ok(false),
        }
    }

    /// A string; bytes (strings of Python 2) are read as UTF-8.
    ///
    /// # Errors
    /// When this is not a string.
    pub fn text(&self) -> Result<String, FormatError> {
        let arena = &self.document.arena;
        let bytes = match self.inner() {
            Value::Text(text) => match &arena.texts[text] {
                Text::Short(text) => return Ok(text.clone()),
                Text::Long(bytes) => bytes,
            },
            Value::Bytes(bytes) => &arena.bytes[bytes],
            _ => return Err(self.expected("a string")),
        };
        Ok(String::from_utf8_lossy(&bytes.to_vec()?).into_owned())
    }

    /// A number, or an array that holds only one.
    ///
    /// # Errors
    /// When this is not a number.
    pub fn number(&self) -> Result<f64, FormatError> {
        match self.inner() {
            Value::Int(value) => Ok(value as f64),
            Value::Float(value) => Ok(value),
            Value::Bool(value) => Ok(f64::from(u8::from(value))),
            Value::Array(_) => match self.array()?.numbers()?.as_slice() {
                &[value] => Ok(value),
                _ => Err(self.expected("one number")),
            },
            _ => Err(self.expected("a number")),
        }
    }

    /// An array of numbers or strings.
    ///
    /// # Errors
    /// When this is something else.
    pub fn array(&self) -> Result<&'d Array, FormatError> {
        match self.value {
            Value::Array(array) => match &self.document.arena.arrays[array] {
                ArrayState::Plain(array) => Ok(array),
                ArrayState::Objects(..) => {
                    Err(self.error("expected an array of numbers, found one of objects"))
                }
                ArrayState::Empty => Err(self.error("the array was never filled")),
            },
            _ => Err(self.expected("an array")),
        }
    }

    /// The items of a list, a tuple, or an array of objects with one axis.
    ///
    /// # Errors
    /// When this is something else.
    pub fn items(&self) -> Result<Vec<Self>, FormatError> {
        let arena = &self.document.arena;
        let list = match self.inner() {
            Value::List(list) | Value::Tuple(list) => list,
            Value::Array(array) => match arena.arrays[array] {
                ArrayState::Objects(ref shape, list) if shape.len() == 1 => list,
                _ => return Err(self.expected("a list")),
            },
            _ => return Err(self.expected("a list")),
        };
        let items = arena.lists[list].iter().enumerate();
        Ok(items
            .map(|(at, &value)| self.child(value, &at.to_string()))
            .collect())
    }

    /// A list or array of numbers, flat.
    ///
    /// # Errors
    /// When this is something else.
    pub fn numbers(&self) -> Result<Vec<f64>, FormatError> {
        match self.array() {
            Ok(array) if array.is_number() => array.numbers(),
            Ok(_) => Err(self.error("expected numbers, found strings")),
            Err(_) => self.items()?.iter().map(Self::number).collect(),
        }
    }

    /// A list or array of strings.
    ///
    /// # Errors
    /// When this is something else.
    pub fn texts(&self) -> Result<Vec<String>, FormatError> {
        match self.array() {
            Ok(array) if !array.is_number() => array.texts(),
            Ok(_) => Err(self.error("expected strings, found numbers")),
            Err(_) => {
                let mut left = TEXT_LIMIT;
                let one = |node: &Self| {
                    let text = node.text()?;
                    // A list may repeat one string a million times.
                    left = (left.checked_sub(text.len())).ok_or_else(|| {
                        self.error("more text than the ids and words of a data set")
                    })?;
                    Ok(text)
                };
                self.items()?.iter().map(one).collect()
            }
        }
    }
}
