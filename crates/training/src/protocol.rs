//! What a network is given when it is evaluated.

use std::fmt;
use std::str::FromStr;

use super::missing::{Kept, PARTS, thinned};
use super::{Coverage, Example, Lengths};
use undertone_fusion::{FusionConfig, FusionInput, Rng};
use undertone_types::{Flow, Margin, Matrix};

/// The stream of the random protocols; fixed, so that figures can be compared.
const STREAM: u64 = 0x5eed;

/// What a network is given when it is evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Protocol {
    /// Audio, real text, video; complete flow.
    Complete,
    /// Audio, simulated text, video; text-missing flow.
    Simulated,
    /// Only these of audio, real text and video: with text the complete flow, else the
    /// text-missing one.
    Only(Kept),
    /// Each modality is absent with this probability, but never all. Where text is absent the
    /// text-missing flow runs, with simulated text if the audio is there to make it from.
    RandomModality(f64),
    /// Each frame of each modality is absent with this probability; complete flow.
    RandomFrames(f64),
}

/// A name that no protocol has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a protocol; there are complete, simulated, modalities like audio or audio+text, \
     random-modality:RATE, random-frames:RATE, and the families fixed, random-modality, \
     random-frames and all"
)]
pub struct UnknownProtocol(String);

impl Protocol {
    /// How far the truth may be from scores under it, where a network knows.
    #[must_use]
    pub fn margin(self, network: &FusionConfig) -> Option<Margin> {
        match self {
            Self::Complete => network.margins.complete,
            Self::Simulated => network.margins.simulated,
            Self::Only(_) | Self::RandomModality(_) | Self::RandomFrames(_) => None,
        }
    }

    /// Complete, simulated, and each proper subset of the modalities.
    #[must_use]
    pub fn fixed() -> Vec<Self> {
        let parts = PARTS.into_iter().map(Self::Only);
        [Self::Complete, Self::Simulated]
            .into_iter()
            .chain(parts)
            .collect()
    }

    /// Modalities absent at rates 0.1 to 0.7, as the field tabulates them.
    #[must_use]
    pub fn random_modality() -> Vec<Self> {
        (1..=7)
            .map(|tenths| Self::RandomModality(f64::from(tenths) / 10.0))
            .collect()
    }

    /// Frames absent at rates 0 to 0.9, as the field tabulates them.
    #[must_use]
    pub fn random_frames() -> Vec<Self> {
        (0..=9)
            .map(|tenths| Self::RandomFrames(f64::from(tenths) / 10.0))
            .collect()
    }

    /// The protocols that a name stands for: one protocol, or the family `fixed`,
    /// `random-modality`, `random-frames` or `all`.
    ///
    /// # Errors
    /// When nothing has that name.
    pub fn named(name: &str) -> Result<Vec<Self>, UnknownProtocol> {
        Ok(match name {
            "fixed" => Self::fixed(),
            "random-modality" => Self::random_modality(),
            "random-frames" => Self::random_frames(),
            "all" => [
                Self::fixed(),
                Self::random_modality(),
                Self::random_frames(),
            ]
            .concat(),
            one => vec![one.parse()?],
        })
    }

    /// The protocols of several names, each once, in the order of their first mention.
    ///
    /// # Errors
    /// When nothing has one of the names.
    pub fn of_names(names: &[String]) -> Result<Vec<Self>, UnknownProtocol> {
        let mut all = Vec::new();
        for name in names {
            for protocol in Self::named(name)? {
                if !all.contains(&protocol) {
                    all.push(protocol);
                }
            }
        }
        Ok(all)
    }

    /// What this protocol needs and no utterance has; `None` where it can be measured.
    #[must_use]
    pub fn lacks(self, coverage: &Coverage) -> Option<String> {
        let needed = match self {
            Self::Complete | Self::RandomFrames(_) => [false; 3],
            Self::Only(kept) => kept,
            Self::RandomModality(_) => [true; 3],
            Self::Simulated if coverage.substitute == 0 => {
                return Some("simulated text, audio or video".to_owned());
            }
            Self::Simulated => [false; 3],
        };
        let there = [coverage.audio, coverage.text, coverage.video].map(|count| count > 0);
        let lacking = [0, 1, 2].map(|at| needed[at] && !there[at]);
        (lacking != [false; 3]).then(|| name(lacking))
    }

