//! How sure a network's scores are: measured by `eval`, kept in the network's config.

use std::path::Path;

use super::super::error::CliError;
use undertone_fusion::FusionConfig;
use undertone_training::{EvalReport, Protocol, margin};
use undertone_types::Split;

/// Whether a network's intervals may be written, before anything is evaluated for them.
///
/// # Errors
/// When the split was trained on, or the network is in a bundle.
pub(super) fn check(network: &Path, split: Split) -> Result<(), CliError> {
    if network.join(undertone_bundle::MANIFEST_NAME).exists() {
        return Err(CliError::usage(format!(
            "{} is a bundle, which knows its files by their hashes: write the intervals into the folder of the \
             network, and pack it with `undertone bundle`",
            network.display()
        )));
    }
    match split {
        Split::Train => Err(CliError::usage(
            "intervals from what the network was trained on would be too narrow: use --split val",
        )),
        Split::Val | Split::Test => Ok(()),
    }
}

/// Writes the margins of the complete and the text-missing flow, as far as they were evaluated.
///
/// # Errors
/// When nothing was evaluated that has margins, or the file cannot be written.
pub(super) fn write(network: &Path, reports: &[EvalReport]) -> Result<String, CliError> {
    let of = |protocol: Protocol| {
        let name = protocol.to_string();
        let report = reports.iter().find(|report| report.protocol == name)?;
        margin(&report.utterances)
    };
    let path = network.join("fusion.json");
    let mut config = FusionConfig::read(&path)?;
    let measured = [of(Protocol::Complete), of(Protocol::Simulated)];
    if measured == [None, None] {
        return Err(CliError::usage(
            "intervals need nine or more utterances under complete or simulated",
        ));
    }
    let [complete, simulated] = measured;
    config.margins.complete = complete.or(config.margins.complete);
    config.margins.simulated = simulated.or(config.margins.simulated);
    config.write(&path)?;
    let said = |name: &str, margin: Option<_>| {
        let said = |margin: undertone_types::Margin| {
            format!(
                "{name} ±{:.2} ({} utterances)",
                margin.utterance, margin.utterances
            )
        };
        margin.map(said)
    };
    let said: Vec<String> = [said("complete", complete), said("simulated", simulated)]
        .into_iter()
        .flatten()
        .collect();
    Ok(format!(
        "90 % intervals written to {}: {}\n",
        path.display(),
        said.join(", ")
    ))
}

/// How many truths lie within the intervals that the network has.
pub(super) fn notes(reports: &[EvalReport]) -> String {
    let note = |report: &EvalReport| {
        let covered = report.covered?;
        let recordings = covered.recordings.map_or_else(String::new, |share| {
            format!(
                " and of the means of {:.1} % of the recordings",
                share * 100.0
            )
        });
        Some(format!(
            "{}: the 90 % intervals hold the truth of {:.1} % of the utterances{recordings}\n",
            report.protocol,
            covered.utterances * 100.0
        ))
    };
    reports.iter().filter_map(note).collect()
}
