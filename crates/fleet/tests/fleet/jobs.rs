//! What is submitted, and what is not.

use std::sync::{Arc, Barrier};
use std::thread;

use undertone_fleet::{Fate, Place, Submission, SubmitEvent, SubmitTotals};

use crate::fake::Fleet;
use crate::servers::Nats;

fn sent(found: u64, sent: u64, queued: u64) -> SubmitTotals {
    SubmitTotals {
        found,
        sent,
        queued,
        ..SubmitTotals::default()
    }
}

#[test]
fn a_recording_is_in_the_queue_once_however_often_it_is_submitted() {
    let mut nats = Nats::start();
    let fleet = Fleet::new(&nats.url);
    for number in 0..1500 {
        fleet.record(&format!("{}/{number}.mp4", number % 7), &number.to_string());
    }
    fleet.record("notes.txt", "no recording");
    assert_eq!(fleet.submit(), sent(1500, 1500, 0));
    nats.server.kill();
    nats.server.restart();
    assert_eq!(fleet.submit(), sent(1500, 0, 1500));
    let state = fleet.state();
    assert_eq!((state.submitted, state.waiting), (1500, 1500));
    assert_eq!(state.bundles[0].bundle, "tiny 0.1.0");
    assert_eq!(state.bundles[0].workers, 0);
}

#[test]
fn what_has_its_report_is_not_sent_and_what_has_changed_is() {
    let nats = Nats::start();
    let fleet = Fleet::new(&nats.url);
    for name in ["a.mp4", "b.mp4", "c.mp4"] {
        fleet.record(name, name);
    }
    fleet.record("c.mp4", "bad");
    fleet.submit();
    fleet.work();
    let mut submission = fleet.submission();
    submission.out = Some(Place::parse(&fleet.out).unwrap());
    let submit =
        |submission: &Submission| undertone_fleet::submit(submission, &mut |_| {}).unwrap();
    let totals = submit(&submission);
    assert_eq!((totals.reported, totals.failed, totals.sent), (2, 1, 0));

    fleet.record("a.mp4", "changed");
    submission.dry_run = true;
    let mut to_send = Vec::new();
    let totals = undertone_fleet::submit(&submission, &mut |event| {
        if let SubmitEvent::Looked { name, fate, .. } = event
            && *fate == Fate::Sent
        {
            to_send.push(name.to_owned());
        }
    });
    assert_eq!(totals.unwrap().sent, 1);
    assert_eq!(to_send, [std::path::PathBuf::from("a.mp4")]);
    assert_eq!(fleet.state().waiting, 0, "nothing was sent");

    submission.dry_run = false;
    assert_eq!(submit(&submission).sent, 1);
    assert_eq!(fleet.state().waiting, 1);
    // Without a look at the reports workers notice.
    assert_eq!(fleet.submit().sent, 2);
    let totals = fleet.work();
    assert_eq!((totals.done, totals.known, totals.dead), (1, 1, 1));
}

#[test]
fn another_bundle_is_another_job() {
    let nats = Nats::start();
    let mut fleet = Fleet::new(&nats.url);
    fleet.record("a.mp4", "a");
    assert_eq!(fleet.submit().sent, 1);
    let mut mark = (*fleet.mark).clone();
    mark.bundle.fingerprint = "another".to_owned();
    mark.bundle.name = "large".to_owned();
    fleet.mark = Arc::new(mark);
    assert_eq!(fleet.submit().sent, 1);
    let state = fleet.state();
    let bundles: Vec<_> = state.bundles.iter().map(|it| &*it.bundle).collect();
    assert_eq!(state.waiting, 2);
    assert!(bundles.contains(&"tiny 0.1.0") && bundles.contains(&"large 0.1.0"));
}

#[test]
fn a_source_that_is_not_there_is_named() {
    let nats = Nats::start();
    let fleet = Fleet::new(&nats.url);
    let mut submission = fleet.submission();
    submission.sources = vec![Place::parse("/no/such/folder".as_ref()).unwrap()];
    let error = undertone_fleet::submit(&submission, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
}

/// The server refuses one of two that ask at the same moment for a stream that is not there yet, and
/// now and then does not answer it.
#[test]
fn a_queue_is_made_once_however_many_begin_with_it_at_the_same_moment() {
    const TOGETHER: usize = 8;
    let nats = Nats::start();
    for name in 0..20 {
        let fleet = Fleet::new(&format!("{}/queue-{name}", nats.url));
        fleet.record("a.mp4", "x");
        let together = Barrier::new(TOGETHER);
        let begin = || {
            together.wait();
            fleet.submit()
        };
        let sent = thread::scope(|scope| {
            let begun = [(); TOGETHER].map(|()| scope.spawn(begin));
            begun.map(|it| it.join().unwrap().sent).iter().sum::<u64>()
        });
        assert_eq!(sent, 1);
    }
}
