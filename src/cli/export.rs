//! `undertone export`: reports in the formats that other programs load.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::error::{CliError, Context};
use super::exit::Exit;
use super::records::read_report;
use super::{say, warn};
use undertone_exports::{Exported, Format, Plan, TableFormat, export, write_report};
use undertone_reports::{RecordPath, records_below};
use undertone_types::{error_chain, shown_lines, shown_path, write_atomically};

const NO_REPORT: &str = "there is no report to export";

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Reports, or folders of them
    #[arg(required = true, value_name = "REPORT|FOLDER")]
    pub reports: Vec<PathBuf>,
    /// Formats, separated by commas
    #[arg(long, required = true, value_delimiter = ',', value_parser = formats())]
    pub format: Vec<Format>,
    /// File for one report or a table; folder for several files. Without it one report goes to
    /// standard output, and the files of a folder lie in it
    #[arg(short, long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Write over files that are newer than their report
    #[arg(long)]
    pub force: bool,
}

/// Reads the name of a format.
pub(super) fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.iter().map(|format| format.name()))
        .try_map(|name| name.parse::<Format>())
}

/// Where it goes.
enum Place {
    /// One file, on standard output.
    Output(Format),
    /// One file.
    File(Format, PathBuf),
    /// Several files below this folder; without one beside the reports.
    Folder(Option<PathBuf>),
}

pub(super) fn run_export(args: &ExportArgs) -> Result<Exit, CliError> {
    let mut records = Vec::new();
    for path in &args.reports {
        match path.is_dir() {
            true => records.extend(records_below(path)?),
            false => records.push(RecordPath::alone(path)),
        }
    }
    let one = match (&args.reports[..], &records[..]) {
        ([path], [record]) if !path.is_dir() => Some(&*record.file),
        _ => None,
    };
    match (place(args)?, one) {
        (Place::Output(format), _) => print(format, &records[0].file),
        (Place::File(format, file), Some(report)) => {
            let bytes = written(format, report)?;
            write_atomically(&file, &bytes).context(format!("cannot write {file:?}"))?;
            say(&format!("wrote {}\n", shown_path(&file)))?;
            Ok(Exit::Done)
        }
        (Place::File(format, file), None) => {
            let tables: Vec<_> = format
                .table()
                .map(|table| (table, file))
                .into_iter()
                .collect();
            export_plan(&Plan {
                records: &records,
                tables: &tables,
                ..Plan::default()
            })
        }
        (Place::Folder(folder), one) => {
            if folder.is_some() {
                no_two_share_files(&records)?;
            }
            let (formats, tables) = match one {
                Some(_) => (args.format.clone(), Vec::new()),
                None => apart(&args.format, folder.as_deref().unwrap_or(&args.reports[0])),
            };
            export_plan(&Plan {
                records: &records,
                formats: &formats,
                folder: folder.as_deref(),
                tables: &tables,
                keep_newer: !args.force,
            })
        }
    }
}

/// Below one folder, files are told apart by their recordings' names alone.
fn no_two_share_files(records: &[RecordPath]) -> Result<(), CliError> {
    let mut seen = BTreeMap::new();
    for record in records {
        if let Some(first) = seen.insert(&record.recording, &record.file) {
            return Err(CliError::usage(format!(
                "{first:?} and {:?} would share files below --out; name the folder that holds both, or \
                 export them into different folders",
                record.file
            )));
        }
    }
    Ok(())
}

/// At the end of a run: the files of all reports in its folder. A silent run tells of problems only.
pub(super) fn export_all(out: &Path, formats: &[Format], silent: bool) -> Result<Exit, CliError> {
    let records = records_below(out)?;
    let (formats, tables) = apart(formats, out);
    let plan = Plan {
        records: &records,
        formats: &formats,
        folder: None,
        tables: &tables,
        keep_newer: true,
    };
    if silent {
        return Ok(say_problems(&export(&plan)?));
    }
    // What became of the recordings, the run has said.
    Ok(write_files(&plan)?.unwrap_or_else(|| {
        eprintln!("nothing exported: {NO_REPORT}");
        Exit::Done
    }))
}

/// Formats with a file for each recording, and tables in a folder.
fn apart(formats: &[Format], folder: &Path) -> (Vec<Format>, Vec<(TableFormat, PathBuf)>) {
    let tables = formats.iter().filter_map(|format| {
        let table = format.table()?;
        Some((table, folder.join(format.table_name())))
    });
    let files = formats
        .iter()
        .copied()
        .filter(|format| format.table().is_none());
    (files.collect(), tables.collect())
}

