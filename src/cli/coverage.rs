//! What utterances lack, and which protocols cannot be measured for it.

use super::error::CliError;
use undertone_fusion::Modality;
use undertone_terminal::sentences;
use undertone_training::{Coverage, Dataset, Protocol};
use undertone_types::Split;

/// Protocols, by whether they can be measured on a data set.
pub(super) struct Measured {
    /// Those that can.
    pub(super) protocols: Vec<Protocol>,
    /// The others, with what they lack.
    left_out: Vec<(Protocol, String)>,
    /// What a network can use of the utterances.
    coverage: Coverage,
    /// Modalities that it cannot, and whether the utterances have them.
    unused: Vec<(Modality, bool)>,
}

impl Measured {
    /// Sorts protocols for a split (or all) of a data set, and a network that was not trained on some
    /// modalities.
    ///
    /// # Errors
    /// When none can be measured.
    pub(super) fn new(
        protocols: Vec<Protocol>,
        dataset: &Dataset,
        split: Option<Split>,
        untrained: &[Modality],
    ) -> Result<Self, CliError> {
        let coverage = dataset.coverage(split, untrained);
        let absent = dataset.coverage(split, &[]).absent();
        let (mut measured, mut left_out) = (Vec::new(), Vec::new());
        for protocol in protocols {
            match protocol.lacks(&coverage) {
                // Without utterances the empty split is what is wrong.
                Some(lacking) if coverage.utterances > 0 => left_out.push((protocol, lacking)),
                _ => measured.push(protocol),
            }
        }
        if measured.is_empty() {
            let needs = |(protocol, lacking): &(Protocol, String)| {
                format!("{protocol} needs {lacking}, of which the network can use none here")
            };
            let why: Vec<String> = left_out.iter().map(needs).collect();
            let why = why.join("; ");
            return Err(CliError::usage(format!("nothing to measure: {why}")));
        }
        let unused = coverage.absent().into_iter();
        Ok(Self {
            protocols: measured,
            left_out,
            unused: unused.map(|one| (one, !absent.contains(&one))).collect(),
            coverage,
        })
    }

    /// What stands below the table: what all utterances lack, and what was left out for it.
    pub(super) fn notes(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for (modality, is_there) in &self.unused {
            lines.push(match is_there {
                true => format!("{modality}: the network was not trained on it, and gets none"),
                false => format!("{modality}: absent from all utterances"),
            });
        }
        let without = self.coverage.utterances - self.coverage.substitute;
        if self.protocols.contains(&Protocol::Simulated) && without > 0 {
            lines.push(format!(
                "simulated: without {without} utterances that have no simulated text, audio or video"
            ));
        }
        if !self.left_out.is_empty() {
            let named = self.left_out.iter();
            let names: Vec<String> = named.map(|(protocol, _)| protocol.to_string()).collect();
            let names = names.join(", ");
            lines.push(format!("left out for lack of what they need: {names}"));
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        sentences(&text)
    }
}
