//! What identifies a bundle: hashes over what its manifest means.
//!
//! Reports and data sets name the bundle they were made with by these. So they must not
//! change with the text of a manifest (comments, order, spacing), with the names of types in
//! this program, or with the version of a library: what is hashed is written out here, value
//! by value. [`former`] keeps the fingerprints of before, so that nothing is made anew.

pub(super) mod former;

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::Extractor;
use super::manifest::{Asr, LanguageModel, Manifest};

/// Hexadecimal digits of a fingerprint: enough to tell bundles apart.
const DIGITS: usize = 16;

/// Identifies everything that decides about scores, and the bundle's name, version and
/// purpose. Models count by their SHA-256, not by the names of their files; notes, licence
/// and origins do not count.
pub(super) fn of_bundle(manifest: &Manifest) -> String {
    let mut meaning = manifest.clone();
    meaning.licence.clear();
    meaning.notes.clear();
    meaning.asr = unnamed_asr(&manifest.asr);
    meaning.language_model = manifest.language_model.as_ref().map(unnamed_model);
    meaning.audio = manifest.audio.unnamed();
    meaning.video = manifest.video.unnamed();
    if let Some(fusion) = &mut meaning.fusion {
        fusion.file = PathBuf::new();
        fusion.config_file = PathBuf::new();
        fusion.from.clear();
    }
    of_values(&meaning)
}

/// Identifies what makes features: recogniser, language model and extractors.
pub(super) fn of_features(manifest: &Manifest) -> String {
    of_values(&(
        unnamed_asr(&manifest.asr),
        manifest.language_model.as_ref().map(unnamed_model),
        manifest.audio.unnamed(),
        manifest.video.unnamed(),
    ))
}

fn unnamed_asr(asr: &Asr) -> Asr {
    Asr {
        file: PathBuf::new(),
        from: String::new(),
        ..asr.clone()
    }
}

fn unnamed_model(model: &LanguageModel) -> LanguageModel {
    LanguageModel {
        file: PathBuf::new(),
        projector_file: model.projector_file.as_ref().map(|_| PathBuf::new()),
        from: String::new(),
        ..model.clone()
    }
}

/// Says which features an extractor makes: name and version, and for a TorchScript module a
/// hash of it and of what it is given.
#[must_use]
pub fn extractor_identity(extractor: &Extractor) -> String {
    let named = format!("{} {}", extractor.extractor, extractor.version);
    match extractor.is_torchscript() {
        true => format!("{named} {}", of_values(&extractor.unnamed())),
        false => named,
    }
}

fn of_values(values: &impl Serialize) -> String {
    let value = serde_json::to_value(values).expect("a manifest is plain data with text keys");
    let mut canonical = String::new();
    write(&value, &mut canonical);
    shortened(&blake3::hash(canonical.as_bytes()))
}

/// Writes a value so that equal values give equal text: keys in order, texts with their
/// lengths, numbers by their bits.
fn write(value: &Value, into: &mut String) {
    match value {
        Value::Null => into.push('n'),
        Value::Bool(flag) => into.push_str(if *flag { "t" } else { "f" }),
        Value::Number(number) => match number.as_u64() {
            Some(whole) => into.push_str(&format!("u{whole};")),
            None => {
                let bits = number.as_f64().unwrap_or_default().to_bits();
                into.push_str(&format!("d{bits:016x}"));
            }
        },
        Value::String(text) => write_text(text, into),
        Value::Array(items) => {
            into.push_str(&format!("a{}:", items.len()));
            items.iter().for_each(|item| write(item, into));
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            into.push_str(&format!("o{}:", fields.len()));
            for (key, value) in fields {
                write_text(key, into);
                write(value, into);
            }
        }
    }
}

fn write_text(text: &str, into: &mut String) {
    into.push_str(&format!("s{}:{text}", text.len()));
}

fn shortened(hash: &blake3::Hash) -> String {
    hash.to_hex()[..DIGITS].to_owned()
}
