//! Passes on what a worker writes to standard error: line by line, at a limited rate, with the
//! last lines kept for the failure record.

use std::collections::VecDeque;
use std::io::{BufRead, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Lines that may come in a burst.
const BURST: f64 = 200.0;
/// Lines per second in the long run.
const RATE: f64 = 20.0;
/// Lines kept for the failure record.
const KEPT: usize = 6;
/// Characters of a line that are kept: the C++ engines can write long ones.
const KEPT_CHARS: usize = 400;
/// A longer line is cut, in bytes: its end may never come.
const LONGEST: u64 = 8 * 1024;

/// The last lines that a worker wrote.
pub type LastLines = Arc<Mutex<VecDeque<String>>>;

/// Passes lines on until the input ends.
pub fn pass_on(mut from: impl BufRead, to: &mut dyn Write, last: &LastLines) {
    let mut limiter = RateLimiter::new(Instant::now());
    let mut line = Vec::new();
    while read_line(&mut from, &mut line) {
        keep(last, &line);
        if let Some(left_out) = limiter.admit(Instant::now()) {
            if left_out > 0 {
                let _ = writeln!(to, "({left_out} lines of the worker left out)");
            }
            let _ = to.write_all(&line);
        }
        line.clear();
    }
}

/// Reads a line, or as much of it as is passed on in one piece; false at the end of the input.
fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> bool {
    let read = from.take(LONGEST).read_until(b'\n', line);
    let is_more = read.is_ok_and(|length| length > 0);
    if is_more && line.last() != Some(&b'\n') {
        line.push(b'\n');
    }
    is_more
}

fn keep(last: &LastLines, line: &[u8]) {
    let text = String::from_utf8_lossy(line);
    let text: String = text.trim_end().chars().take(KEPT_CHARS).collect();
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    if last.len() == KEPT {
        last.pop_front();
    }
    last.push_back(text);
}

/// A token bucket.
struct RateLimiter {
    tokens: f64,
    filled: Instant,
    left_out: u64,
}

impl RateLimiter {
    fn new(now: Instant) -> Self {
        Self {
            tokens: BURST,
            filled: now,
            left_out: 0,
        }
    }

    /// When the next line may pass, the number of lines dropped before it; otherwise `None`.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        let passed_s = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed_s * RATE).min(BURST);
        self.filled = now;
        if self.tokens < 1.0 {
            self.left_out += 1;
            return None;
        }
        self.tokens -= 1.0;
        Some(std::mem::take(&mut self.left_out))
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
        let mut limiter = RateLimiter::new(start);
        let passed = (0..300).filter_map(|_| limiter.admit(start)).count();
        assert_eq!(passed, 200);
        let later = start + Duration::from_secs(1);
        assert_eq!(limiter.admit(later), Some(100));
        assert_eq!(limiter.admit(later), Some(0));
    }

    /// A line without an end was once collected in memory.
    #[test]
    fn a_line_without_end_is_passed_on_in_pieces() {
        struct Endless(usize);
        impl std::io::Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let length = buffer.len().min(self.0);
                buffer[..length].fill(b'x');
                self.0 -= length;
                Ok(length)
            }
        }
        let mut line = Vec::new();
        let mut from = std::io::BufReader::new(Endless(20_000));
        let mut lengths = Vec::new();
        while read_line(&mut from, &mut line) {
            lengths.push(line.len());
            line.clear();
        }
        assert_eq!(lengths, [8193, 8193, 20_000 - 2 * 8192 + 1]);
    }
}
