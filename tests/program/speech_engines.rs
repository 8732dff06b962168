//! whisper.cpp and llama.cpp with the demo models, in one process and in turns: that
//! they share one ggml must not show.

use std::path::{Path, PathBuf};

use undertone_engines::llama::{LanguageModel, Llama, LlamaSettings, Prompt};
use undertone_engines::whisper::{
    Context, RecogniserError, SpeechRecogniser, Whisper, WhisperSettings,
};

fn demo(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("models/demo")
        .join(file)
}

/// Two seconds of a tone that rises.
fn tone() -> Vec<f32> {
    (0..32_000)
        .map(|n| 0.1 * (n as f32 * (0.05 + n as f32 * 2e-6)).sin())
        .collect()
}

fn whisper(model: PathBuf) -> Result<Whisper, RecogniserError> {
    Whisper::load(WhisperSettings {
        model,
        language: "en".to_owned(),
        context: Context::Short,
        threads: 1,
    })
}

fn llama() -> Llama {
    Llama::load(LlamaSettings {
        model: demo("slm.gguf"),
        projector: demo("mmproj.gguf"),
        simulate: Prompt::simulate("{audio}<|text|>").unwrap(),
        read: Prompt::read("<|text|> {transcript}").unwrap(),
        context_tokens: 512,
        max_tokens: 48,
        threads: 1,
    })
    .unwrap()
}

#[test]
fn both_engines_work_in_turns() {
    let whisper = whisper(demo("asr.bin")).unwrap();
    let llama = llama();
    let (mut ears, mut reader) = (whisper.session().unwrap(), llama.session().unwrap());
    let first = ears.transcribe(&[&tone()]).unwrap();
    let read = reader.read("the film was great", &[]).unwrap();
    let simulated = reader.simulate(&tone()).unwrap();
    assert_eq!(read.cols(), llama.width());
    assert!(read.rows() >= 4 && read.as_slice().iter().all(|value| value.is_finite()));
    assert_eq!(simulated.hidden.cols(), llama.width());
    for _ in 0..2 {
        assert_eq!(
            ears.transcribe(&[&tone()]).unwrap(),
            first,
            "a session keeps no memory"
        );
        assert_eq!(reader.read("the film was great", &[]).unwrap(), read);
        assert_eq!(reader.simulate(&tone()).unwrap(), simulated);
    }
}

#[test]
fn what_is_read_changes_the_hidden_states() {
    let llama = llama();
    let mut reader = llama.session().unwrap();
    let good = reader.read("the film was great", &[]).unwrap();
    let bad = reader.read("the film was awful", &[]).unwrap();
    let last = |matrix: &undertone_types::Matrix| matrix.row(matrix.rows() - 1).to_vec();
    assert_ne!(last(&good), last(&bad));
    assert_eq!(
        good.row(0),
        bad.row(0),
        "what comes later cannot change the first token"
    );
}

#[test]
fn a_text_longer_than_the_context_is_refused() {
    let llama = llama();
    let mut reader = llama.session().unwrap();
    let error = reader
        .read(&"word ".repeat(2000), &[])
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("does not fit the context of 512"),
        "{error}"
    );
}

#[test]
fn a_broken_model_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("asr.bin");
    std::fs::write(&path, b"not a model").unwrap();
    let Err(error) = whisper(path.clone()) else {
        panic!("loaded garbage")
    };
    assert!(matches!(error, RecogniserError::Load { .. }));
    let gguf = LlamaSettings {
        model: path.clone(),
        projector: path,
        simulate: Prompt::simulate("{audio}").unwrap(),
        read: Prompt::read("{transcript}").unwrap(),
        context_tokens: 64,
        max_tokens: 8,
        threads: 1,
    };
    assert!(Llama::load(gguf).is_err());
}

/// It is in every clone, and in every version of it.
#[test]
fn the_demo_bundle_stays_small() {
    let files = std::fs::read_dir(demo("")).unwrap();
    let bytes: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes <= 20_000_000, "models/demo has {bytes} bytes");
}
