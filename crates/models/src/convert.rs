//! Makes files of a bundle of its sources.

use std::fs;
use std::path::{Path, PathBuf};

use undertone_types::write_atomically;
use undertone_weights::{
    Projector, Vocabulary, WeightsError, WhisperWeights, write_ggml, write_mmproj,
};

use crate::{MadeFile, Make, PullError};

/// A source, where it is.
pub(crate) enum Given {
    /// A file that was fetched, beside what is made.
    Fetched(PathBuf),
    /// A file of the user's.
    Lent(PathBuf),
    /// In the program.
    Embedded(&'static [u8]),
}

/// Makes a file at `path`.
pub(crate) fn make(file: &MadeFile, given: &[Given], path: &Path) -> Result<(), PullError> {
    let disk = || PullError::disk(path);
    match (file.make, given) {
        (Make::Copy, [Given::Fetched(source)]) => {
            // Other files may be made of it too. Where there are no links, a copy does.
            let _ = fs::remove_file(path);
            fs::hard_link(source, path)
                .or_else(|_| fs::copy(source, path).map(drop))
                .map_err(disk())
        }
        (Make::Copy, [Given::Lent(source)]) => fs::copy(source, path).map(drop).map_err(disk()),
        (Make::Copy, [Given::Embedded(bytes)]) => write_atomically(path, bytes).map_err(disk()),
        (Make::WhisperGgml, [weights, words]) => {
            let (weights, words) = (laid_out(weights, path)?, laid_out(words, path)?);
            ggml(&weights, &words, path).map_err(failed(file))
        }
        (Make::Mmproj, [weights, projector]) => {
            let (weights, projector) = (laid_out(weights, path)?, laid_out(projector, path)?);
            mmproj(&weights, &projector, path).map_err(failed(file))
        }
        // The catalogue was checked for the number of sources.
        (Make::Copy | Make::WhisperGgml | Make::Mmproj, _) => {
            Err(PullError::Incomplete(file.name.clone()))
        }
    }
}

fn failed(file: &MadeFile) -> impl FnOnce(WeightsError) -> PullError {
    let file = file.name.clone();
    |source| PullError::Make { file, source }
}

fn ggml(weights: &Path, words: &Path, path: &Path) -> Result<(), WeightsError> {
    write_ggml(
        &WhisperWeights::open(weights)?,
        &Vocabulary::open(words)?,
        path,
    )
}

fn mmproj(weights: &Path, projector: &Path, path: &Path) -> Result<(), WeightsError> {
    write_mmproj(
        &WhisperWeights::open(weights)?,
        &Projector::open(projector)?,
        path,
    )
}

/// The file of a source; one of the program is written beside what is made, for as long.
fn laid_out(given: &Given, path: &Path) -> Result<Laid, PullError> {
    Ok(match given {
        Given::Fetched(source) | Given::Lent(source) => Laid::There(source.clone()),
        Given::Embedded(bytes) => {
            let source = path.with_extension("source");
            write_atomically(&source, bytes).map_err(PullError::disk(&source))?;
            Laid::Temporary(source)
        }
    })
}

enum Laid {
    There(PathBuf),
    Temporary(PathBuf),
}

impl std::ops::Deref for Laid {
    type Target = Path;

    fn deref(&self) -> &Path {
        let (Self::There(path) | Self::Temporary(path)) = self;
        path
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        if let Self::Temporary(path) = self {
            // The folder is moved into place only when everything was made.
            let _ = fs::remove_file(path);
        }
    }
}
