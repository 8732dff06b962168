//! The audio and the video branch of the pipeline, and the taps at their ends.
//!
//! A tap runs in the thread of its branch: it turns buffers into blocks and frames and sends
//! them over a short channel. A full channel blocks the branch, a closed one ends it.

use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::Sender;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks};

use super::bus::StreamKind;
use super::clock::{Decoded, running_time, samples_of};
use super::codecs::{codec_name, container_name};
use super::faces::{FoundFaces, Picture};
use super::sampling::Sampler;
use super::sound::Block;
use super::sound::Sound;
use super::{MediaError, pipelines};
use undertone_types::{AudioFacts, Frame, VideoFacts};

/// What a tap sends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum BranchOutput<F, T> {
    /// The stream's facts, and the container's name; before the first item.
    Started(F, Option<String>),
    /// A block or a frame.
    Item(T),
    /// The stream has ended.
    Ended,
}

/// What a branch needs: where it sends to, and how.
#[derive(Clone, Debug)]
pub(super) enum Tap {
    /// Sends sound.
    Audio(Sender<BranchOutput<AudioFacts, Block>>),
    /// Sends frames.
    Video {
        sender: Sender<BranchOutput<VideoFacts, Frame>>,
        faces: Arc<FoundFaces>,
        /// Margin around a face, as a share of its size.
        margin: f32,
        /// Frames that are looked at.
        frames_per_second: u32,
    },
}

impl Tap {
    pub(super) fn kind(&self) -> StreamKind {
        match self {
            Self::Audio(_) => StreamKind::Audio,
            Self::Video { .. } => StreamKind::Video,
        }
    }
}

/// Builds a branch from its text, adds it to the pipeline and links it to a decoded pad.
/// Returns the branch's input pad.
pub(super) fn attach(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    text: &str,
    tap: &Tap,
    decoded: &Arc<Decoded>,
) -> Result<gst::Pad, MediaError> {
    let kind = tap.kind();
    let wrong = |what: &str| MediaError::Engine {
        reason: format!("the {kind:?} branch {what}"),
    };
    let branch = pipelines::parse_branch(text)?;
    let input = branch
        .static_pad("sink")
        .ok_or_else(|| wrong("has no input"))?;
    let sink = branch
        .by_name(kind.name())
        .and_then(|element| element.downcast::<AppSink>().ok())
        .ok_or_else(|| wrong("has no appsink"))?;
    let source = SourceFacts::of(pad);
    measure(&input, decoded.clone(), source.step_s());
    sink.set_callbacks(match tap {
        Tap::Audio(sender) => {
            allow_any_layout(&input);
            tap_audio(sender, source)
        }
        Tap::Video {
            sender,
            faces,
            margin,
            frames_per_second,
        } => {
            sample_frames(&input, *frames_per_second, source.step_s());
            tap_video(sender, faces.clone(), *margin, source)
        }
    });
    pipeline
        .add(&branch)
        .map_err(|_| wrong("cannot be added"))?;
    branch
        .sync_state_with_parent()
        .map_err(|_| wrong("does not start"))?;
    pad.link(&input).map_err(|_| wrong("cannot be linked"))?;
    // The stream of a very short file may have ended before its pad was linked; the end is not
    // signalled again.
    if pad.sticky_event::<gst::event::Eos>(0).is_some() {
        input.send_event(gst::event::Eos::new());
    }
    Ok(input)
}

/// What the caps of the decoded pad say about the stream.
#[derive(Clone, Debug, Default)]
struct SourceFacts {
    rate_hz: u32,
    channels: u32,
    width_px: u32,
    height_px: u32,
    fps: f64,
}

