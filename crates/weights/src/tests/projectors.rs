//! llama.cpp's audio input.

use std::collections::BTreeMap;

use undertone_bundle::GgufHeader;

use super::super::fixtures::{Numbers, write_safetensors};
use super::*;

/// A projector from an encoder of width 8: `stack` positions joined, 6 inside, 5 out.
fn tensors(stack: usize) -> BTreeMap<String, Numbers> {
    let shapes: [(&str, &[usize]); 8] = [
        ("norm_pre.weight", &[8]),
        ("norm_pre.bias", &[8]),
        ("mlp.1.weight", &[6, 8 * stack]),
        ("mlp.1.bias", &[6]),
        ("mlp.2.weight", &[5, 6]),
        ("mlp.2.bias", &[5]),
        ("boi", &[1, 5]),
        ("eoi", &[1, 5]),
    ];
    let mut next = 0.0;
    shapes
        .map(|(name, shape)| {
            let values = (0..shape.iter().product()).map(|_| {
                next += 0.125;
                next
            });
            let values = values.collect();
            let shape = shape.to_vec();
            (name.to_owned(), Numbers { shape, values })
        })
        .into()
}

fn write(tensors: &BTreeMap<String, Numbers>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("projector.safetensors");
    write_safetensors(tensors, Dtype::F32, &path);
    (folder, path)
}

/// A file with a header of llama.cpp: names with their type, sides (fastest first) and bytes.
struct Gguf {
    keys: Vec<String>,
    tensors: BTreeMap<String, (u32, Vec<u64>, Vec<u8>)>,
}

/// Reads what this crate writes, and asserts that it is laid out as GGUF asks.
fn read(path: &Path) -> Gguf {
    let bytes = std::fs::read(path).unwrap();
    let mut at = 0;
    let mut take = |len: usize| {
        at += len;
        bytes[at - len..at].to_vec()
    };
    assert_eq!(take(4), b"GGUF");
    assert_eq!(number(&take(4)), 3);
    let (count, entries) = (number(&take(8)), number(&take(8)));
    let keys = (0..entries)
        .map(|_| {
            let len = number(&take(8)) as usize;
            let key = String::from_utf8(take(len)).unwrap();
            let kind = number(&take(4));
            let len = match kind {
                4 | 6 => 4,
                7 => 1,
                8 => number(&take(8)) as usize,
                other => panic!("{key} is of the type {other}"),
            };
            take(len);
            key
        })
        .collect();
    let headings: Vec<_> = (0..count)
        .map(|_| {
            let len = number(&take(8)) as usize;
            let name = String::from_utf8(take(len)).unwrap();
            let rank = number(&take(4));
            let sides: Vec<u64> = (0..rank).map(|_| number(&take(8))).collect();
            let (kind, offset) = (number(&take(4)) as u32, number(&take(8)) as usize);
            (name, kind, sides, offset)
        })
        .collect();
    let start = at.next_multiple_of(32);
    let mut end = 0;
    let tensors = headings.into_iter().map(|(name, kind, sides, offset)| {
        assert_eq!(offset, end, "{name} does not follow the one before it");
        let size = if kind == 0 { 4 } else { 2 };
        let len = sides.iter().product::<u64>() as usize * size;
        end = (offset + len).next_multiple_of(32);
        let data = bytes[start + offset..start + offset + len].to_vec();
        (name, (kind, sides, data))
    });
    let tensors = tensors.collect();
    assert_eq!(start + end, bytes.len());
    Gguf { keys, tensors }
}

