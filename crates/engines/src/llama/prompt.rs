//! Prompt templates of a bundle: text with placeholders for the audio and the transcript.

/// Where the audio goes in a prompt.
const AUDIO: &str = "{audio}";
/// Where the transcript goes in a prompt; what follows it is not evaluated.
const TRANSCRIPT: &str = "{transcript}";

/// A prompt template, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Evaluated before the text, with the audio as llama.cpp's media marker.
    pub(super) before_text: String,
    /// Whether `before_text` has the audio in it.
    pub(super) has_audio: bool,
    /// Put before the text itself: a leading space is part of the first token.
    pub(super) text_prefix: &'static str,
}

/// What is wrong with a prompt template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// `{audio}` is missing from the prompt that simulates.
    #[error("the prompt has no {AUDIO}")]
    NoAudio,
    /// `{transcript}` is missing from the prompt that reads.
    #[error("the prompt does not end in {TRANSCRIPT}")]
    NoTranscript,
    /// Nothing follows `{audio}` in the prompt that simulates: generation starts from a token.
    #[error("nothing follows {AUDIO} in the prompt")]
    NothingAfterAudio,
    /// `{audio}` occurs more than once.
    #[error("the prompt has {AUDIO} more than once")]
    Repeated,
}

impl Prompt {
    /// The prompt after which the model generates: `{audio}` exactly once, and not at its end.
    ///
    /// # Errors
    /// When the placeholder is missing or repeated, or nothing follows it.
    pub fn simulate(template: &str) -> Result<Self, PromptError> {
        let prompt = Self::parse(template, "")?;
        if !prompt.has_audio {
            Err(PromptError::NoAudio)
        } else if template.ends_with(AUDIO) {
            Err(PromptError::NothingAfterAudio)
        } else {
            Ok(prompt)
        }
    }

    /// The prompt before a transcript: ends in `{transcript}`, may have `{audio}`.
    ///
    /// # Errors
    /// When it does not end in the placeholder, or repeats one.
    pub fn read(template: &str) -> Result<Self, PromptError> {
        let before = template
            .strip_suffix(TRANSCRIPT)
            .ok_or(PromptError::NoTranscript)?;
        match before.strip_suffix(' ') {
            Some(before) => Self::parse(before, " "),
            None => Self::parse(before, ""),
        }
    }

    fn parse(before: &str, text_prefix: &'static str) -> Result<Self, PromptError> {
        let found = before.matches(AUDIO).count();
        if found > 1 {
            return Err(PromptError::Repeated);
        }
        let marker = llama_cpp_2::mtmd::mtmd_default_marker();
        Ok(Self {
            before_text: before.replace(AUDIO, marker),
            has_audio: found == 1,
            text_prefix,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_before_the_transcript_belongs_to_its_first_token() {
        let prompt = Prompt::read("<|text|> {transcript}").unwrap();
        assert_eq!(
            (prompt.before_text.as_str(), prompt.text_prefix),
            ("<|text|>", " ")
        );
        assert!(!prompt.has_audio);
    }

    #[test]
    fn the_audio_becomes_the_media_marker() {
        let prompt = Prompt::simulate("{audio}<|text|>").unwrap();
        assert_eq!(prompt.before_text, "<__media__><|text|>");
        assert!(
            Prompt::read("{audio}<|text|>{transcript}")
                .unwrap()
                .has_audio
        );
    }

    #[test]
    fn missing_and_repeated_placeholders_are_named() {
        assert_eq!(Prompt::simulate("x"), Err(PromptError::NoAudio));
        assert_eq!(
            Prompt::simulate("x{audio}"),
            Err(PromptError::NothingAfterAudio)
        );
        assert_eq!(
            Prompt::simulate("{audio}{audio}"),
            Err(PromptError::Repeated)
        );
        assert_eq!(
            Prompt::read("{transcript} x"),
            Err(PromptError::NoTranscript)
        );
    }
}
