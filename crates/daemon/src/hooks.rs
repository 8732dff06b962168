//! Calls a program for each new report, on a thread of its own, so that it holds nothing up.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use rustix::fs::{Access, access};
use rustix::process::{Pid, Signal, kill_process_group};
use undertone_types::shown_path;

/// How often a running call is checked.
const POLL: Duration = Duration::from_millis(20);

/// The program of a hook cannot be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "hooks.on_report: there is no program {0:?} that may be executed; name it with its full path, or \
     leave hooks.on_report empty"
)]
pub struct NoProgram(pub String);

/// Checks that the program of the hooks is there, if they call one: as it would be found when it
/// is called.
///
/// # Errors
/// When there is no such program.
pub fn check_hooks(settings: &undertone_config::Hooks) -> Result<(), NoProgram> {
    let Some(program) = settings.on_report.first() else {
        return Ok(());
    };
    let may_execute = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = match program.contains('/') {
        true => may_execute(Path::new(program)),
        false => std::env::split_paths(&path).any(|folder| may_execute(&folder.join(program))),
    };
    is_there
        .then_some(())
        .ok_or_else(|| NoProgram(program.clone()))
}

/// Passes new reports to the thread that calls the program.
#[derive(Clone, Debug)]
pub struct Hooks {
    calls: Option<Sender<PathBuf>>,
    /// Calls that have not ended yet.
    open: Arc<AtomicUsize>,
}

impl Hooks {
    /// Starts the thread, if there is a program to call.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn new(settings: &undertone_config::Hooks) -> io::Result<Self> {
        let open = Arc::new(AtomicUsize::new(0));
        if settings.on_report.is_empty() {
            return Ok(Self { calls: None, open });
        }
        let (calls, queued) = unbounded();
        let (settings, over) = (settings.clone(), open.clone());
        let body = move || call_all(&settings, &queued, &over);
        thread::Builder::new()
            .name("hooks".to_owned())
            .spawn(body)?;
        Ok(Self {
            calls: Some(calls),
            open,
        })
    }

    /// Queues a call for a new report.
    pub fn report(&self, path: &Path) {
        if let Some(calls) = &self.calls {
            self.open.fetch_add(1, Ordering::Relaxed);
            let _ = calls.send(path.to_owned());
        }
    }

    /// True when all calls have ended.
    pub fn is_idle(&self) -> bool {
        self.open.load(Ordering::Relaxed) == 0
    }
}

fn call_all(settings: &undertone_config::Hooks, reports: &Receiver<PathBuf>, open: &AtomicUsize) {
    for report in reports {
        let limit = Duration::from_secs_f64(settings.timeout_s);
        if let Err(reason) = call(&settings.on_report, &report, limit) {
            let (program, report) = (&settings.on_report[0], shown_path(&report));
            tracing::warn!(%program, %report, %reason, "hooks.on_report failed");
        }
        open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn call(command: &[String], report: &Path, limit: Duration) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else {
        return Ok(());
    };
    let mut child = Command::new(program)
        .args(arguments)
        .arg(report)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        // A group of its own, so that what it starts is stopped with it.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(status.to_string()),
            Ok(None) if began.elapsed() < limit => thread::sleep(POLL),
            Ok(None) => {
                // Before `wait`: afterwards the process id may belong to another process.
                if let Some(group) = Pid::from_raw(child.id().cast_signed()) {
                    let _ = kill_process_group(group, Signal::KILL);
                }
                let _ = child.wait();
                return Err(format!("stopped after {} s", limit.as_secs_f64()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Vec<String> {
        ["sh", "-c", script, "sh"].map(ToOwned::to_owned).to_vec()
    }

    #[test]
    fn a_call_gets_the_report_and_its_failures_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let (report, second) = (folder.path().join("a.jsonl"), Duration::from_secs(60));
        std::fs::write(&report, "x").unwrap();
        assert_eq!(call(&sh("cp \"$1\" \"$1.seen\""), &report, second), Ok(()));
        assert!(folder.path().join("a.jsonl.seen").exists());
        let failed = call(&sh("exit 3"), &report, second).unwrap_err();
        assert!(failed.contains('3'), "{failed}");
        let late = call(&sh("exec sleep 600"), &report, Duration::from_millis(50)).unwrap_err();
        assert!(late.contains("stopped after"), "{late}");
        let absent = call(&["/no/such".to_owned()], &report, second).unwrap_err();
        assert!(absent.contains("cannot be started"), "{absent}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let hooks = |program: &str| undertone_config::Hooks {
            on_report: vec![program.to_owned()],
            timeout_s: 1.0,
        };
        let folder = tempfile::tempdir().unwrap();
        let not_executable = folder.path().join("notes");
        std::fs::write(&not_executable, "x").unwrap();
        for program in ["sh", "/bin/sh"] {
            assert_eq!(check_hooks(&hooks(program)), Ok(()));
        }
        let missing = [
            not_executable.to_str().unwrap(),
            "/no/such",
            "no-such-program",
            "/bin",
        ];
        for program in missing {
            let error = check_hooks(&hooks(program)).unwrap_err().to_string();
            assert!(error.contains(program), "{error}");
        }
    }

    /// Only the program itself was once stopped, not the processes that it had started.
    #[test]
    fn what_a_call_started_is_stopped_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("a.jsonl");
        let script = "sleep 600 & echo $! > \"$1.child\"; wait";
        let limit = Duration::from_millis(500);
        call(&sh(script), &report, limit).unwrap_err();
        let child = std::fs::read_to_string(folder.path().join("a.jsonl.child")).unwrap();
        let stat = format!("/proc/{}/stat", child.trim());
        let is_gone = || match std::fs::read_to_string(&stat) {
            Ok(stat) => stat.contains(") Z "),
            Err(_) => true,
        };
        // Its parent has ended: the process that inherits it reaps it some time later.
        let patience = Instant::now() + Duration::from_secs(60);
        while !is_gone() {
            assert!(Instant::now() < patience, "the child still runs");
            thread::sleep(POLL);
        }
    }
}
