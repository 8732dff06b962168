//! The fingerprints that earlier versions of this program wrote. They are read, not written.

use super::super::manifest::{Asr, AsrKind, Extractor, LanguageModel, Manifest};
use super::shortened;

/// Over the text of the manifest, comments and all.
pub(in super::super) fn of_bundle(manifest: &Manifest, text: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(text.as_bytes());
    for named in manifest.files() {
        hasher.update(named.sha256.as_bytes());
    }
    shortened(&hasher.finalize())
}

/// Over the debug output that the manifest's types had then.
pub(in super::super) fn of_features(manifest: &Manifest) -> String {
    let Asr {
        kind: AsrKind::Whisper,
        file,
        sha256,
        from,
        language,
    } = &manifest.asr;
    let asr = format!(
        "Asr {{ kind: Whisper, file: {file:?}, sha256: {sha256:?}, from: {from:?}, \
         language: {language:?} }}"
    );
    let LanguageModel {
        file,
        sha256,
        projector_file,
        projector_sha256,
        from,
        width,
        simulate_prompt,
        read_prompt,
        max_tokens,
        context_tokens,
    } = &manifest.language_model;
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
    } = named;
    format!("Extractor {{ extractor: {extractor:?}, version: {version}, width: {width} }}")
}
