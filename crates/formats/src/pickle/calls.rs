//! The calls of allowed names, and the filling of objects, that a pickle asks for.

use std::io::Write;

use super::super::array::{Array, product};
use super::super::dtype::{Dtype, Kind};
use super::super::{Bytes, FormatError};
use super::allowed::Global;
use super::machine::Machine;
use super::value::{ArrayState, Storage, TensorView, Text, Value, add};

/// The longest name, in bytes.
const WORD: u64 = 4096;
/// The most arguments of a call, and the most sides of an array.
const ARGUMENTS: usize = 32;

impl Machine {
    /// A call of an allowed name.
    pub(super) fn call(&mut self, callable: Value, arguments: Value) -> Result<Value, FormatError> {
        let Value::Global(global) = callable else {
            return Err(self.error(format!("{} cannot be called", callable.kind())));
        };
        let arguments = self.items(arguments)?;
        match (global, arguments.as_slice()) {
            (Global::Reconstruct, [Value::Global(Global::NdArray), ..]) => {
                Ok(Value::Array(add(&mut self.arena.arrays, ArrayState::Empty)))
            }
            (Global::Dtype, [name, ..]) => {
                let name = self.word(*name)?;
                let dtype = Dtype::parse(&name).map_err(|reason| self.error(reason))?;
                Ok(Value::Dtype(add(&mut self.arena.dtypes, dtype)))
            }
            (Global::Scalar, [Value::Dtype(dtype), data]) => self.scalar(*dtype, *data),
            (Global::FromBuffer, [Value::Bytes(data), Value::Dtype(dtype), shape, order]) => {
                let shape = self.sizes(*shape)?;
                let is_fortran = self.word(*order)? == "F";
                let array = self.array(*dtype, shape, is_fortran, Value::Bytes(*data))?;
                Ok(Value::Array(add(&mut self.arena.arrays, array)))
            }
            (Global::Encode, [text, ..]) | (Global::ByteArray, [text @ Value::Text(_), ..]) => {
                self.encode(*text)
            }
            (Global::Bytes | Global::ByteArray, []) => self.keep(&[]),
            (Global::Bytes | Global::ByteArray, [bytes @ Value::Bytes(_)]) => Ok(*bytes),
            (Global::OrderedDict, arguments) => self.ordered_dict(arguments),
            (Global::RebuildTensor, [storage, offset, shape, strides, ..]) => {
                self.tensor(*storage, *offset, *shape, *strides)
            }
            (Global::RebuildParameter, [tensor @ Value::Tensor(_), ..]) => Ok(*tensor),
            (global, _) => {
                Err(self.error(format!("{global:?} is called with unexpected arguments")))
            }
        }
    }

    /// Fills an object that an earlier call made.
    pub(super) fn build(&mut self, target: Value, state: Value) -> Result<(), FormatError> {
        match target {
            Value::Array(array) => {
                let state = self.items(state)?;
                let [_, shape, Value::Dtype(dtype), is_fortran, data] = state.as_slice() else {
                    return Err(self.error("the state of an array is not understood"));
                };
                let shape = self.sizes(*shape)?;
                let is_fortran = matches!(is_fortran, Value::Bool(true) | Value::Int(1));
                self.arena.arrays[array] = self.array(*dtype, shape, is_fortran, *data)?;
                Ok(())
            }
            Value::Dtype(dtype) => {
                let state = self.items(state)?;
                let is_plain = state
                    .get(2..5)
                    .is_some_and(|fields| fields.iter().all(|&field| field == Value::None));
                let (Some(&order), true) = (state.get(1), is_plain) else {
                    return Err(self.error("records are not supported; store plain arrays"));
                };
                self.arena.dtypes[dtype].is_big_endian = self.word(order)? == ">";
                Ok(())
            }
            // PyTorch attaches versions to its dicts of weights.
            Value::Dict(_) => Ok(()),
            other => Err(self.error(format!("{} cannot be filled", other.kind()))),
        }
    }

    /// A storage of a checkpoint: `("storage", type, file, device, count)`.
    pub(super) fn storage(&mut self, id: Value) -> Result<Value, FormatError> {
        let id = self.items(id)?;
        let [_, Value::Global(Global::Storage(name)), key, ..] = id.as_slice() else {
            return Err(self.error("it names an object outside of the file"));
        };
        let dtype = match *name {
            "" => Dtype {
                kind: Kind::Brain,
                size: 2,
                is_big_endian: false,
            },
            name => Dtype::parse(name).map_err(|reason| self.error(reason))?,
        };
        let key = self.word(*key)?;
        Ok(Value::Storage(add(
            &mut self.arena.storages,
            Storage { dtype, key },
        )))
    }

    fn tensor(
        &mut self,
        storage: Value,
        offset: Value,
        shape: Value,
        strides: Value,
    ) -> Result<Value, FormatError> {
        let (Value::Storage(storage), Value::Int(offset)) = (storage, offset) else {
            return Err(self.error("a tensor without a storage"));
        };
        let offset =
            usize::try_from(offset).map_err(|_| self.error("a tensor's negative offset"))?;
        let (shape, strides) = (self.sizes(shape)?, self.sizes(strides)?);
        let view = TensorView {
            storage,
            offset,
            shape,
            strides,
        };
        Ok(Value::Tensor(add(&mut self.arena.tensors, view)))
    }

