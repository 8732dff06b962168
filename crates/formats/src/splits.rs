//! How videos are divided into splits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::FormatError;
use undertone_types::{Split, UnknownSplit};

/// How videos are divided; all utterances of a video stay together.
#[derive(Clone, Debug, PartialEq)]
pub enum Splits {
    /// As a table says.
    Table(BTreeMap<String, Split>),
    /// At random.
    Shares {
        /// Share of the videos for validation.
        val: f64,
        /// Share of the videos for test.
        test: f64,
        /// Decides which videos.
        seed: u64,
    },
}

impl Splits {
    /// Reads a table with the columns `video` and `split`.
    ///
    /// # Errors
    /// When a row is not understood (the message names the line), or a column is missing.
    pub fn read(path: &Path) -> Result<Self, FormatError> {
        let failed = |source| FormatError::Table {
            path: path.to_owned(),
            source,
        };
        let mut reader = csv::Reader::from_path(path).map_err(failed)?;
        let headers = reader.headers().map_err(failed)?.clone();
        let column = |name: &str| headers.iter().position(|own| own.trim() == name);
        let wrong = |reason: String| FormatError::Content {
            path: path.to_owned(),
            reason,
        };
        let (Some(video), Some(split)) = (column("video"), column("split")) else {
            return Err(wrong("needs the columns video and split".to_owned()));
        };
        let mut table = BTreeMap::new();
        for (index, row) in reader.records().enumerate() {
            let row = row.map_err(failed)?;
            let [video, split] = [video, split].map(|at| row.get(at).unwrap_or_default().trim());
            let split = split
                .parse()
                .map_err(|error: UnknownSplit| wrong(format!("line {}: {error}", index + 2)))?;
            table.insert(video.to_owned(), split);
        }
        Ok(Self::Table(table))
    }

    /// The split of each video; those that a table does not name are left out.
    #[must_use]
    pub fn divide(&self, videos: &BTreeSet<String>) -> BTreeMap<String, Split> {
        let (val, test, seed) = match self {
            Self::Table(table) => {
                let known = videos.iter();
                return known
                    .filter_map(|video| Some((video.clone(), *table.get(video)?)))
                    .collect();
            }
            Self::Shares { val, test, seed } => (*val, *test, *seed),
        };
        let mut drawn: Vec<&String> = videos.iter().collect();
        drawn.sort_by_cached_key(|video| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&seed.to_le_bytes()).update(video.as_bytes());
            *hasher.finalize().as_bytes()
        });
        // Training keeps at least one video; after that every share above 0 gets one.
        let mut left = videos.len().saturating_sub(1);
        let mut count = |share: f64| {
            let count = (share * videos.len() as f64).round() as usize;
            let count = count.max(usize::from(share > 0.0)).min(left);
            left -= count;
            count
        };
        let (val, test) = (count(val), count(test));
        let split = |at: usize| match at {
            at if at < val => Split::Val,
            at if at < val + test => Split::Test,
            _ => Split::Train,
        };
        let drawn = drawn.into_iter().enumerate();
        drawn
            .map(|(at, video)| (video.clone(), split(at)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_videos_and_the_seed_decides() {
        let videos: BTreeSet<String> = (0..20).map(|at| format!("v{at}")).collect();
        let shares = |seed| Splits::Shares {
            val: 0.1,
            test: 0.2,
            seed,
        };
        let splits = shares(1).divide(&videos);
        let count = |split| splits.values().filter(|&&own| own == split).count();
        assert_eq!(Split::ALL.map(count), [14, 2, 4]);
        assert_eq!(splits, shares(1).divide(&videos));
        assert_ne!(splits, shares(2).divide(&videos));
    }

    #[test]
    fn training_keeps_a_video_however_few_there_are() {
        let shares = Splits::Shares {
            val: 0.1,
            test: 0.2,
            seed: 1,
        };
        for (videos, expected) in [(1, [1, 0, 0]), (2, [1, 1, 0]), (3, [1, 1, 1])] {
            let videos: BTreeSet<String> = (0..videos).map(|at| format!("v{at}")).collect();
            let splits = shares.divide(&videos);
            let count = |split| splits.values().filter(|&&own| own == split).count();
            assert_eq!(Split::ALL.map(count), expected, "{videos:?}");
        }
    }
}
