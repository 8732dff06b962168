//! Writing a page: the template, the scripts, and the reports one by one as they are read.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use undertone_reports::{ReadError, Record, Report, read_record};
use undertone_types::error_chain;

use super::embed::write_json;
use super::entries::{DuplicateEntry, FailureEntry, RecordingEntry, shortened};
use super::facts::{FolderFacts, RecordingFacts, Standing};
use super::gather::Source;
use super::media::addresses;

const TEMPLATE: &str = include_str!("../page/page.html");
pub(super) const STYLE: &str = include_str!("../page/page.css");
/// Read by a browser as one script, in this order.
const SCRIPTS: &[&str] = &[
    include_str!("../page/elements.js"),
    include_str!("../page/words.js"),
    include_str!("../page/table.js"),
    include_str!("../page/timeline-drawing.js"),
    include_str!("../page/timeline.js"),
    include_str!("../page/player.js"),
    include_str!("../page/explanation.js"),
    include_str!("../page/speakers.js"),
    include_str!("../page/recording.js"),
    include_str!("../page/distribution.js"),
    include_str!("../page/folder.js"),
];
/// Begins, once it is known where the data comes from.
const BEGIN: &str = include_str!("../page/main.js");

/// The script of a page whose data comes from where these parts say.
pub(super) fn script(parts: &[&str]) -> String {
    let all = SCRIPTS.iter().chain(parts).chain([&BEGIN]);
    let all: Vec<_> = all.copied().collect();
    format!("'use strict';\n(() => {{\n{}}})();\n", all.concat())
}

/// What a page shows.
#[derive(Debug, Default)]
pub struct Made {
    /// Recordings with a report.
    pub recordings: usize,
    /// Their utterances.
    pub utterances: usize,
    /// Failure records.
    pub failures: usize,
    /// Pointers of duplicates.
    pub duplicates: usize,
    /// Files in folders that cannot be read; the page names them.
    pub unreadable: Vec<ReadError>,
}

/// Why a page cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A report that was named cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The page itself.
    #[error("cannot write the page")]
    Write(#[from] io::Error),
}

/// Everything but utterances: what the page needs at once.
#[derive(Default, Serialize)]
struct PageData {
    title: String,
    /// True when there is nothing to choose from: the page is that of its one recording.
    alone: bool,
    recordings: Vec<RecordingEntry>,
    failures: Vec<FailureEntry>,
    duplicates: Vec<DuplicateEntry>,
    unreadable: Vec<String>,
    together: FolderFacts,
}

/// Writes the page of these records, one at a time: memory holds the utterances of one. A page
/// lies in `folder`, which recordings are looked for from.
///
/// # Errors
/// When a report that was named cannot be read, or the page cannot be written. What was only
/// found in a folder and cannot be read is named on the page and returned.
pub fn write_page(
    out: &mut dyn Write,
    title: &str,
    sources: &[Source],
    folder: &Path,
) -> Result<Made, PageError> {
    let [head, body, end] = template();
    out.write_all(head.as_bytes())?;
    out.write_all(STYLE.as_bytes())?;
    out.write_all(body.as_bytes())?;
    let mut writer = PageWriter {
        out,
        folder,
        names: names(sources),
        standings: Vec::new(),
        utterances: 0,
        data: PageData::default(),
        unreadable: Vec::new(),
    };
    for source in sources {
        match read_record(&source.record.file) {
            Ok(record) => writer.add(source, record)?,
            Err(error) if source.named => return Err(error.into()),
            Err(error) => writer.unreadable.push(error),
        }
    }
    let made = writer.finish(title)?;
    let script = script(&[include_str!("../page/embedded.js")]);
    write!(out, "<script>\n{script}</script>\n")?;
    out.write_all(end.as_bytes())?;
    Ok(made)
}

/// The template's parts around the style and around data and scripts.
fn template() -> [&'static str; 3] {
    let (head, rest) = TEMPLATE
        .split_once("/* style */\n")
        .expect("the template has a place for the style");
    let (body, end) = rest
        .split_once("<!-- data and scripts -->\n")
        .expect("the template has a place for data and scripts");
    [head, body, end]
}

/// The names of files on the page, so that pointers can lead to them.
fn names(sources: &[Source]) -> HashMap<PathBuf, String> {
    let files = sources.iter();
    files
        .map(|source| (source.record.file.clone(), source.name.clone()))
        .collect()
}

struct PageWriter<'a> {
    out: &'a mut dyn Write,
    folder: &'a Path,
    names: HashMap<PathBuf, String>,
    standings: Vec<Standing>,
    utterances: usize,
    data: PageData,
    unreadable: Vec<ReadError>,
}

impl PageWriter<'_> {
    fn add(&mut self, source: &Source, record: Record) -> io::Result<()> {
        let name = source.name.clone();
        match record {
            Record::Report(report) => self.add_report(source, *report)?,
            Record::Failure(record) => self.data.failures.push(FailureEntry {
                name,
                record: *record,
            }),
            Record::Duplicate(record) => {
                // It names a report below the folder of reports, which is one of those above it.
                let mut above = source.record.file.ancestors().skip(1);
                let original =
                    above.find_map(|folder| self.names.get(&folder.join(&record.of.report)));
                self.data.duplicates.push(DuplicateEntry {
                    name,
                    original: original.cloned(),
                    record: *record,
                });
            }
        }
        Ok(())
    }

    fn add_report(&mut self, source: &Source, report: Report) -> io::Result<()> {
        let facts = RecordingFacts::of(&report.utterances);
        self.standings.push(Standing::of(&report, &facts));
        self.utterances += report.utterances.len();
        let id = format!("utterances-{}", self.data.recordings.len());
        write_data(self.out, &id, &shortened(report.utterances))?;
        let path = &report.recording.source.path;
        self.data.recordings.push(RecordingEntry {
            name: source.name.clone(),
            addresses: addresses(self.folder, &source.record, path),
            recording: report.recording,
            summary: report.summary,
            facts,
        });
        Ok(())
    }

    fn finish(mut self, title: &str) -> io::Result<Made> {
        let said = self.unreadable.iter();
        let said = said.map(|error| error_chain(error).join(": "));
        self.data.unreadable = said.collect();
        self.data.together = FolderFacts::of((0..).zip(&self.standings));
        let data = &mut self.data;
        data.title = title.to_owned();
        let others = data.failures.len() + data.duplicates.len() + data.unreadable.len();
        data.alone = data.recordings.len() == 1 && others == 0;
        write_data(self.out, "page-data", &self.data)?;
        Ok(Made {
            recordings: self.data.recordings.len(),
            utterances: self.utterances,
            failures: self.data.failures.len(),
            duplicates: self.data.duplicates.len(),
            unreadable: self.unreadable,
        })
    }
}

/// A script element that is not executed: its type is no script's.
fn write_data(out: &mut dyn Write, id: &str, value: &impl Serialize) -> io::Result<()> {
    write!(out, "<script type=\"application/json\" id=\"{id}\">")?;
    write_json(out, value)?;
    out.write_all(b"</script>\n")
}

#[cfg(test)]
mod tests;
