//! Words in the forms in which others keep them.

use std::collections::BTreeMap;

use super::super::fixtures::words;
use super::*;
use crate::fixtures::made_characters;

/// Words as texts of GPT-2's characters.
fn texts(is_english: bool) -> Vec<String> {
    let characters = made_characters();
    (words(is_english).iter())
        .map(|word| {
            word.iter()
                .map(|&byte| characters[usize::from(byte)])
                .collect()
        })
        .collect()
}

fn write(name: &str, text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

/// By number, as a map of Hugging Face.
fn numbered(texts: &[String]) -> BTreeMap<&str, usize> {
    let texts = texts.iter().map(String::as_str);
    texts
        .enumerate()
        .map(|(number, text)| (text, number))
        .collect()
}

#[test]
fn all_forms_give_the_same_words() {
    for is_english in [true, false] {
        let expected = words(is_english);
        let texts = texts(is_english);
        let marks = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>"].map(str::to_owned);
        let with_marks = [&texts[..], &marks].concat();
        let map = numbered(&texts);
        let forms = [
            ("vocabulary.txt", with_marks.join("\n") + "\n"),
            ("vocabulary.json", serde_json::to_string(&with_marks).unwrap()),
            ("vocab.json", serde_json::to_string(&map).unwrap()),
            (
                "tokenizer.json",
                serde_json::json!({
                    "model": {"type": "BPE", "vocab": map, "merges": []},
                    "added_tokens": [{"id": 50_257, "content": "<|startoftranscript|>", "special": true}],
                })
                .to_string(),
            ),
        ];
        for (name, text) in forms {
            let (folder, _) = write(name, &text);
            let found = Vocabulary::open(folder.path()).unwrap();
            assert!(found.words() == expected, "{name}");
        }
    }
}

#[test]
fn marks_may_be_kept_in_files_of_their_own() {
    let texts = texts(true);
    let (without_end, end) = (&texts[..50_256], &texts[50_256]);
    let map = serde_json::to_string(&numbered(without_end)).unwrap();
    let (folder, path) = write("vocab.json", &map);
    assert_refused(
        Vocabulary::open(&path),
        &path,
        "no word of the number 50256",
    );
    let added = serde_json::json!({ end: 50_256 }).to_string();
    std::fs::write(folder.path().join("added_tokens.json"), added).unwrap();
    assert!(Vocabulary::open(&path).unwrap().words() == words(true));
}

#[test]
fn what_is_no_vocabulary_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path();
    assert_refused(Vocabulary::open(empty), empty, "there is no vocabulary");
    for (name, text, what) in [
        ("vocabulary.txt", "a\nb\n", "no word of the number 2"),
        ("vocabulary.txt", "a\r\nb\r\n", "is not of GPT-2's alphabet"),
        ("vocabulary.json", "[\"a\"", "EOF"),
        ("vocab.json", "[]", "invalid type"),
        ("tokenizer.json", "{}", "missing field `model`"),
    ] {
        let (_folder, path) = write(name, text);
        assert_refused(Vocabulary::open(&path), &path, what);
    }
    let mut texts = texts(true);
    texts[7] = "a b".to_owned();
    let (_folder, path) = write("vocabulary.txt", &texts.join("\n"));
    let what = "the word 7 (\"a b\") is not of GPT-2's alphabet";
    assert_refused(Vocabulary::open(&path), &path, what);
}
