//! Stands before a store and makes trouble: it fails, answers late, hangs up, or is away.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::chance::Dice;

const BUSY: &[u8] = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// What becomes of requests.
#[derive(Default)]
struct Mood {
    /// Of a hundred, so many go wrong.
    percent: AtomicU64,
    is_away: AtomicBool,
    made: AtomicU64,
    seed: AtomicU64,
}

/// A place between programs and their store.
pub struct Trouble {
    pub endpoint: String,
    mood: Arc<Mood>,
}

impl Trouble {
    /// In front of a store; at first it makes none.
    pub fn before(endpoint: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = endpoint.trim_start_matches("http://").to_owned();
        let mood = Arc::new(Mood::default());
        let shared = mood.clone();
        // It ends with the process.
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), mood, target) = (client, shared.clone(), target.clone()) else {
                    continue;
                };
                thread::spawn(move || pass_on(client, &target, &mood));
            }
        });
        Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            mood,
        }
    }

    /// From now on so many of a hundred requests go wrong.
    pub fn make(&self, percent: u64) {
        self.mood.percent.store(percent, Ordering::Relaxed);
    }

    /// From now on the store is away, or is back.
    pub fn away(&self, is_away: bool) {
        self.mood.is_away.store(is_away, Ordering::Relaxed);
    }

    /// How often something went wrong.
    pub fn made(&self) -> u64 {
        self.mood.made.load(Ordering::Relaxed)
    }
}

/// A connection: what the client sends is passed on, unless there is to be trouble.
fn pass_on(mut client: TcpStream, target: &str, mood: &Mood) -> Option<()> {
    let mut dice = Dice::new(mood.seed.fetch_add(7919, Ordering::Relaxed) + 1);
    let mut server = TcpStream::connect(target).ok()?;
    let mut answers = (server.try_clone().ok()?, client.try_clone().ok()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut answers.0, &mut answers.1);
        let _ = answers.1.shutdown(Shutdown::Both);
    });
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let length = client.read(&mut bytes).ok().filter(|length| *length > 0);
        let trouble = match mood.is_away.load(Ordering::Relaxed) {
            true => Some(0),
            false => (dice.roll(100) < mood.percent.load(Ordering::Relaxed)).then(|| dice.roll(3)),
        };
        let Some(length) = length else { break };
        if trouble.is_some() {
            mood.made.fetch_add(1, Ordering::Relaxed);
        }
        match trouble {
            // It hangs up.
            Some(0) => break,
            // It fails.
            Some(1) => {
                let _ = client.write_all(BUSY);
                break;
            }
            // It answers late.
            Some(_) => thread::sleep(Duration::from_millis(dice.roll(3000))),
            None => {}
        }
        if server.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
    None
}
