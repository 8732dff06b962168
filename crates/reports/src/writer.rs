//! Writes one report: utterances as they arrive, everything else at the end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::sync::Arc;

use undertone_types::{Ended, Fused, Recording, RecordingMargin, Stage, Voice};

use super::ReportError;
use super::atomic::{place, remove_if_there};
use super::lines::{Line, SummaryLine, UtteranceLine};
use super::mark::RunMark;
use super::order::ReorderBuffer;
use super::paths::ReportPaths;
use super::render::{recording_line, utterance_line};
use super::speakers::Speakers;
use super::summary::Sums;

/// A report that is being written. Utterances go into an unnamed file, which disappears with
/// the process: the first line holds the exact duration, which is only known at the end.
/// Dropped without [`finish`](Self::finish), it leaves nothing.
#[derive(Debug)]
pub struct ReportWriter {
    paths: ReportPaths,
    recording: Arc<Recording>,
    mark: Arc<RunMark>,
    body: BufWriter<File>,
    order: ReorderBuffer<Arrived>,
    sums: Sums,
    speakers: Speakers,
}

/// An utterance that waits for those before it.
#[derive(Debug)]
struct Arrived {
    line: UtteranceLine,
    /// What is known of its error, for that of the mean.
    of_mean: Option<RecordingMargin>,
    voice: Option<Voice>,
}

impl ReportWriter {
    /// Begins the report of a recording; makes its folder.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn create(
        paths: ReportPaths,
        recording: Arc<Recording>,
        mark: Arc<RunMark>,
    ) -> Result<Self, ReportError> {
        let folder = paths.folder();
        let body = std::fs::create_dir_all(folder)
            .and_then(|()| tempfile::tempfile_in(folder))
            .map_err(|source| ReportError::Io {
                path: folder.to_owned(),
                source,
            })?;
        Ok(Self {
            paths,
            recording,
            mark,
            body: BufWriter::new(body),
            order: ReorderBuffer::new(),
            sums: Sums::default(),
            speakers: Speakers::default(),
        })
    }

    /// Takes an utterance; they may come in any order.
    ///
    /// # Errors
    /// When a value is not finite, the utterance arrived before, or the disk is full.
    pub fn utterance(&mut self, fused: &Fused) -> Result<(), ReportError> {
        let line = utterance_line(fused, &self.recording, &self.mark)?;
        let margin = fused.sentiment.as_ref().ok().and_then(|one| one.margin);
        let of_mean = margin.and_then(|margin| margin.recording);
        let arrived = Arrived {
            of_mean,
            voice: fused.observed.voice.clone(),
            line,
        };
        for arrived in self.order.push(arrived.line.index, arrived)? {
            let line = arrived.line;
            self.sums.add(&line, arrived.of_mean);
            self.speakers.add(&line, arrived.voice.as_ref());
            write_line(&mut self.body, &Line::Utterance(line), &self.paths)?;
        }
        Ok(())
    }

    /// True when every utterance of the recording has arrived: with replicated stages the end
    /// may overtake the last of them.
    #[must_use]
    pub fn is_complete(&self, ended: &Ended) -> bool {
        self.order.given() == ended.utterances
    }

    /// Writes the report, and removes the record of an earlier failure.
    ///
    /// # Errors
    /// When utterances are missing or it cannot be written; then there is no report.
    pub fn finish(
        self,
        ended: &Ended,
        stage_s: &BTreeMap<Stage, f64>,
    ) -> Result<SummaryLine, ReportError> {
        if !self.is_complete(ended) {
            return Err(ReportError::Incomplete {
                expected: ended.utterances,
                written: self.order.given(),
            });
        }
        let Self {
            paths,
            recording,
            mark,
            body,
            sums,
            speakers,
            ..
        } = self;
        let failed = |source| ReportError::Io {
            path: paths.report.clone(),
            source,
        };
        let mut body = body
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        body.rewind().map_err(failed)?;
        let first = recording_line(&recording, ended, &mark);
        let (speakers, told_apart) = speakers.told_apart();
        let last = sums.line(&recording, &ended.facts, stage_s, speakers);
        place(&paths.report, |file| {
            write_line(file, &Line::Recording(first), &paths)?;
            match last.speakers.is_empty() {
                true => io::copy(&mut body, file).map(drop).map_err(failed)?,
                false => write_spoken(file, BufReader::new(body), &told_apart, &paths)?,
            }
            write_line(file, &Line::Summary(last.clone()), &paths)
        })?;
        remove_if_there(&paths.failure)?;
        Ok(last)
    }
}

/// The lines of utterances, with who speaks in each.
fn write_spoken<W: Write + ?Sized>(
    file: &mut W,
    body: impl BufRead,
    speakers: &[Option<u32>],
    paths: &ReportPaths,
) -> Result<(), ReportError> {
    for (text, speaker) in body.lines().zip(speakers) {
        let text = text.map_err(|source| ReportError::Io {
            path: paths.report.clone(),
            source,
        })?;
        let mut line: Line = serde_json::from_str(&text)?;
        if let Line::Utterance(utterance) = &mut line {
            utterance.speaker = *speaker;
        }
        write_line(file, &line, paths)?;
    }
    Ok(())
}

fn write_line<W: Write + ?Sized>(
    file: &mut W,
    line: &Line,
    paths: &ReportPaths,
) -> Result<(), ReportError> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text).map_err(|source| ReportError::Io {
        path: paths.report.clone(),
        source,
    })
}

#[cfg(test)]
mod tests;
