//! `undertone fleet status`: the queue, the workers, and what failed for good.

use serde::Serialize;

use super::QueueArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::say;
use undertone_fleet::{Answer, DeadLetter, FleetState, dead_letters, state};
use undertone_terminal::{columns, sentences};
use undertone_types::{shown, shown_path};

/// Everything that is shown.
#[derive(Serialize)]
struct Status {
    fleet: FleetState,
    dead_letters: Vec<DeadLetter>,
}

pub(super) fn status(queue: &QueueArgs, json: bool, most: usize) -> Result<Exit, CliError> {
    let settings = queue.settings.load()?.fleet;
    let state = state(&queue.queue, &settings)?;
    let mut letters = Vec::new();
    if state.dead > 0 && most > 0 {
        dead_letters(&queue.queue, &settings, most, &mut |letter| {
            letters.push(letter)
        })?;
    }
    let status = Status {
        fleet: state,
        dead_letters: letters,
    };
    if json {
        say(&(serde_json::to_string(&status)? + "\n"))?;
    } else {
        say(&render(&queue.queue.to_string(), &status))?;
    }
    Ok(Exit::Done)
}

fn render(queue: &str, status: &Status) -> String {
    let Status {
        fleet,
        dead_letters,
    } = status;
    let FleetState {
        submitted,
        waiting,
        in_work,
        done,
        dead,
        bundles,
        workers,
    } = fleet;
    let mut text = sentences(&format!(
        "queue {queue}: {submitted} submitted, {waiting} waiting, {in_work} in work or waiting to be \
         tried again, {done} done, {dead} failed for good\n"
    ));
    for bundle in bundles {
        let needed = bundle.waiting + bundle.in_work;
        let nobody = match (needed, bundle.workers) {
            (1.., 0) => "; no worker has this bundle with these settings",
            _ => "",
        };
        text += &sentences(&format!(
            "bundle {} ({}): {} waiting, {} in work, {} workers{nobody}\n",
            shown(&bundle.bundle),
            bundle.mark,
            bundle.waiting,
            bundle.in_work,
            bundle.workers
        ));
    }
    for worker in workers {
        draw_worker(&mut text, worker);
    }
    if !dead_letters.is_empty() {
        text += "failed for good:\n";
        text += &columns(&dead_letters.iter().map(dead_row).collect::<Vec<_>>());
        let more = dead.saturating_sub(dead_letters.len() as u64);
        if more > 0 {
            text += &format!("  and {more} more (--dead shows more)\n");
        }
    }
    text
}

fn draw_worker(text: &mut String, worker: &Answer) {
    let drains = match worker.draining {
        true => ", ends when it has finished",
        false => "",
    };
    *text += &sentences(&format!(
        "worker {} ({}) since {}: {} done ({:.1} min), {} failed{drains}\n",
        shown(&worker.worker),
        shown(&worker.bundle),
        worker.since,
        worker.done,
        worker.scored_s / 60.0,
        worker.failed
    ));
    if let Some(problem) = &worker.problem {
        *text += &sentences(&format!("  takes no jobs for now: {}\n", shown(problem)));
    }
    let rows = worker.in_work.iter().map(|task| {
        let length = task
            .duration_s
            .map_or("?".to_owned(), |length| format!("{length:.1}"));
        [
            format!("  {}", task.recording),
            task.phase.clone(),
            format!("{:.1} of {length} s", task.reached_s),
            format!("for {:.0} s", task.for_s),
        ]
    });
    *text += &columns(&rows.collect::<Vec<_>>());
}

fn dead_row(letter: &DeadLetter) -> [String; 2] {
    let record = &letter.failure;
    let why = format!("{}: {}", record.stage, record.error.join(": "));
    [
        format!("  {}", shown_path(&letter.job.name)),
        shown(&why).into_owned(),
    ]
}
