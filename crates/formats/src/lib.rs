//! Files of other programs as plain data: the field's data sets, tables of labelled clips,
//! PyTorch's weights, subtitles.
//!
//! Every format of data sets is read as a [`Corpus`]: its headings at once, its features on
//! demand. Nothing in a file is executed, and memory is bounded by what is requested, not by
//! the size of the file. What must not live here: this program's own data sets (see
//! `training`), and networks (see `fusion`).

mod archive;
mod array;
mod arrays;
mod bytes;
mod corpus;
mod csd;
mod csd_file;
mod dtype;
mod error;
mod labels;
mod mertools;
mod mmsa;
mod npy;
mod padded;
mod pickle;
mod released;
mod splits;
mod subtitles;
mod torch;
mod transcripts;

#[cfg(test)]
mod tests;

pub use array::Array;
pub use arrays::{all_train, read_arrays};
pub use bytes::Bytes;
pub use corpus::{Corpus, Features, Heading, ReadFeatures};
pub use csd::{Sequences, read_csd};
pub use error::FormatError;
pub use labels::{
    LabelError, LabelRange, LabelTable, LabelledClip, LabelledText, NoClips, NotARange,
    narrow_labels, read_labels,
};
pub use mertools::{Folders, read_mertools};
pub use mmsa::read_mmsa;
pub use pickle::{Node, Pickle};
pub use released::{Released, ReleasedSizes, Renamed};
pub use splits::Splits;
pub use subtitles::{SubtitleError, read_subtitles};
pub use torch::{Weights, read_state_dict};
pub use transcripts::read_transcripts;
