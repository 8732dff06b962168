//! The recording's clock: running time of pads and samples, and contiguous sound.
//!
//! Running time is what demuxers compute from stream offsets and edit lists: sound that starts
//! at 0.7 s has a running time of 0.7 s. Stream time would include what an edit list cuts off
//! at the start.

use std::sync::atomic::{AtomicU64, Ordering};

use gstreamer as gst;

use undertone_types::RATE_HZ;

/// Gaps up to this length are filled with zeros; longer ones stay gaps in time.
const FILL_LIMIT: u64 = 60 * RATE_HZ as u64;
/// A block whose timestamp is off by less is contiguous: containers round timestamps, some to
/// 23 ms or more.
const JITTER: u64 = RATE_HZ as u64 / 25;

/// How far a stream is decoded, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    /// Latest running time at which a buffer ended.
    end: AtomicU64,
    /// Where the stream's segment starts on the clock of its container.
    start: AtomicU64,
}

impl Decoded {
    /// Notes the end of a decoded buffer.
    pub(super) fn note(&self, segment: &gst::Segment, buffer: &gst::BufferRef, step: Option<f64>) {
        let Some(segment) = segment.downcast_ref::<gst::ClockTime>() else {
            return;
        };
        let Some(pts) = buffer.pts() else { return };
        let step = step.map(gst::ClockTime::from_seconds_f64);
        let length = buffer.duration().or(step).unwrap_or(gst::ClockTime::ZERO);
        let mut end = pts + length;
        if let Some(stop) = segment.stop() {
            end = end.min(stop);
        }
        if let Some(end) = segment.to_running_time(end) {
            self.end.fetch_max(end.nseconds(), Ordering::Relaxed);
        }
        if let Some(start) = segment.start() {
            self.start.store(start.nseconds(), Ordering::Relaxed);
        }
    }

    /// The end on the clock of the recording, in seconds.
    pub(super) fn end_s(&self) -> f64 {
        self.end.load(Ordering::Relaxed) as f64 / 1e9
    }

    /// The start on the clock of the container, in seconds.
    pub(super) fn start_s(&self) -> f64 {
        self.start.load(Ordering::Relaxed) as f64 / 1e9
    }
}

/// Running time of a sample's start; `None` outside of its segment.
pub(super) fn running_time(sample: &gst::Sample) -> Option<gst::ClockTime> {
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    segment.to_running_time(sample.buffer()?.pts()?)
}

/// Where a block of sound goes. All in samples of the recording's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Silence from here to `start`.
    pub(super) gap_from: u64,
    /// Where the block starts.
    pub(super) start: u64,
    /// Samples at its start that overlap with the block before.
    pub(super) skipped: usize,
}

/// Makes sound contiguous: fills gaps with zeros, drops overlaps.
#[derive(Debug, Default)]
pub(super) struct SoundClock {
    /// Position after the last sample, in samples; `None` at the start.
    next: Option<u64>,
}

impl SoundClock {
    /// Places a block of `length` samples. A block without a timestamp follows the one before.
    /// `None` when nothing of it is left.
    pub(super) fn place(&mut self, start_s: Option<f64>, length: usize) -> Option<Place> {
        let stated = start_s.map(|start_s| (start_s * f64::from(RATE_HZ)).round() as u64);
        let next = self.next.or(stated).unwrap_or(0);
        let mut place = Place {
            gap_from: next,
            start: next,
            skipped: 0,
        };
        if let Some(stated) = stated {
            if stated > next + JITTER {
                place.start = stated;
                if stated - next > FILL_LIMIT {
                    place.gap_from = stated;
                }
            } else if stated + JITTER < next {
                place.skipped = (next - stated).min(length as u64) as usize;
            }
        }
        let left = length - place.skipped;
        self.next = Some(place.start + left as u64);
        (left > 0).then_some(place)
    }
}

/// Little-endian bytes to samples that are finite and in [−1, 1].
pub(super) fn samples_of(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| {
            let value = f32::from_le_bytes(*bytes);
            if value.is_finite() {
                value.clamp(-1.0, 1.0)
            } else {
                0.0
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_leaves_sound_contiguous() {
        let mut clock = SoundClock::default();
        let starts = [0.7, 0.81, 0.899].map(|start_s| {
            let place = clock.place(Some(start_s), 1600).unwrap();
            (place.gap_from, place.start, place.skipped)
        });
        assert_eq!(
            starts,
            [
                (11_200, 11_200, 0),
                (12_800, 12_800, 0),
                (14_400, 14_400, 0)
            ]
        );
    }

    #[test]
    fn a_block_without_a_time_follows_the_one_before() {
        let mut clock = SoundClock::default();
        clock.place(Some(1.0), 1600);
        assert_eq!(clock.place(None, 1600).unwrap().start, 17_600);
    }

    #[test]
    fn a_repeated_block_is_dropped() {
        let mut clock = SoundClock::default();
        clock.place(Some(1.0), 1600);
        assert_eq!(clock.place(Some(1.0), 1600), None);
    }

    #[test]
    fn samples_are_finite_and_bounded() {
        let bytes: Vec<u8> = [0.5, f32::NAN, f32::INFINITY, -3.0]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        assert_eq!(samples_of(&bytes), [0.5, 0.0, 0.0, -1.0]);
    }
}
