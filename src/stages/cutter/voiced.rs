//! [`VoiceCutter`]: utterances cut by voice.

use std::collections::VecDeque;

use super::frames::FrameBuffer;
use super::spans::{Span, SpanFinder};
use super::voice::{HOP, VoiceDetector};
use super::{dbfs, energy, seconds};
use undertone_config::Utterances;
use undertone_types::{Frame, Utterance};

/// Blocks whose start is off by less than this are contiguous, in seconds.
const TOLERANCE_S: f64 = 0.001;

/// Cuts sound (and frames) into utterances by voice.
pub struct VoiceCutter {
    detector: Box<dyn VoiceDetector>,
    settings: Utterances,
    /// Time of `finder`'s sample 0 on the recording's clock; `None` before any sound.
    origin_s: Option<f64>,
    finder: SpanFinder,
    /// Samples from `first` on (counted from the origin), in whole hops or less.
    samples: Vec<f32>,
    first: u64,
    /// Samples that the detector has seen.
    heard: u64,
    frames: FrameBuffer,
    /// All sound and frames before this time have arrived.
    arrived_s: f64,
    /// Utterances that are cut and wait for their frames.
    waiting: VecDeque<Utterance>,
    index: u32,
    heard_voice: bool,
    loudest_dbfs: f64,
}

impl VoiceCutter {
    /// A cutter for one recording.
    #[must_use]
    pub fn new(settings: Utterances, mut detector: Box<dyn VoiceDetector>) -> Self {
        detector.reset();
        Self {
            detector,
            finder: SpanFinder::new(&settings),
            frames: FrameBuffer::new(settings.max_s),
            arrived_s: f64::NEG_INFINITY,
            settings,
            origin_s: None,
            samples: Vec::new(),
            first: 0,
            heard: 0,
            waiting: VecDeque::new(),
            index: 0,
            heard_voice: false,
            loudest_dbfs: f64::NEG_INFINITY,
        }
    }

    /// Takes sound that starts at `start_s` on the recording's clock. A gap before it ends the
    /// utterance.
    pub fn audio(&mut self, start_s: f64, samples: &[f32]) {
        self.arrived_s = self.arrived_s.max(start_s);
        let origin_s = match self.origin_s {
            Some(origin_s) if (start_s - origin_s - seconds(self.taken())).abs() <= TOLERANCE_S => {
                origin_s
            }
            Some(_) => {
                self.end_sound();
                self.restart(start_s);
                start_s
            }
            None => {
                self.origin_s = Some(start_s);
                start_s
            }
        };
        self.samples.extend_from_slice(samples);
        while self.taken() - self.heard >= HOP as u64 {
            let at = (self.heard - self.first) as usize;
            let hop: [f32; HOP] = std::array::from_fn(|i| self.samples[at + i]);
            self.hear(&hop);
        }
        self.forget(origin_s);
    }

    /// Takes a frame.
    pub fn frame(&mut self, frame: Frame) {
        self.arrived_s = self.arrived_s.max(frame.time_s);
        self.frames.push(frame);
    }

    /// The recording has ended: cuts an open utterance, and waits for no more frames.
    pub fn finish(&mut self) {
        self.end_sound();
        self.arrived_s = f64::INFINITY;
    }

    /// The next utterance that is complete.
    pub fn pop(&mut self) -> Option<Utterance> {
        let end_s = self.waiting.front()?.end_s;
        if self.arrived_s < end_s {
            return None;
        }
        let mut utterance = self.waiting.pop_front()?;
        utterance.frames = self.frames.take(utterance.start_s, utterance.end_s);
        Some(utterance)
    }

