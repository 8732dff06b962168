//! Writes one report: utterances as they come, everything else at the end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::sync::Arc;

use undertone_types::{Ended, Fused, Recording, Stage};

use super::ReportError;
use super::atomic::{place, remove_if_there};
use super::lines::{Line, SummaryLine, UtteranceLine};
use super::mark::RunMark;
use super::order::InOrder;
use super::paths::ReportPaths;
use super::render::{recording_line, utterance_line};
use super::summary::Sums;

/// A report in the making. Utterances are kept in an unnamed file, which the system
/// removes with the process: the first line, which holds the true duration, is only
/// known at the end. Dropped without [`finish`](Self::finish), nothing is left.
#[derive(Debug)]
pub struct ReportWriter {
    paths: ReportPaths,
    recording: Arc<Recording>,
    mark: Arc<RunMark>,
    body: BufWriter<File>,
    order: InOrder<UtteranceLine>,
    sums: Sums,
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
            order: InOrder::new(),
            sums: Sums::default(),
        })
    }

    /// Takes an utterance; they may come in any order.
    ///
    /// # Errors
    /// When its score is no number, it came before, or the disk refuses.
    pub fn utterance(&mut self, fused: &Fused) -> Result<(), ReportError> {
        let line = utterance_line(fused, self.mark.config.gate)?;
        for line in self.order.push(line.index, line)? {
            self.sums.add(&line);
            write_line(&mut self.body, &Line::Utterance(line), &self.paths)?;
        }
        Ok(())
    }

    /// True when every utterance of the recording has come: with replicated stages the
    /// end may overtake the last of them.
    #[must_use]
    pub fn is_complete(&self, ended: &Ended) -> bool {
        self.order.given() == ended.utterances
    }

    /// Puts the report in its place, and removes the record of an earlier failure.
    ///
    /// # Errors
    /// When utterances are missing or the disk refuses; then there is no report.
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
            ..
        } = self;
        let refused = |source| ReportError::Io {
            path: paths.report.clone(),
            source,
        };
        let mut body = body
            .into_inner()
            .map_err(|error| refused(error.into_error()))?;
        body.rewind().map_err(refused)?;
        let first = recording_line(&recording, &ended.facts, &mark);
        let last = sums.line(stage_s);
        place(&paths.report, |file| {
            write_line(file, &Line::Recording(first), &paths)?;
            io::copy(&mut body, file).map_err(refused)?;
            write_line(file, &Line::Summary(last.clone()), &paths)
        })?;
        remove_if_there(&paths.failure)?;
        Ok(last)
    }
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
