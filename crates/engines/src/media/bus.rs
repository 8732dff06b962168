//! The messages on a pipeline's bus, as events for the reader.
//!
//! Messages are handled in the thread that posts them, so that the faces of a frame are known
//! before the frame arrives.

use std::sync::Arc;

use crossbeam_channel::Sender;
use gstreamer as gst;
use gstreamer::prelude::*;

use super::codecs::Undecoded;
use super::faces::FoundFaces;
use undertone_types::AudioTrack;

/// The kinds of stream that are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamKind {
    Audio,
    Video,
}

impl StreamKind {
    /// Name of the branch's sink, in the pipelines.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }

    /// Beginning of the media types of this kind.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Audio => "audio/",
            Self::Video => "video/",
        }
    }
}

/// The streams of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Streams {
    /// How many of them there are, of any kind.
    pub(super) count: usize,
    /// Those of the wanted kind.
    pub(super) tracks: Vec<TrackFacts>,
}

/// A stream of the wanted kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TrackFacts {
    /// The demuxer's name for it.
    pub(super) id: String,
    /// What is told of it.
    pub(super) facts: AudioTrack,
}

/// Something that concerns the pipeline as a whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PipelineEvent {
    /// A stream of the wanted kind was found: it will be decoded.
    Attached,
    /// All streams of the file are known.
    Complete(Streams),
    /// A stream for which no decoder is installed.
    Undecoded(Undecoded),
    /// A still image, which is not decoded.
    Still,
    /// An error, after which the pipeline delivers nothing more.
    Error(PipelineError),
}

/// An error from the pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PipelineError {
    pub(super) kind: ErrorKind,
    pub(super) reason: String,
    /// The data have no consumer: no fault of the recording where no stream is wanted.
    pub(super) unlinked: bool,
}

/// What an error of a pipeline concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorKind {
    /// No demuxer or decoder accepts the data.
    NotMedia,
    /// The data are encrypted.
    Encrypted,
    /// GStreamer: an element or a library is missing or does not work.
    Engine,
    /// Reading the file.
    File,
    /// The data are damaged.
    Data,
}

/// Sends events from the bus and collects faces. Failed sends are ignored: when the reader has
/// ended, nobody needs the events.
pub(super) fn listen(
    pipeline: &gst::Pipeline,
    events: Sender<PipelineEvent>,
    faces: Arc<FoundFaces>,
) {
    let Some(bus) = pipeline.bus() else { return };
    bus.set_sync_handler(move |_, message| {
        match message.view() {
            gst::MessageView::Error(error) => {
                let _ = events.send(PipelineEvent::Error(explain(
                    &error.error(),
                    error.details(),
                )));
            }
            gst::MessageView::Element(element) => {
                if let Some(structure) = element.structure() {
                    if structure.name() == "facedetect" {
                        faces.note(structure);
                    } else if let Some(undecoded) = Undecoded::from_message(structure) {
                        let _ = events.send(PipelineEvent::Undecoded(undecoded));
                    }
                }
            }
            _ => {}
        }
        gst::BusSyncReply::Drop
    });
}

fn explain(error: &gst::glib::Error, details: Option<&gst::StructureRef>) -> PipelineError {
    let kind = if let Some(error) = error.kind::<gst::StreamError>() {
        match error {
            gst::StreamError::TypeNotFound
            | gst::StreamError::WrongType
            | gst::StreamError::CodecNotFound => ErrorKind::NotMedia,
            gst::StreamError::Decrypt | gst::StreamError::DecryptNokey => ErrorKind::Encrypted,
            _ => ErrorKind::Data,
        }
    } else if error.kind::<gst::ResourceError>().is_some() {
        ErrorKind::File
    } else if error.matches(gst::CoreError::MissingPlugin) {
        // `GstMedia::new` has checked that the elements of our pipelines are installed: what is
        // missing is a plugin for the data.
        ErrorKind::NotMedia
    } else {
        ErrorKind::Data
    };
    PipelineError {
        kind,
        reason: fragment(error.message()),
        unlinked: flow(details) == Some(NOT_LINKED),
    }
}

/// `GST_FLOW_NOT_LINKED`.
const NOT_LINKED: i32 = -1;

/// The reason why data could not flow, which elements add to an error.
fn flow(details: Option<&gst::StructureRef>) -> Option<i32> {
    details?.get::<i32>("flow-return").ok()
}

/// Turns a sentence of GStreamer into a lower-case fragment, like our own messages.
fn fragment(words: &str) -> String {
    let words = words.trim().trim_end_matches('.');
    let mut letters = words.chars();
    match letters.next() {
        Some(first) if letters.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_become_fragments() {
        assert_eq!(fragment("This file is corrupt."), "this file is corrupt");
        assert_eq!(fragment("GStreamer error"), "GStreamer error");
    }

    #[test]
    fn errors_are_told_apart() {
        let not_media = gst::glib::Error::new(gst::StreamError::TypeNotFound, "What?");
        assert_eq!(explain(&not_media, None).kind, ErrorKind::NotMedia);
        let file = gst::glib::Error::new(gst::ResourceError::Read, "Disk gone.");
        assert_eq!(explain(&file, None).kind, ErrorKind::File);
        assert_eq!(explain(&file, None).reason, "disk gone");
    }
}
