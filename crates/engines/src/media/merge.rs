//! Merges sound and frames into one sequence in the order of time.
//!
//! The stream that is ahead is held back until the other has caught up. A container may store
//! its streams far apart: beyond [`HELD_S`] items are passed on out of order, so that memory
//! stays bounded and decoding continues.

use std::collections::VecDeque;

use super::MediaEvent;
use super::branch::{Block, BranchOutput};
use super::bus::StreamKind;
use undertone_types::{AudioFacts, Frame, MediaFacts, VideoFacts};

/// How far one stream may run ahead of the other and still be held back, in seconds: 8 MB of
/// sound, or as much in faces at ten frames per second.
const HELD_S: f64 = 120.0;

/// One stream.
#[derive(Debug)]
struct Stream<F, T> {
    exposed: bool,
    facts: Option<F>,
    ended: bool,
    /// Time of the newest item.
    reached_s: f64,
    held: VecDeque<(f64, T)>,
}

impl<F, T> Stream<F, T> {
    fn new() -> Self {
        Self {
            exposed: false,
            facts: None,
            ended: false,
            reached_s: f64::NEG_INFINITY,
            held: VecDeque::new(),
        }
    }

    fn take(
        &mut self,
        time_s: impl FnOnce(&T) -> f64,
        output: BranchOutput<F, T>,
    ) -> Option<String> {
        self.exposed = true;
        match output {
            BranchOutput::Started(facts, container) => {
                self.facts = Some(facts);
                return container;
            }
            BranchOutput::Item(item) => {
                let time_s = time_s(&item);
                self.reached_s = self.reached_s.max(time_s);
                self.held.push_back((time_s, item));
            }
            BranchOutput::Ended => self.ended = true,
        }
        None
    }

    fn head_s(&self) -> Option<f64> {
        self.held.front().map(|(time_s, _)| *time_s)
    }

    fn overfull(&self) -> bool {
        self.head_s()
            .is_some_and(|head_s| self.reached_s - head_s > HELD_S)
    }

    /// True when no item up to `time_s` is still to come.
    fn past(&self, time_s: f64, complete: bool) -> bool {
        self.ended || self.reached_s >= time_s || (complete && !self.exposed)
    }

    fn ready(&self) -> bool {
        !self.exposed || self.ended || self.facts.is_some()
    }
}

/// Merges sound and frames.
#[derive(Debug)]
pub(super) struct Merge {
    audio: Stream<AudioFacts, Block>,
    video: Stream<VideoFacts, Frame>,
    container: Option<String>,
    complete: bool,
    opened: bool,
}

impl Merge {
    pub(super) fn new() -> Self {
        Self {
            audio: Stream::new(),
            video: Stream::new(),
            container: None,
            complete: false,
            opened: false,
        }
    }

    /// Notes that there is a stream of this kind.
    pub(super) fn expose(&mut self, kind: StreamKind) {
        match kind {
            StreamKind::Audio => self.audio.exposed = true,
            StreamKind::Video => self.video.exposed = true,
        }
    }

    /// Notes that all streams are known.
    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    /// Whether a stream of this kind was found.
    pub(super) fn has(&self, kind: StreamKind) -> bool {
        match kind {
            StreamKind::Audio => self.audio.exposed,
            StreamKind::Video => self.video.exposed,
        }
    }

    pub(super) fn take_audio(&mut self, output: BranchOutput<AudioFacts, Block>) {
        let container = self.audio.take(|block| block.start_s, output);
        self.container = self.container.take().or(container);
    }

    pub(super) fn take_video(&mut self, output: BranchOutput<VideoFacts, Frame>) {
        let container = self.video.take(|frame| frame.time_s, output);
        self.container = self.container.take().or(container);
    }

    /// Ends both streams.
    pub(super) fn end(&mut self) {
        self.complete = true;
        self.audio.ended = true;
        self.video.ended = true;
    }

    /// True when every stream has ended; held items may remain.
    pub(super) fn ended(&self) -> bool {
        let stream = |exposed: bool, ended: bool| !exposed || ended;
        self.complete
            && stream(self.audio.exposed, self.audio.ended)
            && stream(self.video.exposed, self.video.ended)
    }

    /// True when every stream is known.
    pub(super) fn known(&self) -> bool {
        self.complete
    }

    /// True after the first event.
    pub(super) fn opened(&self) -> bool {
        self.opened
    }

    /// The facts so far, with this duration.
    pub(super) fn facts(&self, duration_s: Option<f64>) -> MediaFacts {
        MediaFacts {
            duration_s,
            container: self.container.clone(),
            audio: self.audio.facts.clone(),
            video: self.video.facts.clone(),
        }
    }

