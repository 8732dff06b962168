//! What fails, and what is said of it.

use std::fs;

use undertone_fleet::{DeadLetter, Retry};
use undertone_reports::read_failure;
use undertone_types::Cause;

use crate::fake::Fleet;
use crate::servers::Nats;

fn letters(fleet: &Fleet) -> Vec<DeadLetter> {
    let (queue, settings) = (fleet.queue.parse().unwrap(), fleet.config().fleet);
    let mut letters = Vec::new();
    undertone_fleet::dead_letters(&queue, &settings, 10, &mut |letter| letters.push(letter))
        .unwrap();
    letters
}

fn retry(fleet: &Fleet, which: &Retry) -> (u64, Vec<String>) {
    let (queue, settings) = (fleet.queue.parse().unwrap(), fleet.config().fleet);
    undertone_fleet::retry(&queue, &settings, which).unwrap()
}

#[test]
fn what_fails_for_its_content_is_a_dead_letter_until_it_is_tried_again() {
    let nats = Nats::start();
    let fleet = Fleet::new(&nats.url);
    fleet.record("day/a.mp4", "bad");
    fleet.record("b.mp4", "good");
    fleet.submit();
    let totals = fleet.work();
    assert_eq!((totals.done, totals.dead), (1, 1));
    let record = read_failure(&fleet.failure("day/a.mp4")).unwrap();
    assert_eq!((record.cause, record.attempts), (Cause::Content, 1));
    let found = letters(&fleet);
    assert_eq!(found[0].job.name.to_str(), Some("day/a.mp4"));
    assert_eq!(found[0].failure, record);
    assert_eq!(fleet.state().dead, 1);

    // Submitted again, its record is enough.
    fleet.submit();
    fleet.work();
    assert_eq!(read_failure(&fleet.failure("day/a.mp4")).unwrap(), record);

    let unknown = Retry::Named(vec!["c.mp4".to_owned()]);
    assert_eq!(retry(&fleet, &unknown), (0, vec!["c.mp4".to_owned()]));
    // Repaired, which keeps neither size nor time.
    fleet.record("day/a.mp4", "repaired");
    let named = Retry::Named(vec!["day/a.mp4".to_owned()]);
    assert_eq!(retry(&fleet, &named), (1, vec![]));
    assert_eq!(fleet.work().done, 1);
    assert!(fleet.report("day/a.mp4").exists());
    assert!(!fleet.failure("day/a.mp4").exists());
    let state = fleet.state();
    assert_eq!((state.dead, state.in_work, state.waiting), (0, 0, 0));
}

#[test]
fn what_may_pass_is_tried_a_few_times() {
    let nats = Nats::start();
    let fleet = Fleet::new(&nats.url);
    fleet.record("a.mp4", "stalls");
    fleet.submit();
    let totals = fleet.work();
    assert_eq!((totals.failed, totals.dead), (1, 1));
    let record = read_failure(&fleet.failure("a.mp4")).unwrap();
    assert_eq!(record.attempts, 2);
    assert_eq!(record.strikes, [Cause::Stalled; 2]);
    assert_eq!(retry(&fleet, &Retry::All).0, 1);
    assert_eq!(fleet.work().dead, 1);
    let record = read_failure(&fleet.failure("a.mp4")).unwrap();
    assert_eq!(record.attempts, 2, "what was before is forgotten");
}

#[test]
fn a_recording_that_is_gone_is_a_dead_letter_that_says_so() {
    let nats = Nats::start();
    let fleet = Fleet::new(&nats.url);
    fleet.record("a.mp4", "a");
    fleet.record("b.mp4", "b");
    fleet.submit();
    fs::remove_file(fleet.source.join("a.mp4")).unwrap();
    let totals = fleet.work();
    assert_eq!((totals.done, totals.dead), (1, 1));
    let record = read_failure(&fleet.failure("a.mp4")).unwrap();
    assert!(record.error[0].contains("gone"), "{record:?}");
    assert!(record.hint.unwrap().contains("fleet retry"));
    fleet.record("a.mp4", "back");
    retry(&fleet, &Retry::All);
    assert_eq!(fleet.work().done, 1);
}

#[test]
fn what_is_wrong_with_the_queue_is_said() {
    let nats = Nats::with(&["--user", "me", "--pass", "s3cret"]);
    let mut fleet = Fleet::new(&nats.url);
    let host = nats.url.trim_start_matches("nats://").to_owned();
    for (url, said) in [
        (nats.url.clone(), "fleet.credentials"),
        (format!("nats://me:wrong@{host}"), "password in --queue"),
        ("nats://127.0.0.1:1".to_owned(), "check the address"),
    ] {
        fleet.queue = url;
        let error = undertone_fleet::submit(&fleet.submission(), &mut |_| {}).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(said) && !error.contains("wrong"), "{error}");
    }
    fleet.queue = format!("nats://me:s3cret@{host}");
    assert_eq!(fleet.submit().found, 0);
    fleet.set("fleet.credentials", "/no/such.creds");
    let error = undertone_fleet::submit(&fleet.submission(), &mut |_| {}).unwrap_err();
    assert!(
        error.is_usage() && error.to_string().contains("/no/such.creds"),
        "{error}"
    );
}
