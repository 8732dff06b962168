//! Writes what the core announces to the log, and counts it in the metrics.

use undertone_reports::SummaryLine;
use undertone_types::{Failure, shown_path};

use crate::core::{Announcement, FileRef, Next};
use crate::metrics::{Metrics, Result};

/// Logs and counts an announcement.
pub fn announce(announcement: &Announcement, metrics: &Metrics) {
    match announcement {
        Announcement::Scored(scored) => {
            let summary: &SummaryLine = &scored.summary;
            tracing::info!(
                recording = %shown_path(&scored.file.relative),
                utterances = summary.utterances,
                mean = summary.sentiment.as_ref().map(|sentiment| sentiment.mean),
                simulated = summary.text.simulated,
                "scored"
            );
            metrics.result(Result::Scored);
            metrics.report(scored);
        }
        Announcement::Duplicate { file, of } => {
            let (recording, of) = (shown_path(&file.relative), shown_path(&of.relative));
            tracing::info!(%recording, %of, "the same content; its report points there");
            metrics.result(Result::Duplicate);
        }
        Announcement::Failed {
            file,
            failure,
            attempts,
            next,
        } => {
            failed(file, failure, *attempts, *next);
            metrics.result(match next {
                Next::Quarantined => Result::Quarantined(failure.cause),
                _ => Result::Failed(failure.cause),
            });
        }
        Announcement::FailedLike { file, of } => {
            let (recording, of) = (shown_path(&file.relative), shown_path(&of.relative));
            tracing::error!(%recording, %of, "quarantined: the same content");
            metrics.result(Result::QuarantinedAlike);
        }
        Announcement::Vanished(file) => {
            tracing::info!(recording = %shown_path(&file.relative), "vanished before it was scored");
        }
        Announcement::CannotBeRecorded { file, reason } => {
            tracing::error!(recording = %shown_path(&file.relative), "cannot be recorded: {reason}");
        }
        Announcement::Paused(reason) => {
            tracing::error!("paused: {reason}; continues as soon as the disk can be written to");
        }
        Announcement::Resumed => {
            tracing::info!("the disk can be written to again: continuing");
        }
        Announcement::WorkerLost { under_way, reason } => {
            metrics.replaced();
            tracing::warn!(under_way, "the worker has ended: {reason}");
        }
        Announcement::CannotStartWorker(reason) => {
            tracing::error!("cannot start a worker: {reason}");
        }
        Announcement::OverLimit(reason) => tracing::error!("stopping the worker: {reason}"),
        Announcement::CannotStopWorker(reason) => {
            tracing::error!("cannot stop a worker in this process: {reason}");
        }
        Announcement::Ready => tracing::info!("ready: watching"),
        Announcement::Finishing { busy, under_way } => {
            tracing::warn!(
                busy,
                under_way,
                "stopping: finishing the recordings in progress"
            );
        }
        Announcement::OutOfTime { busy, under_way } => {
            tracing::warn!(
                busy,
                under_way,
                "the time to finish is over; recordings in progress are scored after the next start"
            );
        }
    }
}

fn failed(file: &FileRef, failure: &Failure, attempts: u32, next: Next) {
    let recording = shown_path(&file.relative);
    match next {
        Next::Quarantined => tracing::error!(%recording, attempts, "quarantined: {failure}"),
        Next::Never => tracing::warn!(%recording, attempts, "failed: {failure}"),
        Next::Alone => {
            tracing::warn!(%recording, attempts, "failed, tried again alone: {failure}");
        }
        Next::After(pause) => {
            let pause_s = pause.as_secs();
            tracing::warn!(%recording, attempts, "failed, tried again in {pause_s} s: {failure}");
        }
    }
}
