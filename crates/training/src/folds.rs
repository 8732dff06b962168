//! Cross-validation: whole recordings are dealt to folds, so that no recording is in both the
//! training and the test split.

use std::collections::{BTreeMap, HashMap};

use super::{Dataset, StudyError};
use undertone_fusion::Rng;
use undertone_types::Split;

/// The stream of the dealing; fixed, so that studies can be compared.
const STREAM: u64 = 0xf01d;
/// One recording in this many outside a fold is for validation.
const VALIDATION: usize = 10;

/// The data set once per fold: the fold's recordings are the test split, a tenth of the others
/// (at least one) the validation split, the rest the training split. Utterances of the data
/// set's own test split take part in no fold.
///
/// # Errors
/// When there are too few recordings for so many folds.
pub(super) fn folds(dataset: &Dataset, count: usize) -> Result<Vec<Dataset>, StudyError> {
    let mut sizes = BTreeMap::<&str, usize>::new();
    for entry in dataset.entries() {
        if entry.split != Split::Test {
            *sizes.entry(&entry.source).or_default() += 1;
        }
    }
    if count < 2 || sizes.len() < count + 1 {
        return Err(StudyError::Folds {
            folds: count,
            recordings: sizes.len(),
        });
    }
    let mut sources: Vec<(&str, usize)> = sizes.into_iter().collect();
    Rng::stream(&[STREAM]).shuffle(&mut sources);
    let dealt = deal(&sources, count);
    let one = |fold: usize| {
        let mut others: Vec<&str> = (sources.iter())
            .map(|(source, _)| *source)
            .filter(|source| dealt[source] != fold)
            .collect();
        Rng::stream(&[STREAM, fold as u64]).shuffle(&mut others);
        let validation = &others[..others.len().div_ceil(VALIDATION)];
        dataset.clone().resplit(|entry| match entry.split {
            Split::Test => None,
            _ if dealt[entry.source.as_str()] == fold => Some(Split::Test),
            _ if validation.contains(&entry.source.as_str()) => Some(Split::Val),
            _ => Some(Split::Train),
        })
    };
    Ok((0..count).map(one).collect())
}

/// Gives each recording, the largest first, to the fold with the fewest utterances so far.
fn deal<'s>(sources: &[(&'s str, usize)], count: usize) -> HashMap<&'s str, usize> {
    let mut sources = sources.to_vec();
    sources.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let mut filled = vec![0; count];
    let mut dealt = HashMap::new();
    for (source, size) in sources {
        let fold = (0..count).min_by_key(|&fold| filled[fold]).unwrap_or(0);
        filled[fold] += size;
        dealt.insert(source, fold);
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_of_similar_size() {
        let sources: Vec<(String, usize)> =
            (0..40).map(|at| (format!("v{at}"), 1 + at % 9)).collect();
        let sources: Vec<(&str, usize)> = sources.iter().map(|(s, n)| (s.as_str(), *n)).collect();
        let dealt = deal(&sources, 5);
        let size = |fold| -> usize {
            let own = sources.iter().filter(|(source, _)| dealt[source] == fold);
            own.map(|(_, size)| size).sum()
        };
        let sizes: Vec<usize> = (0..5).map(size).collect();
        assert!(
            sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 3,
            "{sizes:?}"
        );
    }
}