    fn ordered_dict(&mut self, arguments: &[Value]) -> Result<Value, FormatError> {
        let mut pairs = Vec::new();
        if let [Value::List(list) | Value::Tuple(list)] = arguments {
            self.spend(self.arena.lists[*list].len() as u64)?;
            for pair in self.arena.lists[*list].clone() {
                match self.items(pair)?.as_slice() {
                    &[key, value] => pairs.push((key, value)),
                    _ => return Err(self.error("a pair that does not have two items")),
                }
            }
        }
        Ok(Value::Dict(add(&mut self.arena.dicts, pairs)))
    }

    fn scalar(&mut self, dtype: usize, data: Value) -> Result<Value, FormatError> {
        let dtype = self.arena.dtypes[dtype];
        self.spend(dtype.size as u64)?;
        let bytes = match data {
            Value::Bytes(bytes) if self.arena.bytes[bytes].len() == dtype.size as u64 => {
                self.arena.bytes[bytes].to_vec()?
            }
            _ => return Err(self.error("a NumPy scalar of the wrong size")),
        };
        Ok(match dtype.kind {
            Kind::Bytes | Kind::Text => {
                let text = Text::Short(dtype.text(&bytes));
                Value::Text(add(&mut self.arena.texts, text))
            }
            Kind::Bool => Value::Bool(bytes != [0]),
            Kind::Object => return Err(self.error("a NumPy scalar of an object")),
            Kind::Signed => Value::Int(dtype.number(&bytes) as i64),
            Kind::Float | Kind::Brain | Kind::Unsigned => Value::Float(dtype.number(&bytes)),
        })
    }

    fn array(
        &mut self,
        dtype: usize,
        shape: Vec<usize>,
        is_fortran: bool,
        data: Value,
    ) -> Result<ArrayState, FormatError> {
        let dtype = self.arena.dtypes[dtype];
        match data {
            Value::List(list) if dtype.kind == Kind::Object => {
                let count = self.arena.lists[list].len();
                if product(&shape) == Some(count) {
                    return Ok(ArrayState::Objects(shape, list));
                }
                let reason = format!("an array of shape {shape:?} with {count} objects");
                Err(self.error(reason))
            }
            Value::Bytes(bytes) => {
                let data = self.arena.bytes[bytes].clone();
                let array = Array::new(dtype, shape, is_fortran, data);
                array
                    .map(ArrayState::Plain)
                    .map_err(|reason| self.error(reason))
            }
            other => Err(self.error(format!("an array over {}", other.kind()))),
        }
    }

    /// Bytes that are written as a string of Latin-1.
    fn encode(&mut self, text: Value) -> Result<Value, FormatError> {
        if let Value::Text(text) = text {
            let len = match &self.arena.texts[text] {
                Text::Short(text) => text.len() as u64,
                Text::Long(bytes) => bytes.len(),
            };
            self.spend(len)?;
        }
        let bytes = match text {
            Value::Text(text) => match &self.arena.texts[text] {
                Text::Short(text) => latin1(text),
                Text::Long(bytes) => {
                    let text = String::from_utf8(bytes.to_vec()?);
                    text.ok().as_deref().and_then(latin1)
                }
            },
            _ => None,
        };
        let bytes = bytes.ok_or_else(|| self.error("bytes that are not Latin-1"))?;
        self.keep(&bytes)
    }

    /// Keeps bytes that are not in the file in this form.
    pub(super) fn keep(&mut self, bytes: &[u8]) -> Result<Value, FormatError> {
        let write = |file: &mut dyn Write| file.write_all(bytes).map(|()| bytes.len() as u64);
        let path = self.scan.path().to_owned();
        let kept: Bytes = self.scratch.keep(&path, write)?;
        Ok(Value::Bytes(add(&mut self.arena.bytes, kept)))
    }

    /// The items of a short tuple or list.
    fn items(&self, value: Value) -> Result<Vec<Value>, FormatError> {
        match value {
            Value::Tuple(list) | Value::List(list) if self.arena.lists[list].len() <= ARGUMENTS => {
                Ok(self.arena.lists[list].clone())
            }
            Value::Tuple(_) | Value::List(_) => Err(self.error("a call with too many arguments")),
            other => Err(self.error(format!("{} where a tuple should be", other.kind()))),
        }
    }

    /// Sides or strides.
    fn sizes(&self, value: Value) -> Result<Vec<usize>, FormatError> {
        let items = self.items(value)?;
        let size = |item: &Value| match *item {
            Value::Int(size) => usize::try_from(size).ok(),
            _ => None,
        };
        let sizes: Option<Vec<usize>> = items.iter().map(size).collect();
        sizes.ok_or_else(|| self.error("a shape that is not a tuple of sizes"))
    }

    /// A short string, of Python 2 or 3.
    pub(super) fn word(&self, value: Value) -> Result<String, FormatError> {
        match value {
            Value::Text(text) => {
                if let Text::Short(text) = &self.arena.texts[text] {
                    return Ok(text.clone());
                }
            }
            Value::Bytes(bytes) if self.arena.bytes[bytes].len() <= WORD => {
                let bytes = self.arena.bytes[bytes].to_vec()?;
                return Ok(String::from_utf8_lossy(&bytes).into_owned());
            }
            _ => {}
        }
        Err(self.error(format!("{} where a name should be", value.kind())))
    }
}

/// A string as Latin-1; `None` when it has other characters.
fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|letter| u8::try_from(u32::from(letter)).ok())
        .collect()
}
