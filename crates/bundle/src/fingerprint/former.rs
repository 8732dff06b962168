//! The fingerprints that earlier versions of this program wrote. They are read, not written.

use super::super::Extractor;
use super::super::manifest::{Asr, AsrKind, LanguageModel, Manifest};
use super::shortened;

/// Over the text of the manifest, comments and all; without the line of `asr.context`, a key
/// that manifests of that time got later.
pub(in super::super) fn of_bundle(manifest: &Manifest, text: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for line in text.split_inclusive('\n') {
        if !line.starts_with("context = ") {
            hasher.update(line.as_bytes());
        }
    }
    for named in manifest.files() {
        hasher.update(named.sha256.as_bytes());
    }
    shortened(&hasher.finalize())
}

/// Over the debug output that the manifest's types had then; empty for a bundle without a
/// projector, which no earlier version could read.
pub(in super::super) fn of_features(manifest: &Manifest) -> String {
    let with_projector = manifest.language_model.as_ref().and_then(|model| {
        let file = model.projector_file.as_ref()?;
        Some((model, file, model.projector_sha256.as_ref()?))
    });
    let Some((model, projector_file, projector_sha256)) = with_projector else {
        return String::new();
    };
    let Asr {
        kind: AsrKind::Whisper,
        file,
        sha256,
        from,
        language,
        ..
    } = &manifest.asr;
    let asr = format!(
        "Asr {{ kind: Whisper, file: {file:?}, sha256: {sha256:?}, from: {from:?}, \
         language: {language:?} }}"
    );
    let LanguageModel {
        file,
        sha256,
        from,
        width,
        simulate_prompt,
        read_prompt,
        max_tokens,
        context_tokens,
        ..
    } = model;
    let model = format!(
        "LanguageModel {{ file: {file:?}, sha256: {sha256:?}, \
         projector_file: {projector_file:?}, projector_sha256: {projector_sha256:?}, \
         from: {from:?}, width: {width}, simulate_prompt: {simulate_prompt:?}, \
         read_prompt: {read_prompt:?}, max_tokens: {max_tokens}, \
         context_tokens: {context_tokens} }}"
    );
    let (audio, video) = (extractor(&manifest.audio), extractor(&manifest.video));
    shortened(&blake3::hash(
        format!("{asr} {model} {audio} {video}").as_bytes(),
    ))
}

fn extractor(named: &Extractor) -> String {
    let Extractor {
        extractor,
        version,
        width,
        ..
    } = named;
    format!("Extractor {{ extractor: {extractor:?}, version: {version}, width: {width} }}")
}
