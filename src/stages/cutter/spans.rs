//! Where utterances begin and end, in hops: only the rules, without samples and frames.

use std::collections::VecDeque;

use super::voice::HOP;
use undertone_config::Utterances;
use undertone_types::RATE_HZ;

/// A voice lasts until its probability falls this far below the threshold.
const HYSTERESIS: f32 = 0.15;
/// Hops on each side over which the level is averaged to find the quietest position.
const SMOOTHING: usize = 2;

/// The settings, in hops and consistent with each other.
#[derive(Clone, Copy, Debug)]
struct Limits {
    min: u64,
    max: u64,
    pad: u64,
    pause: u64,
    /// Least voice in an utterance: half of the minimum length; the rest may be padding.
    voice: u64,
    threshold: f32,
}

impl Limits {
    fn new(settings: &Utterances) -> Self {
        let hops = |seconds: f64| (seconds * f64::from(RATE_HZ) / HOP as f64).max(0.0);
        let min = hops(settings.min_s).ceil().max(1.0) as u64;
        Self {
            min,
            // A cut leaves at least `min` on either side.
            max: (hops(settings.max_s).floor() as u64).max(2 * min + 2),
            pad: hops(settings.pad_s).round() as u64,
            pause: (hops(settings.pause_s).round() as u64).max(1),
            voice: (min / 2).max(1),
            threshold: settings.voice_threshold,
        }
    }
}

/// A span to be cut out, in hops: `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
    /// Hops with a voice.
    pub(super) voiced: u64,
}

/// Speech that has not ended yet.
#[derive(Clone, Copy, Debug)]
struct Speech {
    /// First hop of the utterance, with padding.
    start: u64,
    /// Hop after the last voice.
    last: u64,
}

/// Finds spans, one hop at a time.
#[derive(Debug)]
pub(super) struct SpanFinder {
    limits: Limits,
    /// Hops seen.
    now: u64,
    /// The end of the previous span: the next one starts no earlier.
    floor: u64,
    in_voice: bool,
    heard: bool,
    speech: Option<Speech>,
    /// Voice and mean square of the hops from `now - history.len()` on.
    history: VecDeque<(bool, f32)>,
}

impl SpanFinder {
    pub(super) fn new(settings: &Utterances) -> Self {
        Self {
            limits: Limits::new(settings),
            now: 0,
            floor: 0,
            in_voice: false,
            heard: false,
            speech: None,
            history: VecDeque::new(),
        }
    }

    /// No later span starts before this hop.
    pub(super) fn keep_from(&self) -> u64 {
        self.speech.map_or_else(
            || self.now.saturating_sub(self.limits.pad).max(self.floor),
            |speech| speech.start,
        )
    }

    /// True once any hop held a voice.
    pub(super) fn heard_voice(&self) -> bool {
        self.heard
    }

    /// Takes one hop; returns a span when one has ended.
    pub(super) fn push(&mut self, probability: f32, mean_square: f32) -> Option<Span> {
        let threshold = self.limits.threshold;
        self.in_voice = probability
            >= if self.in_voice {
                threshold - HYSTERESIS
            } else {
                threshold
            };
        self.heard |= self.in_voice;
        self.history.push_back((self.in_voice, mean_square));
        self.now += 1;
        if self.in_voice {
            self.extend();
        }
        let ended = self.end_if_due();
        let keep = (self.now - self.keep_from()) as usize;
        self.history
            .drain(..self.history.len().saturating_sub(keep));
        ended
    }

    /// The sound has ended, and an open span with it.
    pub(super) fn finish(&mut self) -> Option<Span> {
        let ended = self.speech.and_then(|speech| self.close(speech));
        self.floor = self.now;
        self.in_voice = false;
        ended
    }

    fn extend(&mut self) {
        let (now, pad, floor) = (self.now, self.limits.pad, self.floor);
        let speech = self.speech.get_or_insert_with(|| Speech {
            start: (now - 1).saturating_sub(pad).max(floor),
            last: now,
        });
        speech.last = now;
    }

    fn end_if_due(&mut self) -> Option<Span> {
        let speech = self.speech?;
        let silence = self.now - speech.last;
        let full = self.now - speech.start >= self.limits.max;
        if silence >= self.limits.pause || (full && silence > 0) {
            self.close(speech)
        } else if full {
            Some(self.split(speech))
        } else {
            None
        }
    }

    /// Ends speech after its last voice; `None` when it is too short to count.
    fn close(&mut self, speech: Speech) -> Option<Span> {
        self.speech = None;
        let end = (speech.last + self.limits.pad).min(self.now);
        let span = self.span(speech.start, end);
        if span.end - span.start < self.limits.min || span.voiced < self.limits.voice {
            return None;
        }
        self.floor = end;
        Some(span)
    }

    /// Cuts speech that is too long at its quietest place; the rest stays open.
    fn split(&mut self, speech: Speech) -> Span {
        let first = speech.start + self.limits.max / 2;
        let last = self.now - self.limits.min;
        let cut = (first.min(last)..=last)
            .min_by(|&a, &b| self.loudness(a).total_cmp(&self.loudness(b)))
            .unwrap_or(last);
        let span = self.span(speech.start, cut);
        self.floor = cut;
        let next_voice = (cut..self.now)
            .find(|&hop| self.at(hop).0)
            .unwrap_or(self.now - 1);
        self.speech = Some(Speech {
            start: next_voice.saturating_sub(self.limits.pad).max(cut),
            last: self.now,
        });
        span
    }

