//! `undertone calibrate`: fits a bundle's gate on labelled clips.

use std::fs;
use std::path::Path;

use anyhow::Context;
use clap::Args;
use toml_edit::{DocumentMut, value};

use super::clips::{Clips, ClipsArgs};
use super::exit::Exit;
use super::say;
use crate::bundle::Gate;
use crate::fusion::write_atomically;
use crate::training::calibrate as calibrate_clips;

/// Arguments of `calibrate`.
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// The labelled clips.
    #[command(flatten)]
    pub clips: ClipsArgs,
    /// Write the gate into the bundle's manifest
    #[arg(long)]
    pub write: bool,
}

pub(super) fn calibrate(args: &CalibrateArgs) -> anyhow::Result<Exit> {
    let clips = Clips::open(&args.clips)?;
    let mut fitted = None;
    let failures = clips.each(|labelled, engines, on_clip| {
        fitted = Some(calibrate_clips(labelled, engines, on_clip)?);
        Ok(())
    })?;
    let fitted = fitted.context("no clip was read")?;
    let gate = toml::to_string(&fitted.gate)?;
    say(&format!(
        "transcribed {} clips, {} right; word error rate {:.3}; calibration error {:.3}\n\n{gate}",
        fitted.transcribed, fitted.right, fitted.word_error_rate, fitted.calibration_error,
    ))?;
    if args.write {
        let manifest = clips.bundle.folder.join("bundle.toml");
        write_gate(&manifest, &fitted.gate)?;
        say(&format!("written to {}\n", manifest.display()))?;
    }
    Ok(if failures == 0 {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}

/// Changes the gate in a manifest and nothing else: comments stay.
fn write_gate(manifest: &Path, gate: &Gate) -> anyhow::Result<()> {
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
    use crate::bundle::GateWeights;

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
