//! Whispers made by the tests, in the formats of others: what is read, what is written, and what
//! is refused.

mod converted;
mod damaged;
mod demo;
mod filters;
mod projectors;
mod refused;
mod vocabularies;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;

use super::fixtures::{
    Variable, made_up, small_sizes, words, write_ctranslate2_whisper, write_hugging_face,
    write_words,
};
use super::*;

/// Tokens of the smallest Whispers that whisper.cpp takes.
const ENGLISH: usize = 51_864;
const MULTILINGUAL: usize = 51_865;

/// A small Whisper of CTranslate2 in a folder, after `change`.
fn ctranslate2(tokens: usize, change: impl FnOnce(&mut Vec<Variable>)) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    let sizes = small_sizes(tokens);
    write_ctranslate2_whisper(&sizes, &made_up(&sizes), Dtype::F16, &path, change);
    (folder, path)
}

/// A small Whisper of Hugging Face in a folder.
fn hugging_face(tokens: usize, dtype: Dtype) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sizes = small_sizes(tokens);
    write_hugging_face(&sizes, &made_up(&sizes), dtype, folder.path());
    folder
}

/// The vocabulary of an English or multilingual Whisper.
fn vocabulary(is_english: bool) -> &'static Vocabulary {
    static BOTH: LazyLock<[Vocabulary; 2]> = LazyLock::new(|| {
        [false, true].map(|is_english| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("vocabulary.json");
            write_words(&words(is_english), &path);
            Vocabulary::open(&path).unwrap()
        })
    });
    &BOTH[usize::from(is_english)]
}

/// The message of an error with all its causes.
fn message<T>(result: Result<T, WeightsError>) -> String {
    use std::error::Error;
    let Err(error) = result else {
        panic!("it was accepted")
    };
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message += &format!(": {cause}");
        source = cause.source();
    }
    message
}

/// Checks that a result is an error about `path` that says `what`.
fn assert_refused<T>(result: Result<T, WeightsError>, path: &Path, what: &str) {
    let message = message(result);
    assert!(message.contains(&*path.to_string_lossy()), "{message}");
    assert!(message.contains(what), "{message:?} does not say {what:?}");
}