fn number(bytes: &[u8]) -> u64 {
    let mut number = [0; 8];
    number[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(number)
}

#[test]
fn encoder_and_projector_arrive_to_the_bit() {
    let (folder, path) = write(&tensors(5));
    let projector = Projector::open(&path).unwrap();
    let sizes = [projector.audio_width(), projector.hidden_width()];
    assert_eq!(sizes, [8, 6]);
    assert_eq!([projector.output_width(), projector.stack()], [5, 5]);
    let (_whisper, model) = ctranslate2(11, |_| ());
    let weights = WhisperWeights::open(&model).unwrap();
    let target = folder.path().join("mmproj.gguf");
    write_mmproj(&weights, &projector, &target).unwrap();

    let header = GgufHeader::read(&target).unwrap();
    assert_eq!(header.text("general.architecture"), Some("clip"));
    assert_eq!(header.text("clip.projector_type"), Some("glma"));
    assert_eq!(header.flag("clip.has_audio_encoder"), Some(true));
    assert_eq!(header.output_width(), Some(5));
    for (key, expected) in [
        ("embedding_length", 8),
        ("feed_forward_length", 32),
        ("block_count", 3),
        ("num_mel_bins", 80),
        ("attention.head_count", 2),
        ("projector.stack_factor", 5),
    ] {
        assert_eq!(
            header.number(&format!("clip.audio.{key}")),
            Some(expected),
            "{key}"
        );
    }

    let file = read(&target);
    assert!(
        file.keys
            .contains(&"clip.audio.attention.layer_norm_epsilon".to_owned())
    );
    let whisper = made_up(&small_sizes(11));
    let own = tensors(5);
    // The encoder's tensors but for the position, three blocks of 15, four of convolutions, two
    // of the last norm; and the projector's.
    assert_eq!(file.tensors.len(), 1 + 3 * 15 + 4 + 2 + 8);
    for (name, source, kind, sides) in [
        (
            "a.position_embd.weight",
            "encoder.positional_embedding",
            0,
            vec![8, 20],
        ),
        (
            "a.conv1d.1.weight",
            "encoder.conv1.weight",
            1,
            vec![3, 80, 8],
        ),
        ("a.conv1d.2.bias", "encoder.conv2.bias", 0, vec![1, 8]),
        (
            "a.blk.2.attn_q.weight",
            "encoder.blocks.2.attn.query.weight",
            1,
            vec![8, 8],
        ),
        (
            "a.blk.2.attn_k.weight",
            "encoder.blocks.2.attn.key.weight",
            1,
            vec![8, 8],
        ),
        (
            "a.blk.0.attn_v.bias",
            "encoder.blocks.0.attn.value.bias",
            0,
            vec![8],
        ),
        (
            "a.blk.1.attn_out.weight",
            "encoder.blocks.1.attn.out.weight",
            1,
            vec![8, 8],
        ),
        (
            "a.blk.1.ln1.weight",
            "encoder.blocks.1.attn_ln.weight",
            0,
            vec![8],
        ),
        (
            "a.blk.1.ln2.bias",
            "encoder.blocks.1.mlp_ln.bias",
            0,
            vec![8],
        ),
        (
            "a.blk.1.ffn_up.weight",
            "encoder.blocks.1.mlp.0.weight",
            1,
            vec![8, 32],
        ),
        (
            "a.blk.1.ffn_down.weight",
            "encoder.blocks.1.mlp.2.weight",
            1,
            vec![32, 8],
        ),
        ("a.post_ln.bias", "encoder.ln_post.bias", 0, vec![8]),
        ("mm.a.norm_pre.weight", "norm_pre.weight", 0, vec![8]),
        ("mm.a.mlp.1.weight", "mlp.1.weight", 1, vec![40, 6]),
        ("mm.a.mlp.1.bias", "mlp.1.bias", 0, vec![6]),
        ("mm.a.mlp.2.weight", "mlp.2.weight", 1, vec![6, 5]),
        ("v.boi", "boi", 0, vec![5, 1]),
        ("v.eoi", "eoi", 0, vec![5, 1]),
    ] {
        let numbers = whisper.get(source).unwrap_or_else(|| &own[source]);
        let dtype = if kind == 0 { Dtype::F32 } else { Dtype::F16 };
        let expected = (kind, sides, numbers.bytes(dtype));
        assert_eq!(file.tensors[name], expected, "{name}");
    }
    let bias = |name: &&String| name.contains("attn_k") && name.ends_with("bias");
    assert_eq!(file.tensors.keys().find(bias), None, "llama.cpp refuses it");
}

#[test]
fn a_projector_must_fit_the_encoder() {
    let (_whisper, model) = ctranslate2(11, |_| ());
    let weights = WhisperWeights::open(&model).unwrap();
    let target = model.with_file_name("mmproj.gguf");
    let (_folder, path) = write(&tensors(3));
    let projector = Projector::open(&path).unwrap();
    let result = write_mmproj(&weights, &projector, &target);
    assert_refused(
        result,
        &path,
        "joins 3 positions, which do not divide the encoder's 20",
    );
    let mut wide = tensors(5);
    for name in ["norm_pre.weight", "norm_pre.bias"] {
        wide.insert(
            name.to_owned(),
            Numbers {
                shape: vec![10],
                values: vec![1.0; 10],
            },
        );
    }
    let (_folder, path) = write(&wide);
    let projector = Projector::open(&path).unwrap();
    let result = write_mmproj(&weights, &projector, &target);
    assert_refused(result, &path, "trained with an encoder of width 10");
    assert!(!target.exists());
}

#[test]
fn a_projector_must_fit_together() {
    let change = |name: &str, shape: &[usize], what: &str| {
        let mut tensors = tensors(5);
        let numbers = Numbers {
            shape: shape.to_vec(),
            values: vec![0.0; shape.iter().product()],
        };
        tensors.insert(name.to_owned(), numbers);
        let (_folder, path) = write(&tensors);
        assert_refused(Projector::open(&path), &path, what);
    };
    change("mlp.1.weight", &[6, 41], "takes 41 numbers: not a multiple");
    change("mlp.1.weight", &[6, 0], "takes 0 numbers");
    change(
        "mlp.1.bias",
        &[7],
        "\"mlp.1.bias\" has the shape [7] instead of [6]",
    );
    change("boi", &[5], "\"boi\" has the shape [5] instead of [1, 5]");
    change("norm_pre.weight", &[2, 4], "not 1 sides");
    change("lora", &[2], "\"lora\", which no projector has");
    let mut without = tensors(5);
    without.remove("eoi");
    let (_folder, path) = write(&without);
    assert_refused(Projector::open(&path), &path, "no tensor \"eoi\"");
}

fn with(parts: &[(&str, &[usize], &[f32])]) -> BTreeMap<String, Numbers> {
    let mut all = tensors(5);
    for (name, shape, values) in parts {
        let (shape, values) = (shape.to_vec(), values.to_vec());
        all.insert((*name).to_owned(), Numbers { shape, values });
    }
    all
}

#[test]
fn changes_of_a_projector_are_added_to_the_encoder() {
    let (_whisper, model) = ctranslate2(11, |_| ());
    let weights = WhisperWeights::open(&model).unwrap();
    let changed = with(&[
        ("encoder.blocks.1.mlp.0.up", &[32, 1], &[0.5; 32]),
        ("encoder.blocks.1.mlp.0.down", &[1, 8], &[2.0; 8]),
    ]);
    let (folder, path) = write(&changed);
    let target = folder.path().join("mmproj.gguf");
    write_mmproj(&weights, &Projector::open(&path).unwrap(), &target).unwrap();

    let (mut expected, file) = (made_up(&small_sizes(11)), read(&target));
    let own = expected.get_mut("encoder.blocks.1.mlp.0.weight").unwrap();
    for value in &mut own.values {
        *value += 1.0;
    }
    assert_eq!(file.tensors.len(), 1 + 3 * 15 + 4 + 2 + 8);
    for (name, source) in [
        ("a.blk.1.ffn_up.weight", "encoder.blocks.1.mlp.0.weight"),
        ("a.blk.2.ffn_up.weight", "encoder.blocks.2.mlp.0.weight"),
    ] {
        assert_eq!(
            file.tensors[name].2,
            expected[source].bytes(Dtype::F16),
            "{name}"
        );
    }
}

#[test]
fn changes_that_do_not_fit_the_encoder_are_refused() {
    let (_whisper, model) = ctranslate2(11, |_| ());
    let weights = WhisperWeights::open(&model).unwrap();
    let target = model.with_file_name("mmproj.gguf");
    let refused = |parts: &[(&str, &[usize], &[f32])], what: &str| {
        let (_folder, path) = write(&with(parts));
        let projector = Projector::open(&path).unwrap();
        assert_refused(write_mmproj(&weights, &projector, &target), &path, what);
        assert!(!target.exists());
    };
    let (up, down) = ("encoder.blocks.1.mlp.0.up", "encoder.blocks.1.mlp.0.down");
    refused(
        &[(up, &[32, 1], &[0.0; 32])],
        "no tensor \"encoder.blocks.1.mlp.0.down\"",
    );
    refused(
        &[(up, &[32, 1], &[0.0; 32]), (down, &[1, 9], &[0.0; 9])],
        "its change to \"encoder.blocks.1.mlp.0.weight\" [32, 8] is of [32, 1] times [1, 9]",
    );
    refused(
        &[("encoder.blocks.7.mlp.0.up", &[32, 1], &[0.0; 32])],
        "it changes \"encoder.blocks.7.mlp.0\", which the encoder does not have",
    );
}
