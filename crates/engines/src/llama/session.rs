//! A worker's session: what of a prompt is kept, what is read, what is generated.

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::token::LlamaToken;

use super::evaluator::Evaluator;
use super::projector::{Projector, Prompted};
use super::{LanguageError, LanguageSession, Llama, Reading, Simulation, words};
use crate::repetition::repeated;
use undertone_types::Matrix;

pub(super) struct LlamaSession<'m> {
    llama: &'m Llama,
    evaluator: Evaluator<'m>,
    projector: Option<Projector>,
    /// Tokens of the prompt before transcripts, where they are the first in the evaluator's memory.
    kept: Option<usize>,
}

impl<'m> LlamaSession<'m> {
    pub(super) fn new(llama: &'m Llama, backend: &LlamaBackend) -> Result<Self, LanguageError> {
        let settings = &llama.settings;
        let threads = i32::try_from(settings.threads).unwrap_or(1);
        let simulate = settings.simulate.as_ref();
        let projector = simulate.map(|simulate| Projector::load(simulate, &llama.model, threads));
        Ok(Self {
            llama,
            evaluator: Evaluator::new(llama, backend)?,
            projector: projector.transpose()?,
            kept: None,
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
            let prompted =
                projector.evaluate(&mut self.evaluator, prompt, audio, context, false)?;
            return Ok(prompted.position);
        }
        let tokens = self.llama.tokenize(&prompt.before_text, true);
        self.llama.fits(tokens.len())?;
        self.evaluator.advance(&tokens, 0, false)?;
        self.kept = Some(tokens.len());
        Ok(tokens.len())
    }

    /// Evaluates the prompt after which text is generated.
    fn evaluate_simulate_prompt(&mut self, audio: &[f32]) -> Result<Prompted, LanguageError> {
        let simulate = self.llama.settings.simulate.as_ref();
        let (Some(projector), Some(simulate)) = (&mut self.projector, simulate) else {
            return Err(LanguageError::NoProjector);
        };
        self.kept = None;
        self.evaluator.clear();
        let context = self.llama.context_tokens();
        projector.evaluate(&mut self.evaluator, &simulate.prompt, audio, context, true)
    }

    /// Generates a line from `position` on: its text, and the hidden states of its tokens.
    fn generate(&mut self, mut position: usize) -> Result<(String, Vec<f32>), LanguageError> {
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
        let text = vocab.detokenize(&generated, false, false);
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        Ok((text, hidden))
    }

    fn matrix(&self, hidden: Vec<f32>) -> Result<Matrix, LanguageError> {
        let width = self.llama.width;
        Matrix::new(hidden.len() / width.max(1), width, hidden)
            .map_err(LanguageError::engine("return hidden states"))
    }
}

impl LanguageSession for LlamaSession<'_> {
    fn read(&mut self, transcript: &str, audio: &[f32]) -> Result<Reading, LanguageError> {
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
        Ok(Reading {
            hidden: self.matrix(hidden)?,
            truncated_at: (text.len() < transcript.text.len())
                .then(|| transcript.written(text.chars().count())),
        })
    }

    fn simulate(&mut self, audio: &[f32]) -> Result<Simulation, LanguageError> {
        let Prompted { position, heard } = self.evaluate_simulate_prompt(audio)?;
        let (text, generated) = match heard {
            // After a prompt without any words in it a model invents some.
            0 => (String::new(), Vec::new()),
            _ => self.generate(position)?,
        };
        let settings = &self.llama.settings;
        let read_again = (settings.simulate.as_ref()).is_some_and(|simulate| simulate.read_again);
        let has_words = !settings.text_form.of(&text).text.is_empty();
        let hidden = match read_again {
            true if has_words => self.read(&text, audio)?.hidden,
            true => self.matrix(Vec::new())?,
            false => self.matrix(generated)?,
        };
        Ok(Simulation { text, hidden })
    }
}
