//! The dashboard, the alerts and the manual name metrics that there are, and the manual names all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

/// A file of the repository.
fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap()
}

/// The metrics that a text names. The job and the files of the project begin like some.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words
        .filter(|word| word.starts_with("undertone_") || word.starts_with("process_"))
        .collect()
}

/// Names of all metrics, when everything has happened once. Those of a histogram are left whole.
fn shown() -> BTreeSet<String> {
    let metrics = Metrics::new();
    metrics.heartbeat(&heartbeat(1.0));
    metrics.report(&scored(1.0));
    metrics.state(&Counts::default(), 1.0, false);
    let mut worker = idle();
    metrics.new_worker(Some(worker.id()));
    let text = metrics.text(Format::Text);
    worker.kill().unwrap();
    worker.wait().unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let names = samples.filter_map(|line| line.split(['{', ' ']).next());
    names.map(ToOwned::to_owned).collect()
}

#[test]
fn dashboard_and_alerts_name_what_there_is() {
    let shown = shown();
    for path in [
        "packaging/grafana/undertone.json",
        "packaging/prometheus/undertone.rules.yml",
        "packaging/prometheus/undertone.test.yml",
    ] {
        let text = file(path);
        let named = named(&text);
        assert!(named.len() > 8, "{path}: {named:?}");
        for name in named {
            assert!(shown.contains(name), "{path}: there is no metric {name}");
        }
    }
    let dashboard = file("packaging/grafana/undertone.json");
    assert!(serde_json::from_str::<serde_json::Value>(&dashboard).is_ok());
}

#[test]
fn the_manual_names_every_metric_and_no_other() {
    let manual = file("docs/operating.md");
    let of_histogram = |name: &str| {
        let base = ["_bucket", "_sum", "_count"].iter();
        let base = base.filter_map(|end| name.strip_suffix(end)).next();
        base.unwrap_or(name).to_owned()
    };
    let shown: BTreeSet<String> = shown().iter().map(|name| of_histogram(name)).collect();
    let named: BTreeSet<String> = named(&manual)
        .iter()
        .map(|name| of_histogram(name))
        .collect();
    assert_eq!(named, shown);
}
