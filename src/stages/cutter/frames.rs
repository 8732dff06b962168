//! Frames that wait for the utterance they belong to.

use std::collections::VecDeque;

use undertone_types::Frame;

/// How far frames may be ahead of the sound, in seconds. Where a container stores its streams
/// further apart, the oldest frames are dropped, so that memory stays bounded.
const AHEAD_S: f64 = 200.0;

/// Frames in the order of time, and the time that the video has reached.
#[derive(Debug)]
pub(super) struct FrameBuffer {
    frames: VecDeque<Frame>,
    /// Frames older than this, counted back from the newest, are dropped.
    kept_s: f64,
    /// Time of the newest frame.
    reached_s: f64,
    /// Time of the newest frame that was dropped.
    dropped_s: f64,
    warned: bool,
    ended: bool,
}

impl FrameBuffer {
    /// A buffer for utterances of at most `longest_s` seconds. Where the recording has video,
    /// utterances wait for their frames.
    pub(super) fn new(video: bool, longest_s: f64) -> Self {
        Self {
            frames: VecDeque::new(),
            kept_s: longest_s + AHEAD_S,
            reached_s: f64::NEG_INFINITY,
            dropped_s: f64::NEG_INFINITY,
            warned: false,
            ended: !video,
        }
    }

    pub(super) fn push(&mut self, frame: Frame) {
        self.reached_s = self.reached_s.max(frame.time_s);
        self.frames.push_back(frame);
        let oldest_s = self.reached_s - self.kept_s;
        while let Some(old) = self.frames.pop_front_if(|frame| frame.time_s < oldest_s) {
            self.dropped_s = self.dropped_s.max(old.time_s);
        }
    }

    /// No more frames will come.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// True when every frame before `time_s` has arrived.
    pub(super) fn complete_until(&self, time_s: f64) -> bool {
        self.ended || self.reached_s >= time_s
    }

    /// The frames in `[start_s, end_s)`; earlier ones are forgotten.
    pub(super) fn take(&mut self, start_s: f64, end_s: f64) -> Vec<Frame> {
        if self.dropped_s >= start_s && !self.warned {
            self.warned = true;
            tracing::warn!(
                start_s,
                "the video runs more than {AHEAD_S} s ahead of the sound: utterances lack frames"
            );
        }
        self.forget_before(start_s);
        let end = self.frames.partition_point(|frame| frame.time_s < end_s);
        self.frames.drain(..end).collect()
    }

    pub(super) fn forget_before(&mut self, time_s: f64) {
        let gone = self.frames.partition_point(|frame| frame.time_s < time_s);
        self.frames.drain(..gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(time_s: f64) -> Frame {
        Frame { time_s, face: None }
    }

    #[test]
    fn the_longest_utterance_keeps_all_frames_at_the_highest_rate() {
        let mut buffer = FrameBuffer::new(true, 60.0);
        for number in 0..60 * 30 {
            buffer.push(frame(f64::from(number) / 30.0));
        }
        assert_eq!(buffer.take(0.0, 60.0).len(), 1800);
        assert!(!buffer.warned);
    }

    #[test]
    fn what_runs_too_far_ahead_is_dropped_and_said() {
        let mut buffer = FrameBuffer::new(true, 15.0);
        for second in 0..1000 {
            buffer.push(frame(f64::from(second)));
        }
        assert_eq!(buffer.frames.len(), 216);
        assert!(!buffer.warned, "no utterance has needed them yet");
        assert!(buffer.take(10.0, 20.0).is_empty());
        assert!(buffer.warned);
    }
}
