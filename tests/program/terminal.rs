//! What the program is like on a terminal: its help, colours, completions, manual pages.

use std::fs;

use serde_json::Value;

use crate::undertone::{command, run};

#[test]
fn help_lists_subcommands_in_groups_within_the_width() {
    for width in ["60", "80"] {
        let output = command(&["help"]).env("COLUMNS", width).output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        for part in [
            "\nScoring:\n  run ",
            "\nTraining and measuring:\n  extract ",
            "Exit codes",
        ] {
            assert!(help.contains(part), "{part} is not in:\n{help}");
        }
        let width: usize = width.parse().unwrap();
        let longest = help.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(width), "{longest:?}:\n{help}");
    }
}

#[test]
fn messages_keep_within_a_narrow_terminal_and_paths_whole() {
    let path = "/no/such/folder/with/a/rather/long/name/for/which/there/is/no/room.jsonl";
    let output = command(&["show", path]).env("COLUMNS", "60").output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.starts_with("error: ") && said.contains(path), "{said}");
    assert!(said.lines().count() > 1, "{said}");
    let is_one_word = |line: &str| line.trim().split(' ').count() == 1;
    for line in said.lines() {
        assert!(line.chars().count() <= 60 || is_one_word(line), "{said}");
    }
}

#[test]
fn colours_are_for_terminals_and_for_who_wants_them() {
    let help = |variables: &[(&str, &str)]| {
        let mut command = command(&["help"]);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR");
        let output = command.envs(variables.iter().copied()).output().unwrap();
        output.stdout.contains(&b'\x1b')
    };
    assert!(!help(&[]));
    assert!(help(&[("CLICOLOR_FORCE", "1")]));
    assert!(!help(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn shells_and_man_get_what_they_need() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, script, said) = run(&["completions", shell]);
        assert_eq!(code, 0, "{said}");
        assert!(
            script.contains("new-bundle") && script.contains("textgrid"),
            "{script}"
        );
        assert!(!script.contains("try-model"), "{script}");
    }
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    let (code, _, said) = run(&["man", "--out", &pages.display().to_string()]);
    assert_eq!(code, 0, "{said}");
    let page = fs::read_to_string(pages.join("undertone-export.1")).unwrap();
    assert!(
        page.starts_with(".ie") && page.contains("textgrid"),
        "{page}"
    );
    assert!(pages.join("undertone.1").is_file());
    assert!(!pages.join("undertone-worker.1").exists());
}

#[test]
fn settings_are_checked_and_the_machine_is_described_to_programs() {
    let (code, shown, said) = run(&["config", "check", "--set", "text.mode=none"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        shown.contains("text.mode = \"none\"  --set text.mode=none"),
        "{shown}"
    );
    assert!(shown.contains("1 is set"), "{shown}");
    let (code, _, said) = run(&["config", "check", "--set", "text.mode=loud"]);
    assert_eq!(code, 2);
    assert!(said.contains("text.mode"), "{said}");

    let (code, shown, said) = run(&["doctor", "--json"]);
    assert_eq!(code, 0, "{said}");
    let diagnosis: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(diagnosis["fit"], true);
    let checks = diagnosis["checks"].as_array().unwrap();
    let bundle = checks
        .iter()
        .find(|check| check["what"] == "bundle")
        .unwrap();
    assert_eq!(bundle["state"], "ok");
}
