//! Python's pickles, protocols 0 to 5, read without executing anything.
//!
//! A pickle is a program for a stack machine. This machine can make only plain values and NumPy
//! arrays ([`allowed`]); at any other name or opcode it stops with an error that names it. Long
//! strings and the bytes of arrays stay in the file. What must not live here: the meaning of the
//! keys of a data set.

mod allowed;
mod arguments;
mod calls;
mod literal;
mod machine;
mod node;
mod scan;
mod value;

pub(super) use allowed::Dialect;
pub(super) use node::Document;
pub use node::{Node, Pickle};
pub(super) use value::{Arena, Storage, TensorView, Value};
