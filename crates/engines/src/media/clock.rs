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
/// Zeros are emitted in blocks of this length.
const FILL_BLOCK: u64 = RATE_HZ as u64;

/// Latest running time at which a decoded buffer ended so far, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct DecodedEnd(AtomicU64);

impl DecodedEnd {
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
            self.0.fetch_max(end.nseconds(), Ordering::Relaxed);
        }
    }

    /// In seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64 / 1e9
    }
}

/// Running time of a sample's start; `None` outside of its segment.
pub(super) fn running_time(sample: &gst::Sample) -> Option<gst::ClockTime> {
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    segment.to_running_time(sample.buffer()?.pts()?)
}

/// Makes sound contiguous: fills gaps with zeros, drops overlaps.
#[derive(Debug, Default)]
pub(super) struct SoundClock {
    /// Position after the last sample, in samples; `None` at the start.
    next: Option<u64>,
}

impl SoundClock {
    /// Places a block; `emit` gets start times in seconds and samples. A block without a
    /// timestamp follows the one before. False when `emit` returned false.
    pub(super) fn place(
        &mut self,
        start_s: Option<f64>,
        mut samples: Vec<f32>,
        mut emit: impl FnMut(f64, Vec<f32>) -> bool,
    ) -> bool {
        let rate = f64::from(RATE_HZ);
        let stated = start_s.map(|start_s| (start_s * rate).round() as u64);
        let mut next = self.next.or(stated).unwrap_or(0);
        if let Some(stated) = stated {
            if stated > next + JITTER {
                if stated - next > FILL_LIMIT {
                    next = stated;
                }
                while next < stated {
                    let zeros = FILL_BLOCK.min(stated - next);
                    if !emit(next as f64 / rate, vec![0.0; zeros as usize]) {
                        return false;
                    }
                    next += zeros;
                }
            } else if stated + JITTER < next {
                let overlap = (next - stated).min(samples.len() as u64);
                samples.drain(..overlap as usize);
            }
        }
        let start_s = next as f64 / rate;
        self.next = Some(next + samples.len() as u64);
        samples.is_empty() || emit(start_s, samples)
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

    fn placed(blocks: &[(f64, usize)]) -> Vec<(f64, usize, bool)> {
        let mut clock = SoundClock::default();
        let mut placed = Vec::new();
        for &(start_s, len) in blocks {
            clock.place(Some(start_s), vec![1.0; len], |start_s, samples| {
                placed.push((start_s, samples.len(), samples[0] == 1.0));
                true
            });
        }
        placed
    }

    #[test]
    fn jitter_leaves_sound_contiguous() {
        let blocks = placed(&[(0.7, 1600), (0.81, 1600), (0.899, 1600)]);
        assert_eq!(
            blocks,
            [(0.7, 1600, true), (0.8, 1600, true), (0.9, 1600, true)]
        );
    }

    #[test]
    fn gaps_are_filled_and_overlaps_dropped() {
        let blocks = placed(&[(0.0, 1600), (1.6, 1600), (1.65, 1600)]);
        assert_eq!(
            blocks,
            [
                (0.0, 1600, true),
                (0.1, 16000, false),
                (1.1, 8000, false),
                (1.6, 1600, true),
                (1.7, 800, true)
            ]
        );
    }

    #[test]
    fn a_huge_gap_stays_a_gap() {
        let blocks = placed(&[(0.0, 1600), (1e6, 1600)]);
        assert_eq!(blocks, [(0.0, 1600, true), (1e6, 1600, true)]);
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