impl SourceFacts {
    fn of(pad: &gst::Pad) -> Self {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let Some(structure) = caps.structure(0) else {
            return Self::default();
        };
        let number = |name| {
            structure
                .get::<i32>(name)
                .unwrap_or(0)
                .max(0)
                .unsigned_abs()
        };
        let fps = structure
            .get::<gst::Fraction>("framerate")
            .map_or(0.0, |rate| {
                f64::from(rate.numer()) / f64::from(rate.denom())
            });
        Self {
            rate_hz: number("rate"),
            channels: number("channels"),
            width_px: number("width"),
            height_px: number("height"),
            fps,
        }
    }

    /// Seconds between frames, if known.
    fn step_s(&self) -> Option<f64> {
        (self.fps > 0.0).then(|| 1.0 / self.fps)
    }
}

/// Notes the end of every decoded buffer, before frames are dropped.
fn measure(input: &gst::Pad, decoded: Arc<Decoded>, step_s: Option<f64>) {
    input.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if let (Some(buffer), Some(segment)) =
            (info.buffer(), pad.sticky_event::<gst::event::Segment>(0))
        {
            decoded.note(segment.segment(), buffer, step_s);
        }
        gst::PadProbeReturn::Ok
    });
}

/// Drops the frames that are not looked at, before they are converted.
fn sample_frames(input: &gst::Pad, per_second: u32, step_s: Option<f64>) {
    let sampler = Mutex::new(Sampler::new(per_second));
    let step = step_s.map(gst::ClockTime::from_seconds_f64);
    input.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let kept = info.buffer().is_none_or(|buffer| {
            let segment = pad.sticky_event::<gst::event::Segment>(0);
            let time = segment.and_then(|segment| {
                let segment = segment.segment().downcast_ref::<gst::ClockTime>()?;
                segment.to_running_time(buffer.pts()?)
            });
            let length = step.or(buffer.duration()).unwrap_or_default();
            let mut sampler = sampler.lock().unwrap_or_else(PoisonError::into_inner);
            time.is_some_and(|time| sampler.keeps(time.nseconds(), length.nseconds()))
        });
        match kept {
            true => gst::PadProbeReturn::Ok,
            // Not `Drop`: the bindings take the buffer away and GStreamer misses it.
            false => gst::PadProbeReturn::Handled,
        }
    });
}

/// States "no layout" for channels of which the file states none: GStreamer's converters refuse
/// more than two without a statement.
fn allow_any_layout(input: &gst::Pad) {
    input.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if let Some(event) = info.event()
            && let gst::EventView::Caps(caps) = event.view()
            && let Some(structure) = caps.caps().structure(0)
            && structure
                .get::<i32>("channels")
                .is_ok_and(|count| count > 2)
            && !structure.has_field("channel-mask")
        {
            let mut caps = caps.caps_owned();
            caps.make_mut().set("channel-mask", gst::Bitmask::new(0));
            let event = gst::event::Caps::builder(&caps)
                .seqnum(event.seqnum())
                .build();
            info.data = Some(gst::PadProbeData::Event(event));
        }
        gst::PadProbeReturn::Ok
    });
}

fn tags(sink: &AppSink) -> Vec<gst::TagList> {
    let mut tags = Vec::new();
    if let Some(pad) = sink.static_pad("sink") {
        let mut at = 0;
        while let Some(event) = pad.sticky_event::<gst::event::Tag>(at) {
            tags.push(event.tag_owned());
            at += 1;
        }
    }
    tags
}

/// The reader has closed its end of the channel.
fn closed<T>(_: crossbeam_channel::SendError<T>) -> gst::FlowError {
    gst::FlowError::Eos
}

