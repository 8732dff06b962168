//! The tensors of one file by their names in it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::span::Span;
use crate::{Tensor, WeightsError};

/// The tensors of one file. Several names may mean the same tensor.
#[derive(Debug)]
pub(crate) struct Store {
    file: Span,
    tensors: BTreeMap<String, Tensor>,
}

impl Store {
    /// No tensors of a file yet.
    pub(crate) fn new(file: Span) -> Self {
        Self {
            file,
            tensors: BTreeMap::new(),
        }
    }

    /// Adds a tensor; the name must be new.
    pub(crate) fn add(&mut self, name: String, tensor: Tensor) -> Result<(), WeightsError> {
        match self.tensors.insert(name.clone(), tensor) {
            None => Ok(()),
            Some(_) => Err(self.error(format!("it has two tensors named {name:?}"))),
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// A tensor by its name.
    pub(crate) fn find(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// A tensor by its name, which must be there.
    pub(crate) fn get(&self, name: &str) -> Result<&Tensor, WeightsError> {
        (self.find(name)).ok_or_else(|| self.error(format!("it has no tensor {name:?}")))
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// An error about this file.
    pub(crate) fn error(&self, reason: impl Into<String>) -> WeightsError {
        self.file.error(reason)
    }
}
