//! A run that a test starts, signals, kills and reads.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::reports::outputs;
use crate::undertone::{clip, command, run};

/// A folder of recordings, one for reports, and runs between them.
pub struct Batch {
    folder: tempfile::TempDir,
    settings: Vec<String>,
    fault: String,
}

/// A run in progress; killed when it is dropped.
pub struct Running(pub Child);

impl Batch {
    /// Without recordings; with settings such as `limits.stall_s=2`.
    pub fn new(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        let quick = ["threads.total=1"];
        Self {
            folder,
            settings: quick
                .iter()
                .chain(settings)
                .map(ToString::to_string)
                .collect(),
            fault: String::new(),
        }
    }

    /// With workers in which this fault is injected.
    pub fn with_fault(mut self, fault: &str) -> Self {
        self.set_fault(fault);
        self
    }

    pub fn set_fault(&mut self, fault: &str) {
        fault.clone_into(&mut self.fault);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn out(&self) -> PathBuf {
        self.path("out")
    }

    /// Puts a sample clip into the folder, with content of its own for each number: what follows
    /// the last element of a Matroska file is ignored.
    pub fn put(&self, name: &str, number: usize) {
        let mut content = std::fs::read(clip("positive-matroska.mkv")).unwrap();
        content.extend(std::iter::repeat_n(0, number));
        std::fs::write(self.path("in").join(name), content).unwrap();
    }

    fn command(&self, more: &[&str]) -> Command {
        let (input, out) = (self.path("in"), self.out());
        let mut arguments = vec!["run".to_owned(), input.display().to_string()];
        arguments.extend(["--out".to_owned(), out.display().to_string()]);
        for setting in &self.settings {
            arguments.extend(["--set".to_owned(), setting.clone()]);
        }
        arguments.extend(more.iter().map(ToString::to_string));
        let mut command = command(&arguments);
        command.env("UNDERTONE_TEST_FAULT", &self.fault);
        command
    }

    /// Runs to the end: exit code, table, log.
    pub fn run(&self, more: &[&str]) -> (i32, String, String) {
        let output = self.command(more).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().expect("it was not killed");
        (code, text(output.stdout), text(output.stderr))
    }

    /// Starts a run; its table goes to the file `table` in the test's folder, its log to `log`.
    pub fn start(&self, table: &str, log: &str) -> Running {
        let file = |name| File::create(self.path(name)).unwrap();
        let mut command = self.command(&[]);
        command.stdout(file(table)).stderr(file(log));
        Running(command.spawn().unwrap())
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// What is below the folder of reports.
    pub fn reports(&self) -> Vec<String> {
        outputs(&self.out())
    }

    pub fn failure(&self, name: &str) -> Value {
        let text = std::fs::read(self.out().join(format!("{name}.failed.json"))).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// Asks with another command of the program: `retry`.
    pub fn ask(&self, command: &str, arguments: &[&str]) -> (i32, String, String) {
        let out = self.out().display().to_string();
        run(&[&[command, "--out", &out], arguments].concat())
    }
}

impl Running {
    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    pub fn signal(&self, name: &str) {
        let process = self.0.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &process])
            .status();
        assert!(sent.unwrap().success());
    }

    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.0.wait().unwrap()
    }

    /// The process id of its worker, if it has one.
    pub fn worker(&self) -> Option<u32> {
        let process = self.0.id();
        let children = format!("/proc/{process}/task/{process}/children");
        let children = std::fs::read_to_string(children).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }

    /// Waits until something is so.
    pub fn until<T>(&mut self, what: &str, mut so: impl FnMut(&Self) -> Option<T>) -> T {
        let patience = Instant::now() + Duration::from_secs(120);
        loop {
            if let Some(answer) = so(self) {
                return answer;
            }
            assert!(Instant::now() < patience, "never: {what}");
            assert!(self.is_running(), "it ended before: {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until a process has gone, or is at least dead.
pub fn until_gone(process: u32) {
    let patience = Instant::now() + Duration::from_secs(20);
    let is_alive = || {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    };
    while is_alive() {
        assert!(
            Instant::now() < patience,
            "process {process} is still there"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}
