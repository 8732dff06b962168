//! whisper.cpp and llama.cpp with the demo models, in one process and in turns: that
//! they share one ggml must not show.

use std::path::{Path, PathBuf};

use undertone_engines::llama::{
    AudioWindow, LanguageError, LanguageModel, Llama, LlamaSettings, Prompt, SimulateSettings,
};
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

fn settings() -> LlamaSettings {
    LlamaSettings {
        model: demo("slm.gguf"),
        simulate: Some(SimulateSettings {
            projector: demo("mmproj.gguf"),
            window: AudioWindow::Fitting,
            ctc: None,
            prompt: Prompt::simulate("{audio}<|text|>").unwrap(),
        }),
        read: Prompt::read("<|text|> {transcript}").unwrap(),
        text_form: undertone_types::TextForm::AsWritten,
        layer: None,
        context_tokens: 512,
        max_tokens: 48,
        threads: 1,
    }
}

fn llama() -> Llama {
    Llama::load(settings()).unwrap()
}

#[test]
fn both_engines_work_in_turns() {
    let whisper = whisper(demo("asr.bin")).unwrap();
    let llama = llama();
    let (mut ears, mut reader) = (whisper.session().unwrap(), llama.session().unwrap());
    let first = ears.transcribe(&[&tone()]).unwrap();
    let read = reader.read("the film was great", &[]).unwrap().hidden;
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
        assert_eq!(reader.read("the film was great", &[]).unwrap().hidden, read);
        assert_eq!(reader.simulate(&tone()).unwrap(), simulated);
    }
}

#[test]
fn what_is_read_changes_the_hidden_states() {
    let llama = llama();
    let mut reader = llama.session().unwrap();
    let good = reader.read("the film was great", &[]).unwrap().hidden;
    let bad = reader.read("the film was awful", &[]).unwrap().hidden;
    let last = |matrix: &undertone_types::Matrix| matrix.row(matrix.rows() - 1).to_vec();
    assert_ne!(last(&good), last(&bad));
    assert_eq!(
        good.row(0),
        bad.row(0),
        "what comes later cannot change the first token"
    );
}

#[test]
fn a_text_longer_than_the_context_is_read_up_to_the_end_of_a_word() {
    let llama = llama();
    let mut reader = llama.session().unwrap();
    let reading = reader.read(&"wonderful ".repeat(2000), &[]).unwrap();
    let read = reading.truncated_at.unwrap();
    assert_eq!(read % "wonderful ".len(), "wonderful".len());
    let cut = &"wonderful ".repeat(2000)[..read];
    let again = reader.read(cut, &[]).unwrap();
    assert_eq!((again.hidden, again.truncated_at), (reading.hidden, None));
    let longer = reader.read(&format!("{cut} wonderful"), &[]).unwrap();
    assert_eq!(longer.truncated_at, Some(read), "as much as fits is read");
}

#[test]
fn what_a_model_cannot_take_is_about_the_utterance() {
    let llama = llama();
    let mut reader = llama.session().unwrap();
    let word = reader.read(&"wonderful".repeat(2000), &[]).unwrap_err();
    assert!(word.is_about_the_utterance());
    assert!(word.to_string().ends_with("the context of 512"), "{word}");
    for audio in [vec![], vec![0.01; 16_000 * 600]] {
        let error = reader.simulate(&audio).unwrap_err();
        assert!(error.is_about_the_utterance(), "{error}");
    }
    let simulated = reader.simulate(&tone()).unwrap();
    let mut fresh = llama.session().unwrap();
    assert_eq!(fresh.simulate(&tone()).unwrap(), simulated, "it goes on");
}

#[test]
fn without_a_projector_transcripts_are_read_and_nothing_is_simulated() {
    let alone = LlamaSettings {
        simulate: None,
        ..settings()
    };
    let llama = Llama::load(alone.clone()).unwrap();
    let mut reader = llama.session().unwrap();
    let read = reader.read("the film was great", &[]).unwrap();
    let with_projector = self::llama();
    let mut complete = with_projector.session().unwrap();
    assert_eq!(complete.read("the film was great", &[]).unwrap(), read);
    let error = reader.simulate(&tone()).unwrap_err();
    assert!(matches!(error, LanguageError::NoProjector));
    let after_audio = LlamaSettings {
        read: Prompt::read("{audio}<|text|> {transcript}").unwrap(),
        ..alone
    };
    assert!(matches!(
        Llama::load(after_audio),
        Err(LanguageError::Load { .. })
    ));
}

#[test]
fn a_transcript_is_read_after_the_audio_where_the_prompt_has_it() {
    let llama = Llama::load(LlamaSettings {
        read: Prompt::read("{audio}<|text|> {transcript}").unwrap(),
        ..settings()
    })
    .unwrap();
    let mut reader = llama.session().unwrap();
    let first = reader.read("the film was great", &tone()).unwrap();
    let other = reader.read("the film was great", &tone()[8000..]).unwrap();
    assert_ne!(first, other, "the audio changes what is read");
    assert_eq!(reader.read("the film was great", &tone()).unwrap(), first);
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
        simulate: None,
        read: Prompt::read("{transcript}").unwrap(),
        text_form: undertone_types::TextForm::AsWritten,
        layer: None,
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
