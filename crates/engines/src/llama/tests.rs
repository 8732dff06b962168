//! Hidden states against those that llama.cpp itself returns, which computes everything for them.
//!
//! `UNDERTONE_TEST_GGUF=FILE cargo test … -- --ignored with_a_model_of_your_own` does the same with
//! another language model: its attention may slide, its vocabulary may be large.

use std::path::{Path, PathBuf};

use llama_cpp_2::context::params::{LlamaContextParams, LlamaPoolingType};
use llama_cpp_2::llama_batch::LlamaBatch;

use super::{LanguageError, LanguageModel, Llama, LlamaSettings, Prompt, backend};
use undertone_types::{Matrix, TextForm};

const SHORT: &str = "the film was great";

/// Reads after `prompt`; no audio.
fn reader(model: PathBuf, prompt: &str, context_tokens: u32) -> Llama {
    Llama::load(LlamaSettings {
        model,
        simulate: None,
        read: Prompt::read(prompt).unwrap(),
        text_form: TextForm::AsWritten,
        layer: None,
        context_tokens,
        max_tokens: 8,
        threads: 1,
    })
    .unwrap()
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/demo/slm.gguf")
}

/// The states of `text` in a new context with `embeddings`: the prompt in one batch, the text in
/// another.
fn by_llama_cpp(llama: &Llama, text: &str) -> Matrix {
    let settings = &llama.settings;
    let prompt = llama.tokenize(&settings.read.before_text, true);
    let text = llama.tokenize(&format!("{}{text}", settings.read.text_prefix), false);
    let parameters = LlamaContextParams::default()
        .with_n_ctx(Some(llama.context_tokens))
        .with_n_batch(settings.context_tokens)
        .with_n_ubatch(settings.context_tokens)
        .with_n_threads(1)
        .with_n_threads_batch(1)
        .with_embeddings(true)
        .with_pooling_type(LlamaPoolingType::None);
    let mut context = llama
        .model
        .new_context(backend().unwrap(), parameters)
        .unwrap();
    let mut position = 0;
    for tokens in [&prompt, &text] {
        let mut batch = LlamaBatch::new(tokens.len(), 1);
        for token in tokens {
            batch.add(*token, position, &[0], true).unwrap();
            position += 1;
        }
        if !tokens.is_empty() {
            context.decode(&mut batch).unwrap();
        }
    }
    let states: Vec<f32> = (0..text.len())
        .flat_map(|token| context.embeddings_ith(token as i32).unwrap().to_vec())
        .collect();
    Matrix::new(text.len(), llama.width, states).unwrap()
}

/// Relative to the length of the states: how far they are apart.
fn distance(left: &Matrix, right: &Matrix) -> f32 {
    assert_eq!((left.rows(), left.cols()), (right.rows(), right.cols()));
    let length = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>().sqrt();
    let pairs = left.as_slice().iter().zip(right.as_slice());
    length(&mut pairs.map(|(l, r)| l - r)) / length(&mut right.as_slice().iter().copied())
}

fn compare(llama: &Llama, long: &str, tolerance: f32) {
    let mut session = llama.session().unwrap();
    for text in [SHORT, long, "a", SHORT] {
        let reading = session.read(text, &[]).unwrap();
        assert_eq!(reading.truncated_at, None);
        let apart = distance(&reading.hidden, &by_llama_cpp(llama, text));
        assert!(
            apart <= tolerance,
            "{apart} apart, {} tokens",
            reading.hidden.rows()
        );
    }
    let mut fresh = llama.session().unwrap();
    assert_eq!(
        session.read(SHORT, &[]).unwrap(),
        fresh.read(SHORT, &[]).unwrap(),
        "the prompt that is kept is the prompt, to the last bit"
    );
}

#[test]
fn hidden_states_are_those_of_llama_cpp() {
    for prompt in ["<|text|> {transcript}", "{transcript}"] {
        let llama = reader(demo(), prompt, 512);
        compare(&llama, &"i did not like it at all ".repeat(40), 1e-6);
    }
}

/// The demo model's states of [`SHORT`] at a layer.
fn of_layer(layer: Option<usize>) -> Result<Matrix, LanguageError> {
    let plain = reader(demo(), "<|text|> {transcript}", 64);
    let llama = Llama::load(LlamaSettings {
        layer,
        ..plain.settings
    })?;
    let mut session = llama.session().unwrap();
    let reading = session.read(SHORT, &[]).unwrap();
    assert_eq!(session.read(SHORT, &[]).unwrap(), reading);
    Ok(reading.hidden)
}

