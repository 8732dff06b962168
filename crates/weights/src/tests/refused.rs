//! Files that are whole but not a Whisper that can be converted.

use super::super::fixtures::Numbers;
use super::*;

/// Changes one variable of a Whisper of CTranslate2 and expects to be told `what`.
fn refuse(name: &str, change: impl FnOnce(&mut Variable), what: &str) {
    let (_folder, path) = ctranslate2(11, |variables| {
        let found = variables.iter_mut().find(|(found, ..)| found == name);
        change(found.unwrap());
    });
    assert_refused(WhisperWeights::open(&path), &path, what);
}

fn refuse_all(change: impl FnOnce(&mut Vec<Variable>), what: &str) {
    let (_folder, path) = ctranslate2(11, change);
    assert_refused(WhisperWeights::open(&path), &path, what);
}

fn numbers(shape: &[usize], value: f32) -> Numbers {
    Numbers {
        shape: shape.to_vec(),
        values: vec![value; shape.iter().product()],
    }
}

#[test]
fn files_of_other_kinds_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    for (bytes, what) in [
        (&b"lmgg...."[..], "a ggml file already"),
        (b"GGUF....", "a GGUF file"),
        (b"PK\x03\x04....", "save the model as safetensors"),
        (b"\x03\0\0\0....", "begins with 3"),
        (b"", "truncated"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        assert_refused(WhisperWeights::open(&path), &path, what);
    }
    let mut translator = 6_u32.to_le_bytes().to_vec();
    translator.extend(b"\x10\0TransformerSpec\0");
    std::fs::write(&path, translator).unwrap();
    assert_refused(WhisperWeights::open(&path), &path, "TransformerSpec");
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    assert_refused(WhisperWeights::open(&path), &path, "cannot read");
}

#[test]
fn a_folder_must_hold_one_model() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path();
    assert_refused(WhisperWeights::open(empty), empty, "neither model.bin");
    let both = hugging_face(11, Dtype::F32);
    std::fs::write(both.path().join("model.bin"), "x").unwrap();
    assert_refused(
        WhisperWeights::open(both.path()),
        both.path(),
        "name the file",
    );
}

#[test]
fn a_missing_tensor_is_named() {
    let name = "encoder/layer_1/ffn/layer_norm/gamma";
    refuse_all(|all| all.retain(|(found, ..)| found != name), name);
    let blocks = |all: &mut Vec<Variable>| all.retain(|(name, ..)| !name.contains("encoder/layer"));
    refuse_all(blocks, "its encoder has no blocks");
}

#[test]
fn a_wrong_shape_is_named_with_the_right_one() {
    let name = "decoder/layer_0/ffn/linear_0/bias";
    let change = |variable: &mut Variable| variable.1 = numbers(&[31], 0.0);
    refuse(name, change, "has the shape [31] instead of [32]");
    let change = |variable: &mut Variable| variable.1 = numbers(&[25, 8], 0.0);
    let stacked = "encoder/layer_0/self_attention/linear_0/weight";
    refuse(stacked, change, "has the shape [25, 8]: not 3 in one");
    let change = |variable: &mut Variable| variable.1 = numbers(&[20 * 8], 0.0);
    let positions = "encoder/position_encodings/encodings";
    refuse(positions, change, "has the shape [160], not 2 sides");
}

#[test]
fn what_no_whisper_has_is_not_dropped() {
    let extra = (
        "encoder/layer_9/ffn/linear_0/weight_scale",
        numbers(&[4], 1.0),
    );
    refuse_all(
        |all| all.push((extra.0.to_owned(), extra.1, Dtype::F32)),
        "which no Whisper has",
    );
    // A gap in the numbers of blocks: those behind it would be lost.
    let rename = |all: &mut Vec<Variable>| {
        for (name, ..) in all {
            *name = name.replace("encoder/layer_1", "encoder/layer_7");
        }
    };
    refuse_all(rename, "encoder/layer_");
}

#[test]
fn quantised_weights_are_refused() {
    let name = "encoder/layer_0/ffn/linear_0/weight";
    let (folder, path) = ctranslate2(ENGLISH, |all| {
        let variable = all.iter_mut().find(|(found, ..)| found == name);
        variable.unwrap().2 = Dtype::I8;
    });
    let weights = WhisperWeights::open(&path).unwrap();
    let target = folder.path().join("out.bin");
    let result = write_ggml(&weights, vocabulary(true), &target);
    assert_refused(result, &path, "its weights are int8");
    assert!(!target.exists(), "half a file was left behind");
}

