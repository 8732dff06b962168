//! `undertone models list`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::megabytes;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::say;
use undertone_bundle::{MANIFEST_NAME, Manifest, named_parts};
use undertone_models::{
    Catalogue, Entry, Installed, Origin, Places, demo_manifest, demo_size_bytes, installed,
};
use undertone_terminal::columns;

/// Arguments of `models list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// A bundle, as it is shown.
#[derive(Debug, PartialEq, Serialize)]
struct Line {
    name: String,
    title: String,
    /// Size of its models when it is installed.
    size_bytes: u64,
    /// Whether it has a network that gives sentiment.
    scores: bool,
    /// As an SPDX expression.
    licence: String,
    installed: bool,
    /// Where it is installed; none for the one in the program.
    folder: Option<PathBuf>,
}

pub(super) fn list(
    args: &ListArgs,
    places: &Places,
    catalogue: &Catalogue,
) -> Result<Exit, CliError> {
    let lines = lines(places, catalogue);
    let shown = match args.json {
        true => serde_json::to_string_pretty(&lines)? + "\n",
        false => table(&lines),
    };
    say(&shown)?;
    Ok(Exit::Done)
}

/// What is installed, then what the catalogue has besides.
fn lines(places: &Places, catalogue: &Catalogue) -> Vec<Line> {
    let there = installed(places);
    let is_there = |entry: &&Entry| there.iter().any(|found| found.name == entry.name);
    let found = there.iter().map(|found| installed_line(found, catalogue));
    let others = catalogue.bundles.iter().filter(|entry| !is_there(entry));
    found.chain(others.map(available_line)).collect()
}

fn installed_line(found: &Installed, catalogue: &Catalogue) -> Line {
    let (manifest, size_bytes, folder) = match &found.origin {
        Origin::Program => (demo_manifest().to_owned(), demo_size_bytes(), None),
        Origin::Folder(folder) => {
            let manifest = fs::read_to_string(folder.join(MANIFEST_NAME)).unwrap_or_default();
            (manifest, size_of(folder), Some(folder.clone()))
        }
    };
    let title = catalogue
        .entry(&found.name)
        .map(|entry| entry.title.as_str());
    Line {
        size_bytes,
        folder,
        installed: true,
        ..described(&found.name, title, &manifest)
    }
}

fn available_line(entry: &Entry) -> Line {
    let manifest = entry.manifest().unwrap_or_default();
    Line {
        size_bytes: entry.size_bytes(),
        ..described(&entry.name, Some(&entry.title), manifest)
    }
}

/// What a manifest says of a bundle. Without a title its notes begin with what it is.
fn described(name: &str, title: Option<&str>, manifest: &str) -> Line {
    let manifest: Option<Manifest> = toml::from_str(manifest).ok();
    let manifest = manifest.as_ref();
    let notes = manifest.map_or("its bundle.toml is not valid", |manifest| &manifest.notes);
    let first = notes.split([';', '\n']).next().unwrap_or_default();
    let first = first.split(". ").next().unwrap_or_default();
    Line {
        name: name.to_owned(),
        title: title.unwrap_or(first).to_owned(),
        size_bytes: 0,
        scores: manifest.is_some_and(|manifest| manifest.fusion.is_some()),
        licence: manifest.map_or(String::new(), |manifest| manifest.licence.clone()),
        installed: false,
        folder: None,
    }
}

fn size_of(folder: &Path) -> u64 {
    let parts = named_parts(folder).unwrap_or_default();
    let sizes = parts
        .iter()
        .map(|(_, file)| fs::metadata(folder.join(file)));
    sizes
        .map(|facts| facts.map_or(0, |facts| facts.len()))
        .sum()
}

fn table(lines: &[Line]) -> String {
    let heading = ["name", "size", "sentiment", "licence", "where", "what"].map(str::to_owned);
    let cells = lines.iter().map(|line| {
        let place = match (&line.folder, line.installed) {
            (Some(folder), _) => folder.display().to_string(),
            (None, true) => "in the program".to_owned(),
            (None, false) => format!("undertone models pull {}", line.name),
        };
        let sentiment = if line.scores { "yes" } else { "not yet" };
        [
            line.name.clone(),
            megabytes(line.size_bytes),
            sentiment.to_owned(),
            line.licence.clone(),
            place,
            line.title.clone(),
        ]
    });
    columns(&std::iter::once(heading).chain(cells).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_comes_first_and_the_rest_says_how_to_get_it() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("bundles/mine");
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join(MANIFEST_NAME), "not a manifest").unwrap();
        let places = Places {
            data: Some(folder.path().to_owned()),
            ..Places::default()
        };
        let lines = lines(&places, &Catalogue::embedded().unwrap());
        let names: Vec<_> = lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["demo", "mine", "en", "en-small"]);
        assert!(lines[0].scores && lines[0].installed && lines[0].folder.is_none());
        assert_eq!(lines[1].title, "its bundle.toml is not valid");
        assert_eq!(lines[1].folder, Some(own));
        let licence = "MIT AND LicenseRef-Gemma AND LicenseRef-CMU-MOSEI";
        assert_eq!(lines[2].licence, licence);
        let shown = table(&lines);
        assert!(shown.contains("undertone models pull en-small"), "{shown}");
        assert!(shown.contains("in the program"), "{shown}");
    }
}
