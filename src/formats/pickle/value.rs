//! What a pickle holds, in one arena: values are small and shared by number, so that neither
//! sharing nor nesting costs anything, however deep.

use super::super::Bytes;
use super::super::array::Array;
use super::super::dtype::Dtype;
use super::allowed::Global;

/// A Python object; what does not fit in a word is a number in the [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::formats) enum Value {
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
pub(in crate::formats) enum Text {
    Short(String),
    /// UTF-8, still in the file.
    Long(Bytes),
}

/// An array, complete or on its way.
pub(in crate::formats) enum ArrayState {
    /// Made, but not filled.
    Empty,
    /// Numbers or strings.
    Plain(Array),
    /// Python objects: the shape, and a list.
    Objects(Vec<usize>, usize),
}

/// A storage that a checkpoint names.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::formats) struct Storage {
    pub(in crate::formats) dtype: Dtype,
    /// Its file's name in the archive.
    pub(in crate::formats) key: String,
}

/// A tensor of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::formats) struct TensorView {
    pub(in crate::formats) storage: usize,
    /// First element.
    pub(in crate::formats) offset: usize,
    pub(in crate::formats) shape: Vec<usize>,
    pub(in crate::formats) strides: Vec<usize>,
}

/// Everything that values refer to.
#[derive(Default)]
pub(in crate::formats) struct Arena {
    pub(in crate::formats) texts: Vec<Text>,
    pub(in crate::formats) bytes: Vec<Bytes>,
    pub(in crate::formats) lists: Vec<Vec<Value>>,
    pub(in crate::formats) dicts: Vec<Vec<(Value, Value)>>,
    pub(in crate::formats) arrays: Vec<ArrayState>,
    pub(in crate::formats) dtypes: Vec<Dtype>,
    pub(in crate::formats) storages: Vec<Storage>,
    pub(in crate::formats) tensors: Vec<TensorView>,
}

/// Adds something to a part of the arena; returns its number.
pub(super) fn add<T>(part: &mut Vec<T>, item: T) -> usize {
    part.push(item);
    part.len() - 1
}

impl Value {
    /// What it is, for messages.
    pub(in crate::formats) fn kind(self) -> &'static str {
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
