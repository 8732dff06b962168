//! `report`: collects the messages of each recording and writes its report when all have
//! arrived. With replicated stages messages may overtake each other; their order is restored
//! here.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use undertone_reports::{ReportError, ReportPaths, ReportWriter, RunMark, SummaryLine};
use undertone_types::{
    Body, Cause, Ended, Failure, Fused, Message, Recording, RecordingId, Stage, WorkTimes,
};

/// An event that the reporter emits about a recording.
#[derive(Clone, Debug)]
pub enum ReportEvent {
    /// A recording was opened.
    Opened {
        /// Which.
        recording: RecordingId,
        /// Its length as its container states it, in seconds.
        duration_s: Option<f64>,
    },
    /// An utterance was scored; its end on the recording's clock, in seconds.
    Scored {
        /// Of which recording.
        recording: RecordingId,
        /// End of the utterance.
        end_s: f64,
    },
    /// A report was written.
    Reported {
        /// Of which recording.
        recording: Arc<Recording>,
        /// Length of the recording, in seconds.
        duration_s: f64,
        /// The report's last line.
        summary: Box<SummaryLine>,
    },
    /// A recording failed. Its failure record is written by the receiver, who knows whether there
    /// is another attempt.
    Failed {
        /// Of which recording.
        recording: Arc<Recording>,
        /// Why.
        failure: Failure,
    },
}

/// The only worker of the stage.
pub struct Reporter<N> {
    out: PathBuf,
    mark: Arc<RunMark>,
    open: HashMap<RecordingId, Open>,
    /// Failed recordings: further messages about them are ignored.
    failed: HashSet<RecordingId>,
    notify: N,
}

/// A recording whose messages have not all arrived yet.
struct Open {
    writer: ReportWriter,
    work_times: WorkTimes,
    ended: Option<Ended>,
}

impl<N: FnMut(ReportEvent)> Reporter<N> {
    /// Writes under `out`; `notify` is called with every event.
    pub fn new(out: PathBuf, mark: Arc<RunMark>, notify: N) -> Self {
        Self {
            out,
            mark,
            open: HashMap::new(),
            failed: HashSet::new(),
            notify,
        }
    }

    /// Takes the next message.
    ///
    /// # Errors
    /// When the disk is full: the run ends. Another report that cannot be written fails its
    /// recording only.
    pub fn take(&mut self, message: Message<Fused>) -> Result<(), ReportError> {
        let recording = message.recording.clone();
        match self.accept(message) {
            Err(error) if !error.is_disk_full() => {
                let failure = Failure::new(Stage::Report, Cause::Environment, &error)
                    .with_hint("check that the folder of its report can be written to");
                self.fail(&recording, failure);
                Ok(())
            }
            taken => taken,
        }
    }

    fn accept(&mut self, message: Message<Fused>) -> Result<(), ReportError> {
        let Message {
            recording,
            body,
            work_times,
        } = message;
        if self.failed.contains(&recording.id) {
            return Ok(());
        }
        match body {
            Body::Failed(failure) => {
                self.fail(&recording, failure);
                return Ok(());
            }
            Body::Opened(facts) => {
                self.entry(&recording)?.work_times += work_times;
                (self.notify)(ReportEvent::Opened {
                    recording: recording.id,
                    duration_s: facts.duration_s,
                });
            }
            Body::Ended(ended) => {
                let open = self.entry(&recording)?;
                open.work_times += work_times;
                open.ended = Some(ended);
            }
            Body::Utterance(fused) => {
                let open = self.entry(&recording)?;
                open.work_times += work_times;
                match open.writer.utterance(&fused) {
                    Ok(()) => {}
                    Err(error @ (ReportError::NotFinite { .. } | ReportError::Twice(_))) => {
                        let failure = Failure::new(Stage::Report, Cause::Defect, &error);
                        self.fail(&recording, failure);
                        return Ok(());
                    }
                    Err(error) => return Err(error),
                }
                let end_s = fused.observed.represented.transcribed.utterance.end_s;
                (self.notify)(ReportEvent::Scored {
                    recording: recording.id,
                    end_s,
                });
            }
        }
        self.finish_if_complete(&recording)
    }

