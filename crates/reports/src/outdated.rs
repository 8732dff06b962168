//! Why reports are outdated: which settings and models they were made with that are others now.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use walkdir::WalkDir;

use undertone_types::shown;

use super::config_settings::settings;
use super::ledger::{Standing, reported};
use super::lines::{BundleLine, ConfigLine};
use super::mark::RunMark;
use super::paths::{COMBINED, recording_of};

/// Reasons that are named.
const NAMED: usize = 5;
/// Characters of a fingerprint that are shown.
const FINGERPRINT: usize = 8;

/// Outdated reports, counted by what has changed since they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutdatedReports(BTreeMap<String, usize>);

impl OutdatedReports {
    /// Those among all reports below a folder.
    #[must_use]
    pub fn below(out: &Path, mark: &RunMark) -> Self {
        let mut outdated = Self::default();
        for entry in WalkDir::new(out).into_iter().filter_map(Result::ok) {
            let below = entry.path().strip_prefix(out).unwrap_or(entry.path());
            if below != Path::new(COMBINED)
                && let Some((recording, false)) = recording_of(below)
                && let Some(standing) = reported(out, &recording)
            {
                outdated.add(&standing, mark);
            }
        }
        outdated
    }

    /// Counts a report, if it is outdated.
    pub fn add(&mut self, standing: &Standing, mark: &RunMark) {
        if let Some(changes) = what_changed(standing, mark) {
            *self.0.entry(changes).or_default() += 1;
        }
    }

    /// True when none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for OutdatedReports {
    /// For example "12 reports are outdated (text.mode: transcript → auto)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reasons: Vec<_> = self.0.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        match self.0.values().sum::<usize>() {
            1 => write!(f, "1 report is outdated")?,
            count => write!(f, "{count} reports are outdated")?,
        }
        if let [(only, _)] = reasons[..] {
            return write!(f, " ({only})");
        }
        let (named, others) = reasons.split_at(reasons.len().min(NAMED));
        let mut parts: Vec<_> = named
            .iter()
            .map(|(reason, count)| format!("{count}: {reason}"))
            .collect();
        if !others.is_empty() {
            let count: usize = others.iter().map(|(_, count)| **count).sum();
            parts.push(format!("{count}: other changes"));
        }
        write!(f, " ({})", parts.join("; "))
    }
}

/// What is other now than when a report was made, for example "text.mode: none → auto"; `None`
/// where it is not outdated, or there is none.
#[must_use]
pub fn what_changed(standing: &Standing, mark: &RunMark) -> Option<String> {
    let changes = match standing {
        _ if standing.is_of(mark) => return None,
        Standing::Reported(line) => changes(mark, &line.bundle, &line.config),
        Standing::Duplicate { pointer, original } => {
            match changes(mark, &original.bundle, &original.config) {
                // The original was made anew, the pointer was not.
                none if none.is_empty() => changes(mark, &pointer.bundle, &pointer.config),
                some => some,
            }
        }
        Standing::Unknown | Standing::Failed(_) => return None,
    };
    Some(changes.join(", "))
}

/// What is other now than when a report was made with this bundle and these settings.
fn changes(mark: &RunMark, bundle: &BundleLine, config: &ConfigLine) -> Vec<String> {
    let mut changes = Vec::new();
    if !mark.is_of_bundle(bundle) {
        let named = |bundle: &BundleLine| {
            let fingerprint: String = bundle.fingerprint.chars().take(FINGERPRINT).collect();
            shown(&format!(
                "{} {} ({fingerprint})",
                bundle.name, bundle.version
            ))
            .into_owned()
        };
        changes.push(format!(
            "bundle: {} → {}",
            named(bundle),
            named(&mark.bundle)
        ));
    }
    let (before, now) = (settings(config), settings(&mark.asked(config)));
    for ((setting, before), (_, now)) in before.into_iter().zip(now) {
        if before != now {
            changes.push(format!("{setting}: {} → {}", shown(&before), shown(&now)));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::mark;

    #[test]
    fn what_has_changed_is_named_from_and_to() {
        let now = mark();
        assert!(changes(&now, &now.bundle, &now.config).is_empty());
        let (mut bundle, mut config) = (now.bundle.clone(), now.config.clone());
        bundle.fingerprint = "ffff0000ffff0000".to_owned();
        bundle.version = "0.0.9".to_owned();
        config.text_mode = "none".to_owned();
        config.words = true;
        assert_eq!(
            changes(&now, &bundle, &config),
            [
                "bundle: tiny 0.0.9 (ffff0000) → tiny 0.1.0 (01234567)",
                "text.mode: none → auto",
                "text.words: true → false",
            ]
        );
        // A report may have more than is asked for, and not less.
        let mut explained = now.config.clone();
        explained.explain = true;
        assert!(changes(&now, &now.bundle, &explained).is_empty());
        let mut asking = (*now).clone();
        asking.config.explain = true;
        assert_eq!(
            changes(&asking, &now.bundle, &now.config),
            ["report.explain: false → true"]
        );
        // The fingerprint that a former version gave the same bundle.
        bundle.fingerprint.clone_from(&now.former_fingerprint);
        assert!(changes(&now, &bundle, &now.config).is_empty());
    }

    #[test]
    fn reasons_come_by_their_number() {
        let reasons = |counts: &[(&str, usize)]| {
            let counts = counts
                .iter()
                .map(|(reason, count)| ((*reason).to_owned(), *count));
            OutdatedReports(counts.collect()).to_string()
        };
        assert_eq!(
            reasons(&[("a: 1 → 2", 1)]),
            "1 report is outdated (a: 1 → 2)"
        );
        assert_eq!(
            reasons(&[("a", 1), ("b", 9)]),
            "10 reports are outdated (9: b; 1: a)"
        );
        let many = [
            ("a", 9),
            ("b", 8),
            ("c", 7),
            ("d", 6),
            ("e", 5),
            ("f", 2),
            ("g", 1),
        ];
        assert!(reasons(&many).ends_with("5: e; 3: other changes)"));
    }
}
