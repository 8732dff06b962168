//! Plain data that every other crate may use.
//!
//! - The messages between the stages: `decode` sends [`Passage`]s of utterances; from then on
//!   each hop adds one field to the utterance (`Utterance` → [`Transcribed`] → [`Represented`] → [`Observed`] → [`Fused`]). Large
//!   arrays are shared (`Arc<[f32]>`), not copied from hop to hop.
//! - [`Failure`]: why a recording has no report, with the kind of cause.
//! - [`AtomicFile`]: a file that exists exactly when it is complete.
//! - [`TextForm`]: the form in which a language model gets to see text.
//! - [`fn@shown`]: names and messages of others, safe to print.
//!
//! What must not live here: engine types, tensors, logic of a stage, and any import from another
//! crate of the workspace.

mod atomic;
mod cue;
mod explanation;
mod failure;
mod frame;
mod matrix;
mod media;
mod message;
mod observation;
mod recording;
mod sentiment;
mod shown;
mod split;
mod text;
mod text_form;
mod transcript;
mod utterance;
mod work_times;

pub use atomic::{AtomicFile, is_abandoned, write_atomically};
pub use cue::{Cue, SidecarUse};
pub use explanation::{Explanation, WordEffect};
pub use failure::{Cause, Failure, Stage, error_chain};
pub use frame::{FACE_SIDE_PX, Face, Frame, Rect};
pub use matrix::{Matrix, ShapeError};
pub use media::{AudioFacts, AudioTrack, MediaFacts, Truncated, VideoFacts};
pub use message::{Body, Ended, Message};
pub use observation::{Observation, Voice};
pub use recording::{Recording, RecordingId, Remote, SourceItem};
pub use sentiment::{Contributions, Flow, Margin, NoSentiment, RecordingMargin, Sentiment};
pub use shown::{shown, shown_lines, shown_path};
pub use split::{Split, UnknownSplit};
pub use text::{LeftOutWord, TextRepresentation, TextSource};
pub use text_form::{FormedText, TextForm};
pub use transcript::{Doubt, Language, Origin, TokenProbability, Transcript, Word};
pub use utterance::{Fused, Observed, Passage, RATE_HZ, Represented, Transcribed, Utterance};
pub use work_times::WorkTimes;
