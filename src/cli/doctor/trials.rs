//! What the trials of a bundle's models showed, as checks.

use super::{Check, State};
use crate::assembly::tried::{Outcome, Trial};
use crate::trial::try_anew;
use undertone_bundle::Bundle;

/// Tries each model of a bundle in a process of its own; the last check is the memory of all.
pub(super) fn trial_checks(bundle: &Bundle) -> Vec<Check> {
    checks(&try_anew(bundle))
}

fn checks(trials: &[Trial]) -> Vec<Check> {
    let mut checks = Vec::with_capacity(trials.len() + 1);
    let mut bytes = 0;
    for Trial { subject, outcome } in trials {
        let what = format!("{}, tried", subject.part());
        checks.push(match outcome {
            Outcome::Works(memory) => {
                bytes += memory.used.saturating_sub(memory.before);
                Check::new(what, State::Ok, format!("it works: {memory}"))
            }
            Outcome::Refused(why) | Outcome::Undecided(why) => {
                Check::new(what, State::Missing, why.clone())
            }
        });
    }
    let megabytes = bytes / 1_000_000;
    let detail = format!("about {megabytes} MB for the models, with one session each");
    checks.push(Check::new("memory", State::Ok, detail));
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assembly::tried::{Memory, Subject};

    #[test]
    fn a_refused_model_stands_out_and_the_memory_of_the_others_is_added() {
        let megabyte = 1_000_000;
        let works = |subject, used| Trial {
            subject,
            outcome: Outcome::Works(Memory {
                before: 50 * megabyte,
                loaded: 90 * megabyte,
                used: used * megabyte,
            }),
        };
        let refused = Trial {
            subject: Subject::LanguageModel,
            outcome: Outcome::Refused("it was ended".to_owned()),
        };
        let trials = [
            works(Subject::Recogniser, 150),
            refused,
            works(Subject::Video, 60),
        ];
        let checks = checks(&trials);
        assert_eq!(
            checks[0].detail,
            "it works: 40 MB once loaded, 100 MB in use"
        );
        assert_eq!(checks[1].what, "language model, tried");
        assert_eq!(checks[1].state, State::Missing);
        assert!(
            checks[3].detail.starts_with("about 110 MB"),
            "{:?}",
            checks[3]
        );
    }
}
