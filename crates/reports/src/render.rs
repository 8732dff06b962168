//! From messages to the lines of a report: rounding, names, presence.

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
    }
}

/// The path as every line of its report names it.
pub(super) fn path_text(recording: &Recording) -> String {
    recording.path.to_string_lossy().into_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn line(fused: &Fused, mark: &RunMark) -> Result<UtteranceLine, ReportError> {
        utterance_line(fused, &crate::fixtures::recording(), mark)
    }

    #[test]
    fn what_was_cut_or_left_out_is_said() {
        let mut fused = crate::fixtures::fused(0, 0.5);
        let mark = crate::fixtures::mark();
        assert!(line(&fused, &mark).unwrap().notes.is_empty());
        fused.observed.represented.text.truncated_at = Some(1200);
        fused.observed.represented.text.missing = Some("no projector".to_owned());
        let notes = line(&fused, &mark).unwrap().notes;
        assert!(notes[0].contains("the first 1200 characters"), "{notes:?}");
        assert_eq!(notes[1], "no text: no projector");
    }

    #[test]
    fn an_untrained_modality_is_present_and_called_so() {
        let mut mark = (*crate::fixtures::mark()).clone();
        mark.bundle.untrained = vec!["audio".to_owned()];
        let line = line(&crate::fixtures::fused(0, 0.5), &mark).unwrap();
        let said = serde_json::to_value(&line.modalities).unwrap();
        assert_eq!(said["audio"]["present"], true);
        assert_eq!(said["audio"]["untrained"], true);
        assert!(said["text"].get("untrained").is_none(), "{said}");
    }

    #[test]
    fn without_a_score_the_line_says_why() {
        let mut fused = crate::fixtures::fused(0, 0.5);
        fused.sentiment = Err(undertone_types::NoSentiment::NoNetwork);
        let line = line(&fused, &crate::fixtures::mark()).unwrap();
        let said = serde_json::to_value(&line).unwrap();
        assert!(
            said["sentiment"].is_null() && said["flow"].is_null(),
            "{said}"
        );
        assert_eq!(
            said["sentiment_missing"],
            "the bundle has no fusion network"
        );
        assert!(said["modalities"]["text"]["contribution"].is_null());
    }

    #[test]
    fn what_takes_no_part_has_no_contribution() {
        let line = line(&crate::fixtures::fused(0, 0.5), &crate::fixtures::mark()).unwrap();
        let said = serde_json::to_value(&line.modalities).unwrap();
        assert_eq!(said["text"]["contribution"], 0.7);
        assert_eq!(said["video"]["present"], false);
        assert!(said["video"]["contribution"].is_null(), "{said}");
    }

    #[test]
    fn what_made_a_score_is_written_where_it_is_known() {
        let mut fused = crate::fixtures::fused(0, 0.5);
        let mark = crate::fixtures::mark();
        let said = serde_json::to_value(line(&fused, &mark).unwrap()).unwrap();
        assert!(said.get("explanation").is_none(), "{said}");
        fused.explanation = Some(Explanation {
            complete: Some(0.5),
            words: vec![undertone_types::WordEffect {
                word: "fine".to_owned(),
                effect: 0.456_78,
            }],
            notes: vec!["only half of it".to_owned()],
            ..Explanation::default()
        });
        let said = serde_json::to_value(line(&fused, &mark).unwrap()).unwrap();
        let expected = serde_json::json!({
            "complete": 0.5, "text_missing": null, "words": [{ "word": "fine", "effect": 0.4568 }],
        });
        assert_eq!(said["explanation"], expected);
        assert_eq!(said["notes"][0], "only half of it");
    }

    #[test]
    fn simulated_text_is_on_record() {
        let mut fused = crate::fixtures::fused(0, 0.5);
        let mark = crate::fixtures::mark();
        assert_eq!(line(&fused, &mark).unwrap().text.simulated, None);
        fused.observed.represented.text.simulated = Some("the filma good".to_owned());
        let text = line(&fused, &mark).unwrap().text;
        assert_eq!(text.simulated.as_deref(), Some("the filma good"));
    }

    #[test]
    fn an_interval_ends_where_scores_do() {
        let mut fused = crate::fixtures::fused(0, 2.5);
        let mark = crate::fixtures::mark();
        assert_eq!(
            line(&fused, &mark).unwrap().sentiment.unwrap().interval_90,
            None
        );
        fused.sentiment.as_mut().unwrap().margin = Some(undertone_types::Margin {
            utterance: 1.25,
            recording: None,
            utterances: 100,
        });
        let sentiment = line(&fused, &mark).unwrap().sentiment.unwrap();
        assert_eq!(sentiment.score, 2.5);
        let (low, high) = (1.25, 3.0);
        assert_eq!(sentiment.interval_90, Some(IntervalLine { low, high }));
    }

    #[test]
    fn words_are_written_where_they_are_asked_for() {
        let mut fused = crate::fixtures::fused(0, 0.5);
        let heard = &mut fused.observed.represented.transcribed.transcript;
        heard.as_mut().unwrap().words = vec![Word {
            text: "film".to_owned(),
            start_s: 1.234_56,
            end_s: 1.5,
            probability: 0.75,
        }];
        let mut mark = (*crate::fixtures::mark()).clone();
        assert_eq!(line(&fused, &mark).unwrap().text.words, None);
        mark.config.words = true;
        let words = line(&fused, &mark).unwrap().text.words.unwrap();
        assert_eq!((words[0].word.as_str(), words[0].start_s), ("film", 1.235));
    }

    #[test]
    fn classes_round_half_to_even_and_keep_their_sign() {
        let class = |score| (sentiment_line(score).class7, polarity(score));
        assert_eq!(class(0.5), (0, Polarity::Neutral));
        assert_eq!(class(1.5), (2, Polarity::Positive));
        assert_eq!(class(-2.6), (-3, Polarity::Negative));
        assert_eq!(class(9.0).0, 3);
    }

    #[test]
    fn rounding_leaves_no_negative_zero_infinity_or_nan() {
        assert_eq!(rounded(0.123_456), 0.1235);
        assert!(rounded(-0.000_001).is_sign_positive());
        assert_eq!(rounded(f64::NAN), 0.0);
        assert_eq!(rounded(f64::from(0.7_f32)), 0.7);
        assert_eq!(rounded_s(f64::INFINITY), 0.0);
    }
}
