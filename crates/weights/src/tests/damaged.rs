//! Files that are cut off, changed or random: an error or a Whisper, never a panic or a hang.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

static CTRANSLATE2: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let (_folder, path) = ctranslate2(11, |_| ());
    std::fs::read(path).unwrap()
});

static HUGGING_FACE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = hugging_face(11, Dtype::Bf16);
    std::fs::read(folder.path().join("model.safetensors")).unwrap()
});

fn open(bytes: &[u8], name: &str) -> Result<WhisperWeights, WeightsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    WhisperWeights::open(&path)
}

/// Opens a file, and reads every tensor if it is accepted.
fn read(bytes: &[u8], name: &str) {
    if let Ok(weights) = open(bytes, name) {
        for (name, _) in weights.dimensions().tensors() {
            weights.tensor(&name).unwrap().values().unwrap();
        }
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    for (bytes, name) in [
        (CTRANSLATE2.clone(), "model.bin"),
        (HUGGING_FACE.clone(), "model.safetensors"),
    ] {
        // Every place in the headings at the start, and enough of the others.
        let places = (0..600).chain((600..bytes.len()).step_by(997));
        for end in places.chain([bytes.len() - 1]) {
            let message = message(open(&bytes[..end], name));
            assert!(message.contains(name), "{end}: {message}");
        }
    }
}

#[test]
fn a_truncated_file_says_so() {
    for (bytes, name) in [
        (CTRANSLATE2.clone(), "model.bin"),
        (HUGGING_FACE.clone(), "model.safetensors"),
    ] {
        let message = message(open(&bytes[..bytes.len() - 40], name));
        assert!(message.ends_with("get it again"), "{message}");
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    for (mut bytes, name) in [
        (CTRANSLATE2.clone(), "model.bin"),
        (HUGGING_FACE.clone(), "model.safetensors"),
    ] {
        bytes.push(0);
        let message = message(open(&bytes, name));
        assert!(message.contains("follow"), "{message}");
    }
}

proptest! {
    #[test]
    fn changed_bytes_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        in_headings in any::<bool>(),
    ) {
        for (mut bytes, name) in [
            (CTRANSLATE2.clone(), "model.bin"),
            (HUGGING_FACE.clone(), "model.safetensors"),
        ] {
            let range = if in_headings { 200.min(bytes.len()) } else { bytes.len() };
            for (place, value) in &changes {
                bytes[place.index(range)] = *value;
            }
            read(&bytes, name);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let with_start = [&6_u32.to_le_bytes()[..], &bytes].concat();
        for bytes in [&bytes, &with_start] {
            read(bytes, "model.bin");
            read(bytes, "model.safetensors");
        }
    }
}
