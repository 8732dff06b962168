//! Servers on this machine: the queue's and a store's. They end with the test.

use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server has to start.
const START: Duration = Duration::from_secs(30);

/// A server process.
pub struct Server {
    child: Child,
    start: Box<dyn Fn() -> Command>,
    port: u16,
}

impl Server {
    fn start(port: u16, start: impl Fn() -> Command + 'static) -> Self {
        let server = Self {
            child: start().spawn().unwrap(),
            start: Box::new(start),
            port,
        };
        server.wait();
        server
    }

    fn wait(&self) {
        let deadline = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "the server does not start");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it (SIGKILL).
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, with what it had on its disk.
    pub fn restart(&mut self) {
        self.child = (self.start)().spawn().unwrap();
        self.wait();
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A nats-server with JetStream.
pub struct Nats {
    pub server: Server,
    pub url: String,
    _folder: tempfile::TempDir,
}

impl Nats {
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// With more arguments.
    pub fn with(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let (data, log) = (folder.path().join("data"), folder.path().join("log"));
        let more: Vec<String> = more.iter().map(|&it| it.to_owned()).collect();
        let start = move || {
            let mut command = Command::new(nats_server());
            command
                .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
                .arg(&data)
                .args(["-l".as_ref(), log.as_os_str()])
                .args(&more)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command
        };
        Self {
            server: Server::start(port, start),
            url: format!("nats://127.0.0.1:{port}"),
            _folder: folder,
        }
    }
}

/// Debian has it where only root's PATH looks.
fn nats_server() -> PathBuf {
    let places = ["/usr/sbin/nats-server", "/usr/local/bin/nats-server"];
    let found = places.iter().map(Path::new).find(|place| place.is_file());
    found.unwrap_or(Path::new("nats-server")).to_owned()
}

/// An S3-compatible store over a folder: `folder/BUCKET/NAME`.
pub struct Store {
    _server: Server,
    pub endpoint: String,
    pub folder: tempfile::TempDir,
}

impl Store {
    pub const ID: &str = "AKTEST";
    pub const SECRET: &str = "s3cret-of-the-store";

    /// With these buckets.
    pub fn start(buckets: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for bucket in buckets {
            std::fs::create_dir(folder.path().join(bucket)).unwrap();
        }
        let port = free_port();
        let (root, log) = (folder.path().to_owned(), folder.path().join(".log"));
        let program = std::env::var_os("UNDERTONE_S3S_FS")
            .expect("UNDERTONE_S3S_FS names the program s3s-fs: see `make test-fleet`");
        let start = move || {
            let mut command = Command::new(&program);
            command
                .args(["--host", "127.0.0.1", "--port", &port.to_string()])
                .args(["--access-key", Self::ID, "--secret-key", Self::SECRET])
                .arg(&root)
                .stdout(File::create(&log).unwrap())
                .stderr(Stdio::null());
            command
        };
        Self {
            _server: Server::start(port, start),
            endpoint: format!("http://127.0.0.1:{port}"),
            folder,
        }
    }
}
