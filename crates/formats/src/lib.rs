//! Files of other programs: the field's data sets and PyTorch's weights, as plain data.
//!
//! Each format of data sets becomes a [`Corpus`]: headings at once, features when they are
//! asked for. Nothing in a file is executed, and memory is bounded by what is asked for, not
//! by the file. What must not live here: our own data sets (see `training`) and networks.

mod archive;
mod array;
mod arrays;
mod bytes;
mod corpus;
mod csd;
mod csd_file;
mod dtype;
mod error;
mod mertools;
mod mmsa;
mod npy;
mod pickle;
mod splits;
mod torch;
mod transcripts;

#[cfg(test)]
mod tests;

pub use array::Array;
pub use arrays::{all_train, read_arrays};
pub use bytes::Bytes;
pub use corpus::{Corpus, Features, Heading, Part, ReadFeatures};
pub use csd::{Sequences, read_csd};
pub use error::FormatError;
pub use mertools::{Folders, read_mertools};
pub use mmsa::read_mmsa;
pub use pickle::{Node, Pickle};
pub use splits::Splits;
pub use torch::{Weights, read_state_dict};
pub use transcripts::read_transcripts;
