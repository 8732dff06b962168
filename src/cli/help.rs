//! The command as people see it: its subcommands in groups, which clap does not have.

use clap::builder::Styles;
use clap::{Command, CommandFactory};

use super::arguments::Arguments;
use undertone_terminal::columns;

/// Every subcommand that is not hidden, in the order in which it is shown.
const GROUPS: &[(&str, &[&str])] = &[
    ("Scoring", &["run", "watch", "status", "retry", "prune"]),
    #[cfg(feature = "fleet")]
    ("More machines", &["submit", "work", "fleet"]),
    ("Reports", &["show", "explain", "view", "export", "schema"]),
    (
        "Models and settings",
        &["models", "new-bundle", "bundle", "doctor", "config"],
    ),
    (
        "Training and measuring",
        &[
            "extract",
            "import",
            "import-weights",
            "calibrate",
            "train",
            "eval",
            "study",
        ],
    ),
    ("Installing", &["completions", "man"]),
];
/// Room for the longest name.
const NAME: usize = 14;

/// The definition of the command line.
#[must_use]
pub fn command() -> Command {
    let command = Arguments::command();
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}\
         `undertone help COMMAND` says more of each.\n\nOptions:\n{{options}}{{after-help}}",
        groups(&command)
    );
    command.help_template(template)
}

fn groups(command: &Command) -> String {
    let header = Styles::styled().get_header().to_owned();
    let mut text = String::new();
    for (title, names) in GROUPS {
        let subcommands = names
            .iter()
            .filter_map(|name| command.find_subcommand(name));
        let lines: Vec<[String; 2]> = subcommands
            .map(|subcommand| {
                let about = subcommand.get_about().map(ToString::to_string);
                let name = format!("  {:<NAME$}", subcommand.get_name());
                [name, about.unwrap_or_default()]
            })
            .collect();
        text += &format!("{header}{title}:{header:#}\n{}\n", columns(&lines));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_subcommand_is_in_one_group() {
        let command = Arguments::command();
        let visible = command.get_subcommands().filter(|it| !it.is_hide_set());
        let visible: BTreeSet<&str> = visible.map(Command::get_name).collect();
        let grouped: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        assert_eq!(grouped.iter().copied().collect::<BTreeSet<_>>(), visible);
        assert_eq!(grouped.len(), visible.len());
        assert!(grouped.iter().all(|name| name.len() <= NAME));
    }
}