    fn entry(&mut self, recording: &Arc<Recording>) -> Result<&mut Open, ReportError> {
        use std::collections::hash_map::Entry;
        match self.open.entry(recording.id) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let paths = ReportPaths::new(&self.out, &recording.relative);
                let writer = ReportWriter::create(paths, recording.clone(), self.mark.clone())?;
                Ok(entry.insert(Open {
                    writer,
                    work_times: WorkTimes::default(),
                    ended: None,
                }))
            }
        }
    }

    fn finish_if_complete(&mut self, recording: &Arc<Recording>) -> Result<(), ReportError> {
        let complete = self.open.get(&recording.id).is_some_and(|open| {
            open.ended
                .as_ref()
                .is_some_and(|ended| open.writer.is_complete(ended))
        });
        if !complete {
            return Ok(());
        }
        let Some(Open {
            writer,
            work_times,
            ended: Some(ended),
        }) = self.open.remove(&recording.id)
        else {
            return Ok(());
        };
        let summary = writer.finish(&ended, &work_times.seconds())?;
        let duration_s = ended.facts.duration_s.unwrap_or_default();
        (self.notify)(ReportEvent::Reported {
            recording: recording.clone(),
            duration_s,
            summary: Box::new(summary),
        });
        Ok(())
    }

    fn fail(&mut self, recording: &Arc<Recording>, failure: Failure) {
        // Dropping the writer removes what was written so far.
        self.open.remove(&recording.id);
        self.failed.insert(recording.id);
        (self.notify)(ReportEvent::Failed {
            recording: recording.clone(),
            failure,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_reports::fixtures::{ended, fused, mark, recording};
    use undertone_types::MediaFacts;

    fn message(body: Body<Fused>) -> Message<Fused> {
        Message {
            recording: recording(),
            body,
            work_times: WorkTimes::default(),
        }
    }

    fn utterance(index: u32, score: f32) -> Message<Fused> {
        message(Body::Utterance(Box::new(fused(index, score))))
    }

    /// The files in the folder after these messages, and the events emitted.
    fn after(messages: Vec<Message<Fused>>) -> (Vec<String>, Vec<ReportEvent>) {
        let out = tempfile::tempdir().unwrap();
        let mut events = Vec::new();
        let mut reporter = Reporter::new(out.path().to_owned(), mark(), |event| events.push(event));
        for message in messages {
            reporter.take(message).unwrap();
        }
        drop(reporter);
        let folder = std::fs::read_dir(out.path().join("day")).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        (names.collect(), events)
    }

    fn failures(events: &[ReportEvent]) -> usize {
        let failed = |event: &&ReportEvent| matches!(event, ReportEvent::Failed { .. });
        events.iter().filter(failed).count()
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let opened = || message(Body::Opened(MediaFacts::default()));
        let ended = || message(Body::Ended(ended(2)));
        let orders = [
            vec![opened(), utterance(0, 1.0), utterance(1, 2.0), ended()],
            vec![ended(), utterance(1, 2.0), opened(), utterance(0, 1.0)],
        ];
        for messages in orders {
            let (names, events) = after(messages);
            assert_eq!(names, ["a.mp4.jsonl"]);
            let Some(ReportEvent::Reported { summary, .. }) = events.last() else {
                panic!("no report: {events:?}");
            };
            assert_eq!(summary.utterances, 2);
        }
    }

    #[test]
    fn after_a_failure_nothing_else_of_the_recording_counts() {
        let failure = Failure {
            stage: Stage::Fuse,
            cause: undertone_types::Cause::Defect,
            chain: vec!["why".into()],
            hint: None,
        };
        let (names, events) = after(vec![
            utterance(0, 1.0),
            message(Body::Failed(failure.clone())),
            utterance(1, 1.0),
            message(Body::Failed(failure)),
            message(Body::Ended(ended(2))),
        ]);
        assert!(names.is_empty(), "{names:?}");
        assert_eq!(failures(&events), 1);
    }

    #[test]
    fn a_score_that_is_not_a_number_fails_the_recording() {
        let (names, events) = after(vec![utterance(0, f32::NAN), message(Body::Ended(ended(1)))]);
        assert!(names.is_empty(), "{names:?}");
        assert_eq!(failures(&events), 1);
    }

    #[test]
    fn a_recording_that_never_ends_leaves_no_file() {
        let (names, _) = after(vec![utterance(0, 1.0), utterance(1, 1.0)]);
        assert!(names.is_empty(), "{names:?}");
    }
}
