//! `undertone doctor`: checks whether this machine can run, and says what to do if not.

mod elements;
mod trials;

use std::path::Path;

use clap::Args;
use serde::Serialize;

use elements::{FORMATS, NEEDED};
use trials::trial_checks;

use super::error::CliError;
use super::exit::Exit;
use super::say;
use super::settings::SettingsArgs;
use crate::assembly;
use undertone_bundle::named_parts;
use undertone_config::{BundleSetting, Config};
use undertone_daemon::check_hooks;
use undertone_engines::media::FaceSettings;
use undertone_engines::media_probe::MediaProbe;
use undertone_terminal::columns;
use undertone_types::error_chain;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Where settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// The state of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// Only some recordings are affected.
    Limited,
    Missing,
}

/// Everything that is shown.
#[derive(Debug, Serialize)]
struct Diagnosis<'a> {
    /// Whether this machine can run: nothing is missing.
    fit: bool,
    checks: &'a [Check],
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Check {
    what: String,
    state: State,
    detail: String,
}

impl Check {
    fn new(what: impl Into<String>, state: State, detail: impl Into<String>) -> Self {
        let (what, detail) = (what.into(), detail.into());
        Self {
            what,
            state,
            detail,
        }
    }
}

pub(super) fn doctor(args: &DoctorArgs) -> Result<Exit, CliError> {
    let config = args.settings.load()?;
    let mut checks = media_checks();
    checks.extend(bundle_checks(&config.bundle));
    checks.push(thread_check(&config));
    checks.extend(hook_check(&config));
    let fit = is_fit(&checks);
    say(&match args.json {
        true => {
            let checks = &checks;
            serde_json::to_string_pretty(&Diagnosis { fit, checks })? + "\n"
        }
        false => render(&checks),
    })?;
    Ok(if fit { Exit::Done } else { Exit::Environment })
}

/// Whether the program that `watch` is to call is there, if there is to be one.
fn hook_check(config: &Config) -> Option<Check> {
    let program = config.hooks.on_report.first()?;
    Some(match check_hooks(&config.hooks) {
        Ok(()) => Check::new("hook", State::Ok, program.clone()),
        Err(error) => Check::new("hook", State::Missing, error.to_string()),
    })
}

fn media_checks() -> Vec<Check> {
    let probe = match MediaProbe::start() {
        Ok(probe) => probe,
        Err(error) => {
            let why = std::error::Error::source(&error).map_or(String::new(), ToString::to_string);
            return vec![Check::new(
                "GStreamer",
                State::Missing,
                format!("{error}: {why}"),
            )];
        }
    };
    let mut checks = vec![Check::new("GStreamer", State::Ok, probe.version())];
    let elements = [(NEEDED, State::Missing), (FORMATS, State::Limited)];
    for (list, otherwise) in elements {
        checks.extend(
            list.iter()
                .map(|(element, purpose, package)| match probe.has(element) {
                    true => Check::new(*element, State::Ok, *purpose),
                    false => {
                        let detail = format!("{purpose}: apt-get install {package}");
                        Check::new(*element, otherwise, detail)
                    }
                }),
        );
    }
    checks.push(
        match Path::new(&FaceSettings::default().cascade).is_file() {
            true => Check::new("face cascade", State::Ok, "faces"),
            false => Check::new(
                "face cascade",
                State::Missing,
                "faces: apt-get install opencv-data",
            ),
        },
    );
    checks
}

fn bundle_checks(setting: &BundleSetting) -> Vec<Check> {
    let folder = match assembly::locate(setting) {
        Ok(folder) => folder,
        Err(error) => {
            let why = error_chain(&error).join(": ");
            return vec![Check::new("bundle", State::Missing, why)];
        }
    };
    let folder = folder.as_path();
    let problems = match assembly::open_to_try(folder) {
        Ok(bundle) => {
            let manifest = &bundle.manifest;
            let detail = format!(
                "{} {} for {} use, {}",
                manifest.name,
                manifest.version,
                manifest.purpose.name(),
                bundle.fingerprint()
            );
            return std::iter::once(Check::new("bundle", State::Ok, detail))
                .chain(part_checks(folder, &[]))
                .chain(trial_checks(&bundle))
                .collect();
        }
        Err(errors) => errors.problems,
    };
    let mut checks = vec![Check::new(
        "bundle",
        State::Missing,
        format!("{} has problems", folder.display()),
    )];
    let wrong: Vec<_> = problems
        .iter()
        .filter_map(|problem| problem.part())
        .collect();
    checks.extend(part_checks(folder, &wrong));
    checks.extend(problems.iter().map(|problem| {
        let what = problem
            .part()
            .map_or("manifest".to_owned(), |part| part.to_string());
        Check::new(what, State::Missing, problem.to_string())
    }));
    checks
}

/// The parts without problems.
fn part_checks(folder: &Path, wrong: &[undertone_bundle::Part]) -> Vec<Check> {
    let parts = named_parts(folder).unwrap_or_default();
    let right = parts.iter().filter(|(part, _)| !wrong.contains(part));
    right
        .map(|(part, file)| {
            let size_bytes = std::fs::metadata(folder.join(file)).map_or(0, |facts| facts.len());
            let megabytes = size_bytes as f64 / 1e6;
            let detail = format!(
                "{}, {megabytes:.1} MB, hash and width are right",
                file.display()
            );
            Check::new(part.to_string(), State::Ok, detail)
        })
        .collect()
}

fn thread_check(config: &Config) -> Check {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let budget = config.threads.budget();
    let detail = format!("{budget} for the engines, of {cores} cores");
    match budget <= cores {
        true => Check::new("threads", State::Ok, detail),
        false => Check::new(
            "threads",
            State::Limited,
            format!("{detail}: more than the machine has"),
        ),
    }
}

fn is_fit(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.state != State::Missing)
}

fn render(checks: &[Check]) -> String {
    let lines: Vec<[String; 3]> = checks
        .iter()
        .map(|check| {
            let state = match check.state {
                State::Ok => "ok",
                State::Limited => "limited",
                State::Missing => "MISSING",
            };
            [state.to_owned(), check.what.clone(), check.detail.clone()]
        })
        .collect();
    let verdict = match is_fit(checks) {
        true => "this machine can run",
        false => "this machine cannot run yet; what is missing is marked",
    };
    format!("{}{verdict}\n", columns(&lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_stands_out() {
        let checks = [
            Check::new("filesrc", State::Ok, "reading files"),
            Check::new("av1dec", State::Limited, "AV1: apt-get install x"),
            Check::new("facedetect", State::Missing, "faces: apt-get install y"),
        ];
        assert_eq!(
            render(&checks),
            "ok       filesrc     reading files\n\
             limited  av1dec      AV1: apt-get install x\n\
             MISSING  facedetect  faces: apt-get install y\n\
             this machine cannot run yet; what is missing is marked\n"
        );
    }

    #[test]
    fn a_missing_bundle_is_named() {
        let checks = bundle_checks(&BundleSetting::at(Path::new("/no/bundle")));
        assert!(
            checks
                .iter()
                .any(|check| check.detail.contains("there is no bundle /no/bundle"))
        );
        assert!(checks.iter().all(|check| check.state == State::Missing));
    }
}
