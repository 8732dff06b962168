//! From messages to the lines of a report: rounding, names, presence.

#[cfg(test)]
mod tests;

use serde::de::IgnoredAny;
use undertone_types::{
    AudioTrack, Contributions, Doubt, Ended, Explanation, Flow, Fused, MediaFacts, Origin,
    Recording, Represented, Sentiment, SidecarUse, TextRepresentation, TextSource, Transcript,
    Word,
};

use super::lines::{
    AudioLine, AudioTrackLine, DoubtName, ExplanationLine, FaceLine, FlowName, IntervalLine,
    LanguageLine, MediaLine, ModalitiesLine, ModalityLine, Polarity, RecordingLine, SentimentLine,
    SidecarLine, SourceLine, TextLine, TextOriginName, TextSourceName, UtteranceLine, VideoLine,
    WordEffectLine, WordLine,
};
use super::mark::RunMark;
use super::rounding::{rounded, rounded_s};
use super::thumbnail::thumbnail;
use super::time::rfc3339_exact;
use super::{ReportError, SCHEMA_VERSION};

pub(super) fn recording_line(
    recording: &Recording,
    ended: &Ended,
    mark: &RunMark,
) -> RecordingLine {
    RecordingLine {
        schema: SCHEMA_VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        source: source_line(recording),
        media: media_line(&ended.facts),
        bundle: mark.bundle.clone(),
        config: mark.config.clone(),
        sidecar: ended.sidecar.as_ref().map(sidecar_line).map(Box::new),
    }
}

fn sidecar_line(sidecar: &SidecarUse) -> SidecarLine {
    SidecarLine {
        path: sidecar.path.to_string_lossy().into_owned(),
        blake3: sidecar.blake3.clone(),
        cues: sidecar.cues,
        notes: sidecar.notes.clone(),
    }
}

pub(super) fn source_line(recording: &Recording) -> SourceLine {
    let hash = &recording.blake3;
    SourceLine {
        path: path_text(recording),
        size_bytes: recording.size_bytes,
        modified: recording.modified.map(rfc3339_exact),
        blake3: (!hash.is_empty()).then(|| hash.clone()),
        etag: (recording.remote.as_ref()).and_then(|remote| remote.etag.clone()),
    }
}

/// The path as every line of its report names it.
pub(super) fn path_text(recording: &Recording) -> String {
    match &recording.remote {
        Some(remote) => remote.url.clone(),
        None => recording.path.to_string_lossy().into_owned(),
    }
}

fn media_line(facts: &MediaFacts) -> MediaLine {
    MediaLine {
        duration_s: facts.duration_s.map(rounded_s),
        container: facts.container.clone(),
        audio: facts.audio.as_ref().map(|audio| AudioLine {
            codec: audio.codec.clone(),
            rate_hz: audio.rate_hz,
            channels: audio.channels,
            start_s: rounded_s(audio.start_s),
        }),
        video: facts.video.as_ref().map(|video| VideoLine {
            codec: video.codec.clone(),
            width_px: video.width_px,
            height_px: video.height_px,
            fps: rounded_s(video.fps),
            start_s: rounded_s(video.start_s),
        }),
        audio_tracks: (1..)
            .zip(&facts.audio_tracks)
            .map(audio_track_line)
            .collect(),
        truncated: facts.truncated.is_some(),
        declared_s: declared_s(facts),
        truncated_why: facts
            .truncated
            .as_ref()
            .map(|truncated| truncated.reason.clone()),
    }
}

/// The length that a truncated recording states.
pub(super) fn declared_s(facts: &MediaFacts) -> Option<f64> {
    facts.truncated.as_ref()?.declared_s.map(rounded_s)
}

fn audio_track_line((number, track): (u32, &AudioTrack)) -> AudioTrackLine {
    AudioTrackLine {
        track: number,
        codec: track.codec.clone(),
        language: track.language.clone(),
        title: track.title.clone(),
        default: track.default,
        read: track.read,
        silent: track.silent,
    }
}

