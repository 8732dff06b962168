//! The three modalities, always in the order audio, text, video.

use serde::{Deserialize, Serialize};

/// A modality; its name is the variant's in lower case.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, strum::Display,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Modality {
    /// Voice.
    Audio,
    /// Words, real or simulated.
    Text,
    /// Face.
    Video,
}

impl Modality {
    /// The three, in order.
    pub const ALL: [Self; 3] = [Self::Audio, Self::Text, Self::Video];
}

/// One value per modality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trio<T> {
    /// For the voice.
    pub audio: T,
    /// For the words.
    pub text: T,
    /// For the face.
    pub video: T,
}

impl<T> Trio<T> {
    /// Makes each from its modality, in order.
    pub fn from_fn(mut make: impl FnMut(Modality) -> T) -> Self {
        Self {
            audio: make(Modality::Audio),
            text: make(Modality::Text),
            video: make(Modality::Video),
        }
    }

    /// The three, in order.
    pub fn as_array(&self) -> [&T; 3] {
        [&self.audio, &self.text, &self.video]
    }

    /// The three by reference.
    pub fn as_ref(&self) -> Trio<&T> {
        Trio {
            audio: &self.audio,
            text: &self.text,
            video: &self.video,
        }
    }

    /// The one of a modality.
    pub fn get(&self, modality: Modality) -> &T {
        match modality {
            Modality::Audio => &self.audio,
            Modality::Text => &self.text,
            Modality::Video => &self.video,
        }
    }

    /// The one of a modality, to be changed.
    pub fn get_mut(&mut self, modality: Modality) -> &mut T {
        match modality {
            Modality::Audio => &mut self.audio,
            Modality::Text => &mut self.text,
            Modality::Video => &mut self.video,
        }
    }

    /// Each made into something else, in order.
    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> Trio<U> {
        Trio {
            audio: change(self.audio),
            text: change(self.text),
            video: change(self.video),
        }
    }
}
