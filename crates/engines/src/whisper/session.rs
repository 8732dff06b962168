//! A worker's whisper.cpp state: a passage in, a transcript for each utterance out.

use std::ffi::{c_int, c_void};

use whisper_rs::{
    FullParams, SamplingStrategy, WhisperError, WhisperState, WhisperSysContext, WhisperSysState,
    WhisperTokenData,
};

use super::layout::Layout;
use super::loops::{LoopWatch, is_loop};
use super::words::{Spoken, Token, text, words};
use super::{
    Context, RecogniserError, RecogniserSession, SpeechRecogniser, Whisper, Window, language,
};
use undertone_types::{Doubt, Language, RATE_HZ, TokenProbability, Transcript};

/// Encoder positions per second of audio, fixed by Whisper's front end.
const POSITIONS_PER_S: f64 = 50.0;
/// A short encoder context is a multiple of this.
const POSITION_STEP: usize = 16;
/// Silence after the utterance that is encoded too, in positions.
const POSITION_MARGIN: usize = 8;
/// Texts that are pursued at once in a full window: the value of Whisper's makers.
const BEAM_SIZE: c_int = 5;

pub(super) struct WhisperSession<'w> {
    whisper: &'w Whisper,
    state: WhisperState,
    /// Whether something was heard in this state.
    used: bool,
    /// The languages that the model knows, with their tokens; empty when it knows one only.
    languages: Vec<(&'static str, i32)>,
}

/// What was heard in a window.
struct Heard {
    tokens: Vec<Token>,
    no_speech: f32,
    /// Whether the text ended before the decoder meant it to: in a loop, or for want of room.
    broken_off: bool,
}

impl<'w> WhisperSession<'w> {
    pub(super) fn new(whisper: &'w Whisper) -> Result<Self, RecogniserError> {
        let context = &whisper.context;
        let state = new_state(whisper)?;
        let named = |id| Some((whisper_rs::get_lang_str(id)?, context.token_lang(id)));
        let languages = match context.is_multilingual() {
            true => (0..=whisper_rs::get_lang_max_id())
                .filter_map(named)
                .collect(),
            false => Vec::new(),
        };
        Ok(Self {
            whisper,
            state,
            used: false,
            languages,
        })
    }

    /// Hears utterances in one window. Where the text breaks off, each half is heard again by
    /// itself: a loop in one utterance must not cost the others theirs.
    fn passage(&mut self, utterances: &[&[f32]]) -> Result<Vec<Transcript>, RecogniserError> {
        let layout = Layout::new(utterances, Window::WHISPER.gap_s);
        let expected = &self.whisper.settings.language;
        let mut heard = self.hear(&layout.samples, expected)?;
        let spoken = self.language()?;
        let foreign = spoken
            .as_ref()
            .filter(|language| language.code != *expected)
            .cloned();
        if let Some(language) = &foreign {
            heard = self.hear(&layout.samples, &language.code)?;
        }
        if heard.broken_off && utterances.len() > 1 {
            let (first, second) = utterances.split_at(utterances.len() / 2);
            let mut transcripts = self.passage(first)?;
            transcripts.extend(self.passage(second)?);
            return Ok(transcripts);
        }
        let mut transcripts = self.divide(&layout, utterances, &heard);
        for (transcript, utterance) in transcripts.iter_mut().zip(utterances) {
            transcript.language.clone_from(&spoken);
            let looped = heard.broken_off || is_loop(&transcript.text, seconds(utterance));
            transcript.doubt = match (looped, &foreign) {
                (true, _) => Some(Doubt::Loop),
                (false, Some(_)) => Some(Doubt::Language),
                (false, None) => None,
            };
        }
        Ok(transcripts)
    }

    /// Gives the words of a window to its utterances.
    fn divide(&self, layout: &Layout, utterances: &[&[f32]], heard: &Heard) -> Vec<Transcript> {
        let timed = heard.tokens.iter().all(|token| token.end_s.is_some());
        let spoken: Vec<Spoken> = words(&heard.tokens)
            .into_iter()
            .filter(|word| !word.is_mark)
            .collect();
        let times: Vec<_> = spoken.iter().map(|spoken| spoken.word.clone()).collect();
        let owners = layout.assign(&times);
        (0..utterances.len())
            .map(|index| {
                let own = || {
                    let owned = spoken.iter().zip(&owners);
                    owned
                        .filter(move |(_, owner)| **owner == index)
                        .map(|(word, _)| word)
                };
                let text = text(own());
                if text.is_empty() {
                    return Transcript {
                        no_speech: heard.no_speech,
                        ..Transcript::default()
                    };
                }
                let words = own().filter(|_| timed);
                Transcript {
                    text,
                    tokens: own().flat_map(|word| word.tokens.clone()).collect(),
                    words: words.map(|word| layout.within(index, &word.word)).collect(),
                    no_speech: heard.no_speech,
                    ..Transcript::default()
                }
            })
            .collect()
    }

