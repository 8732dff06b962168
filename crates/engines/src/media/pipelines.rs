//! The pipelines of the folder `pipelines/`, with their placeholders filled in.

use gstreamer as gst;
use gstreamer::prelude::*;

use super::bus::StreamKind;
use super::{MediaError, MediaSettings};
use undertone_types::RATE_HZ;

const SOURCE: &str = include_str!("../../../../pipelines/source.gst");
const AUDIO: &str = include_str!("../../../../pipelines/audio.gst");
const VIDEO: &str = include_str!("../../../../pipelines/video.gst");

/// The pipelines of one set of settings, ready to be parsed.
#[derive(Clone, Debug)]
pub(super) struct Pipelines {
    pub(super) source: String,
    pub(super) audio: String,
    pub(super) video: String,
}

impl Pipelines {
    /// Fills in the embedded texts.
    pub(super) fn new(settings: &MediaSettings) -> Self {
        let faces = &settings.faces;
        let values = [
            ("{rate_hz}", RATE_HZ.to_string()),
            (
                "{frame_width_px}",
                settings.frame_width_px.max(16).to_string(),
            ),
            // Portrait video is higher than wide, but not by more than this.
            (
                "{frame_height_px}",
                (settings.frame_width_px.max(16) * 4).to_string(),
            ),
            ("{face_cascade}", faces.cascade.replace(['"', '\\'], "")),
            ("{face_min_px}", faces.min_px.to_string()),
            ("{face_min_neighbours}", faces.min_neighbours.to_string()),
            (
                "{face_scale_step}",
                faces.scale_step.clamp(1.1, 10.0).to_string(),
            ),
        ];
        let fill = |text: &str| {
            let text = without_comments(text);
            values
                .iter()
                .fold(text, |text, (key, value)| text.replace(key, value))
        };
        Self {
            source: fill(SOURCE),
            audio: fill(AUDIO),
            video: fill(VIDEO),
        }
    }

    /// The branch for streams of this kind.
    pub(super) fn of(&self, kind: StreamKind) -> &str {
        match kind {
            StreamKind::Audio => &self.audio,
            StreamKind::Video => &self.video,
        }
    }

    /// Parses all three, so that a missing element is found before the first recording.
    pub(super) fn check(&self) -> Result<(), MediaError> {
        parse_source(&self.source)?;
        parse_branch(&self.audio)?;
        parse_branch(&self.video)?;
        Ok(())
    }
}

/// `gst-launch` syntax has no comments: lines that begin with `#` are removed here.
fn without_comments(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Parses the head of the pipeline.
pub(super) fn parse_source(text: &str) -> Result<gst::Pipeline, MediaError> {
    gst::parse::launch(text)
        .map_err(|error| engine(&error))?
        .downcast()
        .map_err(|element: gst::Element| MediaError::Engine {
            reason: format!("{} is not a pipeline", element.name()),
        })
}

/// Parses a branch; its first element's input becomes the pad `sink`.
pub(super) fn parse_branch(text: &str) -> Result<gst::Bin, MediaError> {
    gst::parse::bin_from_description(text, true).map_err(|error| engine(&error))
}

fn engine(error: &gst::glib::Error) -> MediaError {
    MediaError::Engine {
        reason: error.message().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::gst::init;
    use crate::media::synthetic::settings;

    #[test]
    fn every_pipeline_parses_and_has_its_named_elements() {
        init().unwrap();
        let pipelines = Pipelines::new(&settings());
        pipelines.check().unwrap();
        let source = parse_source(&pipelines.source).unwrap();
        assert!(source.by_name("source").is_some() && source.by_name("decode").is_some());
        let audio = parse_branch(&pipelines.audio).unwrap();
        assert!(audio.by_name("audio").is_some() && audio.static_pad("sink").is_some());
        let video = parse_branch(&pipelines.video).unwrap();
        assert!(video.by_name("video").is_some() && video.static_pad("sink").is_some());
        let faces = video.by_name("faces").unwrap();
        assert_eq!(faces.property::<i32>("min-size-width"), 30);
    }

    #[test]
    fn no_placeholder_and_no_comment_is_left() {
        let pipelines = Pipelines::new(&settings());
        for text in [&pipelines.source, &pipelines.audio, &pipelines.video] {
            assert!(!text.contains(['{', '}', '#']), "{text}");
        }
    }

    #[test]
    fn a_missing_element_is_named() {
        init().unwrap();
        let error = parse_branch("identity ! nosuchelement").unwrap_err();
        assert!(error.is_environment());
        assert!(error.to_string().contains("nosuchelement"), "{error}");
    }
}
