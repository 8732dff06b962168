//! A daemon that a test starts, asks, kills and reads.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::reports::files;
use crate::undertone::{clip, command, run};

/// A folder to watch, one for reports, and a daemon between them.
pub struct Daemon {
    folder: tempfile::TempDir,
    settings: Vec<String>,
    environment: Vec<(String, String)>,
    child: Option<Child>,
    /// Length of the log when it was started last.
    said: usize,
}

impl Daemon {
    /// Not started yet; with settings such as `watch.settle_s=1`.
    pub fn new(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        let quick = [
            "watch.settle_s=0.3",
            "watch.poll_s=0.2",
            "metrics.listen=",
            "threads.total=1",
        ];
        let settings = quick.iter().chain(settings);
        Self {
            folder,
            settings: settings.map(ToString::to_string).collect(),
            environment: Vec::new(),
            child: None,
            said: 0,
        }
    }

    /// With a variable in its environment.
    pub fn with(mut self, variable: &str, value: impl Into<String>) -> Self {
        self.environment.push((variable.to_owned(), value.into()));
        self
    }

    pub fn settings_mut(&mut self) -> &mut Vec<String> {
        &mut self.settings
    }

    /// Running.
    pub fn started(mut self) -> Self {
        self.start();
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn input(&self, name: &str) -> PathBuf {
        self.path("in").join(name)
    }

    pub fn out(&self) -> PathBuf {
        self.path("out")
    }

    pub fn start(&mut self) {
        let mut arguments = vec!["watch".to_owned(), self.path("in").display().to_string()];
        arguments.extend(["--out".to_owned(), self.out().display().to_string()]);
        for setting in &self.settings {
            arguments.extend(["--set".to_owned(), setting.clone()]);
        }
        self.start_with(&arguments);
    }

    pub fn start_with(&mut self, arguments: &[String]) {
        self.said = self.log().len();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let mut command = command(arguments);
        command.envs(self.environment.iter().cloned()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("it was started")
    }

    pub fn process(&mut self) -> u32 {
        self.child().id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child().try_wait().unwrap().is_none()
    }

    pub fn kill(&mut self) {
        self.child().kill().unwrap();
        self.child().wait().unwrap();
    }

    pub fn signal(&mut self, name: &str) {
        let process = self.child().id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &process])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Stops it as systemd would, and waits.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.child().wait().unwrap()
    }

    /// Copies a sample clip into the folder, with content of its own for each number.
    pub fn drop_clip(&self, name: &str, number: usize) {
        std::fs::write(self.input(name), content(number)).unwrap();
    }

    /// Waits until something is so; shows the log if it never is.
    pub fn until<T>(&mut self, what: &str, mut so: impl FnMut(&Self) -> Option<T>) -> T {
        let patience = Instant::now() + Duration::from_secs(120);
        loop {
            if let Some(answer) = so(self) {
                return answer;
            }
            assert!(
                Instant::now() < patience,
                "never: {what}\n{}\n{:?}",
                self.log(),
                self.reports()
            );
            assert!(self.is_running(), "it ended before: {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a file is there, below the folder of reports.
    pub fn until_there(&mut self, name: &str) -> PathBuf {
        let path = self.out().join(name);
        self.until(&format!("{name} is there"), |_| {
            path.exists().then(|| path.clone())
        })
    }

    /// Waits until it has said so since it was started last. A daemon that is to be sent a
    /// signal must have got so far as to listen.
    pub fn until_logged(&mut self, words: &str) {
        let logged = |daemon: &Self| daemon.log()[daemon.said..].contains(words).then_some(());
        self.until(&format!("{words:?} is logged"), logged);
    }

    /// What is below the folder of reports, but for the daemon's own files.
    pub fn reports(&self) -> Vec<String> {
        let mut names = files(&self.out());
        let own = [
            ".undertone/attempts.jsonl",
            ".undertone/lock",
            ".undertone/status.json",
        ];
        names.retain(|name| !own.contains(&name.as_str()));
        names
    }

    pub fn failure(&self, name: &str) -> Option<Value> {
        let text = std::fs::read(self.out().join(format!("{name}.failed.json"))).ok()?;
        Some(serde_json::from_slice(&text).unwrap())
    }

    /// Asks with another command of the program: `status` or `retry`.
    pub fn ask(&self, command: &str, arguments: &[&str]) -> (i32, String, String) {
        let out = self.out().display().to_string();
        let said = [&[command, "--out", &out], arguments].concat();
        run(&said)
    }

    /// Asks over HTTP: status and body.
    pub fn get(&mut self, path: &str) -> (u16, String) {
        let (head, body) = self.ask_for(path, "Accept: */*");
        let status = head.split_whitespace().nth(1).unwrap();
        (status.parse().unwrap(), body)
    }

    /// Head and body of an answer to a request with this header.
    pub fn ask_for(&mut self, path: &str, header: &str) -> (String, String) {
        let address = self.until("the address is logged", |daemon| {
            let log = daemon.log();
            let (_, rest) = log.split_once("address=")?;
            Some(rest.lines().next()?.trim().to_owned())
        });
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n{header}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A clip with content of its own: what follows the last element of a Matroska file is
/// ignored.
pub fn content(number: usize) -> Vec<u8> {
    let mut content = std::fs::read(clip("positive-matroska.mkv")).unwrap();
    content.extend(std::iter::repeat_n(0, number));
    content
}

/// Moves a file into its place.
pub fn rename(from: &Path, to: &Path) {
    std::fs::rename(from, to).unwrap();
}
