//! Tests of opening: a small bundle is made, then damaged in every way.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::super::gguf::tests::sample;
use super::super::manifest::AsrContext;
use super::*;

mod modules;

fn put(folder: &Path, name: &str, content: &[u8]) -> String {
    std::fs::write(folder.join(name), content).unwrap();
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn manifest(folder: &Path) -> String {
    let asr = put(folder, "asr.bin", b"lmgg and the rest");
    let model = put(
        folder,
        "lm.gguf",
        &sample("llama", "llama.embedding_length", 128),
    );
    let projector = sample("clip", "clip.audio.projection_dim", 128);
    let projector = put(folder, "mmproj.gguf", &projector);
    let fusion = put(folder, "fusion.safetensors", b"weights");
    let widths = br#"{"widths": {"audio": 40, "text": 128, "video": 60}}"#;
    let config = put(folder, "fusion.json", widths);
    format!(
        r#"schema = 1
name = "tiny"
version = "0.1.0"
purpose = "test"
licence = "MIT"

[asr]
kind = "whisper"
file = "asr.bin"
sha256 = "{asr}"
from = "models/recipes"
language = "en"
context = "short"

[language_model]
file = "lm.gguf"
sha256 = "{model}"
projector_file = "mmproj.gguf"
projector_sha256 = "{projector}"
width = 128
simulate_prompt = "{{audio}}"
read_prompt = "{{transcript}}"
max_tokens = 48
context_tokens = 512

[audio]
extractor = "prosody"
version = 1
width = 40

[video]
extractor = "face-hog"
version = 1
width = 60

[fusion]
file = "fusion.safetensors"
sha256 = "{fusion}"
config_file = "fusion.json"
config_sha256 = "{config}"

[gate]
threshold = 0.5
bias = 1.0

[gate.weights]
mean_log_prob = 2.0
min_log_prob = 0.5
no_speech = -1.0
repetition = -4.0
chars_per_s = 0.0
voiced_share = 1.0
"#
    )
}

fn bundle() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let text = manifest(folder.path());
    std::fs::write(folder.path().join(MANIFEST_NAME), &text).unwrap();
    (folder, text)
}

