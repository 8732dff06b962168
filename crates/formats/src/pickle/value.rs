//! The values of a pickle, in one arena. Values are small and refer to others by number, so that
//! sharing and deep nesting cost nothing.

use super::super::Bytes;
use super::super::array::Array;
use super::super::dtype::Dtype;
use super::allowed::Global;

/// A Python object; a large one is an index into the [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(usize),
    /// Bytes, and strings of Python 2.
    Bytes(usize),
    List(usize),
    Tuple(usize),
    Dict(usize),
    Array(usize),
    Dtype(usize),
    Global(Global),
    /// Numbers of a PyTorch checkpoint, in a file of the archive.
    Storage(usize),
    /// A view into a storage.
    Tensor(usize),
}

/// A string.
pub(crate) enum Text {
    Short(String),
    /// UTF-8, still in the file.
    Long(Bytes),
}

/// An array, complete or not.
pub(crate) enum ArrayState {
    /// Not filled yet.
    Empty,
    /// Numbers or strings.
    Plain(Array),
    /// Python objects: the shape, and a list.
    Objects(Vec<usize>, usize),
}

/// A storage that a checkpoint names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Storage {
    pub(crate) dtype: Dtype,
    /// Its file's name in the archive.
    pub(crate) key: String,
}

/// A tensor of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TensorView {
    pub(crate) storage: usize,
    /// First element.
    pub(crate) offset: usize,
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: Vec<usize>,
}

/// Everything that values refer to.
#[derive(Default)]
pub(crate) struct Arena {
    pub(crate) texts: Vec<Text>,
    pub(crate) bytes: Vec<Bytes>,
    pub(crate) lists: Vec<Vec<Value>>,
    pub(crate) dicts: Vec<Vec<(Value, Value)>>,
    pub(crate) arrays: Vec<ArrayState>,
    pub(crate) dtypes: Vec<Dtype>,
    pub(crate) storages: Vec<Storage>,
    pub(crate) tensors: Vec<TensorView>,
}

/// Adds an item to a list of the arena; returns its index.
pub(super) fn add<T>(part: &mut Vec<T>, item: T) -> usize {
    part.push(item);
    part.len() - 1
}

impl Value {
    /// Its type, for messages.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Tuple(_) => "a tuple",
            Self::Dict(_) => "a dict",
            Self::Array(_) => "an array",
            Self::Dtype(_) => "a dtype",
            Self::Global(_) => "a class or function",
            Self::Storage(_) => "a storage",
            Self::Tensor(_) => "a tensor",
        }
    }
}
