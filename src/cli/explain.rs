//! `undertone explain`: what made the scores of a report, found out by scoring its recording again.

use std::path::{Path, PathBuf};

use clap::Args;

use super::error::CliError;
use super::exit::Exit;
use super::progress::Terminal;
use super::records::{read, read_report};
use super::run::{Job, Shown, score};
use super::say;
use super::settings::SettingsArgs;
use crate::assembly::{self, Prepared};
use undertone_discovery::{Found, identify};
use undertone_reports::{
    Record, RecordPath, Report, ReportPaths, RunMark, UtteranceLine, settings,
};
use undertone_terminal::{Look, show_record};
use undertone_types::{RecordingId, shown_path};

/// Scores that are nearer to each other are the same: they are written with four digits.
const SAME: f64 = 0.000_15;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A report; its recording must still be where it was, or beside the report
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,
    /// Folder in which the report with its explanations is kept; without it, it is only shown
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where settings come from; those that change scores are the report's.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, CliError> {
    let report = read_report(&args.report)?;
    let recording = recording_of(&report, &args.report)?;
    let prepared = prepare(args, &report, recording)?;
    let kept = match &args.out {
        Some(out) => Kept::In(out.clone()),
        None => Kept::Nowhere(tempfile::tempdir()?),
    };
    let explained = kept.report_of(&prepared);
    let job = Job {
        out: kept.folder(),
        force: true,
        shown: Shown::Nothing,
    };
    let exit = score(&job, prepared, &Terminal::new())?;
    if exit == Exit::Interrupted {
        return Ok(exit);
    }
    let record = match exit {
        Exit::SomeFailed if !explained.report.is_file() => read(&explained.failure)?,
        _ => read(&explained.report)?,
    };
    say(&show_record(&record, Look::of_output()))?;
    if let Record::Report(explained) = &record {
        eprintln!("{}", comparison(&report.utterances, &explained.utterances));
    }
    if args.out.is_some() && explained.report.is_file() {
        say(&format!("\nwrote {}\n", shown_path(&explained.report)))?;
    }
    Ok(exit)
}

/// Where the report with explanations goes.
enum Kept {
    In(PathBuf),
    Nowhere(tempfile::TempDir),
}

impl Kept {
    fn folder(&self) -> &Path {
        match self {
            Self::In(folder) => folder,
            Self::Nowhere(folder) => folder.path(),
        }
    }

    fn report_of(&self, prepared: &Prepared) -> ReportPaths {
        let found = prepared.discovered.found.first();
        let relative = found.map_or(Path::new(""), |found| &found.relative);
        ReportPaths::new(self.folder(), relative)
    }
}

/// The recording that a report is about, with the content that was scored.
fn recording_of(report: &Report, file: &Path) -> Result<PathBuf, CliError> {
    let source = &report.recording.source;
    let name = RecordPath::alone(file).recording;
    let places = [PathBuf::from(&source.path), file.with_file_name(name)];
    let Some(path) = places.iter().find(|place| place.is_file()) else {
        return Err(CliError::usage(format!(
            "the recording of {file:?} is gone: it is neither {:?} nor {:?}; put it at one of them",
            places[0], places[1]
        )));
    };
    let found = Found {
        relative: path.clone(),
        path: path.clone(),
    };
    let now = identify(&found, RecordingId(0))?;
    match source.blake3.as_deref() {
        Some(then) if then == now.blake3 => Ok(path.clone()),
        _ => Err(CliError::usage(format!(
            "{path:?} is not what was scored: it has changed since; score it again with \
             `undertone run --explain`"
        ))),
    }
}

/// The report's settings and models, checked.
fn prepare(args: &ExplainArgs, report: &Report, recording: PathBuf) -> Result<Prepared, CliError> {
    let mut said = args.settings.clone();
    let bundle = &report.recording.bundle;
    if !said.changes()?.iter().any(|change| change.key == "bundle") {
        said.add("bundle", &bundle.name);
    }
    for (key, value) in settings(&report.recording.config) {
        said.add(key, &value);
    }
    let has_sidecar = report.recording.sidecar.is_some();
    said.add("text.sidecar", &has_sidecar.to_string());
    said.add("report.explain", "true");
    let prepared = Prepared::new(said.load(), &[recording], assembly::open_bundle)?;
    let mark = RunMark::new(&prepared.config, &prepared.bundle);
    if mark.is_of_bundle(bundle) {
        return Ok(prepared);
    }
    Err(CliError::usage(format!(
        "the report was made with the models {} {} ({}), and these are {} {} ({}), which may give other \
         scores; name the folder of the former with `--set bundle=FOLDER`, or score the recording again with \
         `undertone run --explain`",
        bundle.name,
        bundle.version,
        bundle.fingerprint,
        mark.bundle.name,
        mark.bundle.version,
        mark.bundle.fingerprint
    )))
}

/// Whether the scores are those of the report.
fn comparison(before: &[UtteranceLine], now: &[UtteranceLine]) -> String {
    if before.len() != now.len() {
        return format!(
            "these are not the utterances of the report: it has {}, and now there are {}",
            before.len(),
            now.len()
        );
    }
    let score = |line: &UtteranceLine| line.sentiment.as_ref().map(|sentiment| sentiment.score);
    let pairs = before.iter().zip(now);
    let apart = pairs.map(|(before, now)| match (score(before), score(now)) {
        (Some(before), Some(now)) => (before - now).abs(),
        (None, None) => 0.0,
        _ => f64::INFINITY,
    });
    let apart: Vec<f64> = apart.filter(|apart| *apart > SAME).collect();
    match apart.iter().copied().fold(0.0, f64::max) {
        0.0 => "the scores are those of the report".to_owned(),
        most if most.is_finite() => format!(
            "{} of {} scores differ from those of the report, by up to {most:.4}: another version of the \
             program, or another machine, made it",
            apart.len(),
            now.len()
        ),
        _ => "other utterances have a score than in the report".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_reports::fixtures::write_report;

    fn lines(scores: &[f32]) -> Vec<UtteranceLine> {
        let out = tempfile::tempdir().unwrap();
        read_report(&write_report(out.path(), scores))
            .unwrap()
            .utterances
    }

    #[test]
    fn scores_that_differ_are_said() {
        let before = lines(&[1.0, -2.0]);
        let same = lines(&[1.000_1, -2.0]);
        assert_eq!(
            comparison(&before, &same),
            "the scores are those of the report"
        );
        let said = comparison(&before, &lines(&[1.5, -2.0]));
        assert!(
            said.starts_with("1 of 2 scores differ from those of the report, by up to 0.5000"),
            "{said}"
        );
        assert!(comparison(&before, &lines(&[1.0])).contains("it has 2, and now there are 1"));
        let mut unscored = lines(&[1.0, -2.0]);
        unscored[1].sentiment = None;
        assert!(comparison(&before, &unscored).starts_with("other utterances"));
    }
}
