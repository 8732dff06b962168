//! `undertone view`: reports as a page that people read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;

use super::error::{CliError, Context};
use super::exit::Exit;
use super::{say, warn};
use undertone_pages::{Made, Source, gather, write_page};
use undertone_reports::{is_record, page_beside};
use undertone_types::{AtomicFile, error_chain, shown_path};

/// The page of a folder, in that folder.
const FOLDER_PAGE: &str = "reports.html";

/// Arguments of `view`.
#[derive(Debug, Args)]
pub struct ViewArgs {
    /// Reports, or folders of them
    #[arg(required = true, value_name = "REPORT|FOLDER")]
    pub paths: Vec<PathBuf>,
    /// The page; by default NAME.html beside the report, or reports.html in the folder
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,
}

pub(super) fn view(args: &ViewArgs) -> Result<Exit, CliError> {
    let sources = gather(&args.paths)?;
    let page = page_of(args)?;
    let made = write(&page, &title(&args.paths, &sources), &sources)?;
    let bytes = fs::metadata(&page)?.len();
    say(&format!(
        "wrote {}: {}; {:.1} MB\n",
        shown_path(&page),
        told(&made),
        bytes as f64 / 1e6
    ))?;
    for error in &made.unreadable {
        warn(&format!(
            "cannot be read: {}",
            error_chain(error).join(": ")
        ));
    }
    if args.open {
        open(&page)?;
    }
    Ok(match made.unreadable.is_empty() {
        true => Exit::Done,
        false => Exit::SomeFailed,
    })
}

/// Where the page goes.
fn page_of(args: &ViewArgs) -> Result<PathBuf, CliError> {
    match (&args.out, &args.paths[..]) {
        (Some(out), _) if is_record(out) => Err(CliError::usage(format!(
            "{out:?} is the name of a report; a page ends in .html"
        ))),
        (Some(out), _) if out.is_dir() => Err(CliError::usage(format!(
            "{out:?} is a folder; name a file, for example {:?}",
            out.join(FOLDER_PAGE)
        ))),
        (Some(out), _) => Ok(out.clone()),
        (None, [folder]) if folder.is_dir() => Ok(folder.join(FOLDER_PAGE)),
        (None, [report]) => Ok(page_beside(report)),
        (None, _) => Err(CliError::usage(
            "of several reports or folders, name the page with --out",
        )),
    }
}

fn title(paths: &[PathBuf], sources: &[Source]) -> String {
    let folder = match paths {
        [folder] if folder.is_dir() => folder.canonicalize().ok(),
        _ => None,
    };
    match (folder.as_deref().and_then(Path::file_name), sources) {
        (Some(name), _) => shown_path(Path::new(name)),
        (None, [only]) => only.name.clone(),
        (None, _) => "Reports".to_owned(),
    }
}

fn write(page: &Path, title: &str, sources: &[Source]) -> Result<Made, CliError> {
    let failed = || format!("cannot write {page:?}");
    let mut file = AtomicFile::create(page).context(failed())?;
    let folder = page
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let made = write_page(&mut file, title, sources, folder.unwrap_or(Path::new(".")))?;
    file.commit().context(failed())?;
    Ok(made)
}

/// "3 recordings, 41 utterances, 1 failure".
fn told(made: &Made) -> String {
    let counts = [
        (made.recordings, "recording"),
        (made.utterances, "utterance"),
        (made.failures, "failure"),
        (made.duplicates, "duplicate"),
    ];
    let there = counts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = there
        .map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    match parts.is_empty() {
        true => "nothing that can be read".to_owned(),
        false => parts.join(", "),
    }
}

/// Hands the page to the desktop, and does not wait: a browser may run for hours.
fn open(page: &Path) -> Result<(), CliError> {
    let browser = Command::new("xdg-open")
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match browser {
        Ok(_) => Ok(()),
        Err(error) => Err(CliError::environment(format!(
            "the page is written, but nothing here opens it (xdg-open: {error}); open {page:?} in a browser"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(paths: &[&Path], out: Option<&str>) -> Result<PathBuf, String> {
        let args = ViewArgs {
            paths: paths.iter().map(|path| path.to_path_buf()).collect(),
            out: out.map(PathBuf::from),
            open: false,
        };
        page_of(&args).map_err(|error| error.to_string())
    }

    #[test]
    fn a_page_lies_beside_what_it_shows_and_replaces_no_report() {
        let folder = tempfile::tempdir().unwrap();
        let report = Path::new("out/a.mp4.jsonl");
        assert_eq!(page(&[report], None).unwrap(), Path::new("out/a.mp4.html"));
        let of_folder = folder.path().join("reports.html");
        assert_eq!(page(&[folder.path()], None).unwrap(), of_folder);
        assert_eq!(
            page(&[report], Some("b.html")).unwrap(),
            Path::new("b.html")
        );
        let refused = |paths: &[&Path], out| page(paths, out).unwrap_err();
        assert!(refused(&[report, report], None).contains("--out"));
        assert!(refused(&[report], Some("out/b.mp4.jsonl")).contains("name of a report"));
        assert!(refused(&[report], folder.path().to_str()).contains("is a folder"));
    }

    #[test]
    fn what_a_page_holds_is_told_without_what_there_is_none_of() {
        let mut made = Made::default();
        assert_eq!(told(&made), "nothing that can be read");
        (made.recordings, made.utterances, made.failures) = (1, 12, 2);
        assert_eq!(told(&made), "1 recording, 12 utterances, 2 failures");
    }
}
