//! Fetches a file over HTTP: goes on where it broke off, and believes nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::{Response, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, Error, Proxy};

use crate::source::{check, is_right};
use crate::{Progress, PullError, SourceFile};

/// Bytes between two reports of progress, and of one read.
const PIECE: usize = 1 << 18;
/// After so many new bytes an attempt does not count as failed.
const WORTHWHILE: u64 = 1 << 20;

/// How the network is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Longest time to connect.
    pub connect: Duration,
    /// Longest time without a byte.
    pub stall: Duration,
    /// Attempts without progress after which a file is given up.
    pub attempts: u32,
    /// Time before the second attempt; doubles with each.
    pub pause: Duration,
    /// Whether the proxy that the environment names is used (`HTTPS_PROXY`, `NO_PROXY`).
    pub proxy: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            stall: Duration::from_secs(30),
            attempts: 4,
            pause: Duration::from_secs(1),
            proxy: true,
        }
    }
}

/// Fetches files.
pub(crate) struct Downloads {
    agent: Agent,
    network: Network,
}

/// Why an attempt came to nothing.
enum Broken {
    /// Another attempt may do better.
    Passing(String),
    /// None will.
    Final(PullError),
}

impl Downloads {
    pub(crate) fn new(network: &Network) -> Self {
        // What the machine trusts, as its browser does: some proxies have certificates of their own.
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = Agent::config_builder()
            .user_agent(concat!("undertone/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .tls_config(tls)
            .timeout_resolve(Some(network.connect))
            .timeout_connect(Some(network.connect))
            .timeout_recv_response(Some(network.stall))
            .timeout_per_read(Some(network.stall))
            .proxy(network.proxy.then(Proxy::try_from_env).flatten())
            .build();
        Self {
            agent: config.into(),
            network: network.clone(),
        }
    }

    /// Fetches a file to `path`, where it is whole and right or not at all.
    pub(crate) fn fetch(
        &self,
        name: &str,
        file: &SourceFile,
        path: &Path,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), PullError> {
        if path.exists() && is_right(path, file.size_bytes, &file.sha256) {
            return Ok(());
        }
        let part = part_of(path);
        tell(Progress::Fetching {
            file: name,
            have_bytes: size_of(&part).min(file.size_bytes),
            size_bytes: file.size_bytes,
        });
        // What was left by an earlier call may be of another file.
        let mut has_old_bytes = size_of(&part) > 0;
        loop {
            self.fetch_part(file, &part, tell)?;
            tell(Progress::Checking { file: name });
            match check(&part, &file.url, file.size_bytes, &file.sha256) {
                Ok(()) => break,
                Err(error) => {
                    fs::remove_file(&part).map_err(PullError::disk(&part))?;
                    if !has_old_bytes {
                        return Err(removed(error));
                    }
                    has_old_bytes = false;
                }
            }
        }
        fs::rename(&part, path).map_err(PullError::disk(path))
    }

    /// Fetches what `part` lacks, in as many attempts as are worthwhile.
    fn fetch_part(
        &self,
        file: &SourceFile,
        part: &Path,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), PullError> {
        let mut failures = 0;
        loop {
            let have = size_of(part);
            if have == file.size_bytes {
                return Ok(());
            }
            if have > file.size_bytes {
                fs::remove_file(part).map_err(PullError::disk(part))?;
                continue;
            }
            let why = match self.attempt(file, part, have, tell) {
                Ok(()) => continue,
                Err(Broken::Final(error)) => return Err(error),
                Err(Broken::Passing(why)) => why,
            };
            let now = size_of(part);
            if now >= have + WORTHWHILE {
                failures = 0;
            }
            failures += 1;
            if failures >= self.network.attempts {
                return Err(connection(file, why, now));
            }
            let after = self.network.pause * 2_u32.pow(failures - 1);
            tell(Progress::Retrying { why: &why, after });
            std::thread::sleep(after);
        }
    }

    /// One request, from byte `have` on.
    fn attempt(
        &self,
        file: &SourceFile,
        part: &Path,
        have: u64,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Broken> {
        let mut request = self
            .agent
            .get(&file.url)
            .header(header::ACCEPT_ENCODING, "identity");
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
        }
        let response = request.call().map_err(|error| broken(file, error, have))?;
        let from = beginning(&response, file, part, have)?;
        let disk = |error| Broken::Final(PullError::disk(part)(error));
        let mut options = OpenOptions::new();
        let mut into = match from {
            // The server sends all of it, asked or not.
            0 => options.write(true).create(true).truncate(true).open(part),
            _ => options.append(true).open(part),
        }
        .map_err(disk)?;
        let body = response
            .into_body()
            .into_with_config()
            .limit(u64::MAX)
            .reader();
        receive(file, body, (&mut into, part), from, tell)
    }
}

/// Checks the head of an answer; returns the byte of the file that its body begins with.
fn beginning(
    response: &Response<Body>,
    file: &SourceFile,
    part: &Path,
    have: u64,
) -> Result<u64, Broken> {
    let status = response.status().as_u16();
    let from = match status {
        200 => 0,
        206 if have > 0 => {
            let range = response.headers().get(header::CONTENT_RANGE);
            let range = range
                .and_then(|range| range.to_str().ok())
                .unwrap_or_default();
            let wanted = format!("bytes {have}-{}/{}", file.size_bytes - 1, file.size_bytes);
            if range != wanted {
                return Err(Broken::Final(other_size(
                    file,
                    format!("the range {range:?}"),
                )));
            }
            have
        }
        416 if have > 0 => {
            fs::remove_file(part).map_err(|error| Broken::Final(PullError::disk(part)(error)))?;
            return Err(Broken::Passing(
                "the server does not go on where it broke off".into(),
            ));
        }
        408 | 429 | 500..=599 => {
            return Err(Broken::Passing(format!("the server answers {status}")));
        }
        _ => {
            let url = file.url.clone();
            return Err(Broken::Final(PullError::Status { url, status }));
        }
    };
    match response.body().content_length() {
        Some(length) if length != file.size_bytes - from => {
            let got = format!("{} bytes", from + length);
            Err(Broken::Final(other_size(file, got)))
        }
        _ => Ok(from),
    }
}

/// Writes a body to the file until it is whole.
fn receive(
    file: &SourceFile,
    mut body: impl Read,
    (into, part): (&mut File, &Path),
    from: u64,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Broken> {
    let mut have = from;
    let mut piece = vec![0; PIECE];
    loop {
        let read = match body.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // The client's own errors come out of the reader as they went in.
            Err(error) => return Err(broken(file, Error::from(error), have)),
        };
        have += read as u64;
        if have > file.size_bytes {
            let got = format!("more than {} bytes", file.size_bytes);
            return Err(Broken::Final(other_size(file, got)));
        }
        let written = into.write_all(&piece[..read]);
        written.map_err(|error| Broken::Final(PullError::disk(part)(error)))?;
        tell(Progress::Fetched { have_bytes: have });
    }
    match have == file.size_bytes {
        true => Ok(()),
        false => Err(Broken::Passing(
            "the connection was closed too early".to_owned(),
        )),
    }
}

/// What an error of the client means.
fn broken(file: &SourceFile, error: Error, have: u64) -> Broken {
    let why = match error {
        Error::Timeout(_) => "nothing came for too long".to_owned(),
        Error::ConnectionFailed | Error::Protocol(_) => error.to_string(),
        Error::Io(error) if !is_hopeless(&error) => format!("the connection failed: {error}"),
        Error::Io(error) => {
            let why = format!("no connection to the server: {error}");
            return Broken::Final(connection(file, why, have));
        }
        Error::HostNotFound => {
            let why = "the server's name is not known here (is there a network?)".to_owned();
            return Broken::Final(connection(file, why, have));
        }
        other => return Broken::Final(connection(file, other.to_string(), have)),
    };
    Broken::Passing(why)
}

/// True for connections that do not come about, and will not a second later.
fn is_hopeless(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            // A certificate that is not trusted.
            | io::ErrorKind::InvalidData
    )
}

fn connection(file: &SourceFile, why: String, have_bytes: u64) -> PullError {
    PullError::Connection {
        url: file.url.clone(),
        why,
        have_bytes,
        size_bytes: file.size_bytes,
    }
}

fn other_size(file: &SourceFile, got: String) -> PullError {
    PullError::OtherSize {
        url: file.url.clone(),
        got,
        size_bytes: file.size_bytes,
    }
}

fn removed(mut error: PullError) -> PullError {
    if let PullError::OtherContent { removed, .. } = &mut error {
        *removed = true;
    }
    error
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

fn size_of(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |facts| facts.len())
}
