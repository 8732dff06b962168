//! Passes on what a worker writes to standard error: line by line, no more of it than a
//! log can bear, and with the last lines kept as evidence.

use std::collections::VecDeque;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Lines that may come at once.
const BURST: f64 = 200.0;
/// Lines per second that may come for ever.
const RATE: f64 = 20.0;
/// Lines that are kept.
const KEPT: usize = 6;
/// Bytes of a line that are kept; the C++ engines can be wordy.
const KEPT_BYTES: usize = 400;

/// The last lines that a worker wrote.
pub type LastLines = Arc<Mutex<VecDeque<String>>>;

/// Passes lines on until the other side ends.
pub fn pass_on(mut from: impl BufRead, to: &mut dyn Write, last: &LastLines) {
    let mut valve = Valve::new(Instant::now());
    let mut line = Vec::new();
    while from
        .read_until(b'\n', &mut line)
        .is_ok_and(|length| length > 0)
    {
        keep(last, &line);
        match valve.open(Instant::now()) {
            Passage::Closed => {}
            Passage::Open { left_out } => {
                if left_out > 0 {
                    let _ = writeln!(to, "({left_out} lines of the worker left out)");
                }
                let _ = to.write_all(&line);
            }
        }
        line.clear();
    }
}

fn keep(last: &LastLines, line: &[u8]) {
    let text = String::from_utf8_lossy(line);
    let text: String = text.trim_end().chars().take(KEPT_BYTES).collect();
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    if last.len() == KEPT {
        last.pop_front();
    }
    last.push_back(text);
}

/// Whether the next line may pass.
#[derive(Debug, PartialEq, Eq)]
enum Passage {
    Open { left_out: u64 },
    Closed,
}

/// A token bucket.
struct Valve {
    tokens: f64,
    filled: Instant,
    left_out: u64,
}

impl Valve {
    fn new(now: Instant) -> Self {
        Self {
            tokens: BURST,
            filled: now,
            left_out: 0,
        }
    }

    fn open(&mut self, now: Instant) -> Passage {
        let passed_s = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed_s * RATE).min(BURST);
        self.filled = now;
        if self.tokens < 1.0 {
            self.left_out += 1;
            return Passage::Closed;
        }
        self.tokens -= 1.0;
        Passage::Open {
            left_out: std::mem::take(&mut self.left_out),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_flood_is_cut_and_counted_and_its_end_is_kept() {
        let flood: String = (0..5000).map(|number| format!("line {number}\n")).collect();
        let (mut out, last) = (Vec::new(), LastLines::default());
        pass_on(flood.as_bytes(), &mut out, &last);
        let lines = out.split(|byte| *byte == b'\n').count();
        assert!((200..1000).contains(&lines), "{lines} lines passed");
        let last = last.lock().unwrap();
        assert_eq!(last.back().map(String::as_str), Some("line 4999"));
        assert_eq!(last.len(), KEPT);
    }

    #[test]
    fn what_was_left_out_is_said_when_lines_pass_again() {
        let start = Instant::now();
        let mut valve = Valve::new(start);
        let passed = (0..300)
            .filter(|_| valve.open(start) != Passage::Closed)
            .count();
        assert_eq!(passed, 200);
        let later = start + Duration::from_secs(1);
        assert_eq!(valve.open(later), Passage::Open { left_out: 100 });
        assert_eq!(valve.open(later), Passage::Open { left_out: 0 });
    }
}
