//! Tests of the header reader, on files made byte by byte.

use super::*;

fn text(into: &mut Vec<u8>, text: &str) {
    into.extend((text.len() as u64).to_le_bytes());
    into.extend(text.as_bytes());
}

/// A file with metadata, a list to be skipped, and one tensor of 64 bytes.
pub(crate) fn sample(architecture: &str, key: &str, width: u32) -> Vec<u8> {
    let mut file = Vec::from(*b"GGUF");
    file.extend(3u32.to_le_bytes());
    file.extend(1u64.to_le_bytes());
    file.extend(4u64.to_le_bytes());
    text(&mut file, "general.architecture");
    file.extend(8u32.to_le_bytes());
    text(&mut file, architecture);
    text(&mut file, "tokens");
    file.extend(9u32.to_le_bytes());
    file.extend(8u32.to_le_bytes());
    file.extend(2u64.to_le_bytes());
    text(&mut file, "one");
    text(&mut file, "two");
    text(&mut file, key);
    file.extend(4u32.to_le_bytes());
    file.extend(width.to_le_bytes());
    text(&mut file, "clip.has_audio_encoder");
    file.extend(7u32.to_le_bytes());
    file.push(1);
    text(&mut file, "tensor");
    file.extend(1u32.to_le_bytes());
    file.extend(16u64.to_le_bytes());
    file.extend(0u32.to_le_bytes());
    file.extend(0u64.to_le_bytes());
    file.resize(file.len().next_multiple_of(32) + 64, 0);
    file
}

fn read(bytes: &[u8]) -> Result<GgufHeader, GgufError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    std::fs::write(&path, bytes).unwrap();
    GgufHeader::read(&path)
}

#[test]
fn widths_are_read() {
    let model = read(&sample("llama", "llama.embedding_length", 128)).unwrap();
    assert_eq!(model.output_width(), Some(128));
    let projector = read(&sample("clip", "clip.audio.projection_dim", 96)).unwrap();
    assert_eq!(projector.output_width(), Some(96));
    assert_eq!(projector.flag("clip.has_audio_encoder"), Some(true));
}

#[test]
fn a_layer_that_is_not_there_is_named() {
    let model = read(&sample("llama", "llama.block_count", 18)).unwrap();
    for layer in [1, 9, 18] {
        assert_eq!(model.layer_problem(layer), None);
    }
    for layer in [0, 19, usize::MAX] {
        let problem = model.layer_problem(layer).unwrap();
        assert!(problem.contains("1 to 18"), "{problem}");
    }
    let silent = read(&sample("llama", "other", 18)).unwrap();
    assert_eq!(silent.layer_problem(19), None, "it does not say how many");
}

#[test]
fn every_truncation_is_noticed() {
    let whole = sample("llama", "llama.embedding_length", 128);
    let data = whole.len() - 64;
    for length in (0..data).step_by(7).chain([data]) {
        assert!(
            read(&whole[..length]).is_err(),
            "{length} of {}",
            whole.len()
        );
    }
}

#[test]
fn absurd_counts_are_refused_without_allocating() {
    let mut bytes = sample("llama", "llama.embedding_length", 128);
    bytes[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(read(&bytes), Err(GgufError::Damaged(_))));
    assert!(matches!(read(b"ggml"), Err(GgufError::NotGguf)));
}
