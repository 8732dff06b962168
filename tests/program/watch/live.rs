//! The pages that a daemon serves, when it is asked to.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::daemon::{Daemon, content};

/// A daemon that serves its pages at a free port, and their address.
fn serving(listen: &str) -> (Daemon, String) {
    let mut daemon = Daemon::new(&[&format!("pages.listen={listen}:0")]).started();
    let address = daemon.until("the address is logged", |daemon| {
        let log = daemon.log();
        let (_, rest) = log.split_once("url=http://")?;
        Some(rest.split('/').next()?.to_owned())
    });
    (daemon, address)
}

/// Head and body of an answer; `more` are further lines of the request.
fn ask(address: &str, path: &str, more: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: localhost\r\n{more}\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let body = answer.split_off(end.unwrap() + 4);
    (String::from_utf8(answer).unwrap(), body)
}

fn json(address: &str, path: &str) -> Value {
    let (head, body) = ask(address, path, "");
    assert!(head.contains(" 200 "), "{path}: {head}");
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn reports_are_seen_as_they_come_and_their_recordings_play() {
    let (mut daemon, address) = serving("127.0.0.1");
    assert!(ask(&address, "/", "").0.contains("text/html"));
    assert!(
        !daemon.log().contains("without a password"),
        "{}",
        daemon.log()
    );
    let row = |daemon: &mut Daemon, name: &str| {
        daemon.until(&format!("{name} is told of"), |_| {
            let changes = json(&address, "/changes");
            let mut rows = changes["rows"].as_array()?.iter();
            let row = rows.find(|row| row["entry"]["name"] == name)?.clone();
            Some((row, changes))
        })
    };
    daemon.drop_clip("a.mkv", 1);
    std::fs::write(daemon.input("b.mkv"), "no media").unwrap();
    let (failure, _) = row(&mut daemon, "b.mkv");
    assert_eq!(failure["kind"], "failure");
    let (first, changes) = row(&mut daemon, "a.mkv");
    assert_eq!(first["kind"], "recording");
    assert!(changes["status"]["counts"]["done"].is_u64(), "{changes}");
    assert_eq!(changes["rows"].as_array().unwrap().len(), 2, "{changes}");

    let id = &first["id"];
    let report = json(&address, &format!("/report/{id}"));
    assert_eq!(report["utterances"][0]["sentiment"]["polarity"], "positive");
    let media = report["entry"]["addresses"][0].as_str().unwrap();
    let (head, part) = ask(&address, &format!("/{media}"), "Range: bytes=4-99\r\n");
    assert!(
        head.contains(" 206 ") && part == content(1)[4..100],
        "{head}"
    );

    // What is scored again is told of, and a file that has changed is no recording of that report.
    daemon.drop_clip("a.mkv", 2);
    let after = format!(
        "/changes?start={}&after={}",
        changes["start"].as_str().unwrap(),
        changes["up_to"]
    );
    daemon.until("the new report is told of", |_| {
        let rows = &json(&address, &after)["rows"];
        (rows[0]["id"] == *id && rows[1].is_null()).then_some(())
    });
    std::fs::remove_file(daemon.input("a.mkv")).unwrap();
    let (head, _) = ask(&address, &format!("/{media}"), "");
    assert!(head.contains(" 404 "), "{head}");
}

#[test]
fn pages_are_off_by_default_and_an_open_address_is_warned_of() {
    let mut daemon = Daemon::new(&[]).started();
    daemon.until_logged("ready: watching");
    assert!(
        !daemon.log().contains("showing the reports"),
        "{}",
        daemon.log()
    );
    let (mut open, address) = serving("0.0.0.0");
    open.until_logged("without a password");
    // Numbers and names are two addresses: the one of the pages knows no metrics.
    let port = address.rsplit(':').next().unwrap();
    let (head, _) = ask(&format!("127.0.0.1:{port}"), "/metrics", "");
    assert!(head.contains(" 404 "), "{head}");
}
