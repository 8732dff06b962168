//! A fleet of this machine: its folders or store, and the commands for it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::servers::{Nats, Store};
use super::trouble::Trouble;
use crate::undertone::{clip, command};

/// The store, behind something that makes trouble.
pub struct Stored {
    pub store: Store,
    pub trouble: Trouble,
}

/// Everything but the workers.
pub struct Crew {
    folder: tempfile::TempDir,
    pub nats: Nats,
    stored: Option<Stored>,
    settings: Vec<String>,
}

/// A worker; killed when it is dropped.
pub struct Worker(pub Child);

impl Crew {
    /// With recordings and reports in folders.
    pub fn in_folders() -> Self {
        Self::with(None)
    }

    /// With recordings and reports in a store.
    pub fn in_store() -> Self {
        let store = Store::start(&["bucket"]);
        let trouble = Trouble::before(&store.endpoint);
        Self::with(Some(Stored { store, trouble }))
    }

    fn with(stored: Option<Stored>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        let spool = folder.path().join("spool");
        let mut settings = vec![
            "threads.total=1".to_owned(),
            "metrics.listen=".to_owned(),
            "fleet.ack_wait_s=3".to_owned(),
            "retry.backoff_s=0.5".to_owned(),
            "retry.longest_s=2".to_owned(),
            format!("fleet.spool={}", spool.display()),
        ];
        if let Some(Stored { trouble, .. }) = &stored {
            settings.push(format!("fleet.store_endpoint={}", trouble.endpoint));
        }
        Self {
            folder,
            nats: Nats::start(),
            stored,
            settings,
        }
    }

    pub fn set(&mut self, setting: &str) {
        self.settings.push(setting.to_owned());
    }

    pub fn trouble(&self) -> Option<&Trouble> {
        self.stored.as_ref().map(|stored| &stored.trouble)
    }

    fn place(&self, name: &str) -> String {
        match self.stored {
            Some(_) => format!("s3://bucket/{name}"),
            None => self.folder.path().join(name).display().to_string(),
        }
    }

    /// Where what lies in a place is on the disk: `in` or `out`.
    pub fn disk(&self, name: &str) -> PathBuf {
        match &self.stored {
            Some(stored) => stored.store.folder.path().join("bucket").join(name),
            None => self.folder.path().join(name),
        }
    }

    /// Puts a recording, with content of its own for each number, among the others.
    pub fn put(&self, name: &str, number: usize) {
        let mut content = std::fs::read(clip("positive-matroska.mkv")).unwrap();
        content.extend(std::iter::repeat_n(0, number));
        let path = self.disk("in").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // At once: the store shows whatever is there.
        let hidden = self.folder.path().join("hidden");
        std::fs::write(&hidden, content).unwrap();
        std::fs::copy(&hidden, path.with_extension("part")).unwrap();
        std::fs::rename(path.with_extension("part"), path).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.args(["--queue", &self.nats.url]);
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command
            .env("AWS_ACCESS_KEY_ID", Store::ID)
            .env("AWS_SECRET_ACCESS_KEY", Store::SECRET)
            .env("AWS_REGION", "us-east-1");
        command
    }

    /// Runs a command to its end: exit code, standard output, standard error.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().expect("it was not killed");
        (code, text(output.stdout), text(output.stderr))
    }

    /// Submits everything; the totals.
    pub fn submit(&self) -> Value {
        let (code, totals, log) = self.run(&["submit", &self.place("in"), "--json"]);
        assert_eq!(code, 0, "{log}");
        serde_json::from_str(&totals).unwrap()
    }

    fn work(&self, more: &[&str]) -> Command {
        let out = self.place("out");
        self.command(&[&["work", "--out", &out], more].concat())
    }

    /// Works until the queue is empty: exit code, standard output, standard error.
    pub fn work_to_the_end(&self, more: &[&str]) -> (i32, String, String) {
        self.work_with_fault("", more)
    }

    /// The same, with a fault injected into the process that scores.
    pub fn work_with_fault(&self, fault: &str, more: &[&str]) -> (i32, String, String) {
        let mut command = self.work(&[&["--until-empty"], more].concat());
        let output = command.env("UNDERTONE_TEST_FAULT", fault).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().expect("it was not killed");
        (code, text(output.stdout), text(output.stderr))
    }

    /// Starts a worker, which logs to a file of this name.
    pub fn start(&self, log: &str) -> Worker {
        self.start_with_fault("", log)
    }

    /// The same, with a fault injected into the process that scores.
    pub fn start_with_fault(&self, fault: &str, log: &str) -> Worker {
        let path = self.folder.path().join(log);
        let log = File::options().append(true).create(true).open(path);
        let mut command = self.work(&[]);
        command
            .env("UNDERTONE_TEST_FAULT", fault)
            .stderr(log.unwrap())
            .stdout(std::process::Stdio::null());
        Worker(command.spawn().unwrap())
    }

    /// What was logged to a file of this name.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// The state of the fleet.
    pub fn status(&self) -> Value {
        let (code, status, log) = self.run(&["fleet", "status", "--json"]);
        assert_eq!(code, 0, "{log}");
        serde_json::from_str(&status).unwrap()
    }

    /// All files of this ending where reports go.
    pub fn outputs(&self, ending: &str) -> Vec<String> {
        let mut names = crate::reports::files(&self.disk("out"));
        names.retain(|name| name.ends_with(ending));
        names
    }

    pub fn report(&self, recording: &str) -> PathBuf {
        crate::reports::report_path(&self.disk("out"), recording)
    }

    pub fn failure(&self, recording: &str) -> Value {
        let path = self.disk("out").join(format!("{recording}.failed.json"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Worker {
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub fn terminate(&mut self) -> Option<i32> {
        let process = self.0.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &process]).status();
        assert!(sent.unwrap().success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something is so.
pub fn eventually(what: &str, seconds: u64, mut is_so: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(seconds);
    while !is_so() {
        assert!(Instant::now() < patience, "never: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
