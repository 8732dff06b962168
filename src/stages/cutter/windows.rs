//! [`WindowCutter`]: windows of fixed length, for recordings without a voice.

use std::collections::VecDeque;

use super::frames::FrameBuffer;
use super::{dbfs, energy, seconds};
use undertone_types::RATE_HZ;
use undertone_types::{Frame, Utterance};

/// A window keeps its sound at this level (RMS) and above: noise may hide speech.
pub const LOUD_DBFS: f64 = -50.0;

/// How windows are cut.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowSettings {
    /// Length of a window in seconds.
    pub window_s: f64,
    /// A last window shorter than this becomes part of the one before, in seconds.
    pub min_s: f64,
}

/// Cuts a recording into windows. Windows with neither frames nor loud sound are left out.
#[derive(Debug)]
pub struct WindowCutter {
    settings: WindowSettings,
    origin_s: f64,
    /// Length of a window in samples.
    window: u64,
    /// Sound of the windows from `next` on; each begins at its window's start.
    sounds: VecDeque<Vec<f32>>,
    /// Number of the window to be cut next.
    next: u64,
    frames: FrameBuffer,
    /// All sound or frames before this time have arrived.
    reached_s: f64,
    /// The end of the recording, once it is known.
    end_s: Option<f64>,
    index: u32,
}

impl WindowCutter {
    /// A cutter for one recording whose first stream starts at `origin_s`.
    #[must_use]
    pub fn new(settings: WindowSettings, origin_s: f64) -> Self {
        let window_s = settings.window_s;
        let window = (window_s * f64::from(RATE_HZ)).round().max(1600.0) as u64;
        Self {
            settings,
            origin_s,
            window,
            sounds: VecDeque::new(),
            next: 0,
            frames: FrameBuffer::new(window_s),
            reached_s: origin_s,
            end_s: None,
            index: 0,
        }
    }

    /// Takes sound that starts at `start_s` on the recording's clock.
    pub fn audio(&mut self, start_s: f64, mut samples: &[f32]) {
        self.reached_s = self.reached_s.max(start_s);
        let from_origin = ((start_s - self.origin_s).max(0.0) * f64::from(RATE_HZ)).round();
        let mut at = from_origin as u64;
        while !samples.is_empty() {
            let (number, offset) = (at / self.window, at % self.window);
            let len = (self.window - offset).min(samples.len() as u64);
            let (head, rest) = samples.split_at(len as usize);
            if let Some(place) = number.checked_sub(self.next) {
                self.put(place as usize, offset as usize, head);
            }
            samples = rest;
            at += len;
        }
    }

    /// Takes a frame.
    pub fn frame(&mut self, frame: Frame) {
        self.reached_s = self.reached_s.max(frame.time_s);
        self.frames.push(frame);
    }

    /// The recording has ended, at `end_s`.
    pub fn finish(&mut self, end_s: f64) {
        self.end_s = Some(end_s);
    }

    /// The next window that is complete.
    pub fn pop(&mut self) -> Option<Utterance> {
        loop {
            let (start_s, end_s) = self.due()?;
            let merged = end_s > start_s + seconds(self.window) + 1e-9;
            let mut sound = self.sounds.pop_front().unwrap_or_default();
            if merged && let Some(rest) = self.sounds.pop_front() {
                sound.resize(self.window as usize, 0.0);
                sound.extend(rest);
            }
            self.next += 1 + u64::from(merged);
            let frames = self.frames.take(start_s, end_s);
            let audio = self.if_loud(sound, end_s - start_s);
            if frames.is_empty() && audio.is_none() {
                continue;
            }
            let index = self.index;
            self.index += 1;
            return Some(Utterance {
                index,
                start_s,
                end_s,
                audio: audio.map(Into::into),
                voiced_share: 0.0,
                frames,
                said: None,
            });
        }
    }

