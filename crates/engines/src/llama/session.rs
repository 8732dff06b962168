//! A worker's session: what of a prompt is kept, what is read, what is generated.

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::token::LlamaToken;

use super::ctc::Speller;
use super::evaluator::Evaluator;
use super::projector::Projector;
use super::{LanguageError, LanguageSession, Llama, MOST_LEFT_OUT, Reading, Simulation, words};
use crate::repetition::repeated;
use undertone_types::{LeftOutWord, Matrix};

pub(super) struct LlamaSession<'m> {
    llama: &'m Llama,
    evaluator: Evaluator<'m>,
    projector: Option<Projector>,
    speller: Option<Speller>,
    /// Tokens of the prompt before transcripts, where they are the first in the evaluator's memory.
    kept: Option<usize>,
    /// The text that the evaluator's memory ends in.
    last: Option<Evaluated>,
}

/// A text that was evaluated.
struct Evaluated {
    tokens: Vec<LlamaToken>,
    /// Position of the first.
    start: usize,
    hidden: Matrix,
}

impl<'m> LlamaSession<'m> {
    pub(super) fn new(llama: &'m Llama, backend: &LlamaBackend) -> Result<Self, LanguageError> {
        let settings = &llama.settings;
        let threads = i32::try_from(settings.threads).unwrap_or(1);
        let simulate = settings.simulate.as_ref();
        let projector = simulate.map(|simulate| Projector::load(simulate, &llama.model, threads));
        let mut evaluator = Evaluator::new(llama, backend)?;
        let ctc = simulate.and_then(|simulate| simulate.ctc.as_ref());
        let speller = ctc
            .map(|ctc| Speller::new(ctc, &mut evaluator))
            .transpose()?;
        Ok(Self {
            llama,
            projector: projector.transpose()?,
            speller,
            evaluator,
            kept: None,
            last: None,
        })
    }

    /// Evaluates what precedes a transcript; returns the next position.
    fn evaluate_read_prompt(&mut self, audio: &[f32]) -> Result<usize, LanguageError> {
        let prompt = &self.llama.settings.read;
        if let Some(kept) = self.kept.take()
            && self.evaluator.clear_from(kept)
        {
            self.kept = Some(kept);
            return Ok(kept);
        }
        self.evaluator.clear();
        if prompt.has_audio {
            let projector = self.projector.as_mut().ok_or(LanguageError::NoProjector)?;
            let context = self.llama.context_tokens();
            return projector.evaluate(&mut self.evaluator, prompt, audio, context, false);
        }
        let tokens = self.llama.tokenize(&prompt.before_text, true);
        self.llama.fits(tokens.len())?;
        self.evaluator.advance(&tokens, 0, false)?;
        self.kept = Some(tokens.len());
        Ok(tokens.len())
    }

    /// Evaluates the prompt after which text is generated; returns the next position.
    fn evaluate_simulate_prompt(&mut self, audio: &[f32]) -> Result<usize, LanguageError> {
        let simulate = self.llama.settings.simulate.as_ref();
        let (Some(projector), Some(simulate)) = (&mut self.projector, simulate) else {
            return Err(LanguageError::NoProjector);
        };
        self.kept = None;
        self.evaluator.clear();
        let context = self.llama.context_tokens();
        projector.evaluate(&mut self.evaluator, &simulate.prompt, audio, context, true)
    }

    /// The words that the projector hears; `None` where it was not trained to say any.
    fn spell(&mut self, audio: &[f32]) -> Result<Option<String>, LanguageError> {
        let simulate = self.llama.settings.simulate.as_ref();
        let (Some(speller), Some(projector), Some(simulate)) =
            (&self.speller, &mut self.projector, simulate)
        else {
            return Ok(None);
        };
        let width = self.evaluator.input_width();
        let vectors = projector.vectors(&simulate.prompt, audio, width)?;
        let tokens = speller.spell(&vectors);
        Ok(Some(self.text(&tokens)))
    }

    /// A text that was heard, read as a transcript is.
    fn read_simulated(&mut self, text: String, audio: &[f32]) -> Result<Simulation, LanguageError> {
        let has_words = !self.llama.settings.text_form.of(&text).text.is_empty();
        let hidden = match has_words {
            true => self.read(&text, audio)?.hidden,
            false => self.matrix(Vec::new())?,
        };
        Ok(Simulation { text, hidden })
    }

