//! A Whisper's words.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::WeightsError;

/// Files that hold a vocabulary, in the order in which a folder is searched.
const FILES: [&str; 4] = [
    "vocabulary.json",
    "vocabulary.txt",
    "tokenizer.json",
    "vocab.json",
];
/// Where Hugging Face keeps what `vocab.json` lacks.
const ADDED: &str = "added_tokens.json";
/// GPT-2's words with the mark for the end, which every Whisper begins with. whisper.cpp knows the
/// other marks by their numbers.
const WORDS: usize = 50_257;
/// The mark for the end of a text, which English models have as the last of these words.
const END: &[u8] = b"<|endoftext|>";
/// Tokens of an English model; multilingual ones have more.
const ENGLISH: usize = 51_864;

/// The words that a Whisper writes, by number: bytes, since a word may end within a character.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Vocabulary {
    path: PathBuf,
    words: Vec<Vec<u8>>,
}

impl Vocabulary {
    /// Reads a vocabulary of CTranslate2 (`vocabulary.txt`, `vocabulary.json`) or Hugging Face
    /// (`tokenizer.json`, `vocab.json` with `added_tokens.json`). `path` is the file, or a folder
    /// that holds one of these.
    ///
    /// # Errors
    /// When there is none, it cannot be read, or it lacks words.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let path = match path.is_dir() {
            true => find(path)?,
            false => path.to_owned(),
        };
        let text = read(&path)?;
        let name = path.file_name().unwrap_or_default();
        let by_number: BTreeMap<usize, String> = match path.extension() {
            Some(end) if end == "txt" => {
                let lines = text.strip_suffix('\n').unwrap_or(&text).split('\n');
                lines.map(str::to_owned).enumerate().collect()
            }
            _ if name == "tokenizer.json" => parse::<Tokenizer>(&path, &text)?.by_number(),
            _ if name == "vocab.json" => {
                let mut words = parse::<BTreeMap<String, usize>>(&path, &text)?;
                let added = path.with_file_name(ADDED);
                if added.exists() {
                    words.extend(parse::<BTreeMap<_, _>>(&added, &read(&added)?)?);
                }
                words.into_iter().map(|(word, n)| (n, word)).collect()
            }
            _ => {
                let words = parse::<Vec<String>>(&path, &text)?;
                words.into_iter().enumerate().collect()
            }
        };
        let words = (0..WORDS)
            .map(|number| {
                let word = by_number.get(&number).ok_or_else(|| {
                    WeightsError::content(
                        &path,
                        format!("it has no word of the number {number}, of {WORDS} in a Whisper"),
                    )
                })?;
                to_bytes(word).ok_or_else(|| {
                    let reason = format!("the word {number} ({word:?}) is not of GPT-2's alphabet");
                    WeightsError::content(&path, reason)
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { path, words })
    }

    /// The words by number.
    #[must_use]
    pub fn words(&self) -> &[Vec<u8>] {
        &self.words
    }

    /// Checks that these are the words of a Whisper with so many tokens.
    pub(crate) fn check(&self, tokens: usize) -> Result<(), WeightsError> {
        let error = |reason: String| Err(WeightsError::content(&self.path, reason));
        if tokens < ENGLISH {
            return error(format!(
                "the model has {tokens} tokens; whisper.cpp knows no Whisper with fewer than {ENGLISH}"
            ));
        }
        let is_english = self.words.last().is_some_and(|word| word == END);
        match (is_english, tokens == ENGLISH) {
            (true, false) => error(format!(
                "these are the words of an English model; the model has {tokens} tokens, as \
                 multilingual ones"
            )),
            (false, true) => error(format!(
                "these are the words of a multilingual model; the model has {tokens} tokens, as \
                 English ones"
            )),
            _ => Ok(()),
        }
    }
}

fn find(folder: &Path) -> Result<PathBuf, WeightsError> {
    let files = FILES.map(|name| folder.join(name));
    (files.into_iter().find(|file| file.is_file())).ok_or_else(|| {
        WeightsError::content(
            folder,
            format!("there is no vocabulary: {}", FILES.join(", ")),
        )
    })
}

fn read(path: &Path) -> Result<String, WeightsError> {
    std::fs::read_to_string(path).map_err(|source| WeightsError::Read {
        path: path.to_owned(),
        source,
    })
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, text: &'a str) -> Result<T, WeightsError> {
    serde_json::from_str(text).map_err(|error| WeightsError::content(path, error.to_string()))
}

/// What is needed of `tokenizer.json`.
#[derive(Deserialize)]
struct Tokenizer {
    model: TokenizerModel,
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
}

#[derive(Deserialize)]
struct TokenizerModel {
    vocab: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
struct AddedToken {
    id: usize,
    content: String,
}

impl Tokenizer {
    fn by_number(self) -> BTreeMap<usize, String> {
        let words = self.model.vocab.into_iter().map(|(word, id)| (id, word));
        let added = self.added_tokens.into_iter();
        words
            .chain(added.map(|token| (token.id, token.content)))
            .collect()
    }
}

/// The bytes of a word, from the characters that stand for them in GPT-2's vocabulary: printable
/// Latin-1 for itself, each other byte in order for the characters from U+0100 (`bytes_to_unicode`
/// of GPT-2).
fn to_bytes(word: &str) -> Option<Vec<u8>> {
    word.chars().map(to_byte).collect()
}

fn to_byte(character: char) -> Option<u8> {
    let number = u32::from(character);
    match u8::try_from(number) {
        Ok(byte) if stands_for_itself(byte) => Some(byte),
        Ok(_) => None,
        Err(_) => {
            let index = usize::try_from(number).ok()?.checked_sub(256)?;
            (0..=u8::MAX)
                .filter(|&byte| !stands_for_itself(byte))
                .nth(index)
        }
    }
}

fn stands_for_itself(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF)
}
