//! [`GstMedia`]: GStreamer as a [`MediaSource`].

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crossbeam_channel::{Sender, bounded, unbounded};
use gstreamer as gst;
use gstreamer::prelude::*;

use super::branch::{self, BranchSenders, Inputs};
use super::bus::{self, ErrorKind, PipelineError, PipelineEvent, StreamKind};
use super::pipelines::{Pipelines, parse_source};
use super::reader::{BranchReceivers, Reader};
use super::{MediaError, MediaEvent, MediaSettings, MediaSource, Wanted, logs, sniff};
use undertone_types::MediaFacts;

/// Blocks of sound that may wait for the reader; one lasts 20 to 100 ms.
const AUDIO_WAITING: usize = 32;
/// Frames that may wait for the reader.
const VIDEO_WAITING: usize = 8;

/// Decodes, with GStreamer, every format for which a plugin is installed.
#[derive(Debug)]
pub struct GstMedia {
    settings: MediaSettings,
    pipelines: Pipelines,
}

impl GstMedia {
    /// Starts GStreamer, and checks that every element of the pipelines is installed.
    ///
    /// # Errors
    /// [`MediaError::Engine`], naming what is missing.
    pub fn new(settings: MediaSettings) -> Result<Self, MediaError> {
        init()?;
        let cascade = Path::new(&settings.faces.cascade);
        if !cascade.is_file() {
            return Err(MediaError::Engine {
                reason: format!("the face cascade {} is missing", cascade.display()),
            });
        }
        let pipelines = Pipelines::new(&settings);
        pipelines.check()?;
        Ok(Self {
            settings,
            pipelines,
        })
    }

    /// Replaces the video branch, for fault injection.
    #[cfg(test)]
    pub(super) fn with_video(mut self, text: &str) -> Self {
        self.pipelines.video = text.to_owned();
        self
    }

    fn build(
        &self,
        path: &Path,
        wanted: Wanted,
        senders: BranchSenders,
        events: &Sender<PipelineEvent>,
    ) -> Result<gst::Pipeline, MediaError> {
        let pipeline = parse_source(&self.pipelines.source)?;
        let element = |name: &str| {
            pipeline.by_name(name).ok_or_else(|| MediaError::Engine {
                reason: format!("source.gst has no element {name}"),
            })
        };
        element("source")?.set_property("location", path);
        let decode = element("decode")?;
        bus::listen(&pipeline, events.clone(), senders.faces.clone());
        limit_threads(&pipeline, self.settings.decoder_threads);
        choose_streams(&decode, wanted, events.clone());
        self.attach_branches(&pipeline, &decode, senders, events);
        let complete = events.clone();
        decode.connect_no_more_pads(move |_| {
            let _ = complete.send(PipelineEvent::Complete);
        });
        Ok(pipeline)
    }

    /// Attaches a branch to the first decoded pad of each kind.
    fn attach_branches(
        &self,
        pipeline: &gst::Pipeline,
        decode: &gst::Element,
        senders: BranchSenders,
        events: &Sender<PipelineEvent>,
    ) {
        let (events, texts) = (events.clone(), self.pipelines.clone());
        let (weak, inputs) = (pipeline.downgrade(), Inputs::default());
        decode.connect_pad_added(move |_, pad| {
            let Some(pipeline) = weak.upgrade() else {
                return;
            };
            let (kind, text) = match media_type(pad).as_str() {
                "audio/x-raw" => (StreamKind::Audio, &texts.audio),
                "video/x-raw" => (StreamKind::Video, &texts.video),
                _ => return,
            };
            let connected = inputs.connect(pad, kind, || {
                // Must be sent before the first buffer can leave the branch.
                let _ = events.send(PipelineEvent::Exposed(kind));
                branch::attach(&pipeline, pad, kind, text, &senders)
            });
            if let Err(error) = connected {
                let _ = events.send(PipelineEvent::Error(PipelineError {
                    kind: ErrorKind::Engine,
                    reason: error.to_string(),
                }));
            }
        });
    }
}

impl MediaSource for GstMedia {
    fn decode(
        &self,
        path: &Path,
        wanted: Wanted,
        sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>,
    ) -> Result<MediaFacts, MediaError> {
        sniff::check(path)?;
        let (audio_tx, audio) = bounded(AUDIO_WAITING);
        let (video_tx, video) = bounded(VIDEO_WAITING);
        let (events_tx, events) = unbounded();
        let senders = BranchSenders {
            audio: audio_tx,
            video: video_tx,
            faces: Arc::default(),
            decoded_end: Arc::default(),
            margin: self.settings.faces.margin,
        };
        let decoded_end = senders.decoded_end.clone();
        let pipeline = self.build(path, wanted, senders, &events_tx)?;
        let receivers = BranchReceivers {
            audio,
            video,
            events,
        };
        Reader::new(pipeline, path, wanted, decoded_end, self.settings.stall_s)
            .read(receivers, sink)
    }
}

/// Silences OpenCV, unless the user has set its log level: it writes errors to stderr about the
/// default cascades of `facedetect`, which Debian does not have. Only an environment variable
/// can silence it.
///
/// # Safety
/// No other thread may run, as with [`std::env::set_var`]: call it first thing in `main`.
pub unsafe fn silence_opencv() {
    const LOG_LEVEL: &str = "OPENCV_LOG_LEVEL";
    if std::env::var_os(LOG_LEVEL).is_none() {
        // SAFETY: the caller promises that no other thread runs.
        unsafe { std::env::set_var(LOG_LEVEL, "SILENT") };
    }
}

/// Starts GStreamer once.
pub(super) fn init() -> Result<(), MediaError> {
    static STARTED: OnceLock<Result<(), String>> = OnceLock::new();
    STARTED
        .get_or_init(|| {
            gst::init().map_err(|error| error.message().to_owned())?;
            logs::bridge();
            Ok(())
        })
        .clone()
        .map_err(|reason| MediaError::Engine { reason })
}

fn media_type(pad: &gst::Pad) -> String {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    caps.structure(0)
        .map_or_else(String::new, |structure| structure.name().to_string())
}

/// Keeps decoders from using every core: the speech engines make better use of them.
fn limit_threads(pipeline: &gst::Pipeline, threads: u32) {
    if threads == 0 {
        return;
    }
    pipeline.connect_deep_element_added(move |_, _, element| {
        for name in ["max-threads", "n-threads", "threads"] {
            if element.find_property(name).is_some() {
                element.set_property_from_str(name, &threads.to_string());
            }
        }
    });
}

/// Rejects streams that are not wanted, so that they are not decoded.
fn choose_streams(decode: &gst::Element, wanted: Wanted, events: Sender<PipelineEvent>) {
    decode.connect("autoplug-continue", false, move |values| {
        let go_on = values
            .get(2)
            .and_then(|value| value.get::<gst::Caps>().ok())
            .is_none_or(|caps| {
                let Some(structure) = caps.structure(0) else {
                    return true;
                };
                if is_still(structure) {
                    let _ = events.send(PipelineEvent::Still);
                    return false;
                }
                wanted == Wanted::AudioAndVideo || !structure.name().starts_with("audio/")
            });
        Some(go_on.to_value())
    });
}

/// True for cover art and photographs; motion JPEG has a frame rate.
fn is_still(structure: &gst::StructureRef) -> bool {
    structure.name().starts_with("image/")
        && structure
            .get::<gst::Fraction>("framerate")
            .map_or(true, |rate| rate.numer() == 0)
}
