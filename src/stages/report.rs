//! `report`: gathers what arrives of each recording and writes its report when all of
//! it has come. Replicated stages may let messages overtake each other; the order is
//! restored here.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use undertone_reports::{
    NextTry, ReportError, ReportPaths, ReportWriter, RunMark, SummaryLine, failed_before,
    write_failure,
};
use undertone_types::{
    Body, Cause, Ended, Failure, Fused, Message, Recording, RecordingId, Spent, Stage,
};

/// Something that whoever watches a run wants to know.
#[derive(Clone, Debug)]
pub enum Progress {
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
    /// A report is in its place.
    Reported {
        /// Of which recording.
        recording: Arc<Recording>,
        /// Length of the recording, in seconds.
        duration_s: f64,
        /// The report's last line.
        summary: SummaryLine,
    },
    /// A recording failed; its failure record is in its place, if the reporter writes them.
    Failed {
        /// Of which recording.
        recording: Arc<Recording>,
        /// Why.
        failure: Failure,
    },
}

/// Who writes failure records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureRecords {
    /// The reporter: what failed is not tried again by this run.
    Write,
    /// Whoever hears of the failure, and knows whether there is another attempt.
    Leave,
}

/// The stage's only worker.
pub struct Reporter<N> {
    out: PathBuf,
    records: FailureRecords,
    mark: Arc<RunMark>,
    open: HashMap<RecordingId, Open>,
    /// What still arrives of these is void.
    failed: HashSet<RecordingId>,
    notify: N,
}

/// A recording of which not everything has arrived yet.
struct Open {
    writer: ReportWriter,
    spent: Spent,
    ended: Option<Ended>,
}

impl<N: FnMut(Progress)> Reporter<N> {
    /// Writes under `out`; `notify` hears of everything that happens.
    pub fn new(out: PathBuf, mark: Arc<RunMark>, records: FailureRecords, notify: N) -> Self {
        Self {
            out,
            records,
            mark,
            open: HashMap::new(),
            failed: HashSet::new(),
            notify,
        }
    }

    /// Takes the next message.
    ///
    /// # Errors
    /// When a report cannot be written: the disk is full or gone, so the run cannot go on.
    /// Where failures are left to another, a place that cannot be written to is one, too.
    pub fn take(&mut self, message: Message<Fused>) -> Result<(), ReportError> {
        let recording = message.recording.clone();
        match self.accept(message) {
            Err(error) if self.records == FailureRecords::Leave && !error.is_disk_full() => {
                let failure = Failure::new(Stage::Report, Cause::Environment, &error)
                    .with_hint("check that its report can be written there");
                self.fail(&recording, failure)
            }
            taken => taken,
        }
    }

    fn accept(&mut self, message: Message<Fused>) -> Result<(), ReportError> {
        let Message {
            recording,
            body,
            spent,
        } = message;
        if self.failed.contains(&recording.id) {
            return Ok(());
        }
        match body {
            Body::Failed(failure) => return self.fail(&recording, failure),
            Body::Opened(facts) => {
                self.entry(&recording)?.spent += spent;
                (self.notify)(Progress::Opened {
                    recording: recording.id,
                    duration_s: facts.duration_s,
                });
            }
            Body::Ended(ended) => {
                let open = self.entry(&recording)?;
                open.spent += spent;
                open.ended = Some(ended);
            }
            Body::Utterance(fused) => {
                let open = self.entry(&recording)?;
                open.spent += spent;
                match open.writer.utterance(&fused) {
                    Ok(()) => {}
                    Err(error @ (ReportError::NotFinite { .. } | ReportError::Twice(_))) => {
                        return self.fail(
                            &recording,
                            Failure::new(Stage::Report, Cause::Defect, &error),
                        );
                    }
                    Err(error) => return Err(error),
                }
                let end_s = fused.observed.represented.transcribed.utterance.end_s;
                (self.notify)(Progress::Scored {
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
                    spent: Spent::default(),
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
            spent,
            ended: Some(ended),
        }) = self.open.remove(&recording.id)
        else {
            return Ok(());
        };
        let summary = writer.finish(&ended, &spent.seconds())?;
        let duration_s = ended.facts.duration_s.unwrap_or_default();
        (self.notify)(Progress::Reported {
            recording: recording.clone(),
            duration_s,
            summary,
        });
        Ok(())
    }

    fn fail(&mut self, recording: &Arc<Recording>, failure: Failure) -> Result<(), ReportError> {
        // Dropping the writer removes what was written so far.
        self.open.remove(&recording.id);
        self.failed.insert(recording.id);
        if self.records == FailureRecords::Write {
            let paths = ReportPaths::new(&self.out, &recording.relative);
            let former = failed_before(&paths, &recording.blake3);
            let attempts = former.map_or(0, |former| former.attempts).saturating_add(1);
            let next = NextTry::Never;
            write_failure(&paths, recording, &self.mark, &failure, attempts, &[], next)?;
        }
        (self.notify)(Progress::Failed {
            recording: recording.clone(),
            failure,
        });
        Ok(())
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
            spent: Spent::default(),
        }
    }

    fn utterance(index: u32, score: f32) -> Message<Fused> {
        message(Body::Utterance(Box::new(fused(index, score))))
    }

    /// What is left in the folder after these messages, and what was told.
    fn after(messages: Vec<Message<Fused>>) -> (Vec<String>, Vec<Progress>) {
        let out = tempfile::tempdir().unwrap();
        let mut told = Vec::new();
        let records = FailureRecords::Write;
        let mut reporter = Reporter::new(out.path().to_owned(), mark(), records, |news| {
            told.push(news)
        });
        for message in messages {
            reporter.take(message).unwrap();
        }
        drop(reporter);
        let folder = std::fs::read_dir(out.path().join("day")).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        (names.collect(), told)
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
            let (names, told) = after(messages);
            assert_eq!(names, ["a.mp4.jsonl"]);
            let Some(Progress::Reported { summary, .. }) = told.last() else {
                panic!("no report: {told:?}");
            };
            assert_eq!(summary.utterances, 2);
        }
    }

    #[test]
    fn a_failure_voids_what_came_before_and_after() {
        let failure = Failure {
            stage: Stage::Fuse,
            cause: undertone_types::Cause::Defect,
            chain: vec!["why".into()],
            hint: None,
        };
        let (names, told) = after(vec![
            utterance(0, 1.0),
            message(Body::Failed(failure.clone())),
            utterance(1, 1.0),
            message(Body::Failed(failure)),
            message(Body::Ended(ended(2))),
        ]);
        assert_eq!(names, ["a.mp4.failed.json"]);
        let failures = told
            .iter()
            .filter(|news| matches!(news, Progress::Failed { .. }));
        assert_eq!(failures.count(), 1);
    }

    #[test]
    fn a_score_that_is_no_number_fails_the_recording() {
        let (names, _) = after(vec![utterance(0, f32::NAN), message(Body::Ended(ended(1)))]);
        assert_eq!(names, ["a.mp4.failed.json"]);
    }

    #[test]
    fn what_never_ends_leaves_nothing() {
        let (names, _) = after(vec![utterance(0, 1.0), utterance(1, 1.0)]);
        assert!(names.is_empty(), "{names:?}");
    }
}
