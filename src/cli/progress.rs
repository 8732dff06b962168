//! Progress of a run: a bar on a terminal, plain lines otherwise.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tracing_subscriber::fmt::MakeWriter;
use undertone_terminal::messages;
use undertone_types::shown_lines;

/// Standard error, shared by logs and progress bars so that they do not overwrite each other.
#[derive(Clone, Debug)]
pub struct Terminal {
    bars: MultiProgress,
    is_terminal: bool,
    verbosity: Verbosity,
}

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// Only what makes the exit code another than 0.
    Quiet,
    /// What people want to know.
    #[default]
    Normal,
    /// Everything, also what a bar shows.
    Verbose,
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

impl Terminal {
    /// Standard error as it is.
    #[must_use]
    pub fn new() -> Self {
        Self::speaking(Verbosity::Normal)
    }

    /// Standard error as it is, on which so much is said.
    pub(super) fn speaking(verbosity: Verbosity) -> Self {
        Self {
            bars: MultiProgress::new(),
            is_terminal: io::stderr().is_terminal(),
            verbosity,
        }
    }

    /// Whether only what went wrong is said.
    pub(super) fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// Whether somebody may be reading along.
    pub(super) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// A bar below everything else; `None` where standard error is not a terminal, or quiet.
    pub(super) fn bar(&self, length: usize, template: &str) -> Option<ProgressBar> {
        (self.is_terminal && !self.is_quiet()).then(|| {
            let style = ProgressStyle::with_template(template);
            let bar = ProgressBar::new(length as u64)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            let bar = self.bars.add(bar);
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        })
    }

    /// Writes a line above the bars that is good to know, unless it is to be quiet.
    pub(super) fn note(&self, text: &str) {
        if !self.is_quiet() {
            self.line(text);
        }
    }

    /// Writes a line above the bars, also when it is to be quiet. A closed standard error is
    /// ignored.
    pub fn line(&self, text: &str) {
        self.bars.suspend(|| {
            let _ = writeln!(io::stderr(), "{}", messages(&shown_lines(text)));
        });
    }
}

/// Gets whole lines, which a worker process logged.
impl Write for Terminal {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.bars.suspend(|| io::stderr().write_all(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One log event, buffered until it is complete.
#[derive(Debug)]
pub struct LogLine {
    bars: MultiProgress,
    text: Vec<u8>,
}

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        self.bars.suspend(|| {
            let _ = io::stderr().write_all(&self.text);
        });
    }
}

impl<'w> MakeWriter<'w> for Terminal {
    type Writer = LogLine;

    fn make_writer(&'w self) -> LogLine {
        LogLine {
            bars: self.bars.clone(),
            text: Vec::new(),
        }
    }
}

/// The outcome of a recording, as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has a new report.
    Done,
    /// It has a new report, of as much as there is; where it breaks off.
    Truncated(String),
    /// It already had a report.
    Skipped,
    /// Another run scored it.
    Elsewhere,
    /// It failed for this reason.
    Failed(String),
}

/// The progress of a run; can be updated from any thread.
#[derive(Debug)]
pub struct Progress {
    terminal: Terminal,
    bar: Option<ProgressBar>,
    total: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    began: Instant,
    recordings: usize,
    media_s: f64,
}

impl Progress {
    /// Starts the display of a run over `total` recordings.
    #[must_use]
    pub fn start(terminal: &Terminal, total: usize) -> Self {
        let bar = terminal.bar(total, "{bar:12} {pos}/{len}, {wide_msg}");
        Self {
            terminal: terminal.clone(),
            bar,
            total,
            state: Mutex::new(State {
                began: Instant::now(),
                recordings: 0,
                media_s: 0.0,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The models are loaded: the time until then says nothing about the speed.
    pub fn begin(&self) {
        let mut state = self.state();
        if state.recordings == 0 {
            state.began = Instant::now();
        }
    }

    /// Adds scored media, in seconds.
    pub fn advance(&self, media_s: f64) {
        let mut state = self.state();
        state.media_s += media_s;
        if let Some(bar) = &self.bar {
            bar.set_message(pace(state.media_s, state.began.elapsed()));
        }
    }

    /// A recording is finished.
    pub fn recording(&self, name: &str, outcome: &Outcome) {
        let mut state = self.state();
        state.recordings += 1;
        if let Some(bar) = &self.bar {
            bar.set_position(state.recordings as u64);
        }
        let pace = pace(state.media_s, state.began.elapsed());
        let line = line(state.recordings, self.total, name, outcome, &pace);
        match outcome {
            Outcome::Failed(_) => self.terminal.line(&line),
            Outcome::Truncated(_) if self.terminal.is_quiet() => self.terminal.line(&line),
            _ if self.bar.is_none() || self.terminal.verbosity == Verbosity::Verbose => {
                self.terminal.note(&line);
            }
            _ => {}
        }
    }

    /// Writes a line above the display.
    pub fn say(&self, text: &str) {
        self.terminal.note(text);
    }

    /// Removes the bar: the run is over.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Time since the run began to score.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.state().began.elapsed()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn line(number: usize, total: usize, name: &str, outcome: &Outcome, pace: &str) -> String {
    let head = format!("[{number}/{total}] {name}");
    match outcome {
        Outcome::Done => format!("{head}: done; {pace}"),
        Outcome::Truncated(at) => format!("{head}: done, but it {at}; {pace}"),
        Outcome::Skipped => format!("{head}: has a report already"),
        Outcome::Elsewhere => format!("{head}: scored by another run"),
        Outcome::Failed(why) => format!("{head}: failed: {why}"),
    }
}

/// Minutes of video done, and speed relative to real time.
pub(super) fn pace(media_s: f64, wall: Duration) -> String {
    let speed = media_s / wall.as_secs_f64().max(1e-3);
    let minutes = media_s / 60.0;
    format!("{minutes:.1} min of video, {speed:.1}× real time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_is_relative_to_real_time() {
        assert_eq!(
            pace(90.0, Duration::from_secs(30)),
            "1.5 min of video, 3.0× real time"
        );
        assert!(pace(0.0, Duration::ZERO).starts_with("0.0 min"));
    }

    #[test]
    fn lines_name_the_outcome_of_a_recording() {
        let shown = |outcome| line(2, 3, "a.mp4", &outcome, "fast");
        assert_eq!(shown(Outcome::Done), "[2/3] a.mp4: done; fast");
        let at = "breaks off after 4.00 s of 9.00 s".to_owned();
        assert_eq!(
            shown(Outcome::Truncated(at)),
            "[2/3] a.mp4: done, but it breaks off after 4.00 s of 9.00 s; fast"
        );
        assert_eq!(shown(Outcome::Skipped), "[2/3] a.mp4: has a report already");
        assert_eq!(
            shown(Outcome::Elsewhere),
            "[2/3] a.mp4: scored by another run"
        );
        let failed = Outcome::Failed("decode: no stream".to_owned());
        assert_eq!(shown(failed), "[2/3] a.mp4: failed: decode: no stream");
    }
}
