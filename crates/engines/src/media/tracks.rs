//! Which of several streams of a kind is decoded.

use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::Sender;
use gstreamer as gst;
use gstreamer::prelude::*;

use super::MediaError;
use super::branch::{self, Tap};
use super::bus::{ErrorKind, PipelineError, PipelineEvent, StreamKind, Streams, TrackFacts};
use super::clock::Decoded;
use super::codecs::codec_name;
use super::container::Container;
use super::sound::Block;
use super::stream::Stream;
use undertone_types::{AudioFacts, AudioTrack};

/// A block of sound with at least this mean square (−50 dBFS) is not silence.
const AUDIBLE: f32 = 1e-5;

/// What is hung on the stream that is decoded.
pub(super) struct Branch {
    /// The branch, in gst-launch syntax.
    pub(super) text: String,
    pub(super) tap: Tap,
    pub(super) decoded: Arc<Decoded>,
    pub(super) container: Arc<Container>,
    /// Which stream of its kind, from 0; `None` the default one.
    pub(super) track: Option<usize>,
    pub(super) events: Sender<PipelineEvent>,
}

/// Hangs `branch` on the chosen stream as soon as all are known: no data flow before.
pub(super) fn attach_branch(pipeline: &gst::Pipeline, decode: &gst::Element, branch: Branch) {
    let weak = pipeline.downgrade();
    let input: Mutex<Option<gst::Pad>> = Mutex::new(None);
    decode.connect_no_more_pads(move |decode| {
        let Some(pipeline) = weak.upgrade() else {
            return;
        };
        let kind = branch.tap.kind();
        let pads = decode.src_pads();
        let count = pads.len();
        let wanted: Vec<_> = pads
            .into_iter()
            .filter(|pad| media_type(pad).as_str() == raw_type(kind))
            .collect();
        let mut tracks: Vec<_> = wanted
            .iter()
            .map(|pad| track_facts(pad, kind, &branch.container))
            .collect();
        let default = tracks.iter().position(|track| track.facts.default);
        let chosen = branch.track.or(default).unwrap_or(0);
        if let Some(pad) = wanted.get(chosen) {
            tracks[chosen].facts.read = true;
            // Must be sent before the first buffer can leave the branch.
            let _ = branch.events.send(PipelineEvent::Attached);
            let mut input = input.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = connect(&pipeline, pad, &mut input, &branch) {
                let _ = branch.events.send(PipelineEvent::Error(PipelineError {
                    kind: ErrorKind::Engine,
                    reason: error.to_string(),
                    unlinked: false,
                }));
            }
        }
        let _ = branch
            .events
            .send(PipelineEvent::Complete(Streams { count, tracks }));
    });
}

/// Links a pad to the branch, which is built if needed; in chained files one stream replaces the
/// one before.
fn connect(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    input: &mut Option<gst::Pad>,
    branch: &Branch,
) -> Result<(), MediaError> {
    match input {
        Some(input) if input.is_linked() => {}
        Some(input) => {
            let _ = pad.link(input);
        }
        None => {
            let Branch {
                text, tap, decoded, ..
            } = branch;
            *input = Some(branch::attach(pipeline, pad, text, tap, decoded)?);
        }
    }
    Ok(())
}

fn media_type(pad: &gst::Pad) -> String {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    caps.structure(0)
        .map_or_else(String::new, |structure| structure.name().to_string())
}

fn raw_type(kind: StreamKind) -> &'static str {
    match kind {
        StreamKind::Audio => "audio/x-raw",
        StreamKind::Video => "video/x-raw",
    }
}

fn track_facts(pad: &gst::Pad, kind: StreamKind, container: &Container) -> TrackFacts {
    let id = pad
        .stream_id()
        .map_or_else(String::new, |id| id.to_string());
    let mut tags = Vec::new();
    while let Some(event) = pad.sticky_event::<gst::event::Tag>(tags.len() as u32) {
        tags.push(event.tag_owned());
    }
    let text = |get: &dyn Fn(&gst::TagList) -> Option<String>| tags.iter().find_map(get);
    let selected = pad
        .sticky_event::<gst::event::StreamStart>(0)
        .is_some_and(|start| start.stream_flags().contains(gst::StreamFlags::SELECT));
    let codec = codec_name(&tags, kind == StreamKind::Audio, "");
    TrackFacts {
        facts: AudioTrack {
            codec: (!codec.is_empty()).then_some(codec),
            language: text(&|tags| Some(tags.get::<gst::tags::LanguageCode>()?.get().to_owned())),
            title: text(&|tags| Some(tags.get::<gst::tags::Title>()?.get().to_owned())),
            default: selected || container.track(&id).is_some_and(|track| track.enabled),
            read: false,
            silent: false,
        },
        id,
    }
}

/// Opens, with `open`, the audio track that is asked for (from 1; 0: the default one if it has sound, else the
/// first that has), and tells of all tracks where there are several.
pub(super) fn choose(
    open: impl Fn(Option<usize>) -> Result<Stream<AudioFacts, Block>, MediaError>,
    asked: u32,
) -> Result<(Stream<AudioFacts, Block>, Vec<AudioTrack>), MediaError> {
    let asked = (asked as usize).checked_sub(1);
    let mut stream = open(asked)?;
    let streams = stream.told().streams.as_ref();
    let mut tracks: Vec<AudioTrack> = streams
        .map(|streams| {
            streams
                .tracks
                .iter()
                .map(|track| track.facts.clone())
                .collect()
        })
        .unwrap_or_default();
    if let Some(asked) = asked
        && asked >= tracks.len()
        && !tracks.is_empty()
    {
        return Err(MediaError::NoSuchTrack {
            asked: asked + 1,
            count: tracks.len(),
        });
    }
    if tracks.len() < 2 {
        return Ok((stream, Vec::new()));
    }
    if asked.is_some() {
        return Ok((stream, tracks));
    }
    let preferred = tracks.iter().position(|track| track.read).unwrap_or(0);
    let others = (0..tracks.len()).filter(|&track| track != preferred);
    let mut chosen = None;
    for track in std::iter::once(preferred).chain(others) {
        if track != preferred {
            stream = open(Some(track))?;
        }
        if has_sound(&mut stream)? {
            chosen = Some(track);
            break;
        }
        tracks[track].silent = true;
    }
    let chosen = chosen.unwrap_or(preferred);
    for (number, track) in tracks.iter_mut().enumerate() {
        track.read = number == chosen;
    }
    // What was listened to is read again from the start.
    drop(stream);
    Ok((open(Some(chosen))?, tracks))
}

fn has_sound(stream: &mut Stream<AudioFacts, Block>) -> Result<bool, MediaError> {
    while stream.head()?.is_some() {
        let Some(Block { samples, .. }) = stream.take() else {
            break;
        };
        let energy: f32 = samples.iter().map(|sample| sample * sample).sum();
        if energy > AUDIBLE * samples.len() as f32 {
            return Ok(true);
        }
    }
    Ok(false)
}