    /// Whether an utterance counts. The text-missing flow would answer a constant where it is given
    /// nothing.
    pub(super) fn takes(self, lengths: Lengths) -> bool {
        self != Self::Simulated || lengths.has_substitute()
    }

    /// What the network is given of an utterance; `at` is its position in the data set.
    pub(super) fn input(self, example: Example, at: usize) -> FusionInput {
        let mut rng = Rng::stream(&[STREAM, at as u64]);
        match self {
            Self::Complete => complete(example, [true; 3]),
            Self::Simulated => missing(example, [true; 3]),
            Self::Only(kept) if kept[1] => complete(example, kept),
            Self::Only(kept) => missing(example, kept),
            Self::RandomModality(rate) => match kept(rate, &mut rng) {
                kept @ [_, true, _] => complete(example, kept),
                // The text is simulated from the audio.
                [audio, false, video] => missing(example, [audio, audio, video]),
            },
            Self::RandomFrames(rate) => {
                let mut thin = |matrix: &Matrix| thinned(matrix, rate, &mut rng);
                FusionInput {
                    audio: thin(&example.audio),
                    text: thin(&example.real),
                    video: thin(&example.video),
                    flow: Flow::Complete,
                }
            }
        }
    }
}

/// The complete flow with what is kept of audio, real text and video.
fn complete(example: Example, kept: Kept) -> FusionInput {
    given(
        [example.audio, example.real, example.video],
        kept,
        Flow::Complete,
    )
}

/// The text-missing flow with what is kept of audio, simulated text and video.
fn missing(example: Example, kept: Kept) -> FusionInput {
    given(
        [example.audio, example.simulated, example.video],
        kept,
        Flow::TextMissing,
    )
}

fn given(matrices: [Matrix; 3], kept: Kept, flow: Flow) -> FusionInput {
    let [mut audio, mut text, mut video] = matrices;
    for (matrix, kept) in [&mut audio, &mut text, &mut video].into_iter().zip(kept) {
        if !kept {
            *matrix = Matrix::empty(matrix.cols());
        }
    }
    FusionInput {
        audio,
        text,
        video,
        flow,
    }
}

/// Some of the modalities, as in `audio+video`.
fn name(kept: Kept) -> String {
    let names = ["audio", "text", "video"].into_iter().zip(kept);
    let kept: Vec<&str> = names
        .filter(|(_, kept)| *kept)
        .map(|(name, _)| name)
        .collect();
    kept.join("+")
}

