//! `OUT/reports.jsonl`: a copy of every report, one after the other, in one file that is only
//! appended to.
//!
//! After a crash its last report may be incomplete: it is cut off, and reports that are missing
//! are appended again. A report is recognised by its first line, which names content, bundle
//! and settings.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use undertone_reports::{COMBINED, ReportError, place};
use undertone_types::shown_path;

/// All reports in one file.
#[derive(Debug)]
pub struct Combined {
    path: PathBuf,
    file: File,
    length: u64,
    known: HashSet<blake3::Hash>,
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

fn kind(line: &[u8]) -> Option<String> {
    let line = line.strip_suffix(b"\n")?;
    Some(serde_json::from_slice::<Kind>(line).ok()?.kind)
}

impl Combined {
    /// Opens the file in the folder of reports, and repairs its end.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(out: &Path) -> Result<Self, ReportError> {
        let path = out.join(COMBINED);
        let refused = |source| ReportError::Io {
            path: path.clone(),
            source,
        };
        let file = File::options()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(refused)?;
        let (known, length) = whole_reports(&file).map_err(refused)?;
        let torn = file.metadata().map_err(refused)?.len() - length;
        if torn > 0 {
            tracing::info!(bytes = torn, file = %shown_path(&path), "cut off an incomplete report");
            file.set_len(length)
                .and_then(|()| file.sync_all())
                .map_err(refused)?;
        }
        Ok(Self {
            path,
            file,
            length,
            known,
        })
    }

    /// Appends a report, unless the file has it already.
    ///
    /// # Errors
    /// When the file cannot be written; then no part of the report stays in it.
    pub fn append(&mut self, report: &Path) -> Result<(), ReportError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| ReportError::Io { path, source }
        };
        let mut file = match File::open(report) {
            // Moved away meanwhile, by a hook or by hand.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => BufReader::new(opened.map_err(io(report))?),
        };
        // After a start most reports are in the file already: the first line is enough to see it.
        let mut text = Vec::new();
        file.read_until(b'\n', &mut text).map_err(io(report))?;
        let mark = blake3::hash(&text);
        if self.known.contains(&mark) {
            return Ok(());
        }
        file.read_to_end(&mut text).map_err(io(report))?;
        if let Err(source) = self
            .file
            .write_all(&text)
            .and_then(|()| self.file.sync_data())
        {
            let _ = self.file.set_len(self.length);
            return Err(io(&self.path)(source));
        }
        self.length += text.len() as u64;
        self.known.insert(mark);
        Ok(())
    }
}

/// Rewrites the file without the reports of recordings whose path `is_gone`; returns how many
/// reports those were. Recordings of several reports (made with other settings, or before the
/// content changed) have several in it.
///
/// # Errors
/// When the file cannot be read or written; then it is as before.
pub fn remove_from_combined(
    out: &Path,
    is_gone: impl Fn(&str) -> bool,
) -> Result<usize, ReportError> {
    let path = out.join(COMBINED);
    let refused = |source| ReportError::Io {
        path: path.clone(),
        source,
    };
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        opened => opened.map_err(refused)?,
    };
    let (mut reader, mut line) = (BufReader::new(file), Vec::new());
    let (mut removed, mut is_of_gone) = (0, false);
    place(&path, |fresh| {
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line).map_err(refused)? == 0 {
                return Ok(());
            }
            // The first line of a report; the others follow it.
            if let Ok(First { source }) = serde_json::from_slice(&line) {
                is_of_gone = is_gone(&source.path);
                removed += usize::from(is_of_gone);
            }
            if !is_of_gone {
                fresh.write_all(&line).map_err(refused)?;
            }
        }
    })?;
    Ok(removed)
}

#[derive(Deserialize)]
struct First {
    source: Source,
}

#[derive(Deserialize)]
struct Source {
    path: String,
}

/// The hashes of the first lines of all complete reports, and where the last one ends.
fn whole_reports(file: &File) -> io::Result<(HashSet<blake3::Hash>, u64)> {
    let (mut reader, mut known) = (BufReader::new(file), HashSet::new());
    let (mut at, mut end, mut first) = (0, 0, None);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok((known, end));
        }
        at += length as u64;
        match kind(&line).as_deref() {
            Some("recording") => first = Some(blake3::hash(&line)),
            Some("duplicate") => {
                known.insert(blake3::hash(&line));
                end = at;
            }
            Some("summary") => {
                known.extend(first.take());
                end = at;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(out: &Path, name: &str) -> PathBuf {
        let path = out.join(format!("{name}.jsonl"));
        let text = format!(
            "{{\"kind\":\"recording\",\"name\":\"{name}\"}}\n{{\"kind\":\"utterance\"}}\n\
             {{\"kind\":\"summary\"}}\n"
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    fn text(out: &Path) -> String {
        std::fs::read_to_string(out.join(COMBINED)).unwrap()
    }

    #[test]
    fn reports_of_what_is_gone_leave_it_whole() {
        let out = tempfile::tempdir().unwrap();
        let report = |path: &str| {
            format!(
                "{{\"kind\":\"recording\",\"source\":{{\"path\":\"{path}\"}}}}\n\
                 {{\"kind\":\"utterance\"}}\n{{\"kind\":\"summary\"}}\n"
            )
        };
        let pointer = "{\"kind\":\"duplicate\",\"source\":{\"path\":\"in/c\"}}\n";
        let all = report("in/a") + &report("in/b") + pointer + &report("in/b") + &report("in/d");
        std::fs::write(out.path().join(COMBINED), all).unwrap();
        let gone = ["in/b", "in/c"];
        let removed = remove_from_combined(out.path(), |path| gone.contains(&path));
        assert_eq!(removed.unwrap(), 3);
        assert_eq!(text(out.path()), report("in/a") + &report("in/d"));
        let nowhere = tempfile::tempdir().unwrap();
        assert_eq!(remove_from_combined(nowhere.path(), |_| true).unwrap(), 0);
        assert!(!nowhere.path().join(COMBINED).exists());
    }

    #[test]
    fn wherever_it_is_torn_it_ends_up_whole_and_without_repeats() {
        let out = tempfile::tempdir().unwrap();
        let reports = [
            report(out.path(), "a"),
            report(out.path(), "b"),
            report(out.path(), "c"),
        ];
        let mut combined = Combined::open(out.path()).unwrap();
        for path in reports.iter().chain(&reports) {
            combined.append(path).unwrap();
        }
        let whole = text(out.path());
        assert_eq!(whole.lines().count(), 9);
        for length in 0..=whole.len() {
            std::fs::write(out.path().join(COMBINED), &whole[..length]).unwrap();
            let mut combined = Combined::open(out.path()).unwrap();
            for path in &reports {
                combined.append(path).unwrap();
            }
            assert_eq!(text(out.path()), whole, "torn at {length}");
        }
    }
}