    /// Decodes one window.
    fn hear(&mut self, samples: &[f32], language: &str) -> Result<Heard, RecogniserError> {
        let failed = |source: WhisperError| RecogniserError::Transcribe {
            seconds: seconds(samples),
            source: source.into(),
        };
        let context = &self.whisper.context;
        if self.used && matches!(self.whisper.settings.context, Context::Full { .. }) {
            // whisper.cpp's beam search draws its candidates at random, from a generator that is
            // part of the state: in a used one a text would depend on what was heard before.
            self.state = new_state(self.whisper)?;
        }
        self.used = true;
        let guard = Guard {
            watch: LoopWatch::new(seconds(samples)),
            end_of_text: context.token_eot(),
            vocabulary: usize::try_from(context.n_vocab()).unwrap_or_default(),
        };
        let mut parameters = parameters(self.whisper, samples.len(), language);
        // SAFETY: `guard` outlives the call of `full`, the only one that calls back, from several
        // threads perhaps, and nobody changes it; whisper.cpp passes what `Guard::filter` expects.
        unsafe {
            parameters.set_filter_logits_callback(Some(filter_logits));
            let guard = (&raw const guard).cast_mut().cast::<c_void>();
            parameters.set_filter_logits_callback_user_data(guard);
        }
        self.state.full(parameters, samples).map_err(failed)?;
        Ok(self.heard(&guard))
    }

    /// What whisper.cpp has just heard.
    fn heard(&self, guard: &Guard) -> Heard {
        let context = &self.whisper.context;
        let room = usize::try_from(context.n_text_ctx()).unwrap_or_default() / 2;
        let (mut tokens, mut ids, mut no_speech) = (Vec::new(), Vec::new(), 0.0_f32);
        // Each window is one segment; an utterance that is longer has several.
        let mut out_of_room = false;
        for segment in self.state.as_iter() {
            let before = ids.len();
            no_speech = no_speech.max(segment.no_speech_probability());
            for index in 0..segment.n_tokens() {
                let Some(token) = segment.get_token(index) else {
                    continue;
                };
                let data = token.token_data();
                if data.id >= guard.end_of_text {
                    continue;
                }
                ids.push(data.id);
                tokens.push(Token {
                    bytes: token.to_bytes().unwrap_or_default().to_vec(),
                    probability: TokenProbability {
                        p: data.p,
                        log_p: data.plog,
                    },
                    // Hundredths of a second; −1 without an alignment. It is where the attention
                    // moves on to the next token: a token's own row is the query for what follows.
                    end_s: (data.t_dtw >= 0).then(|| data.t_dtw as f64 / 100.0),
                });
            }
            // whisper.cpp keeps four tokens of the room for its own.
            out_of_room |= ids.len() - before + 5 >= room;
        }
        Heard {
            tokens,
            no_speech,
            broken_off: guard.watch.ends(&ids) || out_of_room,
        }
    }

    /// The language of the window that was heard last; `None` where the model knows one only.
    fn language(&mut self) -> Result<Option<Language>, RecogniserError> {
        if self.languages.is_empty() {
            return Ok(None);
        }
        // The window is still encoded: one step of the decoder is all that it takes.
        let start = [self.whisper.context.token_sot()];
        let threads = self.whisper.settings.threads;
        let failed = |source: WhisperError| RecogniserError::Transcribe {
            seconds: 0.0,
            source: source.into(),
        };
        self.state.decode(&start, 0, threads).map_err(failed)?;
        let logits = self.state.get_logits().map_err(failed)?;
        let expected = &self.whisper.settings.language;
        Ok(language::heard(logits, &self.languages, expected))
    }
}

