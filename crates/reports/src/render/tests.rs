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
