//! One file, from servers of all kinds.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::server::{Answer, Server};
use super::{network, sha256};
use crate::download::Downloads;
use crate::{Progress, PullError, SourceFile};

struct Case {
    server: Server,
    content: Vec<u8>,
    file: SourceFile,
    folder: TempDir,
}

impl Case {
    fn new(answers: &[Answer]) -> Self {
        let content: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let server = Server::start(&content, answers);
        let file = SourceFile {
            name: "model.bin".to_owned(),
            url: server.url("whisper/model.bin"),
            size_bytes: content.len() as u64,
            sha256: sha256(&content),
        };
        Self {
            server,
            content,
            file,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("model.bin")
    }

    fn fetch(&self) -> Result<(), PullError> {
        self.fetch_telling(&mut |_| {})
    }

    fn fetch_telling(&self, tell: &mut dyn FnMut(Progress<'_>)) -> Result<(), PullError> {
        Downloads::new(&network()).fetch("whisper/model.bin", &self.file, &self.path(), tell)
    }

    /// The error of a fetch that must fail, as text; the file is not there then.
    fn error(&self) -> String {
        let error = self.fetch().unwrap_err().to_string();
        assert!(!self.path().exists());
        error
    }

    fn assert_right(&self) {
        assert!(fs::read(self.path()).unwrap() == self.content);
        assert_eq!(fs::read_dir(self.folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_whole_file_comes_once() {
    let case = Case::new(&[]);
    let mut last = 0;
    case.fetch_telling(&mut |progress| {
        if let Progress::Fetched { have_bytes } = progress {
            assert!(have_bytes > last);
            last = have_bytes;
        }
    })
    .unwrap();
    assert_eq!(last, case.file.size_bytes);
    case.assert_right();
    case.fetch().unwrap();
    assert_eq!(case.server.ranges(), [None]);
}

#[test]
fn it_goes_on_where_the_connection_dropped() {
    let case = Case::new(&[Answer::Drop(500_000), Answer::Stall(100_000)]);
    let mut reasons = Vec::new();
    case.fetch_telling(&mut |progress| {
        if let Progress::Retrying { why, .. } = progress {
            reasons.push(why.to_owned());
        }
    })
    .unwrap();
    case.assert_right();
    assert_eq!(case.server.ranges(), [None, Some(500_000), Some(600_000)]);
    assert_eq!(reasons.len(), 2);
    assert_eq!(reasons[1], "nothing came for too long");
}

#[test]
fn a_later_call_goes_on_too() {
    let case = Case::new(&[Answer::Drop(10), Answer::Drop(10), Answer::Drop(10)]);
    let error = case.error();
    assert!(error.contains("with 30 of 1200000 bytes there"), "{error}");
    case.fetch().unwrap();
    case.assert_right();
    assert_eq!(case.server.ranges(), [None, Some(10), Some(20), Some(30)]);
}

#[test]
fn a_server_without_ranges_sends_it_again() {
    let case = Case::new(&[Answer::Drop(500_000), Answer::Whole]);
    case.fetch().unwrap();
    case.assert_right();
    assert_eq!(case.server.ranges(), [None, Some(500_000)]);
}

#[test]
fn a_server_that_refuses_ranges_is_asked_for_all() {
    let case = Case::new(&[Answer::Drop(500_000), Answer::Status(416)]);
    case.fetch().unwrap();
    case.assert_right();
    assert_eq!(case.server.ranges(), [None, Some(500_000), None]);
}

#[test]
fn another_range_than_asked_is_not_taken() {
    let case = Case::new(&[Answer::Drop(500_000), Answer::OtherRange]);
    assert!(
        case.error()
            .contains("the range \"bytes 0-1199999/1200000\"")
    );
}

#[test]
fn lies_about_the_length_are_found_out() {
    for (answer, got) in [
        (Answer::Short(1000), "the server has 1000 bytes"),
        (Answer::Long(5), "the server has 1200005 bytes"),
        (
            Answer::SecretlyLong(400_000),
            "the server has more than 1200000 bytes",
        ),
    ] {
        let case = Case::new(&[answer]);
        let error = case.error();
        assert!(error.contains(got), "{got:?} is not in {error}");
        assert!(
            error.contains(&case.file.url) && error.contains("--from DIR"),
            "{error}"
        );
        assert_eq!(case.server.ranges().len(), 1);
    }
}

#[test]
fn wrong_bytes_are_named_and_removed() {
    let case = Case::new(&[Answer::Other]);
    let error = case.error();
    let got = sha256(&vec![b'?'; case.content.len()]);
    for part in [&case.file.url, &case.file.sha256, &got, "removed"] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
    assert_eq!(fs::read_dir(case.folder.path()).unwrap().count(), 0);
}

#[test]
fn what_another_file_left_behind_is_fetched_again() {
    let case = Case::new(&[]);
    fs::write(
        case.folder.path().join("model.bin.part"),
        vec![b'x'; 600_000],
    )
    .unwrap();
    case.fetch().unwrap();
    case.assert_right();
    assert_eq!(case.server.ranges(), [Some(600_000), None]);
    fs::write(case.path(), b"damaged").unwrap();
    case.fetch().unwrap();
    case.assert_right();
}

#[test]
fn a_file_that_is_gone_is_not_asked_for_again() {
    for (status, meaning) in [(404, "not there any more"), (403, "logging in")] {
        let case = Case::new(&[Answer::Status(status)]);
        let error = case.error();
        assert!(error.contains(&format!("answers {status}")), "{error}");
        assert!(
            error.contains(meaning) && error.contains("--from DIR"),
            "{error}"
        );
        assert_eq!(case.server.ranges().len(), 1);
    }
}

#[test]
fn a_server_in_trouble_is_tried_again_but_not_for_ever() {
    let case = Case::new(&[Answer::Status(500), Answer::Status(429)]);
    case.fetch().unwrap();
    case.assert_right();
    let case = Case::new(&vec![Answer::Status(503); 10]);
    assert!(case.error().contains("the server answers 503"));
    assert_eq!(case.server.ranges().len(), network().attempts as usize);
}

#[test]
fn redirects_are_followed_and_keep_the_range() {
    let case = Case::new(&[
        Answer::Redirect,
        Answer::Drop(500_000),
        Answer::Redirect,
        Answer::Right,
    ]);
    case.fetch().unwrap();
    case.assert_right();
    let elsewhere = case.server.asked().into_iter().map(|asked| asked.path);
    let elsewhere: Vec<bool> = elsewhere.map(|path| path.contains("elsewhere")).collect();
    assert_eq!(elsewhere, [false, true, false, true]);
    assert_eq!(case.server.ranges()[3], Some(500_000));
    let case = Case::new(&vec![Answer::Redirect; 20]);
    assert!(case.error().contains("redirects"));
}

#[test]
fn without_a_network_it_says_so_at_once() {
    let mut case = Case::new(&[]);
    // The port of a listener that is gone.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    case.file.url = format!("http://{}/model.bin", listener.local_addr().unwrap());
    drop(listener);
    let error = case.error();
    assert!(error.contains("no connection to the server"), "{error}");
    assert!(
        error.contains(&case.file.url) && error.contains("--from DIR"),
        "{error}"
    );
}

#[test]
fn a_disk_that_refuses_is_named() {
    let case = Case::new(&[]);
    fs::create_dir(case.folder.path().join("model.bin.part")).unwrap();
    let error = case.fetch().unwrap_err();
    assert!(
        matches!(
            error,
            PullError::Disk { .. } | PullError::OtherContent { .. }
        ),
        "{error}"
    );
}