impl RecogniserSession for WhisperSession<'_> {
    fn transcribe(&mut self, passage: &[&[f32]]) -> Result<Vec<Transcript>, RecogniserError> {
        match self.whisper.window() {
            Some(_) => self.passage(passage),
            None => {
                let alone = passage.iter().map(|utterance| self.passage(&[utterance]));
                Ok(alone.collect::<Result<Vec<_>, _>>()?.concat())
            }
        }
    }
}

fn new_state(whisper: &Whisper) -> Result<WhisperState, RecogniserError> {
    let state = whisper.context.create_state();
    state.map_err(|source| RecogniserError::State(source.into()))
}

fn seconds(samples: &[f32]) -> f64 {
    samples.len() as f64 / f64::from(RATE_HZ)
}

fn parameters<'p>(whisper: &'p Whisper, samples: usize, language: &'p str) -> FullParams<'p, 'p> {
    let mut parameters = FullParams::new(match whisper.settings.context {
        Context::Full { .. } => SamplingStrategy::BeamSearch {
            beam_size: BEAM_SIZE,
            // Not used by whisper.cpp.
            patience: -1.0,
        },
        Context::Short => SamplingStrategy::Greedy { best_of: 1 },
    });
    parameters.set_n_threads(i32::try_from(whisper.settings.threads).unwrap_or(1));
    parameters.set_language(Some(language));
    parameters.set_translate(false);
    parameters.set_no_context(true);
    parameters.set_single_segment(true);
    // Times come from the alignment. With time tokens a window whose text does not reach its end
    // would be encoded again, for the silence that is left.
    parameters.set_no_timestamps(true);
    if matches!(whisper.settings.context, Context::Short) {
        parameters.set_audio_ctx(short_context(samples, whisper.context.n_audio_ctx()));
    }
    // An empty transcript must be possible, and the gate needs all evidence: no forced first
    // word, no second attempt at a higher temperature, no text dropped.
    parameters.set_suppress_blank(false);
    parameters.set_temperature_inc(0.0);
    parameters.set_no_speech_thold(1.0);
    parameters.set_print_special(false);
    parameters.set_print_progress(false);
    parameters.set_print_realtime(false);
    parameters.set_print_timestamps(false);
    parameters
}

/// Encoder positions for an utterance of a model that was trained for short contexts: a window
/// as long as the utterance.
fn short_context(samples: usize, model_positions: i32) -> i32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an utterance lasts seconds"
    )]
    let spoken = (samples as f64 / f64::from(RATE_HZ) * POSITIONS_PER_S).ceil() as usize;
    let positions = (spoken + POSITION_MARGIN).next_multiple_of(POSITION_STEP);
    i32::try_from(positions)
        .unwrap_or(i32::MAX)
        .min(model_positions)
}

/// Ends a text that loops, while whisper.cpp decodes it.
struct Guard {
    watch: LoopWatch,
    end_of_text: i32,
    vocabulary: usize,
}

impl Guard {
    fn filter(&self, tokens: &[WhisperTokenData], logits: &mut [f32]) {
        let ids = tokens.iter().map(|token| token.id);
        let text: Vec<i32> = ids.filter(|id| *id < self.end_of_text).collect();
        if self.watch.ends(&text) {
            for (id, logit) in (0..).zip(logits) {
                if id != self.end_of_text {
                    *logit = f32::NEG_INFINITY;
                }
            }
        }
    }
}

/// whisper.cpp's callback before a token is chosen.
unsafe extern "C" fn filter_logits(
    _: *mut WhisperSysContext,
    _: *mut WhisperSysState,
    tokens: *const WhisperTokenData,
    n_tokens: c_int,
    logits: *mut f32,
    guard: *mut c_void,
) {
    // SAFETY: whisper.cpp passes the tokens so far, one logit for each word of the vocabulary,
    // and the pointer that it was given, to a `Guard` that nobody changes during the call.
    unsafe {
        let guard = &*guard.cast::<Guard>();
        let tokens = match usize::try_from(n_tokens) {
            Ok(count) if count > 0 => std::slice::from_raw_parts(tokens, count),
            _ => &[],
        };
        let logits = std::slice::from_raw_parts_mut(logits, guard.vocabulary);
        guard.filter(tokens, logits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_context_is_little_longer_than_the_utterance() {
        assert_eq!(short_context(16_000, 1500), 64);
        assert_eq!(short_context(16_000 * 4, 1500), 208);
        assert_eq!(short_context(16_000 * 60, 1500), 1500);
    }
}
