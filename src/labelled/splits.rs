//! Deals texts into splits where their tables do not.

use std::collections::BTreeMap;

use undertone_formats::LabelledText;
use undertone_fusion::Rng;
use undertone_types::Split;

/// Share of the texts for validation, and as much for the test.
const SHARE: f64 = 0.15;
/// With fewer sources each text is dealt by itself.
const SOURCES: usize = 10;
/// Names the stream that is drawn from: the same texts are dealt alike.
const STREAM: u64 = 0x7370_6c69_7473;

/// Deals training texts into validation (and test) where no text is in it, by whole sources, so
/// that nobody is in two of them. Gives a sentence about what was done; `None` where the tables
/// say it.
pub fn deal_splits(texts: &mut [LabelledText]) -> Option<String> {
    let has = |split| texts.iter().any(|text| text.split == split);
    if has(Split::Val) {
        return None;
    }
    let lacking = match has(Split::Test) {
        true => vec![Split::Val],
        false => vec![Split::Val, Split::Test],
    };
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let training = || {
        (0..)
            .zip(&*texts)
            .filter(|(_, text)| text.split == Split::Train)
    };
    for (at, text) in training() {
        groups.entry(&text.source).or_default().push(at);
    }
    let by_source = groups.len() >= SOURCES;
    let mut groups: Vec<Vec<usize>> = match by_source {
        true => groups.into_values().collect(),
        false => training().map(|(at, _)| vec![at]).collect(),
    };
    Rng::stream(&[STREAM]).shuffle(&mut groups);
    let wanted = groups.iter().map(Vec::len).sum::<usize>() as f64 * SHARE;
    let (mut groups, mut said) = (groups.into_iter(), Vec::new());
    for split in lacking {
        let mut dealt = 0;
        while (dealt as f64) < wanted {
            let group = groups.next()?;
            dealt += group.len();
            group.into_iter().for_each(|at| texts[at].split = split);
        }
        said.push(format!("{dealt} for {split}"));
    }
    let what = if by_source { "whole sources" } else { "texts" };
    let said = said.join(", ");
    Some(format!(
        "the tables have no validation split: {what} were drawn, {said}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(count: usize, sources: usize) -> Vec<LabelledText> {
        let text = |at: usize| LabelledText {
            id: at.to_string(),
            source: (at % sources).to_string(),
            label: 0.0,
            text: "x".to_owned(),
            split: Split::Train,
        };
        (0..count).map(text).collect()
    }

    fn count(texts: &[LabelledText], split: Split) -> usize {
        texts.iter().filter(|text| text.split == split).count()
    }

    #[test]
    fn whole_sources_are_dealt_always_alike() {
        let mut dealt = texts(200, 20);
        let said = deal_splits(&mut dealt).unwrap();
        assert!(
            said.contains("whole sources were drawn, 30 for val, 30 for test"),
            "{said}"
        );
        for text in &dealt {
            let of_source = dealt.iter().filter(|other| other.source == text.source);
            assert!(of_source.into_iter().all(|other| other.split == text.split));
        }
        let mut again = texts(200, 20);
        deal_splits(&mut again);
        assert_eq!(again, dealt);
    }

    #[test]
    fn of_few_sources_texts_are_dealt() {
        let mut dealt = texts(100, 1);
        let said = deal_splits(&mut dealt).unwrap();
        assert!(
            said.contains("texts were drawn, 15 for val, 15 for test"),
            "{said}"
        );
        assert_eq!(count(&dealt, Split::Train), 70);
    }

    #[test]
    fn what_tables_say_stays() {
        let mut given = texts(100, 20);
        given[0].split = Split::Val;
        let before = given.clone();
        assert_eq!(deal_splits(&mut given), None);
        assert_eq!(given, before);
        given[0].split = Split::Test;
        let said = deal_splits(&mut given).unwrap();
        assert!(!said.contains("for test"), "{said}");
        assert_eq!(count(&given, Split::Test), 1);
    }
}