    /// Utterances cut so far.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.index
    }

    /// True once a voice was detected, however short.
    #[must_use]
    pub fn heard_voice(&self) -> bool {
        self.heard_voice
    }

    /// Level of the loudest 16 ms so far.
    #[must_use]
    pub fn loudest_dbfs(&self) -> f64 {
        self.loudest_dbfs
    }

    /// Samples taken since the origin.
    fn taken(&self) -> u64 {
        self.first + self.samples.len() as u64
    }

    fn hear(&mut self, hop: &[f32; HOP]) {
        let energy = energy(hop);
        self.loudest_dbfs = self.loudest_dbfs.max(dbfs(energy, HOP as u64));
        let probability = self.detector.voice(hop);
        let span = self.finder.push(probability, (energy / HOP as f64) as f32);
        self.heard += HOP as u64;
        self.heard_voice |= self.finder.heard_voice();
        if let Some(span) = span {
            self.cut(span);
        }
    }

    /// Takes the last, incomplete hop, and cuts an open utterance.
    fn end_sound(&mut self) {
        let rest = &self.samples[(self.heard - self.first) as usize..];
        if !rest.is_empty() {
            let mut hop = [0.0; HOP];
            hop[..rest.len()].copy_from_slice(rest);
            self.hear(&hop);
        }
        if let Some(span) = self.finder.finish() {
            self.cut(span);
        }
    }

    fn restart(&mut self, start_s: f64) {
        self.detector.reset();
        self.finder = SpanFinder::new(&self.settings);
        self.origin_s = Some(start_s);
        self.samples.clear();
        self.first = 0;
        self.heard = 0;
    }

    fn cut(&mut self, span: Span) {
        let start = span.start * HOP as u64;
        let end = (span.end * HOP as u64).min(self.taken());
        let origin_s = self.origin_s.unwrap_or(0.0);
        let audio = &self.samples[(start - self.first) as usize..(end - self.first) as usize];
        self.waiting.push_back(Utterance {
            index: self.index,
            start_s: origin_s + seconds(start),
            end_s: origin_s + seconds(end),
            audio: Some(audio.into()),
            voiced_share: span.voiced as f32 / (span.end - span.start) as f32,
            frames: Vec::new(),
            said: None,
        });
        self.index += 1;
    }

    /// Drops samples and frames that no utterance will need.
    fn forget(&mut self, origin_s: f64) {
        let keep = (self.finder.keep_from() * HOP as u64).clamp(self.first, self.heard);
        let needless = (keep - self.first) as usize;
        // In large steps, since the remaining samples have to be moved.
        if needless * 2 >= self.samples.len() || needless > 1 << 16 {
            self.samples.drain(..needless);
            self.first = keep;
        }
        let keep_s = self
            .waiting
            .front()
            .map_or(origin_s + seconds(keep), |next| next.start_s);
        self.frames.forget_before(keep_s);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stages::cutter::default_settings;

    /// Detects a voice in sound louder than 0.1.
    struct Loudness;

    impl VoiceDetector for Loudness {
        fn voice(&mut self, hop: &[f32; HOP]) -> f32 {
            f32::from(hop.iter().any(|s| s.abs() > 0.1))
        }

        fn reset(&mut self) {}
    }

    /// Sound of (voice, samples); all samples differ, so that positions can be identified.
    fn sound(runs: &[(bool, usize)]) -> Vec<f32> {
        let mut sound: Vec<f32> = Vec::new();
        for &(voice, samples) in runs {
            for _ in 0..samples {
                let tick = (sound.len() % 1000) as f32 / 1e5;
                sound.push(if voice { 0.5 + tick } else { tick });
            }
        }
        sound
    }

    fn cut(sound: &[f32], start_s: f64, blocks: &[usize], video: bool) -> Vec<Utterance> {
        let mut cutter = VoiceCutter::new(default_settings(), Box::new(Loudness));
        let mut cut = Vec::new();
        let (mut at, mut turn, mut next_frame) = (0, 0, 0.0);
        while at < sound.len() {
            let len = blocks[turn % blocks.len()].min(sound.len() - at);
            let block_s = start_s + seconds(at as u64);
            while video && next_frame < block_s {
                cutter.frame(Frame {
                    time_s: next_frame,
                    face: None,
                });
                next_frame += 0.25;
            }
            cutter.audio(block_s, &sound[at..at + len]);
            cut.extend(std::iter::from_fn(|| cutter.pop()));
            at += len;
            turn += 1;
        }
        let end_s = start_s + seconds(sound.len() as u64);
        while video && next_frame < end_s {
            cutter.frame(Frame {
                time_s: next_frame,
                face: None,
            });
            cut.extend(std::iter::from_fn(|| cutter.pop()));
            next_frame += 0.25;
        }
        cutter.finish();
        cut.extend(std::iter::from_fn(|| cutter.pop()));
        cut
    }

    proptest! {
        #[test]
        fn the_size_of_blocks_does_not_matter(
            runs in prop::collection::vec((any::<bool>(), 1usize..60_000), 1..8),
            blocks in prop::collection::vec(1usize..5000, 1..6),
        ) {
            let sound = sound(&runs);
            let expected = cut(&sound, 0.5, &[sound.len()], true);
            let got = cut(&sound, 0.5, &blocks, true);
            prop_assert_eq!(got, expected);
        }

        #[test]
        fn utterances_hold_the_sound_of_their_time(
            runs in prop::collection::vec((any::<bool>(), 1usize..60_000), 1..8),
        ) {
            let sound = sound(&runs);
            let mut last_end_s = 0.7;
            for (index, utterance) in cut(&sound, 0.7, &[1000], true).iter().enumerate() {
                let audio = utterance.audio.as_ref().unwrap();
                let start = ((utterance.start_s - 0.7) * 16_000.0).round() as usize;
                let length_s = utterance.end_s - utterance.start_s;
                prop_assert_eq!(utterance.index as usize, index);
                prop_assert!((length_s - seconds(audio.len() as u64)).abs() < 1e-9);
                prop_assert_eq!(&audio[..], &sound[start..start + audio.len()]);
                prop_assert!(utterance.start_s >= last_end_s - 1e-9);
                last_end_s = utterance.end_s;
                prop_assert!(utterance.voiced_share > 0.0 && utterance.voiced_share <= 1.0);
                for frame in &utterance.frames {
                    prop_assert!(utterance.start_s <= frame.time_s);
                    prop_assert!(frame.time_s < utterance.end_s);
                }
                let expected = (utterance.start_s / 0.25).ceil()..(utterance.end_s / 0.25).ceil();
                prop_assert_eq!(utterance.frames.len() as f64, expected.end - expected.start);
            }
        }
    }

    #[test]
    fn an_utterance_is_given_when_what_follows_it_arrives() {
        let mut cutter = VoiceCutter::new(default_settings(), Box::new(Loudness));
        cutter.audio(0.0, &sound(&[(true, 32_000)]));
        assert!(cutter.pop().is_none());
        cutter.audio(2.0, &sound(&[(false, 9_000)]));
        assert!(cutter.pop().is_none(), "frames of its end may follow");
        cutter.audio(2.5625, &sound(&[(false, 100)]));
        let utterance = cutter.pop().unwrap();
        assert!((utterance.end_s - 2.2).abs() < 0.02, "{}", utterance.end_s);
    }

    #[test]
    fn a_gap_ends_the_utterance() {
        let mut cutter = VoiceCutter::new(default_settings(), Box::new(Loudness));
        cutter.audio(0.0, &sound(&[(true, 32_000)]));
        cutter.audio(100.0, &sound(&[(true, 32_000)]));
        cutter.finish();
        let spans: Vec<(f64, f64)> = std::iter::from_fn(|| cutter.pop())
            .map(|utterance| (utterance.start_s, utterance.end_s))
            .collect();
        assert_eq!(spans, [(0.0, 2.0), (100.0, 102.0)]);
    }

    /// Once the pictures of a recording ended early and its utterances waited for them.
    #[test]
    fn utterances_do_not_wait_for_pictures_that_have_ended() {
        let mut cutter = VoiceCutter::new(default_settings(), Box::new(Loudness));
        cutter.frame(Frame {
            time_s: 0.0,
            face: None,
        });
        let mut most = 0;
        for second in 0..100 {
            let is_voice = second % 4 < 2;
            cutter.audio(f64::from(second), &sound(&[(is_voice, 16_000)]));
            most = most.max(cutter.waiting.len());
            while cutter.pop().is_some() {}
        }
        assert_eq!((cutter.count(), most), (25, 1));
    }

    #[test]
    fn memory_is_bounded() {
        let mut cutter = VoiceCutter::new(default_settings(), Box::new(Loudness));
        let (voice, silence) = (sound(&[(true, 16_000)]), sound(&[(false, 16_000)]));
        let mut most = 0;
        for second in 0..600 {
            let block = if second % 60 < 45 { &voice } else { &silence };
            cutter.audio(f64::from(second), block);
            while cutter.pop().is_some() {}
            most = most.max(cutter.samples.capacity());
        }
        assert!(most < 2 * 17 * 16_000, "{most}");
    }
}