fn place(args: &ExportArgs) -> Result<Place, CliError> {
    let has_folder = args.reports.iter().any(|path| path.is_dir());
    let is_one = args.reports.len() == 1 && !has_folder;
    let has_table = args.format.iter().any(|format| format.table().is_some());
    let one_file = match args.format[..] {
        [format] if is_one || has_table => Some(format),
        _ => None,
    };
    match (&args.out, one_file) {
        (Some(out), Some(format)) if !out.is_dir() => Ok(Place::File(format, out.clone())),
        (Some(out), _) if out.is_file() => Err(CliError::usage(format!(
            "--out {out:?} is a file, and there are several to be written; name a folder"
        ))),
        (Some(out), _) => Ok(Place::Folder(Some(out.clone()))),
        (None, Some(format)) if is_one => Ok(Place::Output(format)),
        (None, _) if has_table && args.reports.len() > 1 => Err(CliError::usage(
            "one table holds all of these reports; name its file, or a folder for several, with --out",
        )),
        (None, _) => Ok(Place::Folder(None)),
    }
}

fn print(format: Format, report: &Path) -> Result<Exit, CliError> {
    if format.is_binary() && io::stdout().is_terminal() {
        return Err(CliError::usage(format!(
            "{format} is not text, and a terminal cannot show it; name a file with --out"
        )));
    }
    match io::stdout().write_all(&written(format, report)?) {
        // A reader that stops early is not an error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        other => Ok(other.map(|()| Exit::Done)?),
    }
}

/// A report in a format, whole before any of it is shown.
fn written(format: Format, report: &Path) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    write_report(format, &*read_report(report)?, &mut bytes).context(format!("{report:?}"))?;
    Ok(bytes)
}

/// For who asked for nothing else: without any report it is an error.
fn export_plan(plan: &Plan<'_>) -> Result<Exit, CliError> {
    match write_files(plan)? {
        Some(exit) => Ok(exit),
        None => Err(CliError::environment(NO_REPORT)),
    }
}

/// Writes the files of a plan, and says what was written and what was not; `None` where there is
/// no report.
fn write_files(plan: &Plan<'_>) -> Result<Option<Exit>, CliError> {
    let exported = export(plan)?;
    if exported.reports == 0 && exported.problems.is_empty() {
        say_what_is_left_out(&exported);
        return Ok(None);
    }
    say(&summary(plan, &exported))?;
    say_what_is_left_out(&exported);
    if exported.kept > 0 {
        eprintln!(
            "files that are newer than their report, and stay as they are: {}; `undertone export --force` writes \
             them again",
            exported.kept
        );
    }
    Ok(Some(say_problems(&exported)))
}

fn say_problems(exported: &Exported) -> Exit {
    for problem in &exported.problems {
        warn(&format!(
            "error: {}",
            shown_lines(&error_chain(problem).join(": "))
        ));
    }
    match exported.problems.is_empty() {
        true => Exit::Done,
        false => Exit::SomeFailed,
    }
}

fn say_what_is_left_out(exported: &Exported) {
    if let Some(what) = left_out(exported) {
        eprintln!("left out, since they have no utterances: {what}");
    }
}

fn summary(plan: &Plan<'_>, exported: &Exported) -> String {
    let mut text = String::new();
    if !plan.formats.is_empty() {
        let names: Vec<_> = plan.formats.iter().map(|format| format.name()).collect();
        let place = match plan.folder {
            Some(folder) => format!("below {}", shown_path(folder)),
            None => "beside the reports".to_owned(),
        };
        text += &format!(
            "wrote {} files ({}) {place}\n",
            exported.files,
            names.join(", ")
        );
    }
    for (_, file) in plan.tables {
        text += &format!(
            "wrote {}: {} utterances of {} recordings\n",
            shown_path(file),
            exported.utterances,
            exported.reports
        );
    }
    text
}

/// Records that have no utterances, in numbers.
fn left_out(exported: &Exported) -> Option<String> {
    let counts = [
        ("failure records", exported.failures),
        (
            "duplicates of recordings that have a report",
            exported.duplicates,
        ),
    ];
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    let counts: Vec<_> = counts
        .map(|(what, count)| format!("{what}: {count}"))
        .collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}
