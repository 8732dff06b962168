//! The demo bundle's Whisper, there and back: real numbers in a file that whisper.cpp runs.

use super::super::fixtures::{
    GgmlTensor, Numbers, read_ggml, write_ctranslate2_whisper, write_words,
};
use super::*;

#[test]
fn the_demo_whisper_survives_ctranslate2() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/demo/asr.bin");
    let file = read_ggml(&demo);
    let folder = tempfile::tempdir().unwrap();
    let tensors = (file.tensors.iter())
        .map(|(name, tensor)| {
            let mut numbers = tensor.numbers.clone();
            if name.contains("conv") && name.ends_with(".bias") {
                numbers.shape.pop();
            }
            (name.clone(), numbers)
        })
        .collect();
    let path = folder.path().join("model.bin");
    write_ctranslate2_whisper(&file.sizes, &tensors, Dtype::F32, &path, |_| ());
    // It has fewer words than GPT-2; those that it lacks are made up.
    let mut words = words(true);
    words.splice(..file.words.len(), file.words.iter().cloned());
    write_words(&words, &folder.path().join("vocabulary.json"));
    let target = folder.path().join("out.bin");
    let vocabulary = Vocabulary::open(folder.path()).unwrap();
    write_ggml(&WhisperWeights::open(&path).unwrap(), &vocabulary, &target).unwrap();

    let back = read_ggml(&target);
    assert_eq!(back.sizes, file.sizes);
    // The recipe computes its filters in another order, which rounds differently.
    let filters = back.filters.iter().zip(&file.filters);
    assert!(filters.into_iter().all(|(a, b)| (a - b).abs() < 1e-8));
    assert_eq!(back.filters.len(), file.filters.len());
    assert!(back.words == words);
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