    fn span(&self, start: u64, end: u64) -> Span {
        let voiced = (start..end).filter(|&hop| self.at(hop).0).count() as u64;
        Span { start, end, voiced }
    }

    fn at(&self, hop: u64) -> (bool, f32) {
        let first = self.now - self.history.len() as u64;
        hop.checked_sub(first)
            .and_then(|place| self.history.get(place as usize).copied())
            .unwrap_or((false, 0.0))
    }

    /// Level around the boundary before `hop`; any voice counts as louder than any level.
    fn loudness(&self, hop: u64) -> f32 {
        let around = SMOOTHING as u64;
        (hop.saturating_sub(around)..hop + around)
            .map(|hop| self.at(hop))
            .map(|(voiced, mean_square)| mean_square + if voiced { 1.0 } else { 0.0 })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stages::cutter::default_settings;

    /// Runs of voice and silence, as (voice, hops).
    fn runs() -> impl Strategy<Value = Vec<(bool, usize)>> {
        prop::collection::vec((any::<bool>(), 1usize..400), 0..24)
    }

    fn settings() -> impl Strategy<Value = Utterances> {
        (0.1..1.0f64, 2.5..15.0f64, 0.0..0.5f64, 0.05..1.0f64).prop_map(
            |(min_s, max_s, pad_s, pause_s)| Utterances {
                min_s,
                max_s,
                pad_s,
                pause_s,
                voice_threshold: 0.5,
            },
        )
    }

    fn cut(settings: &Utterances, voice: &[bool]) -> Vec<Span> {
        let mut finder = SpanFinder::new(settings);
        let mut spans: Vec<Span> = voice
            .iter()
            .filter_map(|&voice| finder.push(f32::from(voice), f32::from(voice) * 0.1))
            .collect();
        spans.extend(finder.finish());
        spans
    }

    fn voice(runs: &[(bool, usize)]) -> Vec<bool> {
        runs.iter()
            .flat_map(|&(voice, hops)| std::iter::repeat_n(voice, hops))
            .collect()
    }

    proptest! {
        #[test]
        fn spans_are_ordered_and_apart(settings in settings(), runs in runs()) {
            let voice = voice(&runs);
            let spans = cut(&settings, &voice);
            for pair in spans.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start, "{pair:?}");
            }
            if let Some(last) = spans.last() {
                prop_assert!(last.end <= voice.len() as u64);
            }
        }

        #[test]
        fn spans_have_sensible_lengths(settings in settings(), runs in runs()) {
            let limits = Limits::new(&settings);
            for span in cut(&settings, &voice(&runs)) {
                let length = span.end - span.start;
                prop_assert!(length >= limits.min && length <= limits.max + limits.pad, "{span:?}");
                prop_assert!(span.voiced > 0 && span.voiced <= length);
            }
        }

        #[test]
        fn long_voice_is_covered(settings in settings(), runs in runs()) {
            let limits = Limits::new(&settings);
            let voice = voice(&runs);
            let spans = cut(&settings, &voice);
            let mut start = 0;
            for run in voice.chunk_by(|a, b| a == b) {
                let end = start + run.len();
                if run[0] && run.len() as u64 >= limits.min {
                    for hop in start as u64..end as u64 {
                        let covered = spans.iter().any(|s| s.start <= hop && hop < s.end);
                        prop_assert!(covered, "hop {hop} of {start}..{end} in {spans:?}");
                    }
                }
                start = end;
            }
        }
    }

    #[test]
    fn a_sentence_gets_its_padding_and_not_its_neighbours() {
        let voice = voice(&[
            (false, 50),
            (true, 100),
            (false, 60),
            (true, 100),
            (false, 50),
        ]);
        let spans = cut(&default_settings(), &voice);
        let pad = 13; // 0.2 s, rounded up to hops
        assert_eq!(spans.len(), 2);
        assert_eq!((spans[0].start, spans[0].end), (50 - pad, 150 + pad));
        assert_eq!((spans[1].start, spans[1].end), (210 - pad, 310 + pad));
        assert_eq!(spans[0].voiced, 100);
    }

    #[test]
    fn a_click_is_dropped_and_a_short_pause_is_bridged() {
        let click = voice(&[(false, 50), (true, 5), (false, 50)]);
        assert_eq!(cut(&default_settings(), &click), []);
        let halting = voice(&[(true, 50), (false, 20), (true, 50), (false, 60)]);
        assert_eq!(cut(&default_settings(), &halting).len(), 1);
    }

    #[test]
    fn long_speech_is_cut_in_its_pause() {
        let settings = default_settings();
        let voice = voice(&[(true, 700), (false, 10), (true, 700), (false, 60)]);
        let spans = cut(&settings, &voice);
        assert_eq!(spans.len(), 2);
        assert!((700..=710).contains(&spans[0].end), "{spans:?}");
    }

    #[test]
    fn a_wavering_voice_stays_a_voice() {
        let mut finder = SpanFinder::new(&default_settings());
        let mut spans = Vec::new();
        for hop in 0..200 {
            spans.extend(finder.push(if hop % 2 == 0 { 0.55 } else { 0.4 }, 0.1));
        }
        spans.extend(finder.finish());
        assert_eq!(spans[0].voiced, 200);
    }
}
