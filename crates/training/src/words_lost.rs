//! Words lost at random, as recognition loses them: what stands in for simulated text where there
//! is no sound to simulate it from.

use std::fmt;
use std::str::FromStr;

use undertone_fusion::Rng;

/// How descriptions of simulated text begin that was made so.
const LOST: &str = "words lost";

/// The share of words that is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WordsLost(f64);

/// Not a share of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a share of the words, from 0 to 1")]
pub struct NotAShare;

impl WordsLost {
    /// Under which name a data set's description says so.
    pub const KEY: &'static str = "simulated";

    /// Whether a description says that words were lost, and not that anything was simulated.
    #[must_use]
    pub fn made(description: &str) -> bool {
        description.starts_with(LOST)
    }

    /// The text with each word lost with this probability; at least one word stays. The same id
    /// always loses the same words.
    #[must_use]
    pub fn of(self, text: &str, id: &str) -> String {
        let words: Vec<&str> = text.split_whitespace().collect();
        let hash = blake3::hash(id.as_bytes());
        let names = hash.as_bytes().as_chunks::<8>().0;
        let names: Vec<u64> = names.iter().map(|name| u64::from_le_bytes(*name)).collect();
        let mut rng = Rng::stream(&names);
        let spared = rng.below(words.len().max(1));
        let kept: Vec<&str> = (0..)
            .zip(words)
            .filter(|(at, _)| rng.unit() >= self.0 || *at == spared)
            .map(|(_, word)| word)
            .collect();
        kept.join(" ")
    }
}

impl fmt::Display for WordsLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{LOST} {}", self.0)
    }
}

impl FromStr for WordsLost {
    type Err = NotAShare;

    fn from_str(text: &str) -> Result<Self, NotAShare> {
        let share = text
            .parse()
            .ok()
            .filter(|share| (0.0..=1.0).contains(share));
        share.map(Self).ok_or(NotAShare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(share: &str) -> WordsLost {
        share.parse().unwrap()
    }

    #[test]
    fn a_share_of_the_words_is_lost_and_the_same_ones_each_time() {
        let text = vec!["word"; 1000].join(" ");
        let kept = |share, id: &str| lost(share).of(&text, id).split(' ').count();
        assert!(
            (650..750).contains(&kept("0.3", "a")),
            "{}",
            kept("0.3", "a")
        );
        assert_eq!(lost("0.3").of(&text, "a"), lost("0.3").of(&text, "a"));
        let few = "one two three four five six seven eight";
        let others: Vec<String> = ["a", "b", "c"].map(|id| lost("0.5").of(few, id)).into();
        assert!(
            others[0] != others[1] || others[1] != others[2],
            "{others:?}"
        );
    }

    #[test]
    fn something_stays_in_its_order() {
        assert_eq!(lost("1").of("never  ever", "x").split(' ').count(), 1);
        assert_eq!(lost("0").of(" never\never ", "x"), "never ever");
        for wrong in ["", "-0.1", "1.1", "30%", "NaN"] {
            assert_eq!(wrong.parse::<WordsLost>(), Err(NotAShare), "{wrong}");
        }
        assert_eq!(lost("0.30").to_string(), "words lost 0.3");
    }
}
