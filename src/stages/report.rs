//! `report`: gathers what arrives of each recording and writes its report when all of
//! it has come. Replicated stages may let messages overtake each other; the order is
//! restored here.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::flow::{Body, Ended, Failure, Fused, Message, Recording, RecordingId, Spent, Stage};
use crate::reports::{ReportError, ReportPaths, ReportWriter, RunMark, SummaryLine, write_failure};

/// Something that whoever watches a run wants to know.
#[derive(Clone, Debug)]
pub enum Progress {
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
    /// A failure record is in its place.
    Failed {
        /// Of which recording.
        recording: Arc<Recording>,
        /// Why.
        failure: Failure,
    },
}

/// The stage's only worker.
pub struct Reporter<N> {
    out: PathBuf,
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
    /// When a report cannot be written: the disk is full or gone, so the run cannot go on.
    pub fn take(&mut self, message: Message<Fused>) -> Result<(), ReportError> {
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
            Body::Opened(_) => self.entry(&recording)?.spent += spent,
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
                        return self.fail(&recording, Failure::new(Stage::Report, &error));
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
        let paths = ReportPaths::new(&self.out, &recording.relative);
        write_failure(&paths, recording, &self.mark, &failure, None)?;
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
    use crate::flow::MediaFacts;
    use crate::reports::fixtures::{ended, fused, mark, recording};

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
        let mut reporter = Reporter::new(out.path().to_owned(), mark(), |news| told.push(news));
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
