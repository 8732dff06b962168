//! Starts the trials and judges how they end.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::PoisonError;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::child::{Said, Step};
use crate::assembly::tried::{Memory, Outcome, Subject, Trial};
use undertone_bundle::Bundle;
use undertone_daemon::{LastLines, how_it_ended, pass_on};
use undertone_telemetry::LOG_VARIABLE;

/// The longest that the trial of one model may take.
pub const TRIAL_LIMIT: Duration = Duration::from_secs(300);
/// How often it is asked whether a trial has ended.
const POLL: Duration = Duration::from_millis(10);
/// Lines of an engine's log in a refusal.
const LINES: usize = 3;

/// Tries each model of a bundle in a process of its own, one after the other; each may take
/// `limit`.
#[must_use]
pub fn try_models(bundle: &Bundle, limit: Duration) -> Vec<Trial> {
    let subjects = Subject::of(bundle).into_iter();
    subjects
        .map(|subject| Trial {
            subject,
            outcome: try_model(bundle, subject, limit)
                .unwrap_or_else(|error| Outcome::Undecided(format!("it cannot be tried: {error}"))),
        })
        .collect()
}

fn try_model(bundle: &Bundle, subject: Subject, limit: Duration) -> io::Result<Outcome> {
    let mut child = Command::new("/proc/self/exe")
        .arg0("undertone")
        .args(["try-model", &subject.to_string()])
        .arg(&bundle.folder)
        // What an engine says before it ends the process is what is wanted, without gdb's help.
        .env(LOG_VARIABLE, "warn")
        .env("GGML_NO_BACKTRACE", "1")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let missing = || io::Error::other("a pipe of the trial is missing");
    let stdout = child.stdout.take().ok_or_else(missing)?;
    let stderr = child.stderr.take().ok_or_else(missing)?;
    let last = LastLines::default();
    let kept = last.clone();
    let log = thread::spawn(move || pass_on(BufReader::new(stderr), &mut io::sink(), &kept));
    let said = thread::spawn(move || {
        let lines = BufReader::new(stdout).lines().map_while(Result::ok);
        lines
            .filter_map(|line| serde_json::from_str(&line).ok())
            .collect::<Vec<Said>>()
    });
    let status = wait(&mut child, limit)?;
    let said = said.join().unwrap_or_default();
    let _ = log.join();
    let last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = last.iter().map(|line| message(line));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    Ok(judge(status, &said, &lines, limit))
}

/// Waits for the end; `None` when the time was up and the process was killed.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    while started.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(POLL);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn judge(status: Option<ExitStatus>, said: &[Said], lines: &[&str], limit: Duration) -> Outcome {
    let mut memory = Memory::default();
    let mut doing = "was being started";
    let mut failed = None;
    for said in said {
        match said {
            Said::Begins { step, peak_bytes } => match step {
                Step::Loading => (memory.before, doing) = (*peak_bytes, "was being loaded"),
                Step::Using => (memory.loaded, doing) = (*peak_bytes, "was in use"),
                Step::Done => (memory.used, doing) = (*peak_bytes, "ended"),
            },
            Said::Failed { reason } => failed = Some(reason),
        }
    }
    let Some(status) = status else {
        let limit_s = limit.as_secs();
        return Outcome::Undecided(format!("after {limit_s} s it still {doing}"));
    };
    if status.success() {
        return Outcome::Works(memory);
    }
    let log = match lines {
        [] => String::new(),
        lines => format!(
            "; its last words: {}",
            lines[lines.len().saturating_sub(LINES)..].join(" | ")
        ),
    };
    match failed {
        Some(reason) => Outcome::Refused(format!("{reason}{log}")),
        None => {
            let how = how_it_ended(status);
            let reason = format!("while it {doing}, {how}{log}");
            // Killed from outside: memory ran out, or somebody did it.
            let outside = [Signal::KILL, Signal::TERM, Signal::INT, Signal::HUP];
            match outside
                .iter()
                .any(|signal| status.signal() == Some(signal.as_raw()))
            {
                true => Outcome::Undecided(reason),
                false => Outcome::Refused(reason),
            }
        }
    }
}

/// What a line of the log says, without time, level, thread and place; empty where that is all.
fn message(line: &str) -> &str {
    let levels = [" ERROR ", " WARN "];
    let logged = levels.iter().find_map(|level| line.split_once(level));
    let Some((_, rest)) = logged else {
        // An assertion names a file on the machine where the program was built.
        let place = &line[..line.find(": ").unwrap_or(0)];
        let name = place.rfind('/').map_or(0, |at| at + 1);
        return line[name..].trim();
    };
    let text = rest.split_once(": ").map_or(rest, |(_, text)| text);
    let end = text.find("module=\"").unwrap_or(text.len());
    text[..end].trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(7);

    fn begins(step: Step, peak_bytes: u64) -> Said {
        Said::Begins { step, peak_bytes }
    }

    #[test]
    fn how_a_trial_ended_decides() {
        let loading = begins(Step::Loading, 10);
        let all = [
            loading.clone(),
            begins(Step::Using, 200),
            begins(Step::Done, 300),
        ];
        let works = judge(Some(ExitStatus::from_raw(0)), &all, &[], LIMIT);
        let memory = Memory {
            before: 10,
            loaded: 200,
            used: 300,
        };
        assert_eq!(works, Outcome::Works(memory));
        let aborted = judge(
            Some(ExitStatus::from_raw(6)),
            std::slice::from_ref(&loading),
            &["one", "two", "three", "GGML_ASSERT(x) failed"],
            LIMIT,
        );
        let Outcome::Refused(why) = aborted else {
            panic!("{aborted:?}");
        };
        for part in [
            "was being loaded",
            "SIGABRT",
            "two | three | GGML_ASSERT(x) failed",
        ] {
            assert!(why.contains(part), "{part:?} is not in {why}");
        }
        let failed = [
            loading.clone(),
            Said::Failed {
                reason: "no tensors".to_owned(),
            },
        ];
        let failed = judge(Some(ExitStatus::from_raw(3 << 8)), &failed, &[], LIMIT);
        assert_eq!(failed, Outcome::Refused("no tensors".to_owned()));
        for status in [None, Some(ExitStatus::from_raw(9))] {
            let open = judge(status, std::slice::from_ref(&loading), &[], LIMIT);
            assert!(matches!(open, Outcome::Undecided(_)), "{open:?}");
        }
    }

    #[test]
    fn a_log_line_is_its_message() {
        for (line, said) in [
            (
                "2026-01-01T00:00:00Z ERROR main: whisper_init: no tensors",
                "whisper_init: no tensors",
            ),
            (
                "2026-01-01T00:00:00Z  WARN main: failed module=\"mtmd::clip\"",
                "failed",
            ),
            ("2026-01-01T00:00:00Z ERROR main: module=\"mtmd::clip\"", ""),
            (
                "/build/ggml/ggml.c:12: GGML_ASSERT(a/b) failed",
                "ggml.c:12: GGML_ASSERT(a/b) failed",
            ),
            ("terminate called", "terminate called"),
        ] {
            assert_eq!(message(line), said);
        }
    }
}