    /// The next event that is due; `stated_s` returns the length that the container states.
    pub(super) fn next(&mut self, stated_s: impl FnOnce() -> Option<f64>) -> Option<MediaEvent> {
        let overfull = self.audio.overfull() || self.video.overfull();
        if !self.opened {
            let started = self.audio.facts.is_some() || self.video.facts.is_some();
            let known = self.complete && self.audio.ready() && self.video.ready();
            if !started || !(known || overfull) {
                return None;
            }
            self.opened = true;
            return Some(MediaEvent::Opened(self.facts(stated_s())));
        }
        match (self.audio.head_s(), self.video.head_s()) {
            (Some(audio_s), Some(video_s)) if audio_s <= video_s => self.pop_audio(),
            (Some(_), Some(_)) => self.pop_video(),
            (Some(audio_s), None) if overfull || self.video.past(audio_s, self.complete) => {
                self.pop_audio()
            }
            (None, Some(video_s)) if overfull || self.audio.past(video_s, self.complete) => {
                self.pop_video()
            }
            _ => None,
        }
    }

    fn pop_audio(&mut self) -> Option<MediaEvent> {
        let (start_s, Block { samples, .. }) = self.audio.held.pop_front()?;
        Some(MediaEvent::Audio { start_s, samples })
    }

    fn pop_video(&mut self) -> Option<MediaEvent> {
        let (_, frame) = self.video.held.pop_front()?;
        Some(MediaEvent::Frame(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(start_s: f64) -> BranchOutput<AudioFacts, Block> {
        BranchOutput::Item(Block {
            start_s,
            samples: vec![0.0],
        })
    }

    fn frame(time_s: f64) -> BranchOutput<VideoFacts, Frame> {
        BranchOutput::Item(Frame { time_s, face: None })
    }

    fn started() -> Merge {
        let mut merge = Merge::new();
        merge.expose(StreamKind::Audio);
        merge.expose(StreamKind::Video);
        merge.take_audio(BranchOutput::Started(
            AudioFacts {
                codec: "a".into(),
                rate_hz: 16_000,
                channels: 1,
                start_s: 0.0,
            },
            Some("Box".into()),
        ));
        merge.take_video(BranchOutput::Started(
            VideoFacts {
                codec: "v".into(),
                width_px: 1,
                height_px: 1,
                fps: 0.0,
                start_s: 0.0,
            },
            None,
        ));
        merge
    }

    fn times(merge: &mut Merge) -> Vec<(char, f64)> {
        std::iter::from_fn(|| merge.next(|| None))
            .filter_map(|event| match event {
                MediaEvent::Audio { start_s, .. } => Some(('a', start_s)),
                MediaEvent::Frame(frame) => Some(('v', frame.time_s)),
                MediaEvent::Opened(_) => None,
            })
            .collect()
    }

    #[test]
    fn nothing_comes_before_the_streams_are_known() {
        let mut merge = started();
        merge.take_audio(block(0.0));
        assert_eq!(merge.next(|| Some(9.0)), None);
        merge.complete();
        let Some(MediaEvent::Opened(facts)) = merge.next(|| Some(9.0)) else {
            panic!("not opened");
        };
        assert_eq!(facts.container.as_deref(), Some("Box"));
        assert_eq!(facts.duration_s, Some(9.0));
    }

    #[test]
    fn streams_are_brought_into_order() {
        let mut merge = started();
        merge.complete();
        for start_s in [0.0, 0.1, 0.2] {
            merge.take_audio(block(start_s));
        }
        assert_eq!(times(&mut merge), []);
        merge.take_video(frame(0.1));
        assert_eq!(times(&mut merge), [('a', 0.0), ('a', 0.1), ('v', 0.1)]);
        merge.take_video(BranchOutput::Ended);
        assert_eq!(times(&mut merge), [('a', 0.2)]);
        assert!(!merge.ended());
        merge.take_audio(BranchOutput::Ended);
        assert!(merge.ended());
    }

    #[test]
    fn a_stream_far_behind_does_not_stop_the_other() {
        let mut merge = started();
        merge.complete();
        let mut most = 0;
        let mut given = 0;
        for second in 0..1000 {
            merge.take_video(frame(f64::from(second)));
            given += times(&mut merge).len();
            most = most.max(merge.video.held.len());
        }
        assert!(most <= 123, "{most} held");
        assert!(given > 870);
    }
}