/// Which modalities are kept; if none would be, one at random is.
fn kept(rate: f64, rng: &mut Rng) -> [bool; 3] {
    let mut kept = [(); 3].map(|()| rng.unit() >= rate);
    let spared = rng.below(3);
    if kept == [false; 3] {
        kept[spared] = true;
    }
    kept
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Simulated => f.write_str("simulated"),
            Self::Only(kept) => f.write_str(&name(*kept)),
            Self::RandomModality(rate) => write!(f, "random-modality:{rate}"),
            Self::RandomFrames(rate) => write!(f, "random-frames:{rate}"),
        }
    }
}

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(name: &str) -> Result<Self, UnknownProtocol> {
        let unknown = || UnknownProtocol(name.to_owned());
        let mut fixed = Self::fixed().into_iter();
        if let Some(fixed) = fixed.find(|protocol| protocol.to_string() == name) {
            return Ok(fixed);
        }
        let (kind, rate) = name.split_once(':').ok_or_else(unknown)?;
        let rate: f64 = rate.parse().map_err(|_| unknown())?;
        match kind {
            _ if !(0.0..=1.0).contains(&rate) => Err(unknown()),
            "random-modality" => Ok(Self::RandomModality(rate)),
            "random-frames" => Ok(Self::RandomFrames(rate)),
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_types::Split;

    fn example() -> Example {
        Example {
            id: "a".to_owned(),
            source: String::new(),
            split: Split::Test,
            label: 0.0,
            text: String::new(),
            audio: Matrix::from_rows(&[[1.0]; 40]),
            real: Matrix::from_rows(&[[2.0, 2.0]; 3]),
            simulated: Matrix::from_rows(&[[3.0, 3.0]; 4]),
            video: Matrix::from_rows(&[[4.0]; 5]),
        }
    }

    fn rows(input: &FusionInput) -> [usize; 3] {
        [&input.audio, &input.text, &input.video].map(Matrix::rows)
    }

    #[test]
    fn each_fixed_protocol_gives_its_modalities() {
        let expected = [
            ("complete", [40, 3, 5], Flow::Complete),
            ("simulated", [40, 4, 5], Flow::TextMissing),
            ("audio", [40, 0, 0], Flow::TextMissing),
            ("text", [0, 3, 0], Flow::Complete),
            ("video", [0, 0, 5], Flow::TextMissing),
            ("audio+text", [40, 3, 0], Flow::Complete),
            ("audio+video", [40, 0, 5], Flow::TextMissing),
            ("text+video", [0, 3, 5], Flow::Complete),
        ];
        assert_eq!(Protocol::fixed().len(), expected.len());
        for (protocol, (name, kept, flow)) in Protocol::fixed().into_iter().zip(expected) {
            let input = protocol.input(example(), 0);
            assert_eq!(protocol.to_string(), name);
            assert_eq!((rows(&input), input.flow), (kept, flow), "{protocol}");
        }
    }

    #[test]
    fn protocols_lack_what_no_utterance_has() {
        let words = Coverage {
            utterances: 5,
            text: 5,
            ..Coverage::default()
        };
        let lacks = |name: &str| name.parse::<Protocol>().unwrap().lacks(&words);
        for name in ["complete", "text", "random-frames:0.5"] {
            assert_eq!(lacks(name), None, "{name}");
        }
        assert_eq!(lacks("audio+text").as_deref(), Some("audio"));
        assert_eq!(lacks("random-modality:0.1").as_deref(), Some("audio+video"));
        let lacking = lacks("simulated");
        assert_eq!(lacking.as_deref(), Some("simulated text, audio or video"));
    }

    #[test]
    fn random_modalities_never_all_go_and_repeat() {
        let protocol = Protocol::RandomModality(0.9);
        for at in 0..50 {
            let input = protocol.input(example(), at);
            assert!(rows(&input).iter().any(|&rows| rows > 0));
            assert_eq!(rows(&input), rows(&protocol.input(example(), at)));
        }
    }

    #[test]
    fn random_frames_thin_out() {
        let input = Protocol::RandomFrames(0.5).input(example(), 1);
        assert!(
            (5..35).contains(&input.audio.rows()),
            "{}",
            input.audio.rows()
        );
        assert!(
            Protocol::RandomFrames(1.0)
                .input(example(), 1)
                .audio
                .is_empty()
        );
    }

    #[test]
    fn a_protocol_that_is_named_twice_counts_once() {
        let names = ["video", "fixed", "video"].map(ToOwned::to_owned);
        let all = Protocol::of_names(&names).unwrap();
        assert_eq!((all.len(), all[0].to_string().as_str()), (8, "video"));
    }

    #[test]
    fn names_are_read_back() {
        let all = Protocol::named("all").unwrap();
        assert_eq!(all.len(), 8 + 7 + 10);
        for protocol in all {
            assert_eq!(Protocol::named(&protocol.to_string()).unwrap(), [protocol]);
        }
        for name in ["silence", "random-frames:2", "no:0.5"] {
            assert!(Protocol::named(name).is_err(), "{name}");
        }
    }
}
