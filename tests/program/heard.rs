//! A Whisper's encoder as audio input, which makes 30 s of any utterance.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use undertone_engines::llama::{
    AudioWindow, LanguageError, LanguageModel, Llama, LlamaSettings, Prompt, SimulateSettings,
    Simulation,
};
use undertone_weights::fixtures::{Numbers, read_ggml, write_back, write_safetensors};
use undertone_weights::{Dtype, Projector, WhisperWeights, write_mmproj};

use crate::undertone::root;
use undertone::assembly::ctc_vocabulary;

/// Positions that the projector joins.
const JOINED: usize = 5;
/// Width of the demo's language model.
const WIDTH: usize = 128;

/// Samples.
const SECOND: usize = 16_000;

/// Numbers that differ, for a tensor of this shape.
fn numbers(shape: &[usize]) -> Numbers {
    let count = shape.iter().product();
    Numbers {
        shape: shape.to_vec(),
        values: (0..count)
            .map(|n: usize| ((n * 37 % 101) as f32 - 50.0) / 500.0)
            .collect(),
    }
}

/// The encoder of the demo's Whisper with a projector that nobody has trained.
fn audio_input(folder: &Path) -> PathBuf {
    audio_input_with(folder, &[])
}

/// The same, with these lists of numbers beside its tensors.
fn audio_input_with(folder: &Path, lists: &[(&str, &[f32])]) -> PathBuf {
    write_back(&read_ggml(&root().join("models/demo/asr.bin")), folder);
    let whisper = WhisperWeights::open(folder).unwrap();
    let width = whisper.dimensions().audio_width;
    let tensors = [
        ("norm_pre.weight", vec![width]),
        ("norm_pre.bias", vec![width]),
        ("mlp.1.weight", vec![32, JOINED * width]),
        ("mlp.1.bias", vec![32]),
        ("mlp.2.weight", vec![WIDTH, 32]),
        ("mlp.2.bias", vec![WIDTH]),
        ("boi", vec![1, WIDTH]),
        ("eoi", vec![1, WIDTH]),
    ];
    let mut tensors: BTreeMap<_, _> = tensors
        .map(|(name, shape)| (name.to_owned(), numbers(&shape)))
        .into();
    for (name, values) in lists {
        let (shape, values) = (vec![values.len()], values.to_vec());
        tensors.insert((*name).to_owned(), Numbers { shape, values });
    }
    let (projector, input) = (folder.join("p.safetensors"), folder.join("mmproj.gguf"));
    write_safetensors(&tensors, Dtype::F32, &projector);
    write_mmproj(&whisper, &Projector::open(&projector).unwrap(), &input).unwrap();
    input
}

/// The demo's language model, which hears through `projector`.
fn settings(projector: &Path, window: AudioWindow, context_tokens: u32) -> LlamaSettings {
    LlamaSettings {
        model: root().join("models/demo/slm.gguf"),
        simulate: Some(SimulateSettings {
            projector: projector.to_owned(),
            window,
            ctc: ctc_vocabulary(projector),
            prompt: Prompt::simulate("{audio}<|text|>").unwrap(),
        }),
        read: Prompt::read("<|text|> {transcript}").unwrap(),
        text_form: undertone_types::TextForm::AsWritten,
        layer: None,
        context_tokens,
        max_tokens: 8,
        threads: 1,
    }
}

fn sound(samples: usize) -> Vec<f32> {
    (0..samples)
        .map(|n| (n as f32 * 0.05).sin() * 0.1)
        .collect()
}

/// What the demo's language model hears in this sound.
fn heard(
    input: &Path,
    window: AudioWindow,
    context_tokens: u32,
    samples: usize,
) -> Result<Simulation, LanguageError> {
    let llama = Llama::load(settings(input, window, context_tokens))?;
    llama.session()?.simulate(&sound(samples))
}

#[test]
fn a_projector_with_ctc_is_heard_as_a_transcript() {
    let folder = tempfile::tempdir().unwrap();
    let with_blanks_below = |length: f32| {
        let input = audio_input_with(
            folder.path(),
            &[
                ("ctc.tokens", &[300.0, 301.0, 302.0, 303.0]),
                ("ctc.bias", &[0.0, 0.01, -0.01, 0.0]),
                ("ctc.rule", &[20.0, length, 1e6]),
            ],
        );
        let llama = Llama::load(settings(&input, AudioWindow::Whole, 512)).unwrap();
        let mut session = llama.session().unwrap();
        let heard = session.simulate(&sound(2 * SECOND)).unwrap();
        assert_eq!(session.simulate(&sound(2 * SECOND)).unwrap(), heard);
        let read = session.read(&heard.text, &[]);
        (heard, read)
    };
    let (heard, read) = with_blanks_below(0.0);
    assert!(!heard.text.is_empty());
    assert_eq!(heard.hidden, read.unwrap().hidden);
    // Where it finds no words, none are invented.
    let (heard, _) = with_blanks_below(f32::MAX);
    assert_eq!((heard.text.as_str(), heard.hidden.rows()), ("", 0));
}

#[test]
fn of_a_window_the_positions_over_the_utterance_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let input = audio_input(folder.path());
    let needed = |window, samples| match heard(&input, window, 8, samples) {
        Err(LanguageError::TooLong { needed, .. }) => needed,
        other => panic!("{other:?}"),
    };
    let (whole, fitting) = (AudioWindow::Whole, AudioWindow::Fitting);
    // Two seconds are twenty positions; one ends the sound, and one each begins and ends it all.
    let text = needed(fitting, 2 * SECOND) - 302;
    assert_eq!(needed(whole, 2 * SECOND), 23 + text);
    assert_eq!(needed(whole, 30 * SECOND), 302 + text);
    // Two windows, the second of which has two seconds.
    assert_eq!(needed(whole, 32 * SECOND), 302 + 23 + text);
    heard(&input, whole, 64, 2 * SECOND).unwrap();

    let all = heard(&input, fitting, 512, 30 * SECOND - 320).unwrap();
    assert_eq!(heard(&input, whole, 512, 30 * SECOND - 320).unwrap(), all);
    assert!(all.hidden.rows() > 0);
    assert_ne!(heard(&input, whole, 512, 20 * SECOND).unwrap(), all);
}
