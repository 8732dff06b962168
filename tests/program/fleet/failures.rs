//! What goes wrong, and what is said of it.

use super::crew::{Crew, eventually};

#[test]
fn what_ends_the_scoring_process_twice_is_a_dead_letter_and_nobody_else_suffers() {
    let crew = Crew::in_folders();
    for (number, name) in ["a.mkv", "poison.mkv", "b.mkv"].iter().enumerate() {
        crew.put(name, number);
    }
    crew.submit();
    let (code, said, log) = crew.work_with_fault("abort:poison", &[]);
    assert_eq!(code, 1, "{log}");
    assert!(said.starts_with("2 scored"), "{said}");
    let record = crew.failure("poison.mkv");
    assert_eq!(
        (&record["quarantined"], &record["cause"]),
        (&true.into(), &"crashed".into())
    );
    assert_eq!(record["strikes"].as_array().unwrap().len(), 2);
    let status = crew.status();
    let letter = &status["dead_letters"][0];
    assert_eq!(letter["job"]["name"], "poison.mkv");
    assert_eq!(letter["failure"]["error"], record["error"]);

    let (code, said, _) = crew.run(&["fleet", "retry", "--all"]);
    assert_eq!((code, said.as_str()), (0, "1 sent to the queue again\n"));
    let (code, _, log) = crew.work_to_the_end(&[]);
    assert_eq!(code, 0, "{log}");
    assert_eq!(crew.outputs(".failed.json"), [""; 0]);
    assert_eq!(crew.status()["fleet"]["done"], 3);
}

#[test]
fn jobs_for_a_bundle_that_no_worker_has_wait_and_are_named() {
    let mut crew = Crew::in_folders();
    crew.put("a.mkv", 0);
    crew.submit();
    crew.set("text.mode=none");
    crew.put("b.mkv", 1);
    assert_eq!(crew.submit()["sent"], 2);
    let (code, _, log) = crew.work_to_the_end(&[]);
    assert_eq!(code, 0, "{log}");
    assert_eq!(crew.outputs(".jsonl").len(), 2);
    let (_, said, _) = crew.run(&["fleet", "status"]);
    assert!(said.contains("no worker has this bundle"), "{said}");
    assert_eq!(crew.status()["fleet"]["waiting"], 1);
}

#[test]
fn a_job_is_handed_back_when_the_time_to_stop_is_over() {
    let mut crew = Crew::in_folders();
    crew.set("shutdown.grace_s=0.2");
    crew.put("hang.mkv", 0);
    crew.submit();
    let mut worker = crew.start_with_fault("hang:hang", "log");
    eventually("it has it", 60, || {
        crew.status()["fleet"]["workers"][0]["in_work"][0]["recording"] == "hang.mkv"
    });
    // What the process that scores was not given yet would be handed back without waiting.
    eventually("it hangs", 60, || {
        crew.log("log").contains("hanging on purpose")
    });
    assert_eq!(worker.terminate(), Some(130), "{}", crew.log("log"));
    let (code, _, log) = crew.work_to_the_end(&[]);
    assert_eq!(code, 0, "{log}");
    assert_eq!(crew.outputs(".jsonl"), ["hang.mkv.jsonl"]);
}
