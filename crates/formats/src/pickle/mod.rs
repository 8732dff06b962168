//! Python's pickles, protocols 0 to 5, read without executing anything.
//!
//! A pickle is a program for a machine with a stack. This machine knows only how to make plain
//! values and NumPy arrays ([`allowed`]); every other name or opcode ends the reading with an
//! error that names it. Long strings and the bytes of arrays stay in the file. What must not
//! live here: what a data set means by its keys.

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