fn problems(folder: &Path) -> Vec<String> {
    let errors = Bundle::open(folder).unwrap_err();
    errors.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_bundle_opens_and_is_known_by_its_fingerprint() {
    let (folder, text) = bundle();
    let bundle = Bundle::open(folder.path()).unwrap();
    assert_eq!(bundle.fingerprint().len(), 16);
    assert_eq!(bundle.asr(), folder.path().join("asr.bin"));
    assert_eq!(
        bundle.path(Part::Projector),
        Some(folder.path().join("mmproj.gguf"))
    );
    let changed = text.replace("threshold = 0.5", "threshold = 0.6");
    std::fs::write(folder.path().join(MANIFEST_NAME), changed).unwrap();
    let other = Bundle::open(folder.path()).unwrap();
    assert_ne!(other.fingerprint(), bundle.fingerprint());
    assert_eq!(other.features_fingerprint(), bundle.features_fingerprint());
    let changed = text.replace("max_tokens = 48", "max_tokens = 47");
    std::fs::write(folder.path().join(MANIFEST_NAME), changed).unwrap();
    let other = Bundle::open(folder.path()).unwrap();
    assert_ne!(other.features_fingerprint(), bundle.features_fingerprint());
}

fn fingerprint_of(folder: &Path, manifest: &str) -> String {
    std::fs::write(folder.join(MANIFEST_NAME), manifest).unwrap();
    Bundle::open(folder).unwrap().fingerprint()
}

#[test]
fn a_fingerprint_is_of_what_the_manifest_means() {
    let (folder, text) = bundle();
    let of = |text: &str| fingerprint_of(folder.path(), text);
    let same = of(&text);
    let alike = [
        format!("# A remark.\n{text}"),
        text.replace("width = 128", "width   =  128 # of the hidden states"),
        text.replace(
            "licence = \"MIT\"",
            "notes = \"n\"\nlicence = \"MIT OR BSD\"",
        ),
        text.replace("models/recipes", "elsewhere"),
        text.replace("schema = 1\nname = \"tiny\"", "name = \"tiny\"\nschema = 1"),
    ];
    for text in alike {
        assert_eq!(of(&text), same, "{text}");
    }
    std::fs::copy(
        folder.path().join("asr.bin"),
        folder.path().join("other.bin"),
    )
    .unwrap();
    assert_eq!(of(&text.replace("asr.bin", "other.bin")), same);
    let others = [
        ("threshold = 0.5", "threshold = 0.6"),
        ("bias = 1.0", "bias = 1.5"),
        ("language = \"en\"", "language = \"de\""),
        ("max_tokens = 48", "max_tokens = 47"),
        ("width = 128", "width = 128\nlayer = 3"),
        ("version = \"0.1.0\"", "version = \"0.1.1\""),
    ];
    for (from, to) in others {
        assert_ne!(of(&text.replace(from, to)), same, "{to}");
    }
}

/// Reports and data sets hold these: if they changed, every archive would be scored again.
#[test]
fn fingerprints_are_the_same_in_every_version_of_the_program() {
    let (folder, _) = bundle();
    let bundle = Bundle::open(folder.path()).unwrap();
    assert_eq!(bundle.fingerprint(), "767e78ea174ae1e0");
    assert_eq!(bundle.features_fingerprint(), "7ab60d44a5237dfd");
    assert_eq!(bundle.former_fingerprint(), "d0316016cc7628c5");
    assert_eq!(bundle.former_features_fingerprint(), "627f1e7cbcfbed4a");
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let (folder, _) = bundle();
    let folder = folder.path();
    std::fs::remove_file(folder.join("asr.bin")).unwrap();
    let whole = std::fs::read(folder.join("lm.gguf")).unwrap();
    std::fs::write(folder.join("lm.gguf"), &whole[..whole.len() - 64]).unwrap();
    let narrow = sample("clip", "clip.audio.projection_dim", 96);
    std::fs::write(folder.join("mmproj.gguf"), narrow).unwrap();
    std::fs::write(folder.join("fusion.json"), r#"{"widths": {"audio": 41}}"#).unwrap();
    let said = problems(folder).join("\n");
    for part in [
        "speech recogniser \"asr.bin\" is missing; it is available from models/recipes",
        "language model \"lm.gguf\" is truncated or changed",
        "language model \"lm.gguf\" cannot be used: truncated",
        "audio projector \"mmproj.gguf\" is of the wrong width: audio embeddings must be 128, \
         got 96",
        "fusion config \"fusion.json\" cannot be used: it does not say the width of its text input",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
}

#[test]
fn a_network_for_other_features_is_named() {
    let (folder, text) = bundle();
    let changed = text
        .replace("width = 40", "width = 41")
        .replace("width = 60", "width = 61");
    std::fs::write(folder.path().join(MANIFEST_NAME), changed).unwrap();
    assert_eq!(
        problems(folder.path()),
        [
            "fusion config \"fusion.json\" is of the wrong width: audio input must be 41, got 40",
            "fusion config \"fusion.json\" is of the wrong width: video input must be 61, got 60",
        ]
    );
    open_for_extraction(folder.path()).unwrap();
}

#[test]
fn what_data_taught_a_network_is_said_alike_by_network_and_manifest() {
    let (folder, text) = bundle();
    let of = |text: &str| fingerprint_of(folder.path(), text);
    let trained = of(&text);
    assert_eq!(
        of(&text.replace("[gate]\n", "face = \"trained\"\n[gate]\n")),
        trained
    );
    let untrained = text.replace("[gate]\n", "voice = \"untrained\"\n[gate]\n");
    std::fs::write(folder.path().join(MANIFEST_NAME), &untrained).unwrap();
    let said = problems(folder.path());
    assert!(
        said[0].contains("its audio is trained, and untrained in the manifest"),
        "{said:?}"
    );
    let config = br#"{"widths": {"audio": 40, "text": 128, "video": 60}, "untrained": ["audio"]}"#;
    let before = put(
        folder.path(),
        "other.json",
        &std::fs::read(folder.path().join("fusion.json")).unwrap(),
    );
    let after = put(folder.path(), "fusion.json", config);
    let both = |text: &str| text.replace(&before, &after);
    assert_ne!(of(&both(&untrained)), trained);
    std::fs::write(folder.path().join(MANIFEST_NAME), both(&text)).unwrap();
    let said = problems(folder.path());
    assert!(
        said[0].contains("its audio is untrained, and trained in the manifest"),
        "{said:?}"
    );
}

fn open_for_extraction(folder: &Path) -> Result<Bundle, BundleErrors> {
    let demands = Demands {
        fusion: false,
        ..Demands::default()
    };
    Bundle::open_with(folder, &demands)
}

/// Without these lines.
fn without(text: &str, from: &str, to: &str) -> String {
    let (before, rest) = text.split_once(from).unwrap();
    let (_, after) = rest.split_once(to).unwrap();
    format!("{before}{to}{after}")
}

#[test]
fn a_bundle_may_lack_network_projector_and_language_model() {
    let (folder, text) = bundle();
    let write = |text: &str| std::fs::write(folder.path().join(MANIFEST_NAME), text).unwrap();
    let untrained = without(&text, "[fusion]", "[gate]");
    write(&untrained);
    let bundle = Bundle::open(folder.path()).unwrap();
    assert_eq!(bundle.path(Part::Fusion), None);
    let no_projector = without(&untrained, "projector_file", "width = 128");
    write(&no_projector);
    assert_eq!(
        Bundle::open(folder.path()).unwrap().path(Part::Projector),
        None
    );
    let no_model = without(&no_projector, "[language_model]", "[audio]");
    write(&no_model);
    let bundle = Bundle::open(folder.path()).unwrap();
    assert_eq!(bundle.manifest.text_width(), 0);
    write(&without(&text, "[language_model]", "[audio]"));
    assert!(problems(folder.path())[0].contains("[fusion] needs a [language_model]"));
    write(&text.replace("projector_sha256", "#projector_sha256"));
    assert!(problems(folder.path())[0].contains("must both be there"));
}

#[test]
fn a_recogniser_is_heard_in_full_windows_unless_it_says_otherwise() {
    let (folder, text) = bundle();
    let full = text.replace("context = \"short\"\n", "");
    let heads = full.replace(
        "language = \"en\"",
        "language = \"en\"\nalignment_heads = [[1, 0]]",
    );
    let of = |text: &str| fingerprint_of(folder.path(), text);
    assert_ne!(of(&text), of(&full));
    assert_ne!(of(&full), of(&heads));
    let bundle = Bundle::open(folder.path()).unwrap();
    assert_eq!(bundle.manifest.asr.context, AsrContext::Full);
    assert_eq!(bundle.manifest.asr.alignment_heads, [[1, 0]]);
}

#[test]
fn a_manifest_that_is_not_valid_is_named_with_its_line() {
    let (folder, text) = bundle();
    let write = |text: String| std::fs::write(folder.path().join(MANIFEST_NAME), text).unwrap();
    write(text.replace("purpose = \"test\"", "purpose = \"fun\""));
    assert!(problems(folder.path())[0].contains("bundle.toml:4"));
    write(text.replace("schema = 1", "schema = 7"));
    assert!(problems(folder.path())[0].contains("has schema 7"));
    write(text.replace("max_tokens = 48", "max_tokens = 600"));
    assert!(problems(folder.path())[0].contains("less than its context_tokens"));
    write(text.replace("width = 128", "width = 128\nlayer = 0"));
    assert!(problems(folder.path())[0].contains("language_model.layer must be at least 1"));
    std::fs::remove_file(folder.path().join(MANIFEST_NAME)).unwrap();
    assert!(problems(folder.path())[0].contains("there is no bundle"));
}

#[test]
fn other_extractors_than_the_program_has_are_named_with_the_rest() {
    let (folder, _) = bundle();
    std::fs::remove_file(folder.path().join("asr.bin")).unwrap();
    let demands = Demands {
        video: Some(Extractor::built_in("face-hog", 2, 64)),
        ..Demands::default()
    };
    let errors = Bundle::open_with(folder.path(), &demands).unwrap_err();
    assert_eq!(errors.problems.len(), 2, "{errors}");
    let said = errors.to_string();
    assert!(
        said.contains("video features by face-hog 1 (60 values), this program has face-hog 2 (64"),
        "{said}"
    );
}

#[test]
fn a_recogniser_without_tensors_is_named() {
    let (folder, text) = bundle();
    let mut header = b"lmgg".to_vec();
    for value in [51_864_u32, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1] {
        header.extend(value.to_le_bytes());
    }
    let sha256 = put(folder.path(), "empty.bin", &header);
    let whole = put(folder.path(), "asr.bin", b"lmgg and the rest");
    let text = text
        .replace("asr.bin", "empty.bin")
        .replace(&whole, &sha256);
    std::fs::write(folder.path().join(MANIFEST_NAME), text).unwrap();
    let said = problems(folder.path());
    assert!(said[0].contains("has no tensors"), "{said:?}");
}