fn tap_audio(
    sender: &Sender<BranchOutput<AudioFacts, Block>>,
    source: SourceFacts,
) -> AppSinkCallbacks {
    let (sender, at_end) = (sender.clone(), sender.clone());
    let sound = Arc::new(Mutex::new(Sound::new(source.channels)));
    let rest = sound.clone();
    let mut started = false;
    AppSinkCallbacks::builder()
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            let Some(buffer) = sample.buffer() else {
                return Ok(gst::FlowSuccess::Ok);
            };
            let start_s = running_time(&sample).map(gst::ClockTime::seconds_f64);
            let samples = samples_of(&buffer.map_readable().map_err(|_| gst::FlowError::Error)?);
            if samples.is_empty() {
                return Ok(gst::FlowSuccess::Ok);
            }
            if !started {
                started = true;
                let tags = tags(sink);
                let facts = AudioFacts {
                    codec: codec_name(&tags, true, "raw audio"),
                    rate_hz: source.rate_hz,
                    channels: source.channels,
                    start_s: start_s.unwrap_or(0.0),
                };
                let started = BranchOutput::Started(facts, container_name(&tags));
                sender.send(started).map_err(closed)?;
            }
            let channels = channels_of(&sample).unwrap_or(source.channels);
            let mut sound = sound.lock().unwrap_or_else(PoisonError::into_inner);
            let heard = sound.take(start_s, channels, &samples, &mut |block| {
                sender.send(BranchOutput::Item(block)).is_ok()
            });
            heard
                .then_some(gst::FlowSuccess::Ok)
                .ok_or(gst::FlowError::Eos)
        })
        .eos(move |_| {
            let mut sound = rest.lock().unwrap_or_else(PoisonError::into_inner);
            sound.finish(&mut |block| at_end.send(BranchOutput::Item(block)).is_ok());
            let _ = at_end.send(BranchOutput::Ended);
        })
        .build()
}

fn channels_of(sample: &gst::Sample) -> Option<u32> {
    let channels = sample.caps()?.structure(0)?.get::<i32>("channels").ok()?;
    u32::try_from(channels).ok()
}

fn tap_video(
    sender: &Sender<BranchOutput<VideoFacts, Frame>>,
    faces: Arc<FoundFaces>,
    margin: f32,
    source: SourceFacts,
) -> AppSinkCallbacks {
    let (sender, at_end) = (sender.clone(), sender.clone());
    let mut started = false;
    AppSinkCallbacks::builder()
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            let Some(time) = running_time(&sample) else {
                return Ok(gst::FlowSuccess::Ok);
            };
            if !started {
                started = true;
                let tags = tags(sink);
                let facts = VideoFacts {
                    codec: codec_name(&tags, false, "raw video"),
                    width_px: source.width_px,
                    height_px: source.height_px,
                    fps: source.fps,
                    start_s: time.seconds_f64(),
                };
                let started = BranchOutput::Started(facts, container_name(&tags));
                sender.send(started).map_err(closed)?;
            }
            let frame = frame_of(&sample, time, &faces, margin).ok_or(gst::FlowError::Error)?;
            sender.send(BranchOutput::Item(frame)).map_err(closed)?;
            Ok(gst::FlowSuccess::Ok)
        })
        .eos(move |_| {
            let _ = at_end.send(BranchOutput::Ended);
        })
        .build()
}

/// Reduces a picture to its largest face; `None` when the buffer does not fit its caps.
fn frame_of(
    sample: &gst::Sample,
    time: gst::ClockTime,
    faces: &FoundFaces,
    margin: f32,
) -> Option<Frame> {
    let time_s = time.seconds_f64();
    let Some(found) = faces.take(time) else {
        return Some(Frame { time_s, face: None });
    };
    let structure = sample.caps()?.structure(0)?;
    let width = usize::try_from(structure.get::<i32>("width").ok()?).ok()?;
    let height = usize::try_from(structure.get::<i32>("height").ok()?).ok()?;
    let pixels = sample.buffer()?.map_readable().ok()?;
    let stride = pixels.len().checked_div(height)?;
    if stride < width * 3 {
        return None;
    }
    let picture = Picture {
        rgb: &pixels,
        width,
        height,
        stride,
    };
    Some(Frame {
        time_s,
        face: Some(picture.crop(found, margin)),
    })
}
