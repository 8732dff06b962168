//! [`GstMedia`]: GStreamer as a [`MediaSource`].

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use gstreamer as gst;
use gstreamer::prelude::*;

use super::branch::{BranchOutput, Tap};
use super::bus::{self, PipelineEvent, StreamKind};
use super::container::Container;
use super::pipelines::{Pipelines, parse_source};
use super::reader::Reader;
use super::sound::Block;
use super::stream::{Receivers, Stream};
use super::{
    MediaError, MediaEvent, MediaSettings, MediaSource, Wanted, edits, logs, sniff, tracks,
};
use undertone_types::{AudioFacts, Frame, MediaFacts, VideoFacts};

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

    /// Starts to decode the sound of a recording. Without a wish it is that of the first track
    /// that the file names as default.
    fn open_audio(
        &self,
        path: &Path,
        container: &Arc<Container>,
        track: Option<usize>,
    ) -> Result<Stream<AudioFacts, Block>, MediaError> {
        let (sender, outputs) = bounded(AUDIO_WAITING);
        self.open(path, container, track, &Tap::Audio(sender), outputs)
    }

    fn open_video(
        &self,
        path: &Path,
        container: &Arc<Container>,
    ) -> Result<Stream<VideoFacts, Frame>, MediaError> {
        let (sender, outputs) = bounded(VIDEO_WAITING);
        let tap = Tap::Video {
            sender,
            faces: Arc::default(),
            margin: self.settings.faces.margin,
            frames_per_second: self.settings.frames_per_second,
        };
        self.open(path, container, None, &tap, outputs)
    }

    fn open<F, T>(
        &self,
        path: &Path,
        container: &Arc<Container>,
        track: Option<usize>,
        tap: &Tap,
        outputs: Receiver<BranchOutput<F, T>>,
    ) -> Result<Stream<F, T>, MediaError> {
        let pipeline = parse_source(&self.pipelines.source)?;
        let element = |name: &str| {
            pipeline.by_name(name).ok_or_else(|| MediaError::Engine {
                reason: format!("source.gst has no element {name}"),
            })
        };
        let (source, decode) = (element("source")?, element("decode")?);
        source.set_property("location", path);
        let (events_tx, events) = unbounded();
        let receivers = Receivers {
            outputs,
            events,
            decoded: Arc::default(),
            read: Arc::default(),
        };
        let faces = match tap {
            Tap::Audio(_) => Arc::default(),
            Tap::Video { faces, .. } => faces.clone(),
        };
        bus::listen(&pipeline, events_tx.clone(), faces);
        edits::watch_source(&source, container, &receivers.read);
        edits::apply(&pipeline, container);
        limit_threads(&pipeline, self.settings.decoder_threads);
        choose_streams(&decode, tap.kind(), events_tx.clone());
        tracks::attach_branch(
            &pipeline,
            &decode,
            tracks::Branch {
                text: self.pipelines.of(tap.kind()).to_owned(),
                tap: tap.clone(),
                decoded: receivers.decoded.clone(),
                container: container.clone(),
                track,
                events: events_tx,
            },
        );
        let stall = Duration::from_secs_f64(self.settings.stall_s.clamp(0.1, 1e6));
        let size_bytes = std::fs::metadata(path).map_or(u64::MAX, |facts| facts.len());
        Stream::start(pipeline, receivers, stall, size_bytes)
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
        let container = Arc::new(Container::read(path));
        // Started before the sound, so that both begin at once.
        let video = self.open_video(path, &container)?;
        let mut tracks = Vec::new();
        let audio = match wanted {
            Wanted::AudioAndVideo => {
                let open = |track| {
                    let open = || self.open_audio(path, &container, track);
                    begun(open()?, open)
                };
                let (audio, all) = tracks::choose(open, self.settings.audio_track)?;
                tracks = all;
                Some(audio)
            }
            Wanted::VideoOnly => None,
        };
        let video = begun(video, || self.open_video(path, &container))?;
        Reader::new(path, &container, audio, video, tracks).read(sink)
    }
}

/// The stream once it has begun, if it is there; started anew where it has missed its start.
fn begun<F, T>(
    mut stream: Stream<F, T>,
    again: impl Fn() -> Result<Stream<F, T>, MediaError>,
) -> Result<Stream<F, T>, MediaError> {
    const ATTEMPTS: u32 = 10;
    for _ in 1..ATTEMPTS {
        stream.open()?;
        if !stream.missed_its_start() {
            break;
        }
        stream = again()?;
    }
    stream.open()?;
    Ok(stream)
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
fn choose_streams(decode: &gst::Element, wanted: StreamKind, events: Sender<PipelineEvent>) {
    let other = match wanted {
        StreamKind::Audio => StreamKind::Video,
        StreamKind::Video => StreamKind::Audio,
    };
    decode.connect("autoplug-continue", false, move |values| {
        let caps = values
            .get(2)
            .and_then(|value| value.get::<gst::Caps>().ok());
        let Some(structure) = caps.as_ref().and_then(|caps| caps.structure(0)) else {
            return Some(true.to_value());
        };
        if is_still(structure) {
            let _ = events.send(PipelineEvent::Still);
            return Some(false.to_value());
        }
        // Containers are called `video/…` or `audio/…` as well, and may hold both.
        let pad = values.get(1).and_then(|value| value.get::<gst::Pad>().ok());
        let unwanted = !pad.is_some_and(|pad| is_of_whole_file(&pad))
            && structure.name().starts_with(other.prefix());
        Some((!unwanted).to_value())
    });
}

/// True for the pad behind which nothing has been taken apart yet.
fn is_of_whole_file(pad: &gst::Pad) -> bool {
    let target = pad
        .downcast_ref::<gst::GhostPad>()
        .and_then(|ghost| ghost.target());
    let element = target.as_ref().unwrap_or(pad).parent_element();
    element
        .and_then(|element| element.factory())
        .is_some_and(|factory| factory.name() == "typefind")
}

/// True for cover art and photographs; motion JPEG has a frame rate.
fn is_still(structure: &gst::StructureRef) -> bool {
    structure.name().starts_with("image/")
        && structure
            .get::<gst::Fraction>("framerate")
            .map_or(true, |rate| rate.numer() == 0)
}
