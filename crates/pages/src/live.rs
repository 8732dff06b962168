//! Parts of a page that is served while its reports come: the same scripts and style, with data that
//! arrives piece by piece. Who serves it, and when, is decided in the crate `live`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use undertone_reports::{BundleLine, ReadError, Record, Report, SummaryLine};
use undertone_types::error_chain;

use super::entries::{DuplicateEntry, FailureEntry, RecordingEntry, shortened};
use super::facts::{RecordingFacts, Standing};
use super::page::{STYLE, script};

/// The document; it refers to `page.css` and `page.js`.
pub const LIVE_DOCUMENT: &str = include_str!("../page/live.html");
/// The style, `page.css`.
pub const LIVE_STYLE: &str = STYLE;

/// The script, `page.js`.
#[must_use]
pub fn live_script() -> String {
    let parts = [
        include_str!("../page/live.js"),
        include_str!("../page/now.js"),
    ];
    script(&parts)
}

/// What a folder's page shows of a record.
#[derive(Debug)]
pub struct Row {
    /// A JSON object with the row's `id`, its `kind` and its `entry`.
    pub json: String,
    /// What the folder's facts are made of; of a recording with a report only.
    pub standing: Option<Standing>,
}

#[derive(Serialize)]
struct RowJson<'a, E> {
    id: u64,
    kind: &'a str,
    entry: E,
}

/// As much of a [`RecordingEntry`] as the table of a folder needs.
#[derive(Serialize)]
struct RecordingRow<'a> {
    name: &'a str,
    recording: RecordingInShort<'a>,
    summary: &'a SummaryLine,
    facts: RecordingFacts,
}

#[derive(Serialize)]
struct RecordingInShort<'a> {
    media: MediaInShort,
    bundle: &'a BundleLine,
    config: ConfigInShort<'a>,
}

#[derive(Serialize)]
struct MediaInShort {
    duration_s: Option<f64>,
}

#[derive(Serialize)]
struct ConfigInShort<'a> {
    text_mode: &'a str,
}

/// The row of a record that was read, or could not be. `original` names the recording of a report
/// below the folder of reports, which a duplicate points to.
#[must_use]
pub fn row(
    id: u64,
    name: &str,
    read: Result<Record, ReadError>,
    original: impl Fn(&Path) -> Option<String>,
) -> Row {
    let mut standing = None;
    let json = match read {
        Ok(Record::Report(mut report)) => {
            let facts = RecordingFacts::of(&report.utterances);
            standing = Some(Standing::of(&report, &facts));
            recording_row(id, name, &mut report, facts)
        }
        Ok(Record::Failure(record)) => {
            let entry = FailureEntry {
                name: name.to_owned(),
                record: *record,
            };
            row_json(id, "failure", &entry)
        }
        Ok(Record::Duplicate(record)) => {
            let entry = DuplicateEntry {
                name: name.to_owned(),
                original: original(&record.of.report),
                record: *record,
            };
            row_json(id, "duplicate", &entry)
        }
        Err(error) => row_json(id, "unreadable", &error_chain(&error).join(": ")),
    };
    Row { json, standing }
}

fn recording_row(id: u64, name: &str, report: &mut Report, facts: RecordingFacts) -> String {
    let Report {
        recording, summary, ..
    } = report;
    summary.path.clear();
    summary.blake3.clear();
    summary.stage_s = BTreeMap::new();
    let entry = RecordingRow {
        name,
        recording: RecordingInShort {
            media: MediaInShort {
                duration_s: recording.media.duration_s,
            },
            bundle: &recording.bundle,
            config: ConfigInShort {
                text_mode: &recording.config.text_mode,
            },
        },
        summary,
        facts,
    };
    row_json(id, "recording", &entry)
}

fn row_json(id: u64, kind: &str, entry: &impl Serialize) -> String {
    json(&RowJson { id, kind, entry })
}

/// All that the page of one recording needs, as a JSON object. `addresses` are where the recording
/// may be played from.
#[must_use]
pub fn recording_json(name: &str, report: Report, addresses: Vec<String>) -> String {
    #[derive(Serialize)]
    struct Whole {
        entry: RecordingEntry,
        utterances: Vec<undertone_reports::UtteranceLine>,
    }
    json(&Whole {
        entry: RecordingEntry {
            name: name.to_owned(),
            addresses,
            facts: RecordingFacts::of(&report.utterances),
            recording: report.recording,
            summary: report.summary,
        },
        utterances: shortened(report.utterances),
    })
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("lines of reports have texts as keys")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use undertone_reports::fixtures::write_report;
    use undertone_reports::read_record;

    use super::*;

    #[test]
    fn a_row_has_what_the_table_shows_and_no_utterances() {
        let out = tempfile::tempdir().unwrap();
        let file = write_report(out.path(), &[2.0, -1.0]);
        let row = row(7, "a.mp4", read_record(&file), |_| None);
        let said: Value = serde_json::from_str(&row.json).unwrap();
        assert_eq!(
            (&said["id"], &said["kind"]),
            (&7.into(), &"recording".into())
        );
        assert_eq!(said["entry"]["summary"]["utterances"], 2);
        assert_eq!(said["entry"]["recording"]["config"]["text_mode"], "auto");
        assert!(!row.json.contains("film"), "{}", row.json);
        assert!(row.standing.is_some());
    }

    #[test]
    fn what_cannot_be_read_has_a_row_that_says_so() {
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("a.mp4.jsonl");
        std::fs::write(&file, "{\n").unwrap();
        let row = row(1, "a.mp4", read_record(&file), |_| None);
        let said: Value = serde_json::from_str(&row.json).unwrap();
        let text = said["entry"].as_str().unwrap();
        assert!(text.contains("line 1, is no line"), "{text}");
        assert!(row.standing.is_none());
    }

    #[test]
    fn the_page_of_a_recording_is_told_everything_once() {
        let out = tempfile::tempdir().unwrap();
        let file = write_report(out.path(), &[2.0, -1.0]);
        let Ok(Record::Report(report)) = read_record(&file) else {
            panic!("not read as a report");
        };
        let text = recording_json("a.mp4", *report, vec!["media/7".to_owned()]);
        let said: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(said["entry"]["addresses"][0], "media/7");
        assert_eq!(said["utterances"][1]["sentiment"]["score"], -1.0);
        assert_eq!(said["utterances"][1]["path"], "");
    }
}
