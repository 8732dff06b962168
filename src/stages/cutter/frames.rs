//! Frames that wait for the utterance they belong to.

use std::collections::VecDeque;

use undertone_types::Frame;

/// Frames that may wait while the sound is far behind; the oldest make room.
const LIMIT: usize = 1024;

/// Frames in the order of time, and how far they have come.
#[derive(Debug)]
pub(super) struct FrameShelf {
    frames: VecDeque<Frame>,
    reached_s: f64,
    ended: bool,
}

impl FrameShelf {
    /// With a video stream, frames are waited for; without, never.
    pub(super) fn new(video: bool) -> Self {
        Self {
            frames: VecDeque::new(),
            reached_s: f64::NEG_INFINITY,
            ended: !video,
        }
    }

    pub(super) fn push(&mut self, frame: Frame) {
        self.reached_s = self.reached_s.max(frame.time_s);
        if self.frames.len() == LIMIT {
            self.frames.pop_front();
        }
        self.frames.push_back(frame);
    }

    /// No more frames will come.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// True when every frame before `time_s` is here.
    pub(super) fn complete_until(&self, time_s: f64) -> bool {
        self.ended || self.reached_s >= time_s
    }

    /// The frames in `[start_s, end_s)`; those before are forgotten.
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
