//! What a pipeline says on its bus, for the reader.
//!
//! All of it is taken in the thread that posts it, so that the faces of a frame are known
//! before the frame arrives.

use std::sync::Arc;

use crossbeam_channel::Sender;
use gstreamer as gst;
use gstreamer::prelude::*;

use super::codecs::Undecoded;
use super::faces::FoundFaces;

/// The two kinds of stream that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Audio,
    Video,
}

/// News about the pipeline as a whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum News {
    /// A stream of this kind was found and will be decoded.
    Exposed(Kind),
    /// No more streams are expected.
    Complete,
    /// A stream that no plugin decodes.
    Undecoded(Undecoded),
    /// A picture without movement, which is not decoded.
    Still,
    /// An error; the pipeline is of no further use.
    Fault(Fault),
}

/// An error from the pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) cause: Cause,
    pub(super) reason: String,
}

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// No demuxer or decoder takes it.
    NotMedia,
    /// Protected.
    Encrypted,
    /// An element or a library is missing or broken.
    Engine,
    /// The file system.
    File,
    /// The data.
    Data,
}

/// Sends news from the bus and collects faces. Errors of a receiver that has gone are
/// nobody's business any more.
pub(super) fn listen(pipeline: &gst::Pipeline, news: Sender<News>, faces: Arc<FoundFaces>) {
    let Some(bus) = pipeline.bus() else { return };
    bus.set_sync_handler(move |_, message| {
        match message.view() {
            gst::MessageView::Error(error) => {
                let _ = news.send(News::Fault(fault(&error.error())));
            }
            gst::MessageView::Element(element) => {
                if let Some(structure) = element.structure() {
                    if structure.name() == "facedetect" {
                        faces.note(structure);
                    } else if let Some(undecoded) = Undecoded::from_message(structure) {
                        let _ = news.send(News::Undecoded(undecoded));
                    }
                }
            }
            _ => {}
        }
        gst::BusSyncReply::Drop
    });
}

fn fault(error: &gst::glib::Error) -> Fault {
    let cause = if let Some(error) = error.kind::<gst::StreamError>() {
        match error {
            gst::StreamError::TypeNotFound
            | gst::StreamError::WrongType
            | gst::StreamError::CodecNotFound => Cause::NotMedia,
            gst::StreamError::Decrypt | gst::StreamError::DecryptNokey => Cause::Encrypted,
            _ => Cause::Data,
        }
    } else if error.kind::<gst::ResourceError>().is_some() {
        Cause::File
    } else if error.matches(gst::CoreError::MissingPlugin) {
        // Every plugin of ours is there (see `GstMedia::new`): this is one for what is inside.
        Cause::NotMedia
    } else {
        Cause::Data
    };
    Fault {
        cause,
        reason: tidy(error.message()),
    }
}

/// GStreamer's sentences as fragments of ours.
fn tidy(words: &str) -> String {
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
        assert_eq!(tidy("This file is corrupt."), "this file is corrupt");
        assert_eq!(tidy("GStreamer error"), "GStreamer error");
    }

    #[test]
    fn errors_are_told_apart() {
        let not_media = gst::glib::Error::new(gst::StreamError::TypeNotFound, "What?");
        assert_eq!(fault(&not_media).cause, Cause::NotMedia);
        let file = gst::glib::Error::new(gst::ResourceError::Read, "Disk gone.");
        assert_eq!(fault(&file).cause, Cause::File);
        assert_eq!(fault(&file).reason, "disk gone");
    }
}
