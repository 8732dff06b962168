//! whisper.cpp with a model that came through the conversion of weights.

use undertone_bundle::sha256_of;
use undertone_weights::fixtures::{read_ggml, write_back};
use undertone_weights::{Vocabulary, WhisperWeights, write_ggml};

use crate::bad_input::bundle_copy;
use crate::reports::{read, report_path, schema};
use crate::undertone::{clip, run};

/// The demo's Whisper as CTranslate2 would keep it, converted, in a bundle of its own: it hears
/// what the demo hears.
#[test]
fn a_converted_whisper_hears_what_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle_copy(folder.path());
    let source = folder.path().join("source");
    std::fs::create_dir(&source).unwrap();
    let model = bundle.join("asr.bin");
    let (before, _) = sha256_of(&model).unwrap();
    write_back(&read_ggml(&model), &source);
    let weights = WhisperWeights::open(&source).unwrap();
    write_ggml(&weights, &Vocabulary::open(&source).unwrap(), &model).unwrap();
    let (after, _) = sha256_of(&model).unwrap();
    assert_ne!(before, after, "whole blocks became halves");
    let manifest = bundle.join("bundle.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace(&before, &after)).unwrap();

    let out = folder.path().join("out");
    let [recording, target] = [clip("positive.mp4"), out.clone()].map(|p| p.display().to_string());
    let setting = format!("bundle={}", bundle.display());
    let (code, _, errors) = run(&["run", &recording, "--out", &target, "--set", &setting]);
    assert_eq!(code, 0, "{errors}");
    let report = read(&report_path(&out, "positive.mp4"), &schema());
    let text = &report.utterances[0]["text"];
    assert_eq!(text["source"], "transcript", "{text}");
    assert_eq!(text["transcript"], "i think the novel was wonderful");
}