pub(super) fn utterance_line(
    fused: &Fused,
    recording: &Recording,
    mark: &RunMark,
) -> Result<UtteranceLine, ReportError> {
    let represented = &fused.observed.represented;
    let transcribed = &represented.transcribed;
    let utterance = &transcribed.utterance;
    let index = utterance.index;
    let finite = |what, value: f32| match value.is_finite() {
        true => Ok(rounded(value.into())),
        false => Err(ReportError::NotFinite { index, what }),
    };
    let scored = fused.sentiment.as_ref();
    let observation = &fused.observed.observation;
    let source = source_name(represented.text.source);
    let contribution = |of: fn(&Contributions) -> Option<f32>| {
        let contribution = (scored.ok()).and_then(|sentiment| of(&sentiment.contributions));
        contribution
            .map(|contribution| finite("contribution of a modality", contribution))
            .transpose()
    };
    let untrained = |modality: &str| mark.bundle.untrained.iter().any(|name| name == modality);
    Ok(UtteranceLine {
        path: path_text(recording),
        blake3: recording.blake3.clone(),
        index,
        start_s: rounded_s(utterance.start_s),
        end_s: rounded_s(utterance.end_s),
        // Known when the recording has ended.
        speaker: None,
        text: text_line(represented, source, mark, &finite)?,
        sentiment: (scored.ok())
            .map(|sentiment| scored_line(sentiment, &finite))
            .transpose()?,
        sentiment_missing: scored.err().map(ToString::to_string),
        flow: scored.ok().map(|sentiment| match sentiment.flow {
            Flow::Complete => FlowName::Complete,
            Flow::TextMissing => FlowName::TextMissing,
        }),
        modalities: ModalitiesLine {
            audio: ModalityLine {
                present: utterance.audio.is_some() && !observation.audio.is_empty(),
                untrained: untrained("audio"),
                contribution: contribution(|added| added.audio)?,
                weight: IgnoredAny,
            },
            text: ModalityLine {
                present: source != TextSourceName::None && !represented.text.hidden.is_empty(),
                untrained: untrained("text"),
                contribution: contribution(|added| added.text)?,
                weight: IgnoredAny,
            },
            video: FaceLine {
                present: !observation.video.is_empty(),
                untrained: untrained("video"),
                contribution: contribution(|added| added.video)?,
                weight: IgnoredAny,
                face_coverage: finite("face coverage", observation.face_coverage)?.clamp(0.0, 1.0),
                thumbnail: (mark.config.faces).then(|| thumbnail(utterance)).flatten(),
            },
        },
        explanation: (fused.explanation.as_ref())
            .map(|explanation| explanation_line(explanation, &finite))
            .transpose()?,
        notes: notes(&represented.text, fused.explanation.as_ref()),
    })
}