    /// Windows cut so far.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.index
    }

    /// Start and end of the next window, if all of it has arrived. A window is due only when enough
    /// for another window follows it.
    fn due(&self) -> Option<(f64, f64)> {
        let window_s = seconds(self.window);
        let start_s = self.origin_s + seconds(self.next * self.window);
        let full_s = start_s + window_s;
        let enough_s = full_s + self.settings.min_s;
        match self.end_s {
            _ if self.reached_s >= enough_s => Some((start_s, full_s)),
            Some(end_s) if end_s >= enough_s => Some((start_s, full_s)),
            // The first window may be short: it may be the whole recording.
            Some(end_s) if end_s > start_s => Some((start_s, end_s)),
            _ => None,
        }
    }

    fn put(&mut self, place: usize, offset: usize, samples: &[f32]) {
        // Broken timestamps may leave a gap of days.
        if place > 64 {
            return;
        }
        while self.sounds.len() <= place {
            self.sounds.push_back(Vec::new());
        }
        let sound = &mut self.sounds[place];
        if sound.len() < offset {
            sound.resize(offset, 0.0);
        }
        sound.truncate(offset);
        sound.extend_from_slice(samples);
    }

    /// The window's sound at full length; `None` when it is silent or too short to be useful.
    fn if_loud(&self, mut sound: Vec<f32>, length_s: f64) -> Option<Vec<f32>> {
        if length_s < self.settings.min_s {
            return None;
        }
        let length = (length_s * f64::from(RATE_HZ)).round() as usize;
        sound.resize(length, 0.0);
        let level = dbfs(energy(&sound), length as u64);
        (level > LOUD_DBFS).then_some(sound)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(end_s: f64, frames_to_s: f64, loud_to_s: f64) -> Vec<Utterance> {
        let mut cutter = WindowCutter::new(
            WindowSettings {
                window_s: 4.0,
                min_s: 0.6,
            },
            0.0,
        );
        let mut cut = Vec::new();
        for tenth in 0..(end_s * 10.0) as u32 {
            let time_s = f64::from(tenth) / 10.0;
            let level = if time_s < loud_to_s { 0.1 } else { 1e-4 };
            cutter.audio(time_s, &[level; 1600]);
            if time_s < frames_to_s {
                cutter.frame(Frame { time_s, face: None });
            }
            cut.extend(std::iter::from_fn(|| cutter.pop()));
        }
        cutter.finish(end_s);
        cut.extend(std::iter::from_fn(|| cutter.pop()));
        cut
    }

    fn spans(cut: &[Utterance]) -> Vec<(f64, f64)> {
        cut.iter().map(|u| (u.start_s, u.end_s)).collect()
    }

    #[test]
    fn a_short_last_window_joins_the_one_before() {
        assert_eq!(spans(&cut(8.5, 9.0, 0.0)), [(0.0, 4.0), (4.0, 8.5)]);
        assert_eq!(
            spans(&cut(8.6, 9.0, 0.0)),
            [(0.0, 4.0), (4.0, 8.0), (8.0, 8.6)]
        );
        assert_eq!(spans(&cut(0.3, 9.0, 0.0)), [(0.0, 0.3)]);
    }

    #[test]
    fn only_loud_sound_is_attached() {
        let cut = cut(12.0, 12.0, 4.0);
        let loud: Vec<bool> = cut.iter().map(|u| u.audio.is_some()).collect();
        assert_eq!(loud, [true, false, false]);
        assert_eq!(cut[0].audio.as_ref().unwrap().len(), 64_000);
        assert_eq!(cut[0].frames.len(), 40);
    }

    #[test]
    fn windows_with_nothing_in_them_are_left_out() {
        assert_eq!(cut(12.0, 0.0, 0.0), []);
        assert_eq!(spans(&cut(12.0, 4.0, 0.0)), [(0.0, 4.0)]);
    }

    proptest! {
        #[test]
        fn windows_cover_everything(tenths in 1u32..300) {
            let end_s = f64::from(tenths) / 10.0;
            let cut = cut(end_s, end_s, end_s);
            prop_assert_eq!(cut[0].start_s, 0.0);
            prop_assert!((cut.last().unwrap().end_s - end_s).abs() < 1e-9);
            for pair in cut.windows(2) {
                prop_assert!((pair[0].end_s - pair[1].start_s).abs() < 1e-9);
            }
            for window in &cut {
                let length_s = window.end_s - window.start_s;
                prop_assert!(cut.len() == 1 || length_s >= 0.6 - 1e-9);
                prop_assert!(length_s <= 4.6 + 1e-9);
                prop_assert_eq!(
                    window.audio.as_ref().map(|audio| audio.len()),
                    (length_s >= 0.6).then_some((length_s * 16_000.0).round() as usize)
                );
            }
        }
    }
}
