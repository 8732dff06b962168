//! `undertone calibrate`: fits a bundle's gate on labelled clips, or measures the one it has.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use toml_edit::{DocumentMut, value};

use super::error::CliError;
use super::exit::Exit;
use super::labelled::{Labelled, LabelledArgs};
use super::say;
use crate::labelled::{GateReport, fit_gate, hear_clips, measure_gate, write_heard};
use undertone_bundle::Gate;
use undertone_models::is_unpacked_demo;
use undertone_types::write_atomically;

/// Arguments of `calibrate`.
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// The labelled clips.
    #[command(flatten)]
    pub labelled: LabelledArgs,
    /// Write the gate into the bundle's manifest
    #[arg(long)]
    pub write: bool,
    /// Evaluate the bundle's present gate instead of fitting one; use clips that it was not fitted to
    #[arg(long, conflicts_with = "write")]
    pub measure: bool,
    /// Write a table (CSV) with what was said and heard in each clip, the evidence, and the confidence
    #[arg(long, value_name = "FILE")]
    pub table: Option<PathBuf>,
}

pub(super) fn calibrate(args: &CalibrateArgs) -> Result<Exit, CliError> {
    let clips = Labelled::open(&args.labelled)?;
    if !clips.texts.is_empty() {
        return Err(CliError::usage(
            "calibrate listens to clips, and some of the tables are of texts without clips; leave \
             these out",
        ));
    }
    if args.write && is_unpacked_demo(&clips.bundle.folder) {
        return Err(CliError::usage(
            "--write: the demo bundle is in the program and cannot be changed; set `bundle` to a \
             folder of your own",
        ));
    }
    if let Some(table) = &args.table {
        check_folder(table)?;
    }
    let (mut heard, mut gate) = (Vec::new(), clips.bundle.gate().clone());
    let failures = clips.each_clip(|labelled, engines, on_clip| {
        heard = hear_clips(labelled, engines, on_clip)?;
        gate = match args.measure {
            true => engines.gate.clone(),
            false => fit_gate(&heard, engines.gate.threshold)?,
        };
        Ok(())
    })?;
    if heard.is_empty() {
        return Err(CliError::environment(format!(
            "no clip could be measured: {failures} failed, and for the others the table does not \
             say what is spoken (a column text; or none in a column speech where nothing is)"
        )));
    }
    say(&summary(&measure_gate(&gate, &heard)))?;
    if !args.measure {
        say(&format!("\n{}", toml::to_string(&gate)?))?;
    }
    if let Some(table) = &args.table {
        write_heard(table, &gate, &heard).map_err(|error| {
            CliError::environment(format!("cannot write {}: {error}", table.display()))
        })?;
    }
    if args.write {
        let manifest = clips.bundle.folder.join("bundle.toml");
        write_gate(&manifest, &gate)?;
        say(&format!("written to {}\n", manifest.display()))?;
    }
    Ok(if failures == 0 {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}

/// So that nobody listens for minutes and gets no table.
fn check_folder(table: &Path) -> Result<(), CliError> {
    let folder = table.parent().filter(|folder| *folder != Path::new(""));
    match folder.unwrap_or(Path::new(".")) {
        folder if folder.is_dir() => Ok(()),
        folder => Err(CliError::usage(format!(
            "--table: there is no folder {}; make it first",
            folder.display()
        ))),
    }
}

fn summary(report: &GateReport) -> String {
    let mut lines = vec![format!(
        "clips {}, transcribed {}, right {}; word error rate {:.3}; calibration error {:.3} (chance alone: \
         {:.3})",
        report.clips,
        report.transcribed,
        report.right,
        report.word_error_rate,
        report.calibration_error,
        report.calibration_error_by_chance,
    )];
    lines.push(format!(
        "trusted {}, of these right {}",
        report.trusted, report.trusted_right
    ));
    if report.speechless > 0 {
        lines.push(format!(
            "nothing is said in {}: text invented in {}, of these trusted {}",
            report.speechless, report.invented, report.invented_trusted
        ));
    }
    lines.join("\n") + "\n"
}

/// Changes only the gate in a manifest; comments stay.
fn write_gate(manifest: &Path, gate: &Gate) -> Result<(), CliError> {
    let text = fs::read_to_string(manifest)?;
    let mut document: DocumentMut = text.parse()?;
    let round = |number: f32| value((f64::from(number) * 1e4).round() / 1e4);
    let weights = &gate.weights;
    document["gate"]["bias"] = round(gate.bias);
    for (name, weight) in [
        ("mean_log_prob", weights.mean_log_prob),
        ("min_log_prob", weights.min_log_prob),
        ("no_speech", weights.no_speech),
        ("repetition", weights.repetition),
        ("chars_per_s", weights.chars_per_s),
        ("voiced_share", weights.voiced_share),
    ] {
        document["gate"]["weights"][name] = round(weight);
    }
    Ok(write_atomically(manifest, document.to_string().as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_bundle::GateWeights;

    #[test]
    fn only_the_gate_changes() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("bundle.toml");
        let before = "# mine\nname = \"x\"\n\n[gate]\nthreshold = 0.5 # enough\nbias = 0.0\n\n\
                      [gate.weights]\nmean_log_prob = 1.0\n";
        fs::write(&manifest, before).unwrap();
        let gate = Gate {
            threshold: 0.9,
            bias: 1.25,
            weights: GateWeights {
                mean_log_prob: 2.5,
                ..GateWeights::default()
            },
        };
        write_gate(&manifest, &gate).unwrap();
        let after = fs::read_to_string(&manifest).unwrap();
        assert!(after.starts_with("# mine\nname = \"x\"\n"), "{after}");
        for line in [
            "threshold = 0.5 # enough",
            "bias = 1.25",
            "mean_log_prob = 2.5",
        ] {
            assert!(after.contains(line), "{line} is not in {after}");
        }
    }
}