fn explanation_line(
    explanation: &Explanation,
    finite: &impl Fn(&'static str, f32) -> Result<f64, ReportError>,
) -> Result<ExplanationLine, ReportError> {
    let score = |score: Option<f32>| {
        score
            .map(|score| finite("score of a flow", score))
            .transpose()
    };
    let words = explanation.words.iter().map(|word| {
        Ok(WordEffectLine {
            word: word.word.clone(),
            effect: finite("effect of a word", word.effect)?,
        })
    });
    Ok(ExplanationLine {
        complete: score(explanation.complete)?,
        text_missing: score(explanation.text_missing)?,
        simulated: explanation.simulated.clone(),
        words: words.collect::<Result<_, ReportError>>()?,
    })
}

/// What the language model could not take of the text, and what is not explained.
fn notes(text: &TextRepresentation, explanation: Option<&Explanation>) -> Vec<String> {
    let cut = text.truncated_at.map(|characters| {
        format!(
            "the language model read only the first {characters} characters of the transcript: \
             the rest does not fit its context"
        )
    });
    let missing = text.missing.as_ref().map(|why| format!("no text: {why}"));
    let unexplained = explanation.map_or(&[][..], |explanation| &explanation.notes);
    let notes = cut.into_iter().chain(missing);
    notes.chain(unexplained.iter().cloned()).collect()
}

fn text_line(
    represented: &Represented,
    source: TextSourceName,
    mark: &RunMark,
    finite: &impl Fn(&'static str, f32) -> Result<f64, ReportError>,
) -> Result<TextLine, ReportError> {
    let transcribed = &represented.transcribed;
    let heard = transcribed.transcript.as_ref();
    let confidence = finite("confidence", transcribed.confidence)?.clamp(0.0, 1.0);
    let language = heard.and_then(|heard| heard.language.as_ref());
    let word = |word: &Word| -> Result<WordLine, ReportError> {
        Ok(WordLine {
            word: word.text.clone(),
            start_s: rounded_s(word.start_s),
            end_s: rounded_s(word.end_s),
            probability: finite("probability of a word", word.probability)?.clamp(0.0, 1.0),
        })
    };
    let is_heard = |heard: &&Transcript| heard.origin == Origin::Recogniser;
    Ok(TextLine {
        source,
        origin: (heard.is_some_and(|heard| heard.origin == Origin::Sidecar))
            .then_some(TextOriginName::Sidecar),
        transcript: heard
            .map(|heard| heard.text.clone())
            .filter(|text| !text.is_empty()),
        simulated: represented.text.simulated.clone(),
        confidence: heard.filter(is_heard).map(|_| confidence),
        gate: mark.config.gate,
        language: language
            .map(|language| -> Result<_, ReportError> {
                Ok(LanguageLine {
                    code: language.code.clone(),
                    probability: finite("probability of the language", language.probability)?
                        .clamp(0.0, 1.0),
                })
            })
            .transpose()?,
        doubt: heard
            .and_then(|heard| heard.doubt)
            .map(|doubt| match doubt {
                Doubt::Loop => DoubtName::Loop,
                Doubt::Language => DoubtName::Language,
            }),
        words: heard
            .filter(|_| mark.config.words)
            .map(|heard| heard.words.iter().map(word).collect())
            .transpose()?,
    })
}

fn source_name(source: TextSource) -> TextSourceName {
    match source {
        TextSource::Transcript => TextSourceName::Transcript,
        TextSource::Simulated => TextSourceName::Simulated,
        TextSource::None => TextSourceName::None,
    }
}

fn scored_line(
    sentiment: &Sentiment,
    finite: &impl Fn(&'static str, f32) -> Result<f64, ReportError>,
) -> Result<SentimentLine, ReportError> {
    let margin = sentiment.margin.map(|margin| margin.utterance);
    let margin = margin.map(|margin| finite("margin", margin)).transpose()?;
    Ok(SentimentLine {
        interval_90: margin.map(|margin| interval(sentiment.score.into(), margin)),
        ..sentiment_line(finite("score", sentiment.score)?)
    })
}

fn sentiment_line(score: f64) -> SentimentLine {
    let score = score.clamp(-3.0, 3.0);
    SentimentLine {
        score,
        class7: score.round_ties_even() as i8,
        polarity: polarity(score),
        interval_90: None,
    }
}

/// As far as the range of scores goes.
pub(super) fn interval(middle: f64, margin: f64) -> IntervalLine {
    let end = |end: f64| rounded(end.clamp(-3.0, 3.0));
    IntervalLine {
        low: end(middle - margin),
        high: end(middle + margin),
    }
}

/// The sign of a score's class: what rounds to 0 is neutral.
pub(super) fn polarity(score: f64) -> Polarity {
    match score.round_ties_even() {
        class if class < 0.0 => Polarity::Negative,
        class if class > 0.0 => Polarity::Positive,
        _ => Polarity::Neutral,
    }
}