    /// Generates a line after the audio.
    fn generate(&mut self, audio: &[f32]) -> Result<Simulation, LanguageError> {
        let start = self.evaluate_simulate_prompt(audio)?;
        let mut position = start;
        let room = self.llama.context_tokens().saturating_sub(position);
        let vocab = self.llama.model.vocab();
        let (mut hidden, mut generated): (_, Vec<LlamaToken>) = (Vec::new(), Vec::new());
        while generated.len() < self.llama.settings.max_tokens.min(room) {
            let token = self.evaluator.next_token()?;
            // What is said is one line: a model that was never taught to end an answer goes on in the
            // next one.
            let piece = vocab.detokenize(&[token], false, false);
            if vocab.is_eog(token) || piece.contains(&b'\n') {
                break;
            }
            // Each hidden state is taken after its token was evaluated, as for a transcript: both
            // kinds of text must be represented alike.
            self.evaluator.step(token, position, &mut hidden)?;
            position += 1;
            generated.push(token);
            if let Some(once) = repeated(&generated) {
                generated.truncate(once);
                hidden.truncate(once * self.llama.width);
                break;
            }
        }
        let hidden = self.matrix(hidden)?;
        let text = self.text(&generated);
        self.last = Some(Evaluated {
            tokens: generated,
            start,
            hidden: hidden.clone(),
        });
        Ok(Simulation { text, hidden })
    }

    fn text(&self, tokens: &[LlamaToken]) -> String {
        let bytes = self.llama.model.vocab().detokenize(tokens, false, false);
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    fn matrix(&self, hidden: Vec<f32>) -> Result<Matrix, LanguageError> {
        let width = self.llama.width;
        Matrix::new(hidden.len() / width.max(1), width, hidden)
            .map_err(LanguageError::engine("return hidden states"))
    }
}

impl LanguageSession for LlamaSession<'_> {
    fn read(&mut self, transcript: &str, audio: &[f32]) -> Result<Reading, LanguageError> {
        self.last = None;
        let llama = self.llama;
        let transcript = llama.settings.text_form.of(transcript);
        let prefix = llama.settings.read.text_prefix;
        let tokenize = |text: &str| llama.tokenize(&format!("{prefix}{text}"), false);
        let position = self.evaluate_read_prompt(audio)?;
        let room = llama.context_tokens() - position;
        let fitting = words::fitting(&transcript.text, room, tokenize);
        let (text, tokens) = fitting.ok_or_else(|| LanguageError::TooLong {
            needed: position + tokenize(&transcript.text).len(),
            context: llama.context_tokens(),
        })?;
        if tokens.is_empty() {
            return Err(LanguageError::NoTokens);
        }
        let hidden = self.evaluator.hidden_states(&tokens, position)?;
        let hidden = self.matrix(hidden)?;
        self.last = Some(Evaluated {
            tokens,
            start: position,
            hidden: hidden.clone(),
        });
        Ok(Reading {
            hidden,
            truncated_at: (text.len() < transcript.text.len())
                .then(|| transcript.written(text.chars().count())),
        })
    }

    fn simulate(&mut self, audio: &[f32]) -> Result<Simulation, LanguageError> {
        self.last = None;
        match self.spell(audio)? {
            Some(text) => self.read_simulated(text, audio),
            None => self.generate(audio),
        }
    }

    fn without_each_word(&mut self) -> Result<Vec<LeftOutWord>, LanguageError> {
        let Some(last) = self.last.take() else {
            return Ok(Vec::new());
        };
        let vocab = self.llama.model.vocab();
        let spelled = |count: usize| vocab.detokenize(&last.tokens[..count], false, false);
        let words = words::of_tokens(last.tokens.len(), spelled);
        let mut without = Vec::new();
        // From the last word on, so that the memory still holds what precedes the next one.
        for word in words.into_iter().take(MOST_LEFT_OUT).rev() {
            let position = last.start + word.tokens.start;
            if !self.evaluator.clear_from(position) {
                return Ok(Vec::new());
            }
            let before = word.tokens.start * self.llama.width;
            let mut hidden = last.hidden.as_slice()[..before].to_vec();
            let after = &last.tokens[word.tokens.end..];
            hidden.extend(self.evaluator.hidden_states(after, position)?);
            without.push(LeftOutWord {
                word: word.text,
                hidden: self.matrix(hidden)?,
            });
        }
        without.reverse();
        Ok(without)
    }
}
