//! Two streams made one, in the order of time.
//!
//! Holds back whichever stream is ahead until the other has caught up. A container may store
//! its streams far apart; then what is held would grow, so beyond [`HELD_S`] the order
//! gives way, never the memory, and never progress.

use std::collections::VecDeque;

use super::MediaEvent;
use super::branch::{Block, Tapped};
use super::bus::Kind;
use undertone_types::{AudioFacts, Frame, MediaFacts, VideoFacts};

/// How far one stream may run ahead of the other and be held back, in seconds: 8 MB of
/// sound, or as much of faces at ten frames per second.
const HELD_S: f64 = 120.0;

/// One stream.
#[derive(Debug)]
struct Lane<F, T> {
    exposed: bool,
    facts: Option<F>,
    ended: bool,
    /// Time of the newest item; everything before it has been seen.
    reached_s: f64,
    held: VecDeque<(f64, T)>,
}

impl<F, T> Lane<F, T> {
    fn new() -> Self {
        Self {
            exposed: false,
            facts: None,
            ended: false,
            reached_s: f64::NEG_INFINITY,
            held: VecDeque::new(),
        }
    }

    fn take(&mut self, time_s: impl FnOnce(&T) -> f64, tapped: Tapped<F, T>) -> Option<String> {
        self.exposed = true;
        match tapped {
            Tapped::Started(facts, container) => {
                self.facts = Some(facts);
                return container;
            }
            Tapped::Item(item) => {
                let time_s = time_s(&item);
                self.reached_s = self.reached_s.max(time_s);
                self.held.push_back((time_s, item));
            }
            Tapped::Ended => self.ended = true,
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

    /// Nothing at or before `time_s` will come any more.
    fn past(&self, time_s: f64, complete: bool) -> bool {
        self.ended || self.reached_s >= time_s || (complete && !self.exposed)
    }

    fn ready(&self) -> bool {
        !self.exposed || self.ended || self.facts.is_some()
    }
}

/// Brings sound and frames into order.
#[derive(Debug)]
pub(super) struct Merge {
    audio: Lane<AudioFacts, Block>,
    video: Lane<VideoFacts, Frame>,
    container: Option<String>,
    complete: bool,
    opened: bool,
}

impl Merge {
    pub(super) fn new() -> Self {
        Self {
            audio: Lane::new(),
            video: Lane::new(),
            container: None,
            complete: false,
            opened: false,
        }
    }

    /// A stream will come.
    pub(super) fn expose(&mut self, kind: Kind) {
        match kind {
            Kind::Audio => self.audio.exposed = true,
            Kind::Video => self.video.exposed = true,
        }
    }

    /// No further streams are expected.
    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    /// Whether a stream of this kind was found.
    pub(super) fn has(&self, kind: Kind) -> bool {
        match kind {
            Kind::Audio => self.audio.exposed,
            Kind::Video => self.video.exposed,
        }
    }

    pub(super) fn take_audio(&mut self, tapped: Tapped<AudioFacts, Block>) {
        let container = self.audio.take(|block| block.start_s, tapped);
        self.container = self.container.take().or(container);
    }

    pub(super) fn take_video(&mut self, tapped: Tapped<VideoFacts, Frame>) {
        let container = self.video.take(|frame| frame.time_s, tapped);
        self.container = self.container.take().or(container);
    }

    /// Both streams will bring nothing more.
    pub(super) fn end(&mut self) {
        self.complete = true;
        self.audio.ended = true;
        self.video.ended = true;
    }

    /// True when every stream has ended (what is held may still be taken).
    pub(super) fn ended(&self) -> bool {
        let lane = |exposed: bool, ended: bool| !exposed || ended;
        self.complete
            && lane(self.audio.exposed, self.audio.ended)
            && lane(self.video.exposed, self.video.ended)
    }

    /// True when every stream is known.
    pub(super) fn known(&self) -> bool {
        self.complete
    }

    /// True when the first event has been given.
    pub(super) fn opened(&self) -> bool {
        self.opened
    }

    /// The facts so far; `duration_s` as given.
    pub(super) fn facts(&self, duration_s: Option<f64>) -> MediaFacts {
        MediaFacts {
            duration_s,
            container: self.container.clone(),
            audio: self.audio.facts.clone(),
            video: self.video.facts.clone(),
        }
    }

    /// The next event whose turn has come; `stated_s` is the container's length.
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

    fn block(start_s: f64) -> Tapped<AudioFacts, Block> {
        Tapped::Item(Block {
            start_s,
            samples: vec![0.0],
        })
    }

    fn frame(time_s: f64) -> Tapped<VideoFacts, Frame> {
        Tapped::Item(Frame { time_s, face: None })
    }

    fn started() -> Merge {
        let mut merge = Merge::new();
        merge.expose(Kind::Audio);
        merge.expose(Kind::Video);
        merge.take_audio(Tapped::Started(
            AudioFacts {
                codec: "a".into(),
                rate_hz: 16_000,
                channels: 1,
                start_s: 0.0,
            },
            Some("Box".into()),
        ));
        merge.take_video(Tapped::Started(
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
        merge.take_video(Tapped::Ended);
        assert_eq!(times(&mut merge), [('a', 0.2)]);
        assert!(!merge.ended());
        merge.take_audio(Tapped::Ended);
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
