//! An HTTP server on loopback that does as servers do, and as they should not.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How a request is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// As asked: all of it, or from the asked byte on.
    Right,
    /// As asked, but the connection ends after so many bytes of the body.
    Drop(usize),
    /// As asked, but nothing more comes after so many bytes.
    Stall(usize),
    /// All of it, whatever was asked.
    Whole,
    /// All of it, but only so many bytes, and the heading says no other number.
    Short(usize),
    /// All of it and more, and the heading says how much.
    Long(usize),
    /// All of it and more, and the heading says nothing of it.
    SecretlyLong(usize),
    /// Other bytes, as many as there should be.
    Other,
    /// A range that was not asked for.
    OtherRange,
    /// Only a status.
    Status(u16),
    /// The same file is elsewhere.
    Redirect,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    pub from: Option<usize>,
}

/// Serves one file under any path; the answers come one after the other, then all are right.
pub struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(content: &[u8], answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (content, log) = (content.to_vec(), asked.clone());
        let mut answers: VecDeque<Answer> = answers.iter().cloned().collect();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let answer = answers.pop_front().unwrap_or(Answer::Right);
                let (content, log) = (content.clone(), log.clone());
                thread::spawn(move || serve(&stream.unwrap(), &content, &answer, &log));
            }
        });
        Self { address, asked }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// From which byte on each request was made.
    pub fn ranges(&self) -> Vec<Option<usize>> {
        self.asked().into_iter().map(|asked| asked.from).collect()
    }
}

fn serve(mut stream: &TcpStream, content: &[u8], answer: &Answer, log: &Mutex<Vec<Asked>>) {
    let Some(asked) = heading(stream) else { return };
    log.lock().unwrap().push(asked.clone());
    let size = content.len();
    let from = asked.from.filter(|from| *from < size);
    let ranged = match from {
        None => ("200 OK".to_owned(), String::new(), content),
        Some(from) => {
            let range = format!("Content-Range: bytes {from}-{}/{size}\r\n", size - 1);
            ("206 Partial Content".to_owned(), range, &content[from..])
        }
    };
    let other = vec![b'?'; size];
    let long = |more: usize| [content, &vec![b'+'; more]].concat();
    let whole = |bytes: &[u8]| ("200 OK".to_owned(), String::new(), bytes.to_vec());
    let (status, mut heading, body) = match answer {
        Answer::Right | Answer::Drop(_) | Answer::Stall(_) => {
            (ranged.0, ranged.1, ranged.2.to_vec())
        }
        Answer::Whole => whole(content),
        Answer::Short(bytes) => whole(&content[..*bytes]),
        Answer::Long(more) | Answer::SecretlyLong(more) => whole(&long(*more)),
        Answer::Other => whole(&other),
        Answer::OtherRange => {
            let range = format!("Content-Range: bytes 0-{}/{size}\r\n", size - 1);
            ("206 Partial Content".to_owned(), range, content.to_vec())
        }
        Answer::Status(status) => (format!("{status} Whatever"), String::new(), Vec::new()),
        Answer::Redirect => {
            let to = format!("Location: /elsewhere/{}\r\n", asked.path.trim_matches('/'));
            ("302 Found".to_owned(), to, Vec::new())
        }
    };
    if !matches!(answer, Answer::SecretlyLong(_)) {
        heading.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    let sent = match answer {
        Answer::Drop(bytes) | Answer::Stall(bytes) => &body[..(*bytes).min(body.len())],
        _ => &body,
    };
    let head = format!("HTTP/1.1 {status}\r\n{heading}Connection: close\r\n\r\n");
    // A client that has heard enough closes the connection.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(sent));
    if matches!(answer, Answer::Stall(_)) {
        let _ = stream.read(&mut [0]);
    }
}

fn heading(stream: &TcpStream) -> Option<Asked> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let mut from = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("range") {
            let value = value.trim().strip_prefix("bytes=")?.strip_suffix('-')?;
            from = Some(value.parse().ok()?);
        }
    }
    Some(Asked { path, from })
}
