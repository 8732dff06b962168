//! The demo bundle's Whisper, there and back: real numbers in a file that whisper.cpp runs.

use super::super::fixtures::{GgmlTensor, Numbers, read_ggml, write_back};
use super::*;

#[test]
fn the_demo_whisper_survives_ctranslate2() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/demo/asr.bin");
    let file = read_ggml(&demo);
    let folder = tempfile::tempdir().unwrap();
    write_back(&file, folder.path());
    let target = folder.path().join("out.bin");
    let vocabulary = Vocabulary::open(folder.path()).unwrap();
    write_ggml(
        &WhisperWeights::open(folder.path()).unwrap(),
        &vocabulary,
        &target,
    )
    .unwrap();

    let back = read_ggml(&target);
    assert_eq!(back.sizes, file.sizes);
    // The recipe computes its filters in another order, which rounds differently.
    let filters = back.filters.iter().zip(&file.filters);
    assert!(filters.into_iter().all(|(a, b)| (a - b).abs() < 1e-8));
    assert_eq!(back.filters.len(), file.filters.len());
    let known = file.words.len();
    assert!(back.words[..known] == file.words && back.words[known..] == words(true)[known..]);
    assert_eq!(back.tensors.len(), file.tensors.len());
    for (name, tensor) in file.tensors {
        // What was in blocks of integers is in half precision now.
        let expected = match tensor.kind {
            8 => GgmlTensor {
                kind: 1,
                numbers: halved(tensor.numbers),
            },
            _ => tensor,
        };
        assert!(back.tensors[&name] == expected, "{name}");
    }
}

fn halved(mut numbers: Numbers) -> Numbers {
    for value in &mut numbers.values {
        *value = half::f16::from_f32(*value).to_f32();
    }
    numbers
}
