//! The daemon over many files; `UNDERTONE_SOAK_FILES=1000000` is the long form
//! (`make soak-files`). The worker is a fake that writes reports without media; the rest is real.

#![expect(
    clippy::unwrap_used,
    reason = "clippy does not see that helpers of a test belong to it"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use undertone_config::Config;
use undertone_daemon::{
    Call, Counts, Daemon, Ending, Event, Order, Setup, StateFolder, Watching, Workshop, roots,
};
use undertone_reports::{ReportPaths, ReportWriter, RunMark, SummaryLine, fixtures};
use undertone_types::{Ended, MediaFacts, Recording};

/// Files in a folder.
const IN_A_FOLDER: usize = 1000;

fn number_of_files() -> usize {
    let number = std::env::var("UNDERTONE_SOAK_FILES").ok();
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or(3000)
}

/// Writes an empty report for whatever it is given.
fn score(
    setup: Setup,
    orders: &Receiver<Order>,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<(), String> {
    let mark = fixtures::mark();
    tell(Event::Ready);
    for order in orders {
        match order {
            Order::Score(job) => {
                let recording = Arc::new(Recording::from(job));
                let id = recording.id.0;
                let summary = report(&setup.out, recording, mark.clone());
                tell(Event::Reported {
                    id,
                    duration_s: 1.0,
                    summary: Box::new(summary.map_err(|error| error.to_string())?),
                });
            }
            Order::Finish | Order::FinishOpen => break,
            Order::Begin(_) => {}
        }
    }
    Ok(())
}

fn report(
    out: &Path,
    recording: Arc<Recording>,
    mark: Arc<RunMark>,
) -> Result<SummaryLine, undertone_reports::ReportError> {
    let paths = ReportPaths::new(out, &recording.relative);
    let ended = Ended {
        utterances: 0,
        facts: MediaFacts::default(),
        sidecar: None,
    };
    ReportWriter::create(paths, recording, mark)?.finish(&ended, &Default::default())
}

/// Runs a daemon until so many recordings are done; returns the seconds that it took.
fn run_until_done(input: &Path, out: &Path, files: usize) -> f64 {
    let settings = [
        ("watch.settle_s", "0.3"),
        ("metrics.listen", ""),
        ("stages.queue", "1024"),
    ];
    let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let (call, calls) = unbounded();
    let watching = Watching {
        roots: roots(&[input.to_owned()], out).unwrap(),
        out: out.to_owned(),
        config: Config::load(None, &settings).unwrap(),
        mark: fixtures::mark(),
        workshop: Workshop::Thread(Arc::new(score)),
        reload: Box::new(|| Err("not in this test".to_owned())),
        calls,
    };
    let began = Instant::now();
    let state = StateFolder::open(out).unwrap();
    let daemon = Daemon::new(watching, state).unwrap();
    thread::scope(|scope| {
        let running = scope.spawn(move || daemon.run().unwrap());
        let counts = || -> Option<Counts> { Some(StateFolder::read_status(out)?.counts) };
        while counts().is_none_or(|counts| counts.done < files) {
            assert!(!running.is_finished());
            thread::sleep(Duration::from_millis(50));
        }
        let took_s = began.elapsed().as_secs_f64();
        assert_eq!(
            counts().map(|counts| counts.queued + counts.settling),
            Some(0)
        );
        call.send(Call::Stop).unwrap();
        assert_eq!(running.join().unwrap(), Ending::Drained);
        took_s
    })
}

fn memory_mb(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.unwrap().trim_matches(|c: char| !c.is_ascii_digit());
    kibibytes.parse::<u64>().unwrap() / 1024
}

#[test]
fn many_files_are_scored_and_found_finished_by_the_next_start() {
    let files = number_of_files();
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&out).unwrap();
    for number in 0..files {
        let below = input.join((number / IN_A_FOLDER).to_string());
        if number % IN_A_FOLDER == 0 {
            fs::create_dir_all(&below).unwrap();
        }
        fs::write(below.join(format!("{number}.mp4")), number.to_string()).unwrap();
    }
    let scored_s = run_until_done(&input, &out, files);
    let memory = memory_mb("VmHWM:");
    let first = fs::metadata(ReportPaths::new(&out, Path::new("0/0.mp4")).report).unwrap();
    let found_s = run_until_done(&input, &out, files);
    let again = fs::metadata(ReportPaths::new(&out, Path::new("0/0.mp4")).report).unwrap();
    assert_eq!(
        first.modified().unwrap(),
        again.modified().unwrap(),
        "scored again"
    );
    println!(
        "{files} files: scored in {scored_s:.1} s, found finished by the next start in \
         {found_s:.1} s, at most {memory} MB"
    );
}
