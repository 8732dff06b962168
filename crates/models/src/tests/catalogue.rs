//! The catalogue of this program, and those that are not valid.

use undertone_bundle::Manifest;

use crate::{Catalogue, Make};

#[test]
fn every_bundle_of_this_program_fits_its_manifest() {
    let catalogue = Catalogue::embedded().unwrap();
    assert!(catalogue.bundles.len() >= 2);
    for entry in &catalogue.bundles {
        let text = entry.manifest().unwrap();
        let manifest: Manifest = toml::from_str(text).unwrap();
        assert_eq!(manifest.name, entry.name);
        for file in &entry.files {
            // What a reader should know beside the models.
            let is_paper = file.make == Make::Copy && !file.from[0].contains('/');
            let named = format!("file = {:?}\n", file.name);
            if is_paper && !text.contains(&named) {
                continue;
            }
            assert!(
                text.contains(&named),
                "{}: {} is not in its manifest",
                entry.name,
                file.name
            );
            assert!(
                text.contains(&file.sha256),
                "{}: SHA-256 of {}",
                entry.name,
                file.name
            );
            if file.make == Make::Copy && file.from[0].contains('/') {
                let (_, source) = catalogue.source(&file.from[0]).unwrap();
                assert_eq!(
                    (&source.sha256, source.size_bytes),
                    (&file.sha256, file.size_bytes)
                );
            }
        }
        let licences = catalogue.licences_of(entry);
        let expression: Vec<_> = licences
            .iter()
            .map(|licence| licence.name.as_str())
            .collect();
        assert_eq!(manifest.licence, expression.join(" AND "), "{}", entry.name);
        for named in manifest.named_files() {
            let is_made = entry
                .files
                .iter()
                .any(|file| named.to_str() == Some(&file.name));
            assert!(is_made, "{}: nothing makes {}", entry.name, named.display());
        }
    }
}

#[test]
fn every_source_of_this_program_is_on_a_hub() {
    let catalogue = Catalogue::embedded().unwrap();
    for entry in &catalogue.bundles {
        for (source, file) in catalogue.sources_of(entry) {
            assert!(
                file.url.starts_with(&format!("{}/resolve/", source.origin)),
                "{}",
                file.url
            );
            assert!(
                file.url.ends_with(&format!("/{}", file.name)),
                "{}",
                file.url
            );
        }
    }
}

#[test]
fn gemma_must_be_accepted_and_its_notice_is_shown() {
    let catalogue = Catalogue::embedded().unwrap();
    let licences = catalogue.licences_of(catalogue.entry("en").unwrap());
    let gemma = licences.iter().find(|licence| licence.must_accept).unwrap();
    assert!(
        gemma
            .summary()
            .contains("under and subject to the Gemma Terms of Use")
    );
    let small = catalogue.licences_of(catalogue.entry("en-small").unwrap());
    assert!(small.iter().all(|licence| !licence.must_accept));
}

#[test]
fn a_catalogue_that_is_not_valid_says_where() {
    let hash = "0".repeat(64);
    let bundle = |name: &str, file: &str, make: &str, from: &str| {
        format!(
            "schema = 1\n[[bundles]]\nname = {name:?}\ntitle = \"\"\n[[bundles.files]]\n\
             name = {file:?}\nmake = {make:?}\nfrom = [{from:?}]\nsize_bytes = 1\n\
             sha256 = {hash:?}\n"
        )
    };
    let said = |text: &str| Catalogue::read(text).unwrap_err().to_string();
    for (text, part) in [
        ("schema = 2\n".to_owned(), "schema 2"),
        (bundle("demo", "a", "copy", "b/c"), "\"demo\" is not a name"),
        (
            bundle("../en", "a", "copy", "b/c"),
            "\"../en\" is not a name",
        ),
        (bundle("en", "../a", "copy", "b/c"), "\"../a\""),
        (
            bundle("en", "a", "copy", "b/c"),
            "there is no \"b/c\" for a",
        ),
        (
            bundle("en", "a", "copy", "absent"),
            "there is no \"absent\" for a",
        ),
        (
            bundle("en", "a", "mmproj", "b/c"),
            "must be made of 2 files",
        ),
    ] {
        assert!(
            said(&text).contains(part),
            "{part} is not in {}",
            said(&text)
        );
    }
    assert!(Catalogue::read("schema = 1\nbundle = 3\n").is_err());
}
