//! What a walk found and did not take, in numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use undertone_types::shown;

use super::endings::ending;

/// Endings that are named; the rest is counted together.
const NAMED: usize = 8;

/// Files and folders of a walk that are no recordings, in numbers: there may be millions. Hidden
/// names and this program's own reports do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// Files by ending, in lower case; without an ending under the empty text.
    by_ending: BTreeMap<String, usize>,
    /// Files that `files.exclude` names.
    excluded: usize,
    /// Folders that `files.exclude` names; what is in them was not counted.
    folders: usize,
    /// Links to recordings and folders, where links are not followed.
    links: usize,
}

impl PassedOver {
    /// True when nothing was passed over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what another walk passed over.
    pub(super) fn add(&mut self, other: Self) {
        for (ending, count) in other.by_ending {
            *self.by_ending.entry(ending).or_default() += count;
        }
        self.excluded += other.excluded;
        self.folders += other.folders;
        self.links += other.links;
    }

    pub(super) fn file(&mut self, path: &Path) {
        *self
            .by_ending
            .entry(ending(path).unwrap_or_default())
            .or_default() += 1;
    }

    pub(super) fn excluded_file(&mut self) {
        self.excluded += 1;
    }

    pub(super) fn excluded_folder(&mut self) {
        self.folders += 1;
    }

    pub(super) fn link(&mut self) {
        self.links += 1;
    }
}

impl fmt::Display for PassedOver {
    /// For example "12 files: 9 .txt, 3 .jpg; 2 files and 1 folder by files.exclude; 1 link".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.by_ending.is_empty() {
            let files = self.by_ending.values().sum();
            parts.push(format!("{}: {}", counted(files, "file"), self.endings()));
        }
        let excluded = [(self.excluded, "file"), (self.folders, "folder")];
        let excluded: Vec<_> = excluded
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| counted(count, what))
            .collect();
        if !excluded.is_empty() {
            parts.push(format!("{} by files.exclude", excluded.join(" and ")));
        }
        if self.links > 0 {
            let links = counted(self.links, "link");
            parts.push(format!("{links} (files.follow = true follows links)"));
        }
        f.write_str(&parts.join("; "))
    }
}

impl PassedOver {
    /// The endings, the most frequent first.
    fn endings(&self) -> String {
        let mut endings: Vec<_> = self.by_ending.iter().collect();
        endings.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let (named, rest) = endings.split_at(endings.len().min(NAMED));
        let mut parts: Vec<_> = named
            .iter()
            .map(|(ending, count)| match ending.as_str() {
                "" => format!("{count} without an ending"),
                ending => format!("{count} .{}", shown(ending)),
            })
            .collect();
        if !rest.is_empty() {
            let count: usize = rest.iter().map(|(_, count)| **count).sum();
            parts.push(format!("{count} with other endings"));
        }
        parts.join(", ")
    }
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_come_by_their_number_and_not_without_end() {
        let mut passed = PassedOver::default();
        assert!(passed.is_empty());
        for name in ["a.txt", "b.jpg", "c.TXT", "README"] {
            passed.file(Path::new(name));
        }
        assert_eq!(
            passed.to_string(),
            "4 files: 2 .txt, 1 without an ending, 1 .jpg"
        );
        for number in 0..9 {
            passed.file(&Path::new("x").with_extension(format!("z{number}")));
        }
        passed.excluded_folder();
        passed.link();
        let said = passed.to_string();
        assert!(said.starts_with("13 files: 2 .txt, "), "{said}");
        assert!(
            said.ends_with("4 with other endings; 1 folder by files.exclude; 1 link (files.follow = true follows links)"),
            "{said}"
        );
    }
}
