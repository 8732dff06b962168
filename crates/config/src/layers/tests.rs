//! Tests of loading: defaults, layers, places, conflicts.

use std::path::{Path, PathBuf};

use super::super::keys::SCHEMA;
use super::super::{Config, DEFAULTS, LogFormat, TextMode};
use super::Document;

fn set(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs.map(|(k, v)| ((*k).into(), (*v).into())).collect()
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn every_known_key_is_in_the_default_file() {
    for (key, _) in SCHEMA.keys {
        let leaf = key.rsplit('.').next().unwrap();
        let is_set = DEFAULTS.lines().any(|line| line.starts_with(leaf));
        let is_optional = DEFAULTS
            .lines()
            .any(|line| line.starts_with(&format!("#{leaf} = ")));
        assert!(is_set || is_optional, "{key} is not documented");
    }
    let uncommented = DEFAULTS.replace("\n#gate", "\ngate");
    let document = Document::read(&SCHEMA, &uncommented);
    assert!(document.problems.is_empty(), "{:?}", document.problems);
    assert_eq!(document.settings.len(), SCHEMA.keys.len());
}

#[test]
fn the_defaults_resolve_and_survive_being_shown() {
    let config = Config::load(None, &[]).unwrap();
    assert_eq!(config.text.mode, TextMode::Auto);
    assert_eq!(config.text.gate, None);
    assert_eq!(config.stages.queue, 4);
    assert!(config.threads.budget() >= 1);

    let folder = tempfile::tempdir().unwrap();
    let changed = set(&[("text.gate", "0.35"), ("utterances.voice_threshold", "0.7")]);
    let config = Config::load(None, &changed).unwrap();
    let shown = write(folder.path(), "shown.toml", &config.to_toml());
    let again = Config::load(Some(&shown), &[]).unwrap();
    assert_eq!(
        Config {
            bundle: config.bundle.clone(),
            ..again
        },
        config
    );
}

#[test]
fn the_examples_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let config = Config::load(Some(&folder.join("daemon.toml")), &[]).unwrap();
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.stages.decode.workers, 2);
    assert_eq!(config.stages.fuse.workers, 1);
    Config::load(Some(&folder.join("default.toml")), &[]).unwrap();
}

#[test]
fn overrides_win_over_the_file_and_need_no_quotes() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(
        folder.path(),
        "mine.toml",
        "[text]\nmode = \"none\"\ngate = 0.1\n",
    );
    let config = Config::load(Some(&file), &set(&[("text.mode", "simulated")])).unwrap();
    assert_eq!(config.text.mode, TextMode::Simulated);
    assert_eq!(config.text.gate, Some(0.1));
}

#[test]
fn problems_of_all_layers_are_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(
        folder.path(),
        "mine.toml",
        "[stages]\nqueu = 4\n[fuse]\nbatch = 0\n",
    );
    let overrides = set(&[
        ("log.level", "loud"),
        ("text.mood", "auto"),
        ("fuse.batch", "yes"),
    ]);
    let errors = Config::load(Some(&file), &overrides).unwrap_err();
    let said = errors
        .to_string()
        .replace(&format!("{}/", folder.path().display()), "");
    assert_eq!(
        said,
        "5 problems in the configuration\n  \
         mine.toml:2: unknown key `stages.queu`; did you mean `stages.queue`?\n  \
         mine.toml:4: `fuse.batch` must be between 1 and 1024, got 0\n  \
         --set log.level=loud: `log.level` must be one of \"error\", \"warn\", \"info\", \
         \"debug\", \"trace\", got \"loud\"\n  \
         --set text.mood=auto: unknown key `text.mood`; did you mean `text.mode`?\n  \
         --set fuse.batch=yes: `fuse.batch` must be a whole number, got the text \"yes\""
    );
}

#[test]
fn values_that_do_not_fit_together_are_named() {
    let overrides = set(&[("utterances.min_s", "5"), ("utterances.max_s", "5.0")]);
    let errors = Config::load(None, &overrides).unwrap_err();
    assert_eq!(errors.problems.len(), 1, "{errors}");
    assert!(
        errors
            .to_string()
            .contains("`utterances.min_s` must be less than `utterances.max_s`, got 5 and 5")
    );
    let errors = Config::load(None, &set(&[("utterances.pad_s", "0.3")])).unwrap_err();
    assert!(
        errors
            .to_string()
            .contains("at most half of `utterances.pause_s`")
    );
}

#[test]
fn a_bundle_is_found_beside_the_file_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "mine.toml", "bundle = \"some/mine\"\n");
    let mine = folder.path().join("some/mine");
    std::fs::create_dir_all(&mine).unwrap();
    let config = Config::load(Some(&file), &[]).unwrap();
    assert_eq!(config.bundle.folder(), Some(mine.as_path()));

    let absent = write(
        folder.path(),
        "absent.toml",
        "bundle = \"absent\"\n[text]\nmod = 1\n",
    );
    let bundle = Config::load(Some(&absent), &[])
        .unwrap_err()
        .bundle
        .unwrap();
    assert_eq!(bundle.folder(), None);
    assert_eq!(bundle.folders[0], folder.path().join("absent"));
}

#[test]
fn wrong_settings_say_nothing_of_a_bundle_that_nobody_named() {
    let errors = Config::load(None, &set(&[("text.mood", "auto")])).unwrap_err();
    assert_eq!(errors.bundle, None);
}

#[test]
fn a_file_that_is_not_there_is_a_problem() {
    let errors = Config::load(Some(Path::new("/no/such.toml")), &[]).unwrap_err();
    assert!(
        errors
            .to_string()
            .contains("/no/such.toml:1: cannot be read"),
        "{errors}"
    );
}

#[test]
fn every_default_follows_its_rule() {
    assert!(SCHEMA.rule_of("bundle").is_some());
    assert!(Document::read(&SCHEMA, DEFAULTS).problems.is_empty());
}

#[test]
fn what_is_set_is_listed_with_the_place_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(
        folder.path(),
        "mine.toml",
        "[text]\nmode = \"none\"\ngate = 0.3\n",
    );
    let changes = Config::changes(Some(&file), &set(&[("text.mode", "auto")])).unwrap();
    let listed: Vec<_> = changes
        .iter()
        .map(|it| (&*it.key, it.place.to_string()))
        .collect();
    let in_file = format!("{}:3", file.display());
    assert_eq!(
        listed,
        [
            ("text.gate", in_file),
            ("text.mode", "--set text.mode=auto".to_owned())
        ]
    );
    assert_eq!(changes[1].value.as_str(), Some("auto"));
    assert_eq!(Config::changes(None, &[]).unwrap(), []);
    assert!(Config::changes(None, &set(&[("text.mode", "loud")])).is_err());
}