#[test]
fn numbers_beyond_half_precision_are_refused() {
    for value in [7e4, f32::INFINITY, f32::NAN] {
        let name = "encoder/layer_2/ffn/linear_1/weight";
        let (folder, path) = ctranslate2(ENGLISH, |all| {
            let variable = all.iter_mut().find(|(found, ..)| found == name).unwrap();
            variable.1.values[5] = value;
            variable.2 = Dtype::F32;
        });
        let weights = WhisperWeights::open(&path).unwrap();
        let target = folder.path().join("out.bin");
        let result = write_ggml(&weights, vocabulary(true), &target);
        let what = format!("\"encoder.blocks.2.mlp.2.weight\" holds {value}");
        assert_refused(result, &path, &what);
        assert!(!target.exists(), "half a file was left behind");
    }
}

#[test]
fn keys_with_a_bias_are_refused() {
    let change = |variable: &mut Variable| variable.1.values[8] = 0.5;
    let name = "decoder/layer_1/self_attention/linear_0/bias";
    refuse(
        name,
        change,
        "\"decoder.blocks.1.attn.key.bias\" is not zero",
    );
    let change = |variable: &mut Variable| variable.1.values[7] = 0.5;
    let name = "decoder/layer_0/attention/linear_1/bias";
    refuse(
        name,
        change,
        "\"decoder.blocks.0.cross_attn.key.bias\" is not zero",
    );
}

#[test]
fn an_output_layer_of_its_own_is_refused() {
    // More numbers than are compared at once, of which the last differs.
    let sizes = small_sizes(ENGLISH);
    let mut tensors = made_up(&sizes);
    let embedding = tensors["decoder.token_embedding.weight"].clone();
    let mut other = embedding.clone();
    *other.values.last_mut().unwrap() = 9.0;
    let mut open_with = |output: Numbers| {
        let folder = tempfile::tempdir().unwrap();
        // A name that does not change on its way, but for the prefix.
        tensors.insert("proj_out.weight".to_owned(), output);
        write_hugging_face(&sizes, &tensors, Dtype::F32, folder.path());
        let path = folder.path().join("model.safetensors");
        let mut file = std::fs::read(&path).unwrap();
        rename(&mut file, "model.proj_out.weight", "proj_out.weight");
        std::fs::write(&path, file).unwrap();
        (WhisperWeights::open(&path), path)
    };
    assert!(open_with(embedding).0.is_ok());
    let (result, path) = open_with(other);
    assert_refused(result, &path, "\"proj_out.weight\" is not the embedding");
}

/// Renames a tensor in the header of a safetensors file; the spaces keep its length.
fn rename(file: &mut [u8], from: &str, to: &str) {
    let [from, to] = [from, to].map(|name| format!("\"{name}\""));
    let at = (file.windows(from.len())).position(|bytes| bytes == from.as_bytes());
    let place = &mut file[at.unwrap()..][..from.len()];
    place.fill(b' ');
    place[..to.len()].copy_from_slice(to.as_bytes());
}

#[test]
fn heads_must_divide_the_width() {
    let change = |variable: &mut Variable| variable.1.values[0] = 3.0;
    refuse("encoder/num_heads", change, "cannot have 3 attention heads");
    // Eight is less than a usual head, and nothing says how many there are.
    let folder = hugging_face(11, Dtype::F32);
    std::fs::remove_file(folder.path().join("config.json")).unwrap();
    let path = folder.path().join("model.safetensors");
    let result = WhisperWeights::open(folder.path());
    assert_refused(result, &path, "config.json says how many");
}

#[test]
fn a_broken_config_is_named() {
    let folder = hugging_face(11, Dtype::F32);
    let path = folder.path().join("config.json");
    std::fs::write(&path, "{").unwrap();
    assert_refused(WhisperWeights::open(folder.path()), &path, "EOF");
}

#[test]
fn words_of_another_kind_of_whisper_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.bin");
    for (tokens, is_english, what) in [
        (MULTILINGUAL, true, "words of an English model"),
        (ENGLISH, false, "words of a multilingual model"),
        (11, true, "no Whisper with fewer than 51864"),
    ] {
        let (_folder, path) = ctranslate2(tokens, |_| ());
        let weights = WhisperWeights::open(&path).unwrap();
        let message = message(write_ggml(&weights, vocabulary(is_english), &target));
        assert!(message.contains(what), "{message}");
        assert!(!target.exists());
    }
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let (folder, path) = ctranslate2(ENGLISH, |_| ());
    let weights = WhisperWeights::open(&path).unwrap();
    let target = folder.path().join("no/such/folder.bin");
    let result = write_ggml(&weights, vocabulary(true), &target);
    assert_refused(result, &target, "cannot write");
}
