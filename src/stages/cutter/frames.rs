//! Frames that wait for the utterance they belong to.

use std::collections::VecDeque;

use undertone_types::Frame;

/// Sound and frames arrive in the order of time, and an utterance is cut soon after its end: frames
/// need to be kept for the longest utterance and this, in seconds.
const SLACK_S: f64 = 10.0;

/// Frames in the order of time.
#[derive(Debug)]
pub(super) struct FrameBuffer {
    frames: VecDeque<Frame>,
    /// Frames older than this, counted back from the newest, are dropped.
    kept_s: f64,
}

impl FrameBuffer {
    /// A buffer for utterances of at most `longest_s` seconds.
    pub(super) fn new(longest_s: f64) -> Self {
        Self {
            frames: VecDeque::new(),
            kept_s: longest_s + SLACK_S,
        }
    }

    pub(super) fn push(&mut self, frame: Frame) {
        self.forget_before(frame.time_s - self.kept_s);
        self.frames.push_back(frame);
    }

    /// The frames in `[start_s, end_s)`; earlier ones are forgotten.
    pub(super) fn take(&mut self, start_s: f64, end_s: f64) -> Vec<Frame> {
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
        let mut buffer = FrameBuffer::new(60.0);
        for number in 0..62 * 30 {
            buffer.push(frame(f64::from(number) / 30.0));
        }
        assert_eq!(buffer.take(0.0, 60.0).len(), 1800);
    }

    #[test]
    fn memory_is_bounded_where_the_sound_has_ended() {
        let mut buffer = FrameBuffer::new(15.0);
        for second in 0..1000 {
            buffer.push(frame(f64::from(second)));
        }
        assert_eq!(buffer.frames.len(), 26);
    }
}
