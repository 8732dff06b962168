//! An S3-compatible store on both sides: recordings come from it, reports go into it.

use std::fs;
use std::path::PathBuf;

use undertone_fleet::{Place, SubmitTotals};
use undertone_reports::{Line, read_finished};

use crate::fake::Fleet;
use crate::servers::{Nats, Store};

/// A fleet whose recordings and reports lie in a store.
struct Stored {
    store: Store,
    _nats: Nats,
    fleet: Fleet,
}

impl Stored {
    fn new() -> Self {
        let (store, nats) = (Store::start(&["talks"]), Nats::start());
        let mut fleet = Fleet::new(&nats.url);
        let credentials = store.folder.path().join(".credentials");
        let text = format!(
            "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            Store::ID,
            Store::SECRET
        );
        fs::write(&credentials, text).unwrap();
        fleet.set("fleet.store_endpoint", &store.endpoint);
        fleet.set("fleet.store_region", "us-east-1");
        fleet.set("fleet.store_credentials", credentials.to_str().unwrap());
        fleet.source = "s3://talks/in".into();
        fleet.out = "s3://talks/out".into();
        Self {
            store,
            _nats: nats,
            fleet,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.store.folder.path().join("talks").join(name)
    }

    /// Puts a recording into the store.
    fn record(&self, name: &str, content: &str) {
        let path = self.file("in").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Submits what has no current report.
    fn submit(&self) -> SubmitTotals {
        let mut submission = self.fleet.submission();
        submission.out = Some(Place::parse(&self.fleet.out).unwrap());
        undertone_fleet::submit(&submission, &mut |_| {}).unwrap()
    }
}

#[test]
#[ignore = "needs s3s-fs: `make test-fleet`"]
fn recordings_are_fetched_and_reports_sent() {
    let stored = Stored::new();
    for number in 0..1050 {
        stored.record(&format!("day/{number}.mp4"), &number.to_string());
    }
    stored.record("été #1 100%.mp4", "odd");
    stored.record("notes.txt", "no recording");
    let totals = stored.submit();
    assert_eq!((totals.found, totals.sent), (1051, 1051), "two pages");
    assert_eq!(stored.fleet.work().done, 1051);

    let report = read_finished(&stored.file("out/day/7.mp4.jsonl")).unwrap();
    let source = report.recording.source;
    assert_eq!(source.path, "s3://talks/in/day/7.mp4");
    assert_eq!(source.blake3, Some(blake3::hash(b"7").to_hex().to_string()));
    assert!(source.etag.is_some_and(|etag| !etag.contains('"')));
    assert!(stored.file("out/été #1 100%.mp4.jsonl").exists());

    let totals = stored.submit();
    assert_eq!((totals.reported, totals.sent), (1051, 0));
    stored.record("day/7.mp4", "changed");
    let totals = stored.submit();
    assert_eq!((totals.reported, totals.sent), (1050, 1));
    assert_eq!(stored.fleet.work().done, 1);
    let spool = PathBuf::from(&stored.fleet.settings["fleet.spool"]);
    assert_eq!(fs::read_dir(spool).unwrap().count(), 0, "spools stay");
}

#[test]
#[ignore = "needs s3s-fs: `make test-fleet`"]
fn failure_records_are_in_the_store_until_there_is_a_report() {
    let stored = Stored::new();
    stored.record("a.mp4", "bad");
    stored.record("b.mp4", "b");
    stored.submit();
    fs::remove_file(stored.file("in/b.mp4")).unwrap();
    assert_eq!(stored.fleet.work().dead, 2);
    let text = fs::read(stored.file("out/b.mp4.failed.json")).unwrap();
    let Line::Failure(record) = serde_json::from_slice(&text).unwrap() else {
        panic!("no failure record");
    };
    assert!(record.error[0].contains("gone"));
    assert_eq!(record.source.path, "s3://talks/in/b.mp4");
    let totals = stored.submit();
    assert_eq!((totals.failed, totals.sent), (1, 0));
    stored.record("a.mp4", "good");
    stored.submit();
    assert_eq!(stored.fleet.work().done, 1);
    assert!(!stored.file("out/a.mp4.failed.json").exists());
}

#[test]
#[ignore = "needs s3s-fs: `make test-fleet`"]
fn a_recording_larger_than_the_spool_waits_for_a_worker_with_more_room() {
    let mut stored = Stored::new();
    stored.record("large.mp4", &"x".repeat(2_500_000));
    stored.record("small.mp4", "x");
    stored.submit();
    stored.fleet.set("fleet.spool_mb", "2");
    // Often enough until the other comes.
    let report = stored.file("out/large.mp4.jsonl");
    let failure = stored.file("out/large.mp4.failed.json");
    stored.fleet.while_working(1, || {
        crate::fake::eventually("it is refused", || failure.exists());
    });
    let said = fs::read_to_string(&failure).unwrap();
    assert!(
        said.contains("3 MB") && said.contains("fleet.spool_mb"),
        "{said}"
    );
    stored.fleet.set("fleet.spool_mb", "3");
    assert!(stored.fleet.work().done >= 1);
    assert!(report.exists() && !failure.exists());
}

#[test]
#[ignore = "needs s3s-fs: `make test-fleet`"]
fn what_is_wrong_with_the_store_is_said() {
    let mut stored = Stored::new();
    let credentials = stored.store.folder.path().join(".wrong");
    fs::write(
        &credentials,
        "[default]\naws_access_key_id = AKTEST\naws_secret_access_key = no\n",
    )
    .unwrap();
    let stop = std::sync::Arc::default();
    let mut said = |key: &str, value: &str| {
        let before = stored
            .fleet
            .settings
            .insert(key.to_owned(), value.to_owned());
        let error = stored
            .fleet
            .work_until(&stop, true)
            .unwrap_err()
            .to_string();
        stored.fleet.set(key, &before.unwrap());
        error
    };
    let error = said("fleet.store_credentials", credentials.to_str().unwrap());
    assert!(
        error.contains("credentials for it") && !error.contains("s3cret"),
        "{error}"
    );
    let error = said("fleet.store_credentials", "/no/such");
    assert!(error.contains("/no/such"), "{error}");
}
