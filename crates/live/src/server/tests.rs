use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use undertone_reports::fixtures::{recording, write_report, write_report_of};
use undertone_types::Recording;

use super::*;

/// Head and body of an answer.
fn ask(url: &str, request: &str) -> (String, String) {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    let host = match request.contains("Host:") {
        true => "",
        false => "Host: localhost\r\n",
    };
    write!(stream, "{request}\r\n{host}Connection: close\r\n\r\n").unwrap();
    let mut answer = BufReader::new(stream);
    let (mut head, mut body) = (String::new(), Vec::new());
    while answer.read_line(&mut head).unwrap() > 2 {}
    answer.read_to_end(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

fn status(answer: &(String, String)) -> u16 {
    answer.0.split(' ').nth(1).unwrap().parse().unwrap()
}

fn serve(out: &Path, recordings: &[PathBuf]) -> String {
    let live = Live {
        out: out.to_owned(),
        recordings: recordings.to_vec(),
        status: Box::new(|| Some(json!({ "counts": { "queued": 3 } }))),
    };
    let serving = live.serve("127.0.0.1:0").unwrap();
    assert!(serving.is_loopback);
    serving.url
}

/// All that has changed, once there is a row.
fn changes(url: &str) -> Value {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        let (_, body) = ask(url, "GET /changes HTTP/1.0");
        let changes: Value = serde_json::from_str(&body).unwrap();
        if changes["rows"][0].is_object() {
            return changes;
        }
        assert!(Instant::now() < patience, "no row: {body}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_page_is_served_with_its_parts_and_nothing_of_others() {
    let out = tempfile::tempdir().unwrap();
    write_report(out.path(), &[2.0, -1.0]);
    let url = serve(out.path(), &[]);
    let (head, body) = ask(&url, "GET / HTTP/1.1");
    assert!(
        head.contains("text/html") && body.contains("page.js"),
        "{head}"
    );
    assert!(
        head.contains("Content-Security-Policy: default-src 'none'"),
        "{head}"
    );
    assert!(head.contains("Cache-Control: no-store"), "{head}");
    assert!(ask(&url, "GET /page.js HTTP/1.1").1.contains("use strict"));
    assert!(ask(&url, "GET /page.css HTTP/1.1").1.contains("--paper"));

    let said = changes(&url);
    assert_eq!(said["rows"][0]["entry"]["name"], "day/a.mp4");
    assert_eq!(said["status"]["counts"]["queued"], 3);
    let (start, up_to) = (said["start"].as_str().unwrap(), &said["up_to"]);
    let later = format!("GET /changes?start={start}&after={up_to} HTTP/1.0");
    let later: Value = serde_json::from_str(&ask(&url, &later).1).unwrap();
    assert_eq!(
        (&later["rows"], &later["together"]),
        (&json!([]), &Value::Null)
    );

    let report: Value = serde_json::from_str(&ask(&url, "GET /report/0 HTTP/1.0").1).unwrap();
    assert_eq!(report["utterances"][1]["sentiment"]["score"], -1.0);
    assert_eq!(report["entry"]["addresses"], json!([]));
    for (request, expected) in [
        ("GET /report/1 HTTP/1.0", 404),
        ("GET /media/0 HTTP/1.0", 404),
        ("GET /../a HTTP/1.0", 404),
        ("POST / HTTP/1.0", 405),
        ("GET /changes HTTP/1.0\r\nHost: evil.example", 403),
    ] {
        assert_eq!(status(&ask(&url, request)), expected, "{request}");
    }
}

#[test]
fn a_recording_is_sent_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::create_dir(&input).unwrap();
    let path = input.join("a.mp4");
    std::fs::write(&path, "0123456789").unwrap();
    let facts = path.metadata().unwrap();
    let recording = Recording {
        path,
        size_bytes: facts.len(),
        modified: facts.modified().ok(),
        ..Recording::clone(&recording())
    };
    write_report_of(&out, recording.into(), &[1.0]);
    let url = serve(&out, &[input]);
    changes(&url);
    let report: Value = serde_json::from_str(&ask(&url, "GET /report/0 HTTP/1.0").1).unwrap();
    assert_eq!(report["entry"]["addresses"], json!(["media/0"]));

    let whole = ask(&url, "GET /media/0 HTTP/1.1");
    assert_eq!((status(&whole), whole.1.as_str()), (200, "0123456789"));
    assert!(whole.0.contains("Accept-Ranges: bytes"), "{}", whole.0);
    let part = ask(&url, "GET /media/0 HTTP/1.1\r\nRange: bytes=2-4");
    assert_eq!((status(&part), part.1.as_str()), (206, "234"));
    assert!(part.0.contains("Content-Range: bytes 2-4/10"), "{}", part.0);
    assert!(part.0.contains("Content-Length: 3"), "{}", part.0);
    let beyond = ask(&url, "GET /media/0 HTTP/1.1\r\nRange: bytes=10-");
    assert_eq!(status(&beyond), 416);
    assert!(
        beyond.0.contains("Content-Range: bytes */10"),
        "{}",
        beyond.0
    );
}

#[test]
fn an_address_that_is_taken_is_named_with_its_setting() {
    let out = tempfile::tempdir().unwrap();
    let url = serve(out.path(), &[]);
    let live = Live {
        out: out.path().to_owned(),
        recordings: Vec::new(),
        status: Box::new(|| None),
    };
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let error = live.serve(address).unwrap_err().to_string();
    assert!(
        error.contains(address) && error.contains("pages.listen"),
        "{error}"
    );
}
