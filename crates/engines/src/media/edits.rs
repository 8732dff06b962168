//! Applies the edit lists that [`Container`] has read.
//!
//! The demuxer for MP4 of GStreamer 1.22 compares the end of an edited track with the wrong clock
//! and stops early, by as much as was cut from the start. So it gets the file without its edit
//! lists and plays every track whole; the stretch to be shown is written into the segment that
//! goes ahead of the data, where decoders and the clock of the recording find it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::container::{Container, Edit};

/// Bytes of a file that were read so far: tells a slow disk from a stalled one.
#[derive(Debug, Default)]
pub(super) struct BytesRead(AtomicU64);

impl BytesRead {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts what `source` reads, and patches it.
pub(super) fn watch_source(
    source: &gst::Element,
    container: &Arc<Container>,
    read: &Arc<BytesRead>,
) {
    let Some(pad) = source.static_pad("src") else {
        return;
    };
    let (container, read) = (container.clone(), read.clone());
    let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::PUSH | gst::PadProbeType::PULL;
    pad.add_probe(kinds, move |_, info| {
        if let Some(buffer) = info.buffer_mut() {
            read.0.fetch_add(buffer.size() as u64, Ordering::Relaxed);
            patch(buffer, &container);
        }
        gst::PadProbeReturn::Ok
    });
}

/// Writes what is to be seen in place of the file's bytes.
fn patch(buffer: &mut gst::Buffer, container: &Container) {
    let start = buffer.offset();
    let end = start.saturating_add(buffer.size() as u64);
    let touches = |offset: u64, length: usize| offset < end && offset + length as u64 > start;
    let mut patches = container.patches.iter();
    if !patches.any(|patch| touches(patch.offset, patch.bytes.len())) {
        return;
    }
    let Ok(mut bytes) = buffer.make_mut().map_writable() else {
        return;
    };
    for patch in &container.patches {
        for (&byte, offset) in patch.bytes.iter().zip(patch.offset..) {
            if let Some(place) = offset.checked_sub(start)
                && let Some(place) = bytes.get_mut(place as usize)
            {
                *place = byte;
            }
        }
    }
}

/// Writes the edits into the segments of the demuxer for MP4, as soon as there is one.
pub(super) fn apply(pipeline: &gst::Pipeline, container: &Arc<Container>) {
    if container.tracks.iter().all(|track| track.edit.is_none()) {
        return;
    }
    let container = container.clone();
    pipeline.connect_deep_element_added(move |_, _, element| {
        if element
            .factory()
            .is_none_or(|factory| factory.name() != "qtdemux")
        {
            return;
        }
        let container = container.clone();
        element.connect_pad_added(move |_, pad| show_stretch(pad, container.clone()));
    });
}

fn show_stretch(pad: &gst::Pad, container: Arc<Container>) {
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |pad, info| {
        if let Some(event) = info.event()
            && let gst::EventView::Segment(segment) = event.view()
            && let Some(id) = pad.stream_id()
            && let Some(edit) = container.track(&id).and_then(|track| track.edit)
            && let Some(stretch) = stretch(segment.segment(), edit)
        {
            let event = gst::event::Segment::builder(&stretch)
                .seqnum(event.seqnum())
                .build();
            info.data = Some(gst::PadProbeData::Event(event));
        }
        gst::PadProbeReturn::Ok
    });
}

/// The segment of an edit.
fn stretch(segment: &gst::Segment, edit: Edit) -> Option<gst::FormattedSegment<gst::ClockTime>> {
    let mut stretch = segment.downcast_ref::<gst::ClockTime>()?.clone();
    let time = gst::ClockTime::from_nseconds;
    stretch.set_start(time(edit.from_ns));
    stretch.set_position(time(edit.from_ns));
    stretch.set_stop(
        edit.length_ns
            .map(|length| time(edit.from_ns.saturating_add(length))),
    );
    stretch.set_base(time(edit.at_ns));
    stretch.set_time(time(edit.at_ns));
    Some(stretch)
}
