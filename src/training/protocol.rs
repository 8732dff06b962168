//! What a network is given when it is evaluated.

use std::fmt;
use std::str::FromStr;

use super::{Example, TrainError};
use crate::flow::{Flow, Matrix};
use crate::fusion::{FusionInput, Rng};

/// The stream of the random protocols; fixed, so that figures can be compared.
const STREAM: u64 = 0x5eed;

/// What a network is given when it is evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Protocol {
    /// Audio, real text, video; complete flow.
    Complete,
    /// Audio, simulated text, video; text-missing flow.
    Simulated,
    /// Audio, no text, video; text-missing flow.
    NoText,
    /// Audio alone; text-missing flow.
    AudioOnly,
    /// Video alone; text-missing flow.
    VideoOnly,
    /// Each modality is absent with this probability, but never all. Where text is absent the
    /// text-missing flow runs, with simulated text if the audio is there to make it from.
    RandomModality(f64),
    /// Each frame of each modality is absent with this probability; complete flow.
    RandomFrames(f64),
}

impl Protocol {
    /// Those without a rate.
    pub const FIXED: [Self; 5] = [
        Self::Complete,
        Self::Simulated,
        Self::NoText,
        Self::AudioOnly,
        Self::VideoOnly,
    ];

    /// What the network is given of an utterance; `at` is its position in the data set.
    pub(super) fn input(self, example: Example, at: usize) -> FusionInput {
        let Example {
            audio,
            real,
            simulated,
            video,
            ..
        } = example;
        let none = |matrix: &Matrix| Matrix::empty(matrix.cols());
        let mut rng = Rng::stream(&[STREAM, at as u64]);
        let (audio, text, video, flow) = match self {
            Self::Complete => (audio, real, video, Flow::Complete),
            Self::Simulated => (audio, simulated, video, Flow::TextMissing),
            Self::NoText => (audio, none(&real), video, Flow::TextMissing),
            Self::AudioOnly => (audio, none(&real), none(&video), Flow::TextMissing),
            Self::VideoOnly => (none(&audio), none(&real), video, Flow::TextMissing),
            Self::RandomModality(rate) => {
                let [has_audio, has_text, has_video] = kept(rate, &mut rng);
                let (text, flow) = match (has_text, has_audio) {
                    (true, _) => (real, Flow::Complete),
                    (false, true) => (simulated, Flow::TextMissing),
                    (false, false) => (none(&real), Flow::TextMissing),
                };
                let audio = if has_audio { audio } else { none(&audio) };
                let video = if has_video { video } else { none(&video) };
                (audio, text, video, flow)
            }
            Self::RandomFrames(rate) => {
                let mut thin = |matrix: &Matrix| thinned(matrix, rate, &mut rng);
                (thin(&audio), thin(&real), thin(&video), Flow::Complete)
            }
        };
        FusionInput {
            audio,
            text,
            video,
            flow,
        }
    }
}

/// Which modalities stay; if all would go, one chosen at random stays.
fn kept(rate: f64, rng: &mut Rng) -> [bool; 3] {
    let mut kept = [(); 3].map(|()| rng.unit() >= rate);
    let survivor = rng.below(3);
    if kept == [false; 3] {
        kept[survivor] = true;
    }
    kept
}

fn thinned(matrix: &Matrix, rate: f64, rng: &mut Rng) -> Matrix {
    let rows = (0..matrix.rows()).filter(|_| rng.unit() >= rate);
    let values: Vec<f32> = rows.flat_map(|row| matrix.row(row).to_vec()).collect();
    let count = values.len() / matrix.cols().max(1);
    Matrix::new(count, matrix.cols(), values).unwrap_or_else(|_| Matrix::empty(matrix.cols()))
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Simulated => f.write_str("simulated"),
            Self::NoText => f.write_str("no-text"),
            Self::AudioOnly => f.write_str("audio-only"),
            Self::VideoOnly => f.write_str("video-only"),
            Self::RandomModality(rate) => write!(f, "random-modality:{rate}"),
            Self::RandomFrames(rate) => write!(f, "random-frames:{rate}"),
        }
    }
}

impl FromStr for Protocol {
    type Err = TrainError;

    fn from_str(name: &str) -> Result<Self, TrainError> {
        let unknown = || TrainError::Protocol(name.to_owned());
        if let Some(fixed) = Self::FIXED.into_iter().find(|p| p.to_string() == name) {
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
    use crate::training::Split;

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
        let expected = [[40, 3, 5], [40, 4, 5], [40, 0, 5], [40, 0, 0], [0, 0, 5]];
        for (protocol, expected) in Protocol::FIXED.into_iter().zip(expected) {
            let input = protocol.input(example(), 0);
            assert_eq!(rows(&input), expected, "{protocol}");
            let complete = protocol == Protocol::Complete;
            assert_eq!(input.flow == Flow::Complete, complete, "{protocol}");
        }
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
    fn names_are_read_back() {
        let rated = [Protocol::RandomModality(0.3), Protocol::RandomFrames(0.9)];
        for protocol in Protocol::FIXED.into_iter().chain(rated) {
            assert_eq!(protocol.to_string().parse::<Protocol>().unwrap(), protocol);
        }
        for name in ["silence", "random-frames", "random-frames:2", "no:0.5"] {
            assert!(name.parse::<Protocol>().is_err(), "{name}");
        }
    }
}