#[test]
fn a_layer_gives_what_it_hands_on() {
    let layers = usize::try_from(reader(demo(), "{transcript}", 64).model.n_layer()).unwrap();
    let last = of_layer(None).unwrap();
    let handed_on = of_layer(Some(layers)).unwrap();
    assert_ne!(of_layer(Some(1)).unwrap(), of_layer(Some(2)).unwrap());
    // The final norm divides each token's states by their root mean square, and multiplies each
    // dimension by a weight that is the same for all tokens.
    let width = last.cols();
    let weights: Vec<Vec<f32>> = (0..last.rows())
        .map(|token| {
            let row = |of: &Matrix| of.as_slice()[token * width..][..width].to_vec();
            let (normed, states) = (row(&last), row(&handed_on));
            let rms = (states.iter().map(|x| x * x).sum::<f32>() / width as f32).sqrt();
            normed
                .iter()
                .zip(&states)
                .map(|(n, x)| n / (x / rms))
                .collect()
        })
        .collect();
    for (first, other) in weights[0].iter().zip(&weights[weights.len() - 1]) {
        assert!(
            (first - other).abs() <= 1e-2 * first.abs(),
            "{first} {other}"
        );
    }
}

#[test]
fn a_layer_that_is_not_there_is_an_error() {
    let layers = usize::try_from(reader(demo(), "{transcript}", 64).model.n_layer()).unwrap();
    for layer in [0, layers + 1, usize::MAX] {
        let error = of_layer(Some(layer)).unwrap_err();
        assert!(matches!(error, LanguageError::Load { .. }), "{layer}");
    }
}

#[test]
fn a_model_of_words_sees_words_and_counts_as_they_were_written() {
    let as_written = reader(demo(), "{transcript}", 16);
    let words = Llama {
        settings: LlamaSettings {
            text_form: TextForm::Words,
            ..as_written.settings.clone()
        },
        ..reader(demo(), "{transcript}", 16)
    };
    let mut session = words.session().unwrap();
    let mut read = |text: &str| session.read(text, &[]).unwrap();
    let plain = as_written.session().unwrap().read(SHORT, &[]).unwrap();
    assert_eq!(read("The FILM (uhh) was: great!"), plain);
    let long = "[Music] I did not like it at all. ".repeat(9);
    let cut = read(&long).truncated_at.unwrap();
    assert!((20..long.len()).contains(&cut), "{cut}");
    let shorter: String = long.chars().take(cut).collect();
    assert_eq!(read(&shorter).truncated_at, None);
    let nothing = session.read("[Music]", &[]);
    assert!(
        matches!(nothing, Err(LanguageError::NoTokens)),
        "{nothing:?}"
    );
}

/// A quantised model rounds what it multiplies, so that the least difference between llama.cpp's ways to
/// compute an attention, which depend on how many tokens are evaluated at once, becomes several per cent.
#[test]
#[ignore = "wants a file"]
fn with_a_model_of_your_own() {
    let model = PathBuf::from(std::env::var("UNDERTONE_TEST_GGUF").expect("UNDERTONE_TEST_GGUF"));
    for prompt in [
        "{transcript}",
        "Review, written down from a video: {transcript}",
    ] {
        let llama = reader(model.clone(), prompt, 1024);
        compare(&llama, &"i did not like it at all ".repeat(120), 5e-2);
    }
}

#[test]
fn a_text_without_a_word_is_read_as_if_the_word_had_not_been_there() {
    let llama = reader(demo(), "<|text|> {transcript}", 64);
    let mut session = llama.session().unwrap();
    assert!(session.without_each_word().unwrap().is_empty());
    session.read(SHORT, &[]).unwrap();
    let without = session.without_each_word().unwrap();
    let words: Vec<&str> = without.iter().map(|one| &*one.word).collect();
    assert_eq!(words, ["the", "film", "was", "great"]);
    for (left_out, rest) in without.iter().zip([
        "film was great",
        "the was great",
        "the film great",
        "the film was",
    ]) {
        let apart = distance(&left_out.hidden, &session.read(rest, &[]).unwrap().hidden);
        assert!(apart < 1e-5, "{rest}: {apart}");
    }
    // A text of one word has none left.
    session.read("film", &[]).unwrap();
    assert!(session.without_each_word().unwrap()[0].hidden.is_empty());
}
